"""Public texts of warnings as they went out last, in the memory of each process: whoever asks for
one again costs no statement and no template, and passes none of the layers that made it.
"""

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.middleware.gzip import re_accepts_gzip
from django.utils.cache import get_conditional_response

from alerts.static_pages import content_version
from alerts.static_pages.content_version import ContentVersion
from alerts.static_pages.generator import ANEW

PLACES = ("/canh-bao/", "/en/canh-bao/", "/nhung/", "/nhung.js")
MAX_COUNT = 4 * 1024 * 1024  # bytes in one process
BESIDE = 2048  # bytes that an answer takes beside its text: headers, names
LARGEST = 128 * 1024  # a sheet to print is drawn each time
_CONDITIONS = (
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_UNMODIFIED_SINCE",
)
_OF_A_BODY = ("Content-Type", "Content-Length", "Content-Encoding")
_OK = 200
Key = tuple[str, str, bool, bool]


class CachedResponse(NamedTuple):
    """An answer as it went out, and the edition in which it was asked for."""

    edition: ContentVersion
    body: bytes
    headers: dict[str, str]


class Shelf:
    """Outermost. What lies here was let through by every other layer, under this very host,
    scheme and encoding; it is given out in the edition in which it was made and in no other.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.copies: dict[Key, CachedResponse] = {}
        self.bytes = 0
        self._lock = Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        edition = content_version.current_version() if _may_lie_here(request) else None
        if edition is None:
            return self.get_response(request)
        key = _key(request)
        copy = self.copies.get(key)
        if copy is None or copy.edition != edition:
            if request.method != "GET":
                return self.get_response(request)
            answer = _whole(request, self.get_response)
            if not _is_for_all(answer):
                return answer
            copy = CachedResponse(edition, answer.content, dict(answer.headers.items()))
            self._put(key, copy)
        return _build_response(request, copy)

    def _put(self, key: Key, copy: CachedResponse) -> None:
        """What has lain here longest gives way."""
        with self._lock:
            self._remove(key)
            self.copies[key] = copy
            self.bytes += len(copy.body) + BESIDE
            while self.bytes > MAX_COUNT:
                self._remove(next(iter(self.copies)))

    def _remove(self, key: Key) -> None:
        if copy := self.copies.pop(key, None):
            self.bytes -= len(copy.body) + BESIDE


def _may_lie_here(request: HttpRequest) -> bool:
    return (
        request.path_info.startswith(PLACES)
        and request.method in {"GET", "HEAD"}
        and not request.META.get("QUERY_STRING")
        and ANEW not in request.META
    )


def _key(request: HttpRequest) -> Key:
    packed = re_accepts_gzip.search(request.META.get("HTTP_ACCEPT_ENCODING", "")) is not None
    host = request.META.get("HTTP_HOST", "")
    return request.path_info, host, request.is_secure(), packed


def _whole(
    request: HttpRequest, get_response: Callable[[HttpRequest], HttpResponse]
) -> HttpResponse:
    """The answer to somebody who has nothing yet: a 304 could not be given to the next one."""
    meta = request.META
    said = {name: meta.pop(name) for name in _CONDITIONS if name in meta}
    try:
        return get_response(request)
    finally:
        meta.update(said)


def _is_for_all(answer: HttpResponse) -> bool:
    return (
        answer.status_code == _OK
        and not answer.streaming
        and not answer.cookies
        and "public" in answer.headers.get("Cache-Control", "")
        and len(answer.content) <= LARGEST
    )


def _build_response(request: HttpRequest, copy: CachedResponse) -> HttpResponse:
    """The copy, or 304 by its ETag alone: a second is too coarse for two words in one."""
    has_it = any(name in request.META for name in _CONDITIONS) and get_conditional_response(
        request, etag=copy.headers.get("ETag")
    )
    answer = has_it or HttpResponse(copy.body)
    told = isinstance(answer, HttpResponseNotModified)
    for name, value in copy.headers.items():
        if not (told and name in _OF_A_BODY):
            answer.headers[name] = value
    return answer
