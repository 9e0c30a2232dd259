"""What a published text depends on, so that nobody renders or sends one that still stands."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import cache

from django.conf import settings

from alerts.models import AlertRevision
from core.province import province

_SOURCES = ("alerts", "core", "locale", "portal", "reports", "static", "templates")
_SOURCE_SUFFIXES = {".py", ".html", ".txt", ".css", ".js", ".mo", ".json"}


def describe_states(revisions: Iterable[AlertRevision], now: datetime) -> str:
    """Return all that a page of these revisions depends on; after a restore an identifier may be given
    a second time, to other words.
    """
    return " ".join(
        f"{each.identifier} {each.content_hash} {each.state(now)}" for each in revisions
    )


@cache
def release_fingerprint() -> str:
    """Return a digest of the code, the templates, the names and the address that pages are made of."""
    digest = hashlib.sha256(repr((province, settings.PORTAL_URL)).encode())
    for folder in _SOURCES:
        for file in sorted((settings.BASE_DIR / folder).rglob("*")):
            if file.suffix in _SOURCE_SUFFIXES:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
