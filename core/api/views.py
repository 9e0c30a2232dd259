"""The guard of a view for programs: method, and key, network, scope and rate where it takes a key; errors as problems."""

from collections.abc import Callable
from functools import partial, wraps
from http import HTTPStatus
from typing import Any

import structlog
from django import db
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import get_language_from_request
from django.views.decorators.csrf import csrf_exempt

from core.api import keys, problems
from core.api.problems import Problem, ProblemError
from core.models import ApiClient
from core.responses import allow_cross_origin

log = structlog.get_logger(__name__)
View = Callable[..., HttpResponse]
RenderProblem = Callable[[ProblemError], HttpResponse]
# Never compressed either: the size would reveal content beside text that somebody else chose.
NO_STORE = "no-store, no-transform"


def api_view(
    method: str,
    scope: str,
    unavailable: Problem = problems.NOT_SAVED,
    render_problem: RenderProblem = problems.problem_response,
) -> Callable[[View], View]:
    """Return the decorator of a view for a client whose key has that scope; it is called with the client.
    `render_problem`: for a protocol that has errors of its own.
    """

    def decorate(view: View) -> View:
        @csrf_exempt  # no cookie says who asks
        @wraps(view)
        def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            def call_view() -> HttpResponse:
                return view(request, authenticate(request, scope), **kwargs)

            return _answer(request, method, call_view, unavailable, render_problem)

        return answer

    return decorate


def public_api_view(unavailable: Problem) -> Callable[[View], View]:
    """Return the decorator of a view that every program may read, from a page of any origin."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            call_view = partial(view, request, **kwargs)
            return allow_cross_origin(_answer(request, "GET", call_view, unavailable))

        return answer

    return decorate


def _answer(
    request: HttpRequest,
    method: str,
    call_view: Callable[[], HttpResponse],
    unavailable: Problem,
    render_problem: RenderProblem = problems.problem_response,
) -> HttpResponse:
    """Return the view's response, or a problem: `unavailable` where the database fails."""
    methods = ["GET", "HEAD"] if method == "GET" else [method]
    with translation.override(get_language_from_request(request)):
        try:
            if request.method not in methods:
                raise ProblemError(problems.METHOD)  # noqa: TRY301  # one way out for all
            response = call_view()
        except ProblemError as error:
            response = render_problem(error)
        except db.Error as error:
            log.error("api.request_failed", error=type(error).__name__)  # noqa: TRY400
            response = render_problem(ProblemError(unavailable))
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(methods)
    response.headers.setdefault("Cache-Control", NO_STORE)
    return response


def authenticate(request: HttpRequest, scope: str) -> ApiClient:
    """Return the client of the request, and take it from its minute. Raises ProblemError."""
    client = keys.find_client(request)
    if client is None:
        raise ProblemError(problems.NO_KEY)
    if not keys.is_network_allowed(client, request):
        raise ProblemError(problems.OTHER_NETWORK)
    if scope not in client.scopes:
        raise ProblemError(problems.OTHER_SCOPE)
    if not keys.consume_rate(client):
        raise ProblemError(problems.TOO_MANY)
    return client
