"""List of erasures outside the database: an append-only file without names.

An archive brings back what was erased since. A line names it by the SHA-256 of its random key,
meaningless without the row; purge.py erases it again. The file needs a copy
elsewhere, as archives do.
"""

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import private_files

log = structlog.get_logger(__name__)

NAME = "erased.jsonl"


def path() -> Path:
    folder: Path = settings.DATA_DIR
    return folder / NAME


def row_digest(what: str, key: UUID) -> str:
    return sha256(f"{what} {key}".encode()).hexdigest()


def append_on_commit(what: str, key: UUID) -> None:
    """Append the line after COMMIT; the purge appends one that could not be written."""
    transaction.on_commit(lambda: _write([(what, key)]), robust=True)


def append_missing(erased: Iterable[tuple[str, UUID]]) -> int:
    """Append the lines that are missing; return how many."""
    digests = load_digests()
    missing = [each for each in erased if row_digest(*each) not in digests]
    _write(missing)
    return len(missing)


def _write(erased: Iterable[tuple[str, UUID]]) -> None:
    at = timezone.now().isoformat(timespec="seconds")
    for what, key in erased:
        line = {"what": str(what), "of": row_digest(what, key), "at": at}
        try:
            private_files.append_json_line(path(), line)
        except OSError as error:
            log.error("erasure_log.write_failed", error=type(error).__name__)  # noqa: TRY400


def load_digests() -> dict[str, datetime]:
    """Return digest -> time of the erasure; empty where there is no list."""
    return dict(_rows())


def _rows() -> Iterator[tuple[str, datetime]]:
    for row in private_files.iter_json_lines(path()):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            yield str(row["of"]), datetime.fromisoformat(row["at"])
