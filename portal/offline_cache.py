"""What a browser keeps of the portal for when the line is gone, and what it is called by.

Two pages in two languages and what they load. They say nothing of a person, and no warning that
may have ended.
"""

import hashlib
import time
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import resolve
from django.utils import translation

PAGES = ("/dang-bi-goi/", "/en/dang-bi-goi/", "/offline/", "/en/offline/")
PARTS = ("css/portal.css", "js/portal.js", "js/sending.js")
_SECONDS = 60


def precached_urls() -> list[str]:
    """The addresses that are kept."""
    return [*PAGES, *(static(name) for name in PARTS)]


def cache_version() -> str:
    """A name for what is kept as it stands now: other content, another name. Put together once
    a minute, for every visit asks for it.
    """
    return _version(int(time.time() // _SECONDS))


def clear_cache() -> None:
    """The pages have other content now."""
    _version.cache_clear()


@lru_cache(maxsize=1)
def _version(minute: int) -> str:
    content = [
        *map(_page, PAGES),
        *map(read_static_file, PARTS),
        *map(str.encode, precached_urls()),
    ]
    return hashlib.sha256(b"\0".join(content)).hexdigest()[:16]


def _page(path: str) -> bytes:
    """A page as a visitor gets it."""
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    with translation.override("en" if path.startswith("/en/") else settings.LANGUAGE_CODE):
        view, arguments, names = resolve(path)
        return bytes(view(request, *arguments, **names).content)


def read_static_file(name: str) -> bytes:
    """One of our own static files."""
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    return Path(found).read_bytes()
