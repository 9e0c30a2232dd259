"""Files beside the database that only grow: a line a row, as JSON, whole and on disk when written."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def append_json_line(path: Path, row: Mapping[str, Any]) -> None:
    """Write one line. Raises OSError."""
    line = json.dumps(dict(row)).encode() + b"\n"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # What a full disk or a dead process has cut short is no row, and spoils no other.
        os.write(descriptor, line if _ends_well(descriptor) else b"\n" + line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ends_well(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
