"""Responses of more than one room."""

from django.http import HttpResponse, HttpResponseRedirect


class HttpResponseSeeOther(HttpResponseRedirect):
    """A redirect after a POST: the next page is a GET whatever the browser."""

    status_code = 303


def allow_cross_origin(response: HttpResponse) -> HttpResponse:
    """Let programs of every origin read this response, and return it."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
