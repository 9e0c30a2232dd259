"""What public pages do without, what nobody may do to them, and refusals on record."""

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, override_settings
from pytest_django import Settings

from core.audit import events
from core.inline_css import style_source
from core.models import AuditEvent
from portal.middleware import INLINE_SHEETS
from tests.support import report_factories
from tests.support.officers import Person
from tests.support.public_urls import public_paths


def test_the_walk_finds_the_public_pages() -> None:
    known = {"/", "/bao-cao/", "/en/bao-cao/", "/canh-bao/", "/nhung/", "/theo-doi/"}
    assert known <= set(public_paths())


@pytest.mark.django_db
@pytest.mark.parametrize("path", public_paths())
def test_no_other_site_posts_to_a_public_page(path: str) -> None:
    client = Client(enforce_csrf_checks=True, HTTP_ORIGIN="https://other.example")
    answer = client.post(path, {"story": "x", "code": "x"})
    assert answer.status_code in {403, 404, 405}


@pytest.mark.django_db
@pytest.mark.parametrize("path", public_paths())
def test_no_public_page_knows_a_session(client: Client, path: str) -> None:
    client.cookies["sessionid"] = "x" * 32
    answer = client.get(path)
    assert not hasattr(answer.wsgi_request, "session")
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert set(answer.cookies) <= {"cookies"}  # holds nothing: whether the browser keeps any


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
