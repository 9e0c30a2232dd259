"""The addresses for programs, below /api/v1/."""

from django.urls import path, re_path

from core.api.views import no_address_view
from reports.outlets.lists import LIST_OUTLETS
from reports.views import finding_lists, intake_api, numbers_api, openapi

app_name = "api"
urlpatterns = [
    path("openapi.json", openapi.document, name="openapi"),
    path("reports", intake_api.create_report, name="report_create"),
    path("reports/<str:number>", intake_api.report_state, name="report_state"),
    path("reports/<str:number>/followups", intake_api.add_followup, name="report_followups"),
    path("reports/<str:number>/files", intake_api.add_files, name="report_files"),
    path("findings/range/", numbers_api.number_range, name="no_range"),
    path("findings/range/<path:prefix>", numbers_api.number_range, name="number_range"),
    path("findings/pack.json", numbers_api.bundle, name="number_bundle"),
    path("findings/pack.pem", numbers_api.public_key, name="number_bundle_key"),
    *(
        path(
            f"findings/{outlet.name}",
            finding_lists.build_list_view(outlet),
            name=outlet.url_name,
        )
        for outlet in LIST_OUTLETS
    ),
    path("findings/misp/manifest.json", finding_lists.misp_manifest, name="misp_manifest"),
    path("findings/misp/hashes.csv", finding_lists.misp_hashes, name="misp_hashes"),
    path("findings/misp/<uuid:event>.json", finding_lists.misp_event, name="misp_event"),
    re_path("", no_address_view(), name="no_address"),  # whatever is left, line breaks too
]
