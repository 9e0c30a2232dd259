"""The end of the chain of events, written outside the database: a file that only grows.

Who changes the database alone cannot change what stands there. A line a head, as JSON: the event,
its digest and the time. After a restore from an archive the database ends earlier than the file; a
line with `restored`, written by `verify_audit_log --restored`, says that this was a person's doing.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from core import append_only_file

NAME = "event-heads.jsonl"
NO_LINE = 512  # bytes: what is longer nobody of ours has written


@dataclass(frozen=True)
class ChainHead:
    """The newest link as somebody saw it; `digest` in hex."""

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
    append_only_file.append_json_line(path(), asdict(head))
    return head


def newest() -> ChainHead | None:
    """The last line that can be read; None without one."""
    written = recent_heads(1)
    return written[-1] if written else None


def authoritative_heads() -> Iterator[ChainHead]:
    """The heads that the database must hold, in the order in which they were written: without
    those that a restore on record took back.
    """
    return _without_taken_back(all_heads)


def recent_heads(most: int) -> list[ChainHead]:
    """The same of the last `most` lines."""
    tail = list(_heads_of(_last_lines(most)))[-most:]
    return list(_without_taken_back(lambda: tail))


def _without_taken_back(read: Callable[[], Iterable[ChainHead]]) -> Iterator[ChainHead]:
    restores = [(line, head.event) for line, head in enumerate(read()) if head.restored]
    for line, head in enumerate(read()):
        if all(head.event <= event for later, event in restores if later > line):
            yield head


def all_heads() -> Iterator[ChainHead]:
    """Every line that is a head; a file that is not there has none."""
    with contextlib.suppress(FileNotFoundError), path().open("rb") as file:
        yield from _heads_of(iter(lambda: file.readline(NO_LINE), b""))


def _last_lines(most: int) -> list[bytes]:
    """The end of the file, without a line that begins before it."""
    with contextlib.suppress(FileNotFoundError), path().open("rb") as file:
        begin = max(0, file.seek(0, os.SEEK_END) - most * NO_LINE)
        file.seek(begin)
        return file.read(most * NO_LINE).splitlines(keepends=True)[1 if begin else 0 :]
    return []


def _heads_of(lines: Iterable[bytes]) -> Iterator[ChainHead]:
    return (head for line in lines if (head := _parse_head(line)))


def _parse_head(line: bytes) -> ChainHead | None:
    try:
        head = ChainHead(**json.loads(line))
    except (ValueError, TypeError):
        return None
    return head if isinstance(head.event, int) and isinstance(head.digest, str) else None
