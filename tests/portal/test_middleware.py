"""The two lists of layers, what public pages do without and nobody may do to them, refusals on record."""

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from pytest_django import Settings

from core.audit import events
from core.keys import form_token
from core.models import AuditEvent
from core.responses import style_source
from portal.middleware import INLINE_SHEETS, StaffStackMiddleware
from reports.models import Report
from tests.support import report_factories
from tests.support.officers import Person
from tests.support.public_urls import public_paths

REPORT_PATHS = ("/bao-cao/", "/bao-cao/gui/", "/en/bao-cao/", "/en/bao-cao/gui/")
DESK_CHECKS = {"admin.E408", "admin.E409", "admin.E410", "axes.W002"}
probed: list[str] = []


def probe(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], Any]:
    """A layer that records which requests pass it."""

    def record(request: HttpRequest) -> HttpResponse:
        probed.append(request.path_info)
        return get_response(request)

    return record


def hook(get_response: Any) -> Any:
    return Mock(spec=["process_exception"])


def send(client: Client, path: str = "/bao-cao/", story: str = "x", **headers: Any) -> Any:
    return client.post(path, {"form_token": form_token(), "story": story}, **headers)


@pytest.mark.django_db
@pytest.mark.parametrize("path", REPORT_PATHS)
def test_every_report_passes_every_layer_and_is_answered_like_the_first(path: str) -> None:
    probed.clear()
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, f"{__name__}.probe"]):
        client = Client()
        answers = [send(client, path) for _ in range(3)]
    assert probed == [path] * 3
    assert {answer.status_code for answer in answers} == {303}
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1
    assert len({answer.cookies["receipt"].value for answer in answers}) == 3
    assert set(Report.objects.values_list("language", flat=True)) == {
        "en" if path.startswith("/en/") else "vi"
    }


@pytest.mark.django_db
def test_only_the_staffs_paths_pass_the_staffs_layers(client: Client) -> None:
    probed.clear()
    with override_settings(STAFF_MIDDLEWARE=[f"{__name__}.probe", *settings.STAFF_MIDDLEWARE]):
        for path in ("/", "/bao-cao/", "/admin/", "/khong-co/", "/can-bo/loi-moi/x/"):
            client.get(path)
    assert probed == ["/admin/", "/can-bo/loi-moi/x/"]


def test_the_checks_of_the_desks_packages_find_their_layers_in_the_staffs() -> None:
    every = [*settings.MIDDLEWARE, *settings.STAFF_MIDDLEWARE]
    assert set(settings.SILENCED_SYSTEM_CHECKS) == DESK_CHECKS
    assert {each.id for each in checks.run_checks()} >= DESK_CHECKS
    with override_settings(MIDDLEWARE=every):
        assert DESK_CHECKS.isdisjoint(each.id for each in checks.run_checks())


@override_settings(STAFF_MIDDLEWARE=[f"{__name__}.hook"])
def test_a_layer_whose_hooks_nobody_would_call_is_refused_at_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="hook"):
        StaffStackMiddleware(Mock())


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "language"), [("/bao-cao/", "vi"), ("/en/bao-cao/", "en")])
def test_a_report_on_which_the_view_breaks_is_answered_by_a_whole_page_and_named_in_the_log(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    path: str,
    language: str,
) -> None:
    broken = Mock(side_effect=ZeroDivisionError)
    monkeypatch.setattr("reports.submission.intake.submit_report", broken)
    client.raise_request_exception = False
    with caplog.at_level("ERROR", "django.request"):
        answer = send(client, path)
    assert answer.status_code == 500
    assert "Content-Security-Policy" in answer.headers
    assert f'lang="{language}"' in answer.content.decode()
    assert "request.failed view=reports:report " in caplog.text


@pytest.mark.django_db
def test_a_report_to_another_host_or_in_clear_is_refused_however_many_came_before() -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        client = Client()
        assert send(client, secure=True).status_code == 303
        assert send(client, secure=True, HTTP_HOST="evil.example").status_code == 400
        assert send(client).status_code == 301
    assert Report.objects.count() == 1


def test_the_walk_finds_the_public_pages() -> None:
    known = {"/", "/bao-cao/", "/en/bao-cao/", "/canh-bao/", "/nhung/", "/theo-doi/"}
    assert known <= set(public_paths())


@pytest.mark.django_db
def test_no_other_site_posts_to_a_public_page() -> None:
    client = Client(enforce_csrf_checks=True, HTTP_ORIGIN="https://other.example")
    fields = {"story": "x", "code": "x"}
    answers = {path: client.post(path, fields).status_code for path in public_paths()}
    # 401: an address for programs with a key; 415: one whose key may stand in a form of another type.
    refusals = {401, 403, 404, 405, 415}
    assert {path: status for path, status in answers.items() if status not in refusals} == {}


@pytest.mark.django_db
def test_no_public_page_knows_a_session(client: Client) -> None:
    for path in public_paths():
        client.cookies.clear()
        client.cookies["sessionid"] = "x" * 32
        answer = client.get(path)
        assert not {"session", "user", "_messages"} & vars(answer.wsgi_request).keys(), path
        assert "Cookie" not in answer.headers.get("Vary", ""), path
        assert set(answer.cookies) <= {"cookies"}, path  # holds nothing: whether any are kept


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/bao-cao/", "/nhung/", "/khong-co/", "/admin/login/"])
def test_the_policy_is_the_one_that_the_package_builds(client: Client, path: str) -> None:
    names = {"portal.middleware.CachedCSPMiddleware": "csp.middleware.CSPMiddleware"}
    theirs = [names.get(name, name) for name in settings.MIDDLEWARE]
    with override_settings(MIDDLEWARE=theirs):
        built = _directives(Client().get(path))
    sheets = "style-src 'self'"  # and those inside pages, which the package does not know
    inline = " ".join(map(style_source, INLINE_SHEETS))
    ours = {f"{sheets} {inline}" if each == sheets else each for each in built}
    assert _directives(client.get(path)) == ours
    assert "default-src 'none'" in built


def _directives(answer: HttpResponse) -> set[str]:
    return set(answer.headers["Content-Security-Policy"].split("; "))


@pytest.mark.parametrize(
    "address",
    ["core/auditevent/?subject_id=a%00", "core/auditevent/?kind=%00", "alerts/alert/?stage=a%00"],
)
def test_a_nul_in_a_filter_finds_nothing(lead: Person, address: str) -> None:
    assert lead.client.get(f"/admin/{address}", follow=True).status_code == 200


@pytest.mark.django_db
def test_a_nul_in_a_session_cookie_is_nobodys_session(client: Client) -> None:
    answer = client.get("/admin/", headers={"cookie": 'sessionid="abcdefgh\\000ijkl"'})
    assert answer.status_code == 302


def test_no_logger_is_left_to_pythons_last_resort(settings: Settings) -> None:
    for logger in settings.LOGGING["loggers"].values():
        assert logger.get("propagate", True) or logger["handlers"]


def test_a_page_says_its_language_varies_by_its_address_alone_and_leads_to_the_other(
    client: Client,
) -> None:
    english = client.get("/en/theo-doi/", headers={"Accept-Language": "vi"})
    vietnamese = client.get("/theo-doi/")
    assert "Language" not in english.headers.get("Vary", "")
    assert b'<html lang="en">' in english.content
    assert b'<html lang="vi">' in vietnamese.content
    assert b'href="/en/theo-doi/" lang="en"' in vietnamese.content
    assert b'href="/theo-doi/" lang="vi"' in english.content


def test_a_refusal_names_who_what_and_how_and_no_query(editor: Person) -> None:
    report = report_factories.report()
    page = f"/admin/reports/report/{report.pk}/reveal-contact/"
    assert editor.client.post(f"{page}?q=0550000111", {"x": "y"}).status_code == 403
    refused = events.events_for("report", report.pk).get()
    assert (refused.kind, refused.actor) == ("refused", editor.user)
    view = "reports_report_reveal_contact"
    assert refused.detail == {"verb": "reveal_contact", "page": view, "method": "POST"}


def test_a_page_of_no_thing_is_named_by_itself(editor: Person) -> None:
    editor.client.get("/admin/reports/report/?q=0550000111")
    refused = AuditEvent.objects.get()
    assert (refused.subject_type, refused.subject_id) == ("page", "reports_report_changelist")
    assert "0550000111" not in str(refused.detail)


@pytest.mark.parametrize("action", ["delete_selected", "reprocess_selected", "khong-co"])
def test_an_action_that_is_not_offered_is_refused(duty: Person, action: str) -> None:
    report = report_factories.report()
    chosen = {"action": action, "_selected_action": [report.pk], "post": "yes"}
    assert duty.client.post("/admin/reports/report/", chosen).status_code == 403
    assert AuditEvent.objects.get().kind == "refused"


def test_an_action_that_is_offered_is_done(lead: Person) -> None:
    chosen = {"action": "reprocess_selected", "_selected_action": [report_factories.report().pk]}
    assert lead.client.post("/admin/reports/report/", chosen).status_code == 302
    assert not AuditEvent.objects.filter(kind="refused").exists()


def test_what_the_view_had_begun_is_undone_and_the_refusal_stands(editor: Person) -> None:
    """The stock form page works inside a transaction."""
    page = "/admin/reports/office/add/"
    assert editor.client.post(page, {"name": "x"}).status_code == 403
    assert AuditEvent.objects.get().detail["page"] == "reports_office_add"
