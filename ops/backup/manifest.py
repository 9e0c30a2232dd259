"""What a backup tells of itself in the manifest of its archive.

Counts and names from there end in a script for psql and in lines for an administrator. So they are
held to their types and to names that need no quoting, when they are written and when they are read.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import IO, Any

from ops.backup import archive
from ops.backup.archive import ArchiveError, Manifest
from ops.backup.restore_guard import REPORTS

MOST = 2**63  # PostgreSQL counts in 64 bits
_TABLE = re.compile(r"\w{1,63}")


def read(source: IO[bytes], key: str, place: Callable[[str], IO[bytes]]) -> Manifest:
    """`archive.read` for an archive that is a backup. Raises ArchiveError, and what placing raises."""
    manifest = archive.read(source, key, place)
    refuse_malformed(manifest.about)
    return manifest


def refuse_malformed(about: Mapping[str, Any]) -> None:
    """Raise ArchiveError unless there are `taken_at` (ISO 8601 with its zone), `migrations` (a list
    of names) and `rows` (a count for each table, reports_report among them).
    """
    sound = {"taken_at": _is_moment, "migrations": _are_names, "rows": _are_counts}
    for name, is_sound in sound.items():
        if not is_sound(about.get(name)):
            raise ArchiveError(f"its manifest does not tell {name} as a backup does")


def _is_moment(told: Any) -> bool:
    try:
        return datetime.fromisoformat(told).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _are_names(told: Any) -> bool:
    return isinstance(told, list) and all(
        isinstance(name, str) and name.isprintable() for name in told
    )


def _are_counts(told: Any) -> bool:
    if not isinstance(told, dict) or REPORTS not in told:
        return False
    for table, count in told.items():
        if not _TABLE.fullmatch(table):
            raise ArchiveError(f"a table's name is not letters, digits and _: {table[:63]!a}")
        if type(count) is not int or not 0 <= count < MOST:  # True is an int, too
            return False
    return True
