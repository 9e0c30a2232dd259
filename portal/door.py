"""Where reports come in: past the layers that a page needs and a report that was taken does not.

Whatever report is taken in, the answer differs in its cookie alone. So the first one under a path,
a host and a scheme goes through every layer, and the headers which they gave its answer are given to
all that follow there. What gets any other answer goes through the layers too, with that answer.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation

from portal.middleware import language_of
from reports.views.posting import SeeOther
from reports.views.report import answer_to

MOST = 16  # paths, hosts and schemes that are known: whoever types hosts fills no memory
PAGES = ("reports:report", "reports:send")
Key = tuple[str, str, bool]


class Door:
    """Knows what the layers make of an accepted report's answer, and asks them no more."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.take_in: Any = convert_exception_to_response(_taken_in)
        self.known: dict[Key, Any] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or request.path_info not in self.paths:
            return self.get_response(request)
        key = (request.path_info, request.META.get("HTTP_HOST", ""), request.is_secure())
        headers = self.known.get(key)
        if headers is None:
            return self._learnt(key, self.get_response(request))
        answer: HttpResponse = self.take_in(request)
        if not isinstance(answer, SeeOther):
            request.taken_in = answer  # type: ignore[attr-defined]
            return self.get_response(request)
        answer.headers = headers  # nobody outside adds to them
        return answer

    def _learnt(self, key: Key, answer: HttpResponse) -> HttpResponse:
        if isinstance(answer, SeeOther) and len(self.known) < MOST:
            self.known[key] = answer.headers
        return answer

    @cached_property
    def paths(self) -> frozenset[str]:
        """Where a report may be posted, in every language."""
        found = set()
        for language, _ in settings.LANGUAGES:
            with translation.override(language):
                found |= {reverse(page) for page in PAGES}
        return frozenset(found)


def _taken_in(request: HttpRequest) -> HttpResponse:
    language = language_of(request.path_info)
    if translation.get_language() == language:  # as a rule: putting it on and off again costs
        return answer_to(request)
    with translation.override(language):
        return answer_to(request)
