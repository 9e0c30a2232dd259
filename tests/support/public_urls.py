"""Every public address, found in the URL configuration itself, so that no list forgets one."""

from collections.abc import Iterator
from datetime import date

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import translation

from portal.middleware import is_staff_path
from reports.outlets import misp_feed
from reports.views import taxii

FILLED = {
    "slug": "khong-co", "path": "x", "token": "x", "prefix": "1a2b", "number": "26-BCDF-GHJK",
    "code": "police",
    "event": str(misp_feed.event_id(date(2026, 11, 2))), "object_id": "indicator--x",
    "collection": str(next(iter(taxii.COLLECTIONS))),
}  # fmt: skip


def public_paths() -> list[str]:
    """Every address of ours that is not the staff's, in both languages, its parts filled in."""
    paths: dict[str, None] = {}
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            paths |= dict.fromkeys(path for _, path in _leaves(get_resolver(), "/"))
    return [path for path in paths if not is_staff_path(path)]


def _leaves(resolver: URLResolver, before: str) -> Iterator[tuple[URLPattern, str]]:
    for pattern in resolver.url_patterns:
        path = before + _filled(str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            yield pattern, path
        else:
            yield from _leaves(pattern, path)


def _filled(path: str) -> str:
    for name, value in FILLED.items():
        for kind in ("slug", "str", "path", "uuid"):
            path = path.replace(f"<{kind}:{name}>", value)
    return path
