"""Files beside the database, readable by their owner alone: written whole, or appended line by line."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MAX_LINE_BYTES = 512  # of a line that is read; our own are shorter


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, on disk when this returns. Raises OSError."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object of a file; {} where there is none."""
    try:
        state = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def sync_folder(folder: Path) -> None:
    """Bring the names of its files to the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append_json_line(path: Path, row: Mapping[str, Any]) -> None:
    """Append one line, whole and on disk when this returns. Raises OSError."""
    line = json.dumps(dict(row)).encode() + b"\n"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # A line that a full disk or a dead process has cut short must not spoil the next.
        os.write(descriptor, line if _ends_with_newline(descriptor) else b"\n" + line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def iter_json_lines(path: Path, last: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a file, one a line, or those of about its `last` lines; none without
    a file. What is no object is passed over. Raises OSError.
    """
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        start = max(0, file.seek(0, os.SEEK_END) - last * MAX_LINE_BYTES) if last else 0
        file.seek(start)
        if start:
            file.readline(last * MAX_LINE_BYTES)  # it begins before
        for line in iter(lambda: file.readline(MAX_LINE_BYTES), b""):
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row


def _ends_with_newline(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
