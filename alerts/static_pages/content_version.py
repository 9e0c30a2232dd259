"""The version of what the public reads, from three reads of the disk and one statement a version.

A cached response may be served while its version is current. A version ends with the tree of static
pages, with every issue's `outdated-since` mark, and when a revision begins or ends. Like the front
server's files it is trusted only while somebody checks them.
"""

import contextlib
import os
import time
from math import inf
from typing import NamedTuple

from django import db

from alerts.models import AlertRevision
from alerts.static_pages import generator

MAX_AGE_SECONDS = 55  # since the last check


class ContentVersion(NamedTuple):
    """A version. A revision last began or ended at `since` and next will at `until`, epoch seconds;
    `stat` is time and inode of the tree and the `outdated-since` mark, which every issue changes.
    """

    stat: tuple[int, ...]
    since: float
    until: float


_newest: ContentVersion | None = None


def current_version() -> ContentVersion | None:
    """Return the present version; None where nobody checks the files, or none can be read."""
    global _newest  # noqa: PLW0603  # one for all threads: the next one that differs replaces it
    now, folder = time.time(), str(generator.static_pages_dir())
    if not _is_maintained(folder, now):
        return None
    stat = _stat_file(f"{folder}/current") + _stat_file(f"{folder}/outdated-since")
    version = _newest
    if version is None or version.stat != stat or now >= version.until:
        # The disk was read before the rows: an issue that comes in between ends this version.
        _newest = version = _load_version(stat)
    return version


def _load_version(stat: tuple[int, ...]) -> ContentVersion | None:
    with contextlib.suppress(db.Error):
        past, future = AlertRevision.objects.change_boundaries()
        since = past.timestamp() if past else 0.0
        return ContentVersion(stat, since, future.timestamp() if future else inf)
    return None


def _is_maintained(folder: str, now: float) -> bool:
    try:
        with open(f"{folder}/checked-at", "rb") as file:  # noqa: PTH123  # asked at every page
            return now - int(file.readline()) <= MAX_AGE_SECONDS
    except (OSError, ValueError):
        return False


def _stat_file(path: str) -> tuple[int, int]:
    try:
        stat = os.lstat(path)
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_ino
