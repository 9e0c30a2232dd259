"""The addresses of Open311 GeoReport v2, below /api/open311/v2/, each in both formats."""

from django.urls import path, re_path

from core.api.views import no_address_view
from reports.views import open311, open311_document

app_name = "open311"
urlpatterns = [
    path("openapi.json", open311_document.document, name="open311_openapi"),
    *(
        pattern
        for ending in open311.FORMATS
        for pattern in (
            path(f"discovery.{ending}", open311.discovery, name=f"discovery_{ending}"),
            path(f"services.{ending}", open311.services, name=f"services_{ending}"),
            path(f"services/<str:code>.{ending}", open311.service, name=f"service_{ending}"),
            path(f"requests.{ending}", open311.requests, name=f"requests_{ending}"),
            path(
                f"requests/<str:number>.{ending}", open311.request_state, name=f"request_{ending}"
            ),
        )
    ),
    re_path("", no_address_view(open311.OPEN311), name="open311_no_address"),
]
