"""A URL configuration with pages that break."""

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import path

from portal import urls


def lost(request: HttpRequest, token: str) -> HttpResponse:
    raise OperationalError("số 0550 000 123")


def wrong(request: HttpRequest) -> HttpResponse:
    raise ValueError("số 0550 000 123")


class Broken:
    """The portal with two pages that break."""

    urlpatterns = [
        path("lost/<str:token>/", lost, name="lost"),
        path("wrong/", wrong, name="wrong"),
        path("en/lost/<str:token>/", lost, name="lost_en"),
        path("en/wrong/", wrong, name="wrong_en"),
        *urls.urlpatterns,
    ]
    handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500
