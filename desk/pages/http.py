"""Requests and responses of pages: the officer's rights, posted values, the query of a list, a page of
a model, a file.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse

from accounts.sessions import get_officer
from reports.campaigns.membership import PERMISSION
from reports.cases import visibility

MAX_QUERY_PARAMETERS, MAX_PARAMETER_CHARS = 30, 200
MAX_DIGITS = 9  # Python refuses thousands of digits with an error
Answer = TypeVar("Answer")
SAFE_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


def can_see_every_report(request: HttpRequest) -> bool:
    """Return whether the officer may see the reports of every unit."""
    may_see = request.user.has_perm("reports.view_report")
    return may_see and visibility.sees_every_report(get_officer(request))


def can_group(request: HttpRequest) -> bool:
    """Return whether the officer may group: only who sees every unit, as campaigns span units."""
    return request.user.has_perm(PERMISSION) and visibility.sees_every_report(get_officer(request))


def once_per_request(load: Callable[[HttpRequest], Answer]) -> Callable[[HttpRequest], Answer]:
    """Return the function with its result cached on the request."""
    name = f"{load.__module__}.{load.__name__}"

    @wraps(load)
    def load_once(request: HttpRequest) -> Answer:
        if name not in vars(request):
            vars(request)[name] = load(request)
        answer: Answer = vars(request)[name]
        return answer

    return load_once


def parse_int(typed: str, max_digits: int = MAX_DIGITS) -> int | None:
    """Return a number of at most that many digits, None for anything else."""
    is_number = typed.isascii() and typed.isdecimal() and len(typed) <= max_digits
    return int(typed) if is_number else None


def post_text(request: HttpRequest, name: str) -> str:
    """Return the posted text without NUL, which PostgreSQL cannot store."""
    return request.POST.get(name, "").replace("\0", "")


def sanitize_query(query: QueryDict) -> QueryDict:
    """Return the query, which each link of a list repeats, without NUL and within bounds."""
    few = [(name, str(value)) for name, value in query.items()][:MAX_QUERY_PARAMETERS]
    if all(
        len(name + value) <= MAX_PARAMETER_CHARS and "\0" not in name + value for name, value in few
    ):
        return query
    sanitized = QueryDict(mutable=True)
    sanitized.update({name: value.replace("\0", "")[:MAX_PARAMETER_CHARS] for name, value in few})
    return sanitized


def render(
    request: HttpRequest, template: str, title: str, model: type[Model], **context: Any
) -> TemplateResponse:
    opts = admin.site.get_model_admin(model).opts
    context = {**admin.site.each_context(request), "title": title, "opts": opts, **context}
    return TemplateResponse(request, template, context)


def set_status(response: HttpResponse, status: int) -> HttpResponse:
    response.status_code = status
    return response


def download(content: str | bytes, name: str, media_type: str) -> HttpResponse:
    """Return a file that no browser opens by itself; `name` must be ASCII."""
    headers = SAFE_HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=media_type, headers=headers)
