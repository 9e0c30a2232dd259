"""The fast path of accepted reports, past the middleware that only a page needs.

Responses to accepted reports differ in their cookie alone: the first under a path, host and scheme
passes every middleware, and later ones get its headers. Any other response passes them too.
"""

from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch, resolve, reverse
from django.utils import translation
from django.utils.datastructures import CaseInsensitiveMapping
from django.utils.deprecation import MiddlewareMixin

from portal.middleware import language_for_path
from reports.views.form_errors import SubmissionRedirect
from reports.views.report import answer_to

MAX_KEYS = 16  # paths, hosts and schemes: whoever types hosts fills no memory
PAGES = ("reports:report", "reports:report_submit")
Key = tuple[str, str, bool]


class ReportFastPathMiddleware(MiddlewareMixin):
    """Outer middleware: answers accepted reports with the headers of an earlier one."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.answer: Any = convert_exception_to_response(answer_to)
        self.headers_by_key: dict[Key, Any] = {}
        self._lock = Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or request.path_info not in self.submission_paths:
            return self.get_response(request)
        key = (request.path_info, request.META.get("HTTP_HOST", ""), request.is_secure())
        headers = self.headers_by_key.get(key)
        if headers is None:
            return self._store_headers(key, self.get_response(request))
        response = self._submit(request)
        if not isinstance(response, SubmissionRedirect):
            request.taken_in = response  # type: ignore[attr-defined]
            return self.get_response(request)
        response.headers = headers
        return response

    def _store_headers(self, key: Key, response: HttpResponse) -> HttpResponse:
        """Store the headers of an accepted report, evicting the oldest, and return the response."""
        if isinstance(response, SubmissionRedirect):
            with self._lock:
                while len(self.headers_by_key) >= MAX_KEYS:
                    del self.headers_by_key[next(iter(self.headers_by_key))]
                self.headers_by_key[key] = CaseInsensitiveMapping(response.headers)
        return response

    def _submit(self, request: HttpRequest) -> Any:
        """Return the response of the view, or its error page, in the language of the path."""
        # The log line of an error names the view.
        request.resolver_match = self.submission_paths[request.path_info]
        language = language_for_path(request.path_info)
        if translation.get_language() == language:  # as a rule: an override costs
            return self.answer(request)
        with translation.override(language):
            return self.answer(request)

    @cached_property
    def submission_paths(self) -> dict[str, ResolverMatch]:
        """Return the paths where a report may be posted, in every language."""
        matches: dict[str, ResolverMatch] = {}
        for language, _ in settings.LANGUAGES:
            with translation.override(language):
                matches |= {path: resolve(path) for path in map(reverse, PAGES)}
        return matches
