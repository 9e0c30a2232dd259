"""The guard of a view for programs: method, key, network, scope and rate, and its errors as problems."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

import structlog
from django import db
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import get_language_from_request
from django.views.decorators.csrf import csrf_exempt

from core.api import keys, problems
from core.api.problems import ProblemError
from core.models import ApiClient

log = structlog.get_logger(__name__)
View = Callable[..., HttpResponse]


def api_view(method: str, scope: str) -> Callable[[View], View]:
    """Return the decorator of a view for a client whose key has that scope; it is called with the client."""

    def decorate(view: View) -> View:
        @csrf_exempt  # no cookie says who asks
        @wraps(view)
        def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            with translation.override(get_language_from_request(request)):
                try:
                    if request.method not in {method, "HEAD" if method == "GET" else method}:
                        raise ProblemError(problems.METHOD)  # noqa: TRY301  # one way out for all
                    response = view(request, authenticate(request, scope), **kwargs)
                except ProblemError as error:
                    response = problems.problem_response(error)
                except db.Error as error:
                    log.error("api.request_failed", error=type(error).__name__)  # noqa: TRY400
                    response = problems.problem_response(ProblemError(problems.NOT_SAVED))
            if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
                response.headers["Allow"] = method
            response.headers["Cache-Control"] = "no-store"
            return response

        return answer

    return decorate


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
