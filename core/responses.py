"""Responses of more than one room, and the source of a style sheet inside a page for its policy."""

import base64
import hashlib
from functools import cache

from django.http import HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string


class HttpResponseSeeOther(HttpResponseRedirect):
    """A redirect after a POST: the next page is a GET whatever the browser."""

    status_code = 303


def allow_cross_origin(response: HttpResponse) -> HttpResponse:
    """Let programs of every origin read this response, and return it."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@cache
def style_source(template: str) -> str:
    """Return the source of a Content-Security-Policy for `<style>{% include template %}</style>`."""
    style = render_to_string(template, using="public")
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
