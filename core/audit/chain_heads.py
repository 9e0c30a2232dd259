"""The last digests of the chain, in an append-only file outside the database, one a line, as JSON: to
change the database alone does not suffice. A line with `restored` (`verify_audit_log --restored`)
records that the database ends earlier because an archive was restored.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from core import private_files

NAME = "event-heads.jsonl"
MAX_LINE_BYTES = 512  # the chain's own are shorter


@dataclass(frozen=True)
class ChainHead:
    """The last link at some moment; `digest` in hex."""

    event: int
    digest: str
    at: str = ""
    restored: bool = False


def path() -> Path:
    folder: Path = settings.DATA_DIR
    return folder / NAME


def append(event: int, digest: bytes, *, restored: bool = False) -> ChainHead:
    """Write one line, whole and on disk when this returns. Raises OSError."""
    head = ChainHead(event, digest.hex(), datetime.now(UTC).isoformat(timespec="seconds"), restored)
    private_files.append_json_line(path(), asdict(head))
    return head


def newest() -> ChainHead | None:
    """Return the last line that can be parsed; None without one."""
    heads = recent_heads(1)
    return heads[-1] if heads else None


def authoritative_heads() -> Iterator[ChainHead]:
    """Yield the heads that the database must hold, oldest first, without those that a restore took back."""
    return _drop_taken_back(all_heads)


def recent_heads(most: int) -> list[ChainHead]:
    """Return those of the last `most` lines."""
    tail = list(_parse_heads(_read_last_lines(most)))[-most:]
    return list(_drop_taken_back(lambda: tail))


def _drop_taken_back(load: Callable[[], Iterable[ChainHead]]) -> Iterator[ChainHead]:
    restores = [(line, head.event) for line, head in enumerate(load()) if head.restored]
    for line, head in enumerate(load()):
        if all(head.event <= event for later, event in restores if later > line):
            yield head


def all_heads() -> Iterator[ChainHead]:
    """Yield every line that is a head; none without a file."""
    with contextlib.suppress(FileNotFoundError), path().open("rb") as file:
        yield from _parse_heads(iter(lambda: file.readline(MAX_LINE_BYTES), b""))


def _read_last_lines(most: int) -> list[bytes]:
    """Return the end of the file, without a line that begins before it."""
    with contextlib.suppress(FileNotFoundError), path().open("rb") as file:
        start = max(0, file.seek(0, os.SEEK_END) - most * MAX_LINE_BYTES)
        file.seek(start)
        return file.read(most * MAX_LINE_BYTES).splitlines(keepends=True)[1 if start else 0 :]
    return []


def _parse_heads(lines: Iterable[bytes]) -> Iterator[ChainHead]:
    return (head for line in lines if (head := _parse_head(line)))


def _parse_head(line: bytes) -> ChainHead | None:
    try:
        head = ChainHead(**json.loads(line))
    except (ValueError, TypeError):
        return None
    return head if isinstance(head.event, int) and isinstance(head.digest, str) else None
