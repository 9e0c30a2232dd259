"""Which edition the public reads, told by three looks at the disk and, once for each, one statement.

Whoever keeps an answer beside the edition in which it was asked for may give it out again for as
long as that edition is current. An edition ends with the tree of kept files, with the doubt that
every word casts upon it after its COMMIT, and when a word in it begins or ends. It is trusted as
long as the front server trusts those files (docker/keep.sh): while somebody looks after them.
"""

import contextlib
import os
import time
from typing import NamedTuple

from django.db import Error as DatabaseTrouble

from alerts.models import selectors
from alerts.static_pages import generator

TRUSTED = 55  # seconds since somebody looked last


class SnapshotStat(NamedTuple):
    """What on the disk changes with every word: tree and doubt, each by time and inode."""

    tree: tuple[int, int]
    doubt: tuple[int, int]


class ContentVersion(NamedTuple):
    """`since` then a word began or ended last, `until` then one does next; both epoch seconds."""

    signs: SnapshotStat
    since: float
    until: float


_newest: ContentVersion | None = None


def current_version() -> ContentVersion | None:
    """The edition of this moment; None where nobody looks after it, or none can be read."""
    global _newest  # noqa: PLW0603  # one for all threads: the next one that differs replaces it
    now, folder = time.time(), str(generator.snapshot_dir())
    if not _is_maintained(folder, now):
        return None
    signs, known = SnapshotStat(_mark(f"{folder}/current"), _mark(f"{folder}/doubted")), _newest
    if known is None or known.signs != signs or now >= known.until:
        # The signs were read before the rows: a word that comes in between ends this edition.
        _newest = known = _load_version(signs)
    return known


def _load_version(signs: SnapshotStat) -> ContentVersion | None:
    with contextlib.suppress(DatabaseTrouble):
        return ContentVersion(signs, *selectors.change_boundaries())
    return None


def _is_maintained(folder: str, now: float) -> bool:
    try:
        with open(f"{folder}/checked", "rb") as file:  # noqa: PTH123  # asked at every page
            return now - int(file.readline()) <= TRUSTED
    except (OSError, ValueError):
        return False


def _mark(place: str) -> tuple[int, int]:
    try:
        found = os.lstat(place)
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_ino
