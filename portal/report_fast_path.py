"""Where reports come in: past the layers that a page needs and a report that was taken does not.

Whatever report is taken in, the answer differs in its cookie alone. So the first one under a path,
a host and a scheme goes through every layer, and the headers which they gave its answer are given to
all that follow there. What gets any other answer goes through the layers too, with that answer.
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

from portal.middleware import language_for_path
from reports.views.form_errors import HttpResponseSeeOther
from reports.views.report import answer_to

MAX_COUNT = 16  # paths, hosts and schemes that are known: whoever types hosts fills no memory
PAGES = ("reports:report", "reports:report_submit")
Key = tuple[str, str, bool]


class Door:
    """Knows what the layers make of an accepted report's answer, and asks them no more."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.answer: Any = convert_exception_to_response(answer_to)
        self.known: dict[Key, Any] = {}
        self._lock = Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or request.path_info not in self.submission_paths:
            return self.get_response(request)
        key = (request.path_info, request.META.get("HTTP_HOST", ""), request.is_secure())
        headers = self.known.get(key)
        if headers is None:
            return self._learnt(key, self.get_response(request))
        answer = self._taken_in(request)
        if not isinstance(answer, HttpResponseSeeOther):
            request.taken_in = answer  # type: ignore[attr-defined]
            return self.get_response(request)
        answer.headers = headers
        return answer

    def _learnt(self, key: Key, answer: HttpResponse) -> HttpResponse:
        """What has been known longest gives way. Threads share the headers: nobody adds to them."""
        if isinstance(answer, HttpResponseSeeOther):
            with self._lock:
                while len(self.known) >= MAX_COUNT:
                    del self.known[next(iter(self.known))]
                self.known[key] = CaseInsensitiveMapping(answer.headers)
        return answer

    def _taken_in(self, request: HttpRequest) -> Any:
        """What the view answers, or its page of an error, in the language of the path."""
        request.resolver_match = self.submission_paths[
            request.path_info
        ]  # an error's line names the view
        language = language_for_path(request.path_info)
        if translation.get_language() == language:  # as a rule: putting it on and off again costs
            return self.answer(request)
        with translation.override(language):
            return self.answer(request)

    @cached_property
    def submission_paths(self) -> dict[str, ResolverMatch]:
        """Where a report may be posted, in every language."""
        found: dict[str, ResolverMatch] = {}
        for language, _ in settings.LANGUAGES:
            with translation.override(language):
                found |= {path: resolve(path) for path in map(reverse, PAGES)}
        return found
