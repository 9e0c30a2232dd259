"""The responses of pages: a page of a model, a redirect after a POST, a file."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

SAFE_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


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
