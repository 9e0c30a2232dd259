"""The URLs of the report pages; the list itself is in admin.py."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.admin import AdminSite
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.reauthentication import reauthentication_required
from accounts.sessions import leave_end_of_session
from desk.reports import (
    admin,
    agreement,
    bulk_actions,
    decisions,
    documents,
    exports,
    navigation,
    page,
    retention,
    saved_searches,
    sealed_data_actions,
)
from desk.reports.base import ReportView
from reports.cases import transitions
from reports.retention.erasure_requests import GRANT

Route = tuple[str, str, Callable[..., HttpResponseBase], dict[str, Any]]


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the URLs below `reports/report/`, for officers only."""
    return [
        path(
            f"reports/report/{route}", site.admin_view(view), kwargs, name=f"reports_report_{name}"
        )
        for route, name, view, kwargs in (*list_queue_routes(), *list_report_routes())
    ]


def list_queue_routes() -> Iterator[Route]:
    for verb in bulk_actions.TITLES:
        yield f"bulk/{verb}/", f"bulk_{verb}", require_POST(bulk_actions.run_bulk), {"verb": verb}
    yield "bulk/<uuid:key>/", "bulk_result", require_safe(bulk_actions.show_result), {}
    yield "save-search/", "save_search", require_POST(saved_searches.save), {}
    yield "remove-search/<int:search>/", "remove_search", require_POST(saved_searches.remove), {}
    export = require_http_methods(["GET", "POST"])(exports.export)
    export = reauthentication_required(export, exports.EXPORT_PERMISSION, each="personal")
    yield "export/", "export", export, {}
    yield "next/", "take_next", require_POST(admin.take_next), {}
    yield "calls/", "calls", leave_end_of_session(require_safe(admin.show_calls)), {}
    yield "agreement/", "agreement", require_safe(agreement.show_agreement), {}
    own = reauthentication_required(
        require_POST(sealed_data_actions.find_own_number), sealed_data_actions.REVEAL_PERMISSION
    )
    yield "own-number/", "own_number", own, {}
    labels = require_POST(agreement.export_labels)
    labels = reauthentication_required(labels, exports.EXPORT_PERSONAL_PERMISSION, each="reason")
    yield "agreement/labels/", "export_labels", labels, {}


def list_report_routes() -> Iterator[Route]:
    for verb in transitions.TABLE:
        yield make_route(verb, verb, decisions.TakeDecision, verb=verb)
    for verb in decisions.VERBS:
        yield make_route(f"compose/{verb}", f"compose_{verb}", decisions.ComposeMessage, verb=verb)
    for way in navigation.STEPS:
        yield make_route(way, way, navigation.ShowNeighbour, way=way)
    yield make_route("here", "heartbeat", navigation.Heartbeat)
    yield make_route("habit", "preference", navigation.SwitchPreference)
    yield make_route("read-again", "reprocess", decisions.ReprocessReport)
    yield make_route("facts", "judge_facts", decisions.JudgeFacts)
    yield make_route("check", "check", decisions.CheckLine)
    yield make_route("letter", "write_letter", decisions.WriteLetter)
    yield make_route("letter/<int:letter>", "letter", documents.GiveLetter)
    yield make_route("letter/<int:letter>/answer", "letter_answer", decisions.RecordAnswer)
    yield make_route("slip/<int:slip>", "slip", documents.GiveSlip)
    yield from list_sealed_data_routes()
    yield from list_retention_routes()


def list_sealed_data_routes() -> Iterator[Route]:
    """Yield the routes of sealed data, most of which need a recent authentication."""
    sealed, again = sealed_data_actions, sealed_data_actions.REVEAL_PERMISSION
    yield make_route("reveal-contact", "reveal_contact", sealed.ShowContact, again)
    for what in page.SEALED_FIELDS:
        yield make_route(f"reveal-{what}", f"reveal_{what}", sealed.RevealField, again, what=what)
    for what, key in (("message", "int"), ("followup", "uuid")):
        route = f"reveal-{what}/<{key}:which>"
        yield make_route(route, f"reveal_{what}", sealed.RevealFollowup, again, what=what)
    yield make_route("release-code", "release_code", sealed.ReleaseCode, again)
    yield make_route("file/<uuid:file>", "reveal_file", sealed.RevealFile, again)
    yield make_route("picture/<uuid:file>", "picture", sealed.ShowPicture)
    yield make_route("text", "text", sealed.DownloadText)


def list_retention_routes() -> Iterator[Route]:
    yield make_route("keeping", "retention", retention.RetentionPage)
    yield make_route("hold", "retention_hold", retention.PlaceHold)
    yield make_route("lift", "retention_lift", retention.LiftHold)
    yield make_route(
        "case-file", "retention_case_file", retention.GiveCaseFile, retention.CASE_FILE_PERMISSION
    )
    yield make_route("destroy", "retention_destroy", retention.ProposeDestruction)
    proposal = "destroy/<int:which>"
    yield make_route(f"{proposal}/confirm", "retention_confirm", retention.ConfirmDestruction)
    yield make_route(f"{proposal}/withdraw", "retention_withdraw", retention.WithdrawDestruction)
    yield make_route("grant-erasure", "retention_grant_erasure", retention.GrantErasure, GRANT)
    yield make_route("refuse-erasure", "retention_refuse_erasure", retention.RefuseErasure)
    yield make_route("take-up-erasure", "retention_reopen_erasure_request", retention.ReopenErasure)


def make_route(
    route: str, name: str, view: type[ReportView], reauthenticate: str = "", **kwargs: Any
) -> Route:
    """Return the route of a view of one report; holders of `reauthenticate` authenticate again."""
    methods = [method.upper() for method in view.http_method_names]
    guarded = view.as_view()
    if reauthenticate:
        guarded = reauthentication_required(guarded, reauthenticate)
    return f"<uuid:pk>/{route}/", name, require_http_methods(methods)(guarded), kwargs
