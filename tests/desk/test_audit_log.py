"""The record at the desk: who did what, who saw whose personal data, and nothing personal in it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.audit import chain, chain_verification, events
from core.models import AuditEvent
from desk.labels.events import EVENTS
from reports.models import Campaign, Report
from tests.support import campaign_factories, report_factories
from tests.support.desk_pages import page_of, press, statements, tree
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

LIST, LOOKS = "/admin/core/auditevent/", "/admin/core/auditevent/looks/"


def listed(person: Person, address: str = LIST, **asked: Any) -> list[str]:
    """The rows of the list, each as one line of text."""
    page = tree(person.client.get(address, asked))
    return [" ".join(row.text_content().split()) for row in page.xpath("//table/tbody/tr")]


def some_acts(duty: Person, lead: Person) -> Report:
    report = report_factories.report()
    events.log_event("report", report.pk, "noted", by=duty.user, reason="Đã gọi bà Tư")
    events.log_event("report", report.pk, "revealed", by=lead.user, field="contact")
    events.log_event("office", 7, "office_saved", by=lead.user)
    events.log_event("report", "x", "code_replaced")
    return report


@pytest.mark.parametrize(
    ("asked", "acts"),
    [
        ({}, 4),
        ({"kind": "noted"}, 1),
        ({"subject_type": "office"}, 1),
        ({"who": "0"}, 1),
        ({"subject": "x"}, 1),
        ({"since": "01/01/2020", "until": "31/12/2020"}, 0),
        ({"since": "01/01/2020"}, 4),
        ({"before": 1}, 0),
    ],
)
def test_acts_are_found_by_what_is_asked(
    duty: Person, lead: Person, asked: dict[str, Any], acts: int
) -> None:
    some_acts(duty, lead)
    assert len(listed(lead, **asked)) == acts


def test_acts_are_found_by_person_and_by_number_of_the_report(duty: Person, lead: Person) -> None:
    report = some_acts(duty, lead)
    (row,) = listed(lead, who=duty.user.pk)
    assert "Ghi chú" in row
    rows = listed(lead, subject=f" {report.public_number.lower()} ")
    assert len(rows) == 2
    assert all(report.public_number in row for row in rows)


def test_the_day_that_was_asked_for_counts_to_its_end(duty: Person, lead: Person) -> None:
    some_acts(duty, lead)
    today = timezone.localdate()
    assert len(listed(lead, since=f"{today:%d/%m/%Y}", until=f"{today:%d/%m/%Y}")) == 4
    assert listed(lead, until=f"{today - timedelta(days=1):%d/%m/%Y}") == []


def test_a_day_that_cannot_be_read_is_told_and_stays(lead: Person) -> None:
    page = lead.read_page(LIST, since="hôm kia")
    assert "Chưa đọc được ngày" in page
    assert "hôm kia" in page


@pytest.mark.parametrize("value", ["' OR 1=1", "9" * 400, "\u202e", "<script>"])
@pytest.mark.parametrize("name", ["who", "kind", "subject", "before", "since"])
def test_hostile_questions_break_nothing(lead: Person, name: str, value: str) -> None:
    answer = lead.client.get(LIST, {name: value})
    assert answer.status_code == 200
    assert b"<script>" not in answer.content.partition(b"<body")[2]


def test_older_acts_are_one_link_away(lead: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.audit_log.PAGE", 3)
    for number in range(5):
        events.log_event("report", f"r{number}", "noted")
    page = tree(lead.client.get(LIST, {"kind": "noted"}))
    (older,) = page.xpath("//a[contains(., 'cũ hơn')]/@href")
    assert len(listed(lead, LIST + older)) == 2


def test_looks_are_shown_with_whose_and_what(duty: Person, lead: Person, auditor: Person) -> None:
    report = some_acts(duty, lead)
    (row,) = listed(auditor, LOOKS)
    assert "lead" in row
    assert report.public_number in row
    assert "Số người báo" in row


def test_reasons_and_links_are_for_those_who_may_read_the_reports(
    duty: Person, lead: Person, auditor: Person
) -> None:
    door = f"/admin/reports/report/{some_acts(duty, lead).pk}/change/"
    for_lead, for_auditor = lead.read_page(LIST), auditor.read_page(LIST)
    assert "bà Tư" in for_lead
    assert "bà Tư" not in for_auditor
    assert "có ghi lý do" in for_auditor
    assert door in for_lead
    assert door not in for_auditor


@pytest.mark.parametrize("address", [LIST, LOOKS])
def test_no_table_is_counted_and_few_statements_are_asked(lead: Person, address: str) -> None:
    for _ in range(30):
        report = report_factories.report()
        events.log_event("report", report.pk, "revealed", by=lead.user, field="contact")
    every = statements(lead.client, address)
    assert len([sql for sql in every if "django_session" not in sql]) <= 12
    assert not [sql for sql in every if "COUNT(*)" in sql]


def test_the_page_tells_how_far_the_record_is_chained(auditor: Person) -> None:
    assert "Chưa dòng nào được khóa nối" in auditor.read_page(LIST)
    event = events.log_event("report", "r", "noted")
    chain.extend_chain()
    assert f"Đã khóa nối đến dòng số {event.pk}" in auditor.read_page(LIST)
    chain_verification.store_break(chain_verification.ChainBrokenError("changed", event.pk))
    assert "không khớp với bản đã khóa" in auditor.read_page(LIST)


def test_an_auditors_pages_hold_acts_and_no_number_name_or_word_of_a_reporter(
    auditor: Person, duty: Person
) -> None:
    story = "Bà Tư ở xóm Trên kể."
    report = report_factories.triaged(story, contact="0992 000 118", phrase="ấm chảo")
    press(duty.client, report, "note", reason="Đã gọi bà Tư, số 0992 000 118")
    duty.client.post(page_of(report, "reveal-contact"), report_factories.BECAUSE)
    for page in ("/admin/", LIST, LOOKS, "/admin/auth/user/"):
        shown = auditor.read_page(page)
        secrets = ("Bà Tư", "bà Tư", "0992 000", "0992000", "xóm Trên", "ấm chảo")
        assert [secret for secret in secrets if secret in shown] == []
    row = next(row for row in listed(auditor) if "Ghi chú" in row)
    assert "duty" in row
    assert "có ghi lý do" in row


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_record_cannot_be_changed_from_the_desk(lead: Person, method: str) -> None:
    event = events.log_event("report", "x", "noted", by=lead.user)
    for page in ("change", "delete"):
        address = f"/admin/core/auditevent/{event.pk}/{page}/"
        getattr(lead.client, method)(address, {"kind": "junked"})
    assert AuditEvent.objects.get(pk=event.pk).kind == "noted"


def test_what_was_refused_is_said_in_words_not_in_names_of_code(
    duty: Person, lead: Person, auditor: Person
) -> None:
    report = report_factories.report()
    duty.client.get("/admin/auth/user/")
    duty.client.get("/admin/reports/report/export/")
    duty.client.post(f"/admin/reports/report/{report.pk}/assign_unit/")
    code = campaign_factories.campaign("Đ-26-BBB", reports=2).code
    events.log_event("campaign", Campaign.objects.get().pk, "campaign_merged", by=lead.user)
    table = " ".join(tree(auditor.client.get(LIST)).xpath("//table")[0].text_content().split())
    for words in (
        "trang cán bộ",
        "mở danh sách",
        "trang tin báo",
        "xuất danh sách",
        "giao đơn vị xử lý",
        f"đợt {code}",
    ):
        assert words in table, table
    for name in ("changelist", "reports_report", "auth_user", str(Campaign.objects.get().pk)):
        assert name not in table


def test_no_two_acts_have_one_name() -> None:
    assert len(set(EVENTS.values())) == len(EVENTS)
