"""Sealed data: shown once, each time with a reason of its own, on record."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.http import HttpResponse
from pytest_django import Settings

from core import encryption
from core.audit import events
from core.models import AuditEvent
from desk.reports import page as report_page
from reports.models import Report
from tests.support import report_factories
from tests.support.desk_pages import STORY, page_of, tree, words
from tests.support.messages import add_followup
from tests.support.officers import Person, log_in
from tests.support.report_factories import BECAUSE

pytestmark = pytest.mark.django_db


PHRASE = "bến đò, 47"
SECRETS = {"contact": "0992 000 118", "phrase": PHRASE, "story": "số của tôi 0992 000 118"}


@pytest.fixture
def report(db: None) -> Report:
    story = f"Họ gọi, {SECRETS['story']}."
    return report_factories.triaged(story, contact=SECRETS["contact"], phrase=PHRASE)


def show(person: Person, report: Report, what: str = "phrase", **typed: str) -> HttpResponse:
    return person.client.post(page_of(report, f"reveal-{what}"), typed)  # type: ignore[return-value]


def test_what_is_personal_is_not_on_the_page(duty: Person, report: Report) -> None:
    page = duty.client.get(page_of(report))
    assert "no-store" in page.headers["Cache-Control"]
    assert not any(secret in page.content.decode() for secret in SECRETS.values())
    assert "Số và câu hẹn hiện cùng lúc trong 10 phút" in words(page)


def test_number_and_phrase_stand_together_for_ten_minutes_after_one_reason(
    duty: Person, lead: Person, report: Report
) -> None:
    answer = show(duty, report, "contact", **BECAUSE)
    assert answer.headers["Location"] == f"{page_of(report)}#call"
    shown = tree(duty.client.get(page_of(report))).xpath("//div[@class='dial']")[0]
    assert shown.xpath(".//a/@href") == ["tel:+84992000118"]
    assert SECRETS["contact"] in shown.text_content()
    assert PHRASE in shown.text_content()
    assert 590 < int(shown.get("data-seconds")) <= 600
    assert SECRETS["contact"] not in lead.read_page(page_of(report))
    show(duty, report, "contact", **BECAUSE)  # once more: nothing new, and no longer
    seen = [event.detail for event in events.events_for("report", report.pk)]
    assert seen == [
        {"field": field, "reason": "Gọi lại người báo"} for field in ("contact", "phrase")
    ]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        assert SECRETS["contact"] not in duty.read_page(page_of(report))


def test_an_open_call_is_closed_to_another_session_a_lost_right_and_a_newer_number(
    duty: Person, report: Report
) -> None:
    show(duty, report, "contact", **BECAUSE)
    elsewhere = log_in(duty.user).get(page_of(report)).content.decode()
    assert SECRETS["contact"] not in elsewhere
    assert SECRETS["contact"] in duty.read_page(page_of(report))
    newer = encryption.encrypt("0992 000 119", "contact", report.pk)
    add_followup(report, contact_sealed=newer)
    assert "0992 000" not in duty.read_page(page_of(report))
    show(duty, report, "contact", **BECAUSE)
    assert "0992 000 119" in duty.read_page(page_of(report))
    duty.revoke("reveal_contact")
    assert "0992 000" not in duty.read_page(page_of(report))


@pytest.mark.parametrize(
    ("contact", "dialled"),
    [("0992 000 118", ["tel:+84992000118"]), ("0992 000 118\u200b", ["tel:+84992000118"]),
     ("0992000118 hoặc 0992000119", []), ("nam1985@gmail.com", []), ("+375 29 000 00 00", [])],
)  # fmt: skip
def test_only_one_number_of_the_country_is_dialled(
    duty: Person, contact: str, dialled: list[str]
) -> None:
    report = report_factories.triaged(STORY, contact=contact)
    show(duty, report, "contact", **BECAUSE)
    page = tree(duty.client.get(page_of(report)))
    assert page.xpath("//div[@class='dial']//a/@href") == dialled


def test_a_call_without_a_reason_or_a_number_opens_nothing(duty: Person, report: Report) -> None:
    assert show(duty, report, "contact", why="x").status_code == 422
    nameless = report_factories.triaged(STORY)
    assert show(duty, nameless, "contact", **BECAUSE).status_code == 303
    assert "Người báo không để lại số" in words(duty.client.get(page_of(nameless)))
    assert not AuditEvent.objects.filter(kind="revealed").exists()


@pytest.mark.parametrize("what", ["phrase", "story"])
def test_a_secret_is_shown_once_and_on_record(duty: Person, report: Report, what: str) -> None:
    page = show(duty, report, what, **BECAUSE)
    assert SECRETS[what] in words(page)
    assert "no-store" in page.headers["Cache-Control"]
    event = events.events_for("report", report.pk).get(kind="revealed")
    assert event.actor == duty.user
    assert event.detail == {"field": what, "reason": "Gọi lại người báo"}
    assert SECRETS[what] not in duty.read_page(page_of(report))


def test_a_secret_cannot_turn_its_line_around(duty: Person) -> None:
    report = report_factories.triaged(STORY, contact="0550 000 111\u202e222")
    show(duty, report, "contact", **BECAUSE)
    assert "0550 000 111[U+202E]222" in words(duty.client.get(page_of(report)))


def test_a_secret_without_its_key_is_told(duty: Person, report: Report, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    show(duty, report, "contact", **BECAUSE)
    assert "Không mở được" in words(duty.client.get(page_of(report)))


@pytest.mark.parametrize("why", ["", "  ", "xem", "\0\0\0\0\0"])
def test_without_a_reason_nothing_is_shown_or_recorded(
    duty: Person, report: Report, why: str
) -> None:
    answer = show(duty, report, why=why)
    assert answer.status_code == 422
    assert "Ghi vì sao cần xem" in words(answer)
    assert PHRASE not in words(answer)
    assert not events.events_for("report", report.pk).exists()


def test_the_same_press_twice_shows_once_and_keeps_the_reason(duty: Person, report: Report) -> None:
    first = show(duty, report, **BECAUSE)
    assert PHRASE in words(first)
    assert '<option value="Đối chiếu lời kể gốc">' in first.content.decode()
    seen = report_page.find_latest_reveal(report, duty.user)
    assert f'name="seen" value="{seen}"' in first.content.decode(), "for the next look"
    again = show(duty, report, **BECAUSE)
    assert again.status_code == 422
    assert PHRASE not in words(again)
    assert 'value="Gọi lại người báo"' in again.content.decode()
    assert events.events_for("report", report.pk).count() == 1


def test_each_showing_is_one_event_with_its_own_reason(duty: Person, report: Report) -> None:
    for why in ("Gọi lại người báo", "Gọi lại lần hai"):
        seen = str(report_page.find_latest_reveal(report, duty.user))
        assert PHRASE in words(show(duty, report, why=why, seen=seen))
    text = [event.detail["reason"] for event in events.events_for("report", report.pk)]
    assert text == ["Gọi lại lần hai", "Gọi lại người báo"]
    assert "Câu hẹn; Gọi lại lần hai" in words(duty.client.get(page_of(report)))


def test_a_colleagues_look_does_not_spoil_mine(duty: Person, lead: Person, report: Report) -> None:
    for person in (lead, duty):
        assert PHRASE in words(show(person, report, **BECAUSE))
