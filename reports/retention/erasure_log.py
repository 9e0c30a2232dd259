"""What was erased, noted beside the database: a file that only grows, and no name in it.

An archive that was made before an erasure brings back what was erased. So a line says what went, as
the SHA-256 of its random key, which leads nowhere without the row itself; after a restore whatever
is on the list goes again (`again`). The file wants a copy elsewhere, as archives do.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import append_only_file

log = structlog.get_logger(__name__)

NAME = "erased.jsonl"
_NO_LINE = 512


def path() -> Path:
    folder: Path = settings.DATA_DIR
    return folder / NAME


def row_digest(what: str, key: UUID) -> str:
    """How a row is named in the list."""
    return sha256(f"{what} {key}".encode()).hexdigest()


def append_on_commit(what: str, key: UUID) -> None:
    """Write the line once it is COMMITted; one that cannot be written is written by the purge."""
    transaction.on_commit(lambda: _write([(what, key)]), robust=True)


def append_missing(erased: Iterable[tuple[str, UUID]]) -> int:
    """Write the lines that are missing; how many."""
    listed = load_digests()
    missing = [each for each in erased if row_digest(*each) not in listed]
    _write(missing)
    return len(missing)


def _write(erased: Iterable[tuple[str, UUID]]) -> None:
    at = timezone.now().isoformat(timespec="seconds")
    for what, key in erased:
        try:
            append_only_file.append_json_line(
                path(), {"what": str(what), "of": row_digest(what, key), "at": at}
            )
        except OSError as error:
            log.error("erased.not_noted", error=type(error).__name__)  # noqa: TRY400


def load_digests() -> dict[str, datetime]:
    """When what was erased, by its digest; nothing where there is no list."""
    return dict(_rows())


def _rows() -> Iterator[tuple[str, datetime]]:
    with contextlib.suppress(FileNotFoundError), path().open("rb") as file:
        for line in iter(lambda: file.readline(_NO_LINE), b""):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                row = json.loads(line)
                yield str(row["of"]), datetime.fromisoformat(row["at"])
