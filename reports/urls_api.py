"""The addresses for programs, below /api/v1/, in one language."""

from django.urls import path

from reports.views import numbers_api

app_name = "api"
urlpatterns = [
    path("numbers/range/", numbers_api.number_range, name="no_range"),
    path("numbers/range/<path:prefix>", numbers_api.number_range, name="number_range"),
    path("numbers/pack.json", numbers_api.bundle, name="number_bundle"),
    path("numbers/pack.pem", numbers_api.public_key, name="number_bundle_key"),
]
