"""The limits that ours is measured against: what the same servers do when they do nothing else.

The bare view is one `create()` in autocommit, no middleware, under the portal's own gunicorn
class, workers and threads. It is not tuned.
"""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from bench.models import BareRow


def insert(request: HttpRequest) -> HttpResponse:
    BareRow.objects.create(body=request.body.decode())
    return HttpResponse(status=303)


def constant(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"x" * 12_000)


urlpatterns = [path("insert", insert), path("constant", constant)]
