"""What an officer is refused stands on record, once, whatever page it was."""

import pytest
from django.test import Client

from core.audit import events
from core.models import AuditEvent
from tests.support import report_factories
from tests.support.officers import Person, log_in

pytestmark = pytest.mark.django_db


def test_a_refusal_names_who_what_and_how_and_no_query(editor: Person) -> None:
    report = report_factories.report()
    page = f"/admin/reports/report/{report.pk}/reveal-contact/"
    assert editor.client.post(f"{page}?q=0550000111", {"x": "y"}).status_code == 403
    refused = events.events_for("report", report.pk).get()
    assert (refused.kind, refused.actor) == ("refused", editor.user)
    assert refused.detail == {
        "verb": "reveal_contact",
        "page": "reports_report_reveal_contact",
        "method": "POST",
    }


def test_a_page_of_no_thing_is_named_by_itself(editor: Person) -> None:
    editor.client.get("/admin/reports/report/?q=0550000111")
    refused = AuditEvent.objects.get()
    assert (refused.subject_type, refused.subject_id) == ("page", "reports_report_changelist")
    assert "0550000111" not in str(refused.detail)


def test_a_stranger_is_sent_to_the_door_and_leaves_no_line(client: Client) -> None:
    assert client.get("/admin/reports/report/").status_code == 302
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("action", ["delete_selected", "read_many_again", "khong-co"])
def test_an_action_that_is_not_offered_is_refused(duty: Person, action: str) -> None:
    report = report_factories.report()
    chosen = {"action": action, "_selected_action": [report.pk], "post": "yes"}
    assert duty.client.post("/admin/reports/report/", chosen).status_code == 403
    assert AuditEvent.objects.get().kind == "refused"


def test_an_action_that_is_offered_is_done(lead: Person) -> None:
    chosen = {"action": "read_many_again", "_selected_action": [report_factories.report().pk]}
    assert lead.client.post("/admin/reports/report/", chosen).status_code == 302
    assert not AuditEvent.objects.filter(kind="refused").exists()


def test_a_forged_post_is_refused_on_record(duty: Person) -> None:
    forged = log_in(duty.user)
    forged.handler.enforce_csrf_checks = True
    report = report_factories.report()
    assert forged.post(f"/admin/reports/report/{report.pk}/take/").status_code == 403
    assert events.events_for("report", report.pk).get().kind == "refused"


def test_what_the_view_had_begun_is_undone_and_the_refusal_stands(editor: Person) -> None:
    """The stock form page works inside a transaction."""
    page = "/admin/reports/office/add/"
    assert editor.client.post(page, {"name": "x"}).status_code == 403
    assert AuditEvent.objects.get().detail["page"] == "reports_office_add"
