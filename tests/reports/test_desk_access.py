"""What the desk shows to whom beyond the table of pages (tests/portal/access_table.py)."""

import pytest
from django.urls import NoReverseMatch, reverse

from reports import events, workflow
from reports.models import (
    Campaign,
    Event,
    Report,
)
from tests.cast import Person
from tests.reports import evidence

pytestmark = pytest.mark.django_db

ROLES = ("duty", "lead", "unit", "editor", "approver", "auditor")
# Who sees each page; everybody else gets 403. Nobody adds, changes or deletes but where said.
SEES = {
    "index": ROLES,
    "handbook": ROLES,
    "tour": ROLES,
    "password_change": ROLES,
    "reports_report_changelist": ("duty", "lead", "unit"),
    "reports_report_change": ("duty", "lead", "unit"),
    "reports_report_text": ("duty", "lead", "unit"),
    "reports_report_export": ("lead",),
    "reports_report_add": (),
    "reports_report_delete": (),
    "reports_campaign_changelist": ("duty", "lead", "editor", "approver"),
    "reports_campaign_change": ("duty", "lead", "editor", "approver"),
    "reports_campaign_add": (),
    "reports_campaign_delete": (),
    "reports_event_changelist": ("duty", "lead", "auditor"),
    "reports_event_looks": ("lead", "auditor"),
    "reports_event_add": (),
    "reports_event_delete": (),
    "reports_office_changelist": ("duty", "lead", "editor"),
    "reports_office_change": ("duty", "lead", "editor"),
    "reports_office_add": ("lead",),
    "reports_office_delete": (),
    "reports_statement_changelist": ("duty", "lead"),
    "reports_statement_change": ("duty", "lead"),
    "reports_statement_add": (),
    "reports_statement_delete": (),
    "reports_cannedreply_changelist": ("duty", "lead"),
    "reports_cannedreply_change": ("duty", "lead"),
    "reports_cannedreply_add": ("lead",),
    "reports_cannedreply_delete": (),
    "reports_bankline_changelist": ("duty", "lead"),
    "reports_bankline_change": ("duty", "lead"),
    "reports_bankline_add": ("lead",),
    "reports_bankline_delete": ("lead",),
    "reports_officenumber_changelist": ("duty", "lead"),
    "reports_officenumber_change": ("duty", "lead"),
    "reports_officenumber_add": ("lead",),
    "reports_officenumber_delete": ("lead",),
    "reports_knownnumber_changelist": ("duty", "lead"),
    "reports_knownnumber_change": ("duty", "lead"),
    "reports_knownnumber_add": ("duty", "lead"),
    "reports_knownnumber_delete": (),
    "reports_dispute_changelist": ("duty", "lead"),
    "reports_dispute_change": ("duty", "lead"),
    "reports_dispute_add": (),
    "reports_dispute_delete": (),
    "reports_retriage_changelist": ("lead",),
    "reports_retriage_change": ("lead",),
    "reports_retriage_start": ("lead",),
    "reports_retriage_add": (),
    "reports_retriage_delete": (),
    "reports_routingrule_changelist": ("duty", "lead"),
    "reports_routingrule_change": ("duty", "lead"),
    "reports_routingrule_add": ("lead",),
    "reports_routingrule_delete": ("lead",),
    "reports_routingrule_dry_run": ("duty", "lead"),
    "reports_unit_changelist": ("duty", "lead"),
    "reports_unit_change": ("duty", "lead"),
    "reports_unit_add": ("lead",),
    "reports_unit_delete": (),
    "reports_commune_changelist": ("duty", "lead"),
    "reports_commune_change": ("duty", "lead"),
    "reports_commune_add": (),
    "reports_commune_delete": (),
    "reports_specialday_changelist": ("lead",),
    "reports_specialday_change": ("lead",),
    "reports_specialday_add": ("lead",),
    "reports_specialday_delete": ("lead",),
    "auth_user_changelist": ("lead", "auditor"),
    "auth_user_add": (),
    "auth_user_delete": (),
    "auth_group_changelist": (),
    "auth_group_add": (),
    "otp_totp_totpdevice_changelist": (),
    "otp_static_staticdevice_changelist": (),
}


def address(name: str) -> str:
    """The page of that name; of pages of one thing, the page of one that exists."""
    if not name.endswith(("_change", "_delete", "_text")) or name == "password_change":
        return reverse(f"admin:{name}")
    report = evidence.report()
    office = Office.objects.create(codename="mau", name="Mẫu")
    keys = {
        "report": report.pk,
        "officenumber": OfficeNumber.objects.create(
            office=office, number="1900 1111", key="x", source="thẻ", checked_on="2026-11-05"
        ).pk,
        "knownnumber": KnownNumber.objects.create(
            key="x",
            number="x",
            finding="confirmed",
            reason="x",
            valid_until="2099-01-01",
            proposed_by=enlist("ai", "duty"),
        ).pk,
        "dispute": Dispute.objects.create(submission_key="x").pk,
        "event": events.record("report", report.pk, "noted").pk,
        "office": office.pk,
        "commune": Commune.objects.create(
            codename="xa_mau", code="1", name="Xã Mẫu", former_districts=[], former_communes=[]
        ).pk,
        "campaign": Campaign.objects.create(code="Đ-26-X", title="x").pk,
        "statement": Statement.objects.create(codename="mau", title="x", text="x", text_en="x").pk,
        "bankline": BankLine.objects.create(
            name="Mẫu", number="1900 000 111", source="thẻ", checked_on="2026-11-05"
        ).pk,
        "cannedreply": CannedReply.objects.create(title="x", text="x", text_en="x").pk,
        "unit": evidence.unit().pk,
        "routingrule": RoutingRule.objects.create(unit=evidence.unit()).pk,
        "specialday": SpecialDay.objects.create(day="2099-01-01", name="x", source="x").pk,
        "retriage": Retriage.objects.create(rules_version="x", total=1).pk,
        "user": enlist("nao", "duty").pk,
    }
    return reverse(f"admin:{name}", args=[keys[name.split("_")[1]]])


@pytest.mark.parametrize("name", SEES)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_its_pages_and_no_other(role: str, name: str) -> None:
    status = log_in(enlist(role, role)).get(address(name)).status_code
    assert status == (200 if role in SEES[name] else 403)


@pytest.mark.parametrize("name", SEES)
def test_a_stranger_is_sent_to_the_door(client: Client, name: str) -> None:
    response = client.get(address(name))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")


# Pages of one thing whose list is closed to all but those named above, and what is no page.
ALIKE = ("_history", "auth_user_password_change", "auth_user_change", "auth_group_change",
         "auth_group_delete", "reports_event_change")  # fmt: skip
NO_PAGE = {
    "login",
    "logout",
    "jsi18n",
    "handbook_picture",
    "autocomplete",
    "password_change_done",
    "view_on_site",
    "app_list",
}


def test_every_page_of_the_desk_is_in_the_table() -> None:
    """A page that somebody adds must be placed; acts and alerts have tables of their own."""
    names = _names(admin.site.urls[0]) - NO_PAGE - SEES.keys()
    verbs = (
        *workflow.TABLE,
        "reveal",
        "read_again",
        "release_code",
        "bulk",
        "compose",
        "correct",
        "uncorrect",
        "save_search",
        "remove_search",
    )
    acts = tuple(f"reports_report_{verb}" for verb in verbs)
    numbers = ("reports_knownnumber_confirm", "reports_knownnumber_withdraw",
               "reports_dispute_answer", "reports_dispute_reveal")  # fmt: skip
    slips = "reports_report_slip"  # test_slips.py
    picture = "reports_report_picture"  # test_desk_pictures.py
    waves = tuple(f"reports_campaign_{act}" for act in  # test_desk_campaign.py
                  ("split", "detach", "attach", "merge", "attach_to", "take_back", "part", "keep_two", "code"))  # fmt: skip
    known = ("alerts_", "reports_report_keeping", "otp_", *acts, *numbers, slips, picture, *waves)
    assert {name for name in names if not (name.startswith(known) or name.endswith(ALIKE))} == set()


def _names(patterns: list[URLPattern | URLResolver]) -> set[str]:
    names: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            names |= _names(pattern.url_patterns)
        elif pattern.name:
            names.add(pattern.name)
    return names


def test_only_models_with_a_reason_are_registered() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("admin:axes_accessattempt_changelist")


def test_the_auditor_reads_acts_and_nothing_personal(auditor: Person, duty: Person) -> None:
    report = evidence.triaged("Bà Tư ở xóm Trên kể lại.", contact="0992 000 118")
    workflow.note(report.pk, by=duty.user, version=1, reason="Đã gọi bà Tư, số 0992 000 118")
    page = auditor.client.get("/admin/reports/event/").content.decode()
    assert "Ghi chú" in page
    assert "duty" in page
    assert "có ghi lý do" in page
    assert str(report.pk) in page
    assert not any(secret in page for secret in ("bà Tư", "0992", "xóm Trên"))


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_record_cannot_be_changed_from_the_desk(lead: Person, method: str) -> None:
    event = events.record("report", "x", "noted", by=lead.user)
    for page in ("change", "delete"):
        getattr(lead.client, method)(f"/admin/reports/event/{event.pk}/{page}/", {"kind": "junked"})
    assert Event.objects.get(pk=event.pk).kind == "noted"


def test_reports_cannot_be_deleted_many_at_once(lead: Person) -> None:
    report = evidence.report()
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
