"""The addresses for programs, below /api/v1/, in one language."""

from django.urls import path

from reports.views import numbers_api

app_name = "api"
urlpatterns = [
    path("findings/range/", numbers_api.number_range, name="no_range"),
    path("findings/range/<path:prefix>", numbers_api.number_range, name="number_range"),
    path("findings/pack.json", numbers_api.bundle, name="number_bundle"),
    path("findings/pack.pem", numbers_api.public_key, name="number_bundle_key"),
]
