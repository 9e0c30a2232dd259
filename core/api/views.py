"""The guard of a view for programs: method, and key, network, scope and rate where it takes a key; errors as problems."""

from collections.abc import Callable
from dataclasses import dataclass
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
# Never compressed either: the size would reveal content beside text that somebody else chose.
NO_STORE = "no-store, no-transform"


@dataclass(frozen=True)
class Dialect:
    """How an API is spoken: where a request bears its key, and how an error is answered."""

    read_key: Callable[[HttpRequest], str]
    render_problem: Callable[[HttpRequest, ProblemError], HttpResponse]


PROBLEM_DETAILS = Dialect(keys.read_bearer, problems.problem_response)


def api_view(
    method: str,
    scope: str,
    dialect: Dialect = PROBLEM_DETAILS,
    unavailable: Problem = problems.NOT_SAVED,
) -> Callable[[View], View]:
    """Return the decorator of a view for a client whose key has that scope; it is called with the client."""

    def decorate(view: View) -> View:
        @csrf_exempt  # no cookie says who asks
        @wraps(view)
        def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            def call_view() -> HttpResponse:
                return view(request, authenticate(request, scope, dialect.read_key), **kwargs)

            return _answer(request, method, call_view, unavailable, dialect)

        return answer

    return decorate


def public_api_view(
    unavailable: Problem, dialect: Dialect = PROBLEM_DETAILS
) -> Callable[[View], View]:
    """Return the decorator of a view that every program may read, from a page of any origin."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            call_view = partial(view, request, **kwargs)
            return allow_cross_origin(_answer(request, "GET", call_view, unavailable, dialect))

        return answer

    return decorate


def no_address_view(dialect: Dialect = PROBLEM_DETAILS) -> View:
    """Return the view of whatever lies below an API's address and is none of its own."""

    @csrf_exempt
    def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        def refuse() -> HttpResponse:
            raise ProblemError(problems.NO_ADDRESS)

        return _answer(request, request.method or "", refuse, problems.NO_ADDRESS, dialect)

    return answer


def route_post(post: View, others: View) -> View:
    """Return the view of an address where a POST is answered by another view than the rest."""

    @csrf_exempt
    @wraps(others)
    def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        response = (post if request.method == "POST" else others)(request, **kwargs)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            response.headers["Allow"] = "GET, HEAD, POST"
        return response

    return answer


def _answer(
    request: HttpRequest,
    method: str,
    call_view: Callable[[], HttpResponse],
    unavailable: Problem,
    dialect: Dialect,
) -> HttpResponse:
    """Return the view's response, or a problem: `unavailable` where the database fails."""
    methods = ["GET", "HEAD"] if method == "GET" else [method]
    with translation.override(get_language_from_request(request)):
        try:
            if request.method not in methods:
                raise ProblemError(problems.METHOD)  # noqa: TRY301  # one way out for all
            response = call_view()
        except ProblemError as error:
            response = dialect.render_problem(request, error)
        except db.Error as error:
            log.error("api.request_failed", error=type(error).__name__)  # noqa: TRY400
            response = dialect.render_problem(request, ProblemError(unavailable))
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(methods)
    response.headers.setdefault("Cache-Control", NO_STORE)
    return response


def authenticate(
    request: HttpRequest, scope: str, read_key: Callable[[HttpRequest], str]
) -> ApiClient:
    """Return the client of the request, and take it from its minute. Raises ProblemError."""
    client = keys.find_client(request, read_key)
    if client is None:
        raise ProblemError(problems.NO_KEY)
    if not keys.is_network_allowed(client, request):
        raise ProblemError(problems.OTHER_NETWORK)
    if scope not in client.scopes:
        raise ProblemError(problems.OTHER_SCOPE)
    if not keys.consume_rate(client):
        raise ProblemError(problems.TOO_MANY)
    return client
