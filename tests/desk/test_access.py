"""What the desk shows to whom beyond the table of pages (tests/support/permission_matrix.py)."""

import pytest
from django.urls import NoReverseMatch, reverse

from core.audit import events
from core.models import AuditEvent
from reports.cases import workflow
from reports.models import Campaign, Report
from tests.support import report_factories
from tests.support.officers import Person

pytestmark = pytest.mark.django_db


def test_only_models_with_a_reason_are_registered() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("admin:axes_accessattempt_changelist")


def test_the_auditor_reads_acts_and_nothing_personal(auditor: Person, duty: Person) -> None:
    report = report_factories.triaged("Bà Tư ở xóm Trên kể lại.", contact="0992 000 118")
    workflow.decide(
        "note", report.pk, by=duty.user, version=1, reason="Đã gọi bà Tư, số 0992 000 118"
    )
    page = auditor.client.get("/admin/core/auditevent/").content.decode()
    assert "Ghi chú" in page
    assert "duty" in page
    assert "có ghi lý do" in page
    assert str(report.pk) in page
    assert not any(secret in page for secret in ("bà Tư", "0992 000", "0992000", "xóm Trên"))


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_record_cannot_be_changed_from_the_desk(lead: Person, method: str) -> None:
    event = events.log_event("report", "x", "noted", by=lead.user)
    for page in ("change", "delete"):
        getattr(lead.client, method)(
            f"/admin/core/auditevent/{event.pk}/{page}/", {"kind": "junked"}
        )
    assert AuditEvent.objects.get(pk=event.pk).kind == "noted"


def test_reports_cannot_be_deleted_many_at_once(lead: Person) -> None:
    report = report_factories.report()
    assert b"delete_selected" not in lead.client.get("/admin/reports/report/").content
    lead.client.post(
        "/admin/reports/report/",
        {"action": "delete_selected", "_selected_action": [report.pk], "post": "yes"},
    )
    assert Report.objects.filter(pk=report.pk).exists()


def test_a_refusal_is_a_sentence(editor: Person) -> None:
    page = editor.client.get("/admin/reports/report/")
    assert "Tài khoản của bạn không có quyền này" in page.content.decode()


def test_the_desk_may_not_be_kept_or_framed(duty: Person) -> None:
    page = duty.client.get("/admin/reports/report/")
    assert "no-store" in page.headers["Cache-Control"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_an_editor_drafts_a_warning_from_a_campaign(editor: Person, duty: Person) -> None:
    campaign = Campaign.objects.create(code="Đ-26-X", title="Giả điện lực")
    page = reverse("admin:reports_campaign_change", args=[campaign.pk])
    draft = f"{reverse('admin:alerts_alert_add')}?campaign={campaign.pk}"
    assert draft in editor.client.get(page).content.decode()
    assert editor.client.get(draft).status_code == 200
    assert draft not in duty.client.get(page).content.decode()
