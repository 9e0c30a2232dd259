"""Every public address, found in the URL configuration itself, so that no list forgets one."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from portal.middleware import is_for_staff

_IN_ENGLISH = ("reports.", "alerts.views.subscribing")
FILLED = {"slug": "khong-co", "path": "x", "token": "x", "prefix": "1a2b"}


def public_paths() -> list[str]:
    """Every address of ours that is not the staff's, in both languages, its parts filled in."""
    found = []
    for pattern, path in _leaves(get_resolver(), "/"):
        if not is_for_staff(path):
            found.append(path)
            if pattern.callback and pattern.callback.__module__.startswith(_IN_ENGLISH):
                found.append(f"/en{path}")
    return found


def _leaves(resolver: URLResolver, before: str) -> Iterator[tuple[URLPattern, str]]:
    for pattern in resolver.url_patterns:
        path = before + _filled(str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            yield pattern, path
        else:
            yield from _leaves(pattern, path)


def _filled(path: str) -> str:
    for name, value in FILLED.items():
        for kind in ("slug", "str", "path"):
            path = path.replace(f"<{kind}:{name}>", value)
    return path
