"""The record at the desk: who did what, who saw whose personal data, and nothing personal in it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from lxml import html

from core.audit import chain, chain_verification, events
from desk import audit_log
from reports.models import Report
from tests.support import report_factories
from tests.support.desk_pages import statements
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

LIST, LOOKS = "/admin/core/auditevent/", "/admin/core/auditevent/looks/"


def listed(person: Person, address: str = LIST, **asked: Any) -> list[str]:
    """The rows of the list, each as one line of text."""
    page = html.document_fromstring(person.client.get(address, asked).content.decode())
    return [" ".join(row.text_content().split()) for row in page.xpath("//table/tbody/tr")]


def some_acts(duty: Person, lead: Person) -> Report:
    report = report_factories.report()
    events.log_event("report", report.pk, "noted", by=duty.user, reason="Đã gọi bà Tư")
    events.log_event("report", report.pk, "revealed", by=lead.user, what="contact")
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


def test_acts_are_found_by_their_person(duty: Person, lead: Person) -> None:
    some_acts(duty, lead)
    (row,) = listed(lead, who=duty.user.pk)
    assert "Ghi chú" in row


def test_acts_are_found_by_the_number_of_the_report(duty: Person, lead: Person) -> None:
    report = some_acts(duty, lead)
    rows = listed(lead, subject=f" {report.public_number.lower()} ")
    assert len(rows) == 2
    assert all(report.public_number in row for row in rows)


def test_the_day_that_was_asked_for_counts_to_its_end(duty: Person, lead: Person) -> None:
    some_acts(duty, lead)
    today = timezone.localdate()
    assert len(listed(lead, since=f"{today:%d/%m/%Y}", until=f"{today:%d/%m/%Y}")) == 4
    assert listed(lead, until=f"{today - timedelta(days=1):%d/%m/%Y}") == []


def test_a_day_that_cannot_be_read_is_told_and_stays(lead: Person) -> None:
    answer = lead.client.get(LIST, {"since": "hôm kia"})
    assert "Chưa đọc được ngày" in answer.content.decode()
    assert "hôm kia" in answer.content.decode()


@pytest.mark.parametrize("value", ["' OR 1=1", "9" * 400, "\u202e", "<script>"])
@pytest.mark.parametrize("name", ["who", "kind", "subject", "before", "since"])
def test_hostile_questions_break_nothing(lead: Person, name: str, value: str) -> None:
    answer = lead.client.get(LIST, {name: value})
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode().partition("<body")[2].replace(
        "<script src", ""
    )


def test_older_acts_are_one_link_away(lead: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.audit_log.PAGE", 3)
    for number in range(5):
        events.log_event("report", f"r{number}", "noted")
    page = html.document_fromstring(lead.client.get(LIST, {"kind": "noted"}).content.decode())
    (older,) = page.xpath("//a[contains(., 'cũ hơn')]/@href")
    rows = html.document_fromstring(lead.client.get(LIST + older).content.decode())
    assert len(rows.xpath("//table/tbody/tr")) == 2


def test_looks_are_shown_with_whose_and_what(duty: Person, lead: Person, auditor: Person) -> None:
    report = some_acts(duty, lead)
    (row,) = listed(auditor, LOOKS)
    assert "lead" in row
    assert report.public_number in row
    assert "Số người báo" in row


def test_an_officer_on_duty_may_not_see_who_looked(duty: Person) -> None:
    assert duty.client.get(LOOKS).status_code == 403


def test_reasons_are_for_those_who_may_read_the_reports(
    duty: Person, lead: Person, auditor: Person
) -> None:
    some_acts(duty, lead)
    assert "bà Tư" in " ".join(listed(lead))
    assert "bà Tư" not in " ".join(listed(auditor))
    assert "có ghi lý do" in " ".join(listed(auditor))


def test_an_auditor_gets_no_link_to_a_report(duty: Person, lead: Person, auditor: Person) -> None:
    report = some_acts(duty, lead)
    door = f"/admin/reports/report/{report.pk}/change/"
    assert door in lead.client.get(LIST).content.decode()
    assert door not in auditor.client.get(LIST).content.decode()


@pytest.mark.parametrize("address", [LIST, LOOKS])
def test_no_table_is_counted_and_few_statements_are_asked(lead: Person, address: str) -> None:
    for _ in range(30):
        events.log_event(
            "report", report_factories.report().pk, "revealed", by=lead.user, what="contact"
        )
    every = statements(lead.client, address)
    assert len([sql for sql in every if "django_session" not in sql]) <= 12
    assert not [sql for sql in every if "COUNT(*)" in sql]


def test_the_page_tells_how_far_the_record_is_chained(auditor: Person) -> None:
    assert "Chưa dòng nào được khóa nối" in auditor.client.get(LIST).content.decode()
    event = events.log_event("report", "r", "noted")
    chain.extend_chain()
    assert f"Đã khóa nối đến dòng số {event.pk}" in auditor.client.get(LIST).content.decode()
    chain_verification.store_break(chain_verification.ChainBrokenError("changed", event.pk))
    assert "không khớp với bản đã khóa" in auditor.client.get(LIST).content.decode()


def test_the_list_of_a_page_is_as_long_as_said() -> None:
    assert audit_log.PAGE == 100


# What an auditor must not reach: everything that shows, holds or takes along what is personal.
CLOSED_TO_AUDITORS = [
    ("get", "change/"),
    ("get", "text/"),
    ("post", "reveal-story/"),
    ("post", "reveal-contact/"),
    ("post", "reveal-phrase/"),
    ("post", "reveal-message/1/"),
    ("post", "reveal-addition/00000000-0000-0000-0000-000000000000/"),
    ("post", "file/00000000-0000-0000-0000-000000000000/"),
    ("get", "picture/00000000-0000-0000-0000-000000000000/"),
    ("post", "release-code/"),
    ("post", "note/"),
    ("post", "close/"),
]


@pytest.mark.parametrize(("method", "what"), CLOSED_TO_AUDITORS)
def test_an_auditor_reaches_nothing_personal(auditor: Person, method: str, what: str) -> None:
    report = report_factories.report()
    answer = getattr(auditor.client, method)(f"/admin/reports/report/{report.pk}/{what}")
    assert answer.status_code == 403


def test_an_auditors_pages_hold_no_number_name_or_word_of_a_reporter(
    auditor: Person, duty: Person
) -> None:
    report = report_factories.triaged(
        "Bà Tư ở xóm Trên kể.", contact="0992 000 118", phrase="ấm chảo"
    )
    duty.client.post(f"/admin/reports/report/{report.pk}/reveal-contact/")
    for page in ("/admin/", LIST, LOOKS, "/admin/auth/user/"):
        shown = auditor.client.get(page).content.decode()
        assert not [
            secret for secret in ("Bà Tư", "0992", "xóm Trên", "ấm chảo") if secret in shown
        ]
