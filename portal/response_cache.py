"""Public responses of warnings in the memory of each process, served without other middleware."""

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.middleware.gzip import re_accepts_gzip
from django.utils.cache import get_conditional_response
from django.utils.deprecation import MiddlewareMixin

from alerts.static_pages import content_version
from alerts.static_pages.content_version import ContentVersion
from alerts.static_pages.generator import BYPASS_CACHE_KEY

PATHS = ("/canh-bao/", "/en/canh-bao/", "/nhung/", "/nhung.js")
MAX_BYTES = 4 * 1024 * 1024  # in one process
OVERHEAD_BYTES = 2048  # of a response beside its body: headers, names
MAX_RESPONSE_BYTES = 128 * 1024  # a sheet to print is drawn each time
_CONDITIONS = (
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_UNMODIFIED_SINCE",
)
_BODY_HEADERS = ("Content-Type", "Content-Length", "Content-Encoding")
_OK = 200
Key = tuple[str, str, bool, bool]


class CachedResponse(NamedTuple):
    version: ContentVersion
    body: bytes
    headers: dict[str, str]


class ResponseCacheMiddleware(MiddlewareMixin):
    """Outermost middleware: what it serves has passed every other one, under this host, scheme and
    encoding, and only for the content version for which it was made.
    """

    get_response: Callable[[HttpRequest], HttpResponse]

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.copies: dict[Key, CachedResponse] = {}
        self.bytes = 0
        self._lock = Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        version = content_version.current_version() if _is_cacheable(request) else None
        if version is None:
            return self.get_response(request)
        key = _key(request)
        copy = self.copies.get(key)
        if copy is None or copy.version != version:
            if request.method != "GET":
                return self.get_response(request)
            response = _get_unconditional(request, self.get_response)
            if not _is_public(response):
                return response
            copy = CachedResponse(version, response.content, dict(response.headers.items()))
            self._put(key, copy)
        return _build_response(request, copy)

    def _put(self, key: Key, copy: CachedResponse) -> None:
        """Store a response, evicting the oldest."""
        with self._lock:
            self._remove(key)
            self.copies[key] = copy
            self.bytes += len(copy.body) + OVERHEAD_BYTES
            while self.bytes > MAX_BYTES:
                self._remove(next(iter(self.copies)))

    def _remove(self, key: Key) -> None:
        if copy := self.copies.pop(key, None):
            self.bytes -= len(copy.body) + OVERHEAD_BYTES


def _is_cacheable(request: HttpRequest) -> bool:
    return (
        request.path_info.startswith(PATHS)
        and request.method in {"GET", "HEAD"}
        and not request.META.get("QUERY_STRING")
        and BYPASS_CACHE_KEY not in request.META
    )


def _key(request: HttpRequest) -> Key:
    accepts_gzip = re_accepts_gzip.search(request.META.get("HTTP_ACCEPT_ENCODING", "")) is not None
    return request.path_info, request.META.get("HTTP_HOST", ""), request.is_secure(), accepts_gzip


def _get_unconditional(
    request: HttpRequest, get_response: Callable[[HttpRequest], HttpResponse]
) -> HttpResponse:
    """Return the whole response: a 304 could not be given to the next visitor."""
    meta = request.META
    conditions = {name: meta.pop(name) for name in _CONDITIONS if name in meta}
    try:
        return get_response(request)
    finally:
        meta.update(conditions)


def _is_public(response: HttpResponse) -> bool:
    return (
        response.status_code == _OK
        and not response.streaming
        and not response.cookies
        and "public" in response.headers.get("Cache-Control", "")
        and len(response.content) <= MAX_RESPONSE_BYTES
    )


def _build_response(request: HttpRequest, copy: CachedResponse) -> HttpResponse:
    """Return the copy, or 304 by its ETag alone: a date is too coarse for two versions in a second."""
    not_modified = any(name in request.META for name in _CONDITIONS) and get_conditional_response(
        request, etag=copy.headers.get("ETag")
    )
    response = not_modified or HttpResponse(copy.body)
    has_body = not isinstance(response, HttpResponseNotModified)
    for name, value in copy.headers.items():
        if has_body or name not in _BODY_HEADERS:
            response.headers[name] = value
    return response
