"""Sealed data: shown once, each time with a reason of its own, on record."""

from typing import Any

import pytest
from django.http import HttpResponse

from core.audit import events
from desk.reports import page as report_page
from reports.models import Report
from tests.support import report_factories
from tests.support.desk_pages import STORY, page_of, words
from tests.support.officers import Person
from tests.support.report_factories import BECAUSE

pytestmark = pytest.mark.django_db


SECRETS = {"contact": "0992 000 118", "phrase": "bến đò, 47", "story": "số của tôi 0992 000 118"}


def secretive() -> Report:
    story = f"Họ gọi, {SECRETS['story']}."
    return report_factories.triaged(story, contact=SECRETS["contact"], phrase=SECRETS["phrase"])


def test_what_is_personal_is_not_on_the_page(duty: Person) -> None:
    page = duty.client.get(page_of(secretive())).content.decode()
    assert not any(secret in page for secret in SECRETS.values())
    assert "Hiện số" in page


@pytest.mark.parametrize("what", SECRETS)
def test_a_secret_is_shown_once_and_on_record(duty: Person, what: str) -> None:
    report = secretive()
    page = duty.client.post(page_of(report, f"reveal-{what}"), report_factories.BECAUSE)
    assert SECRETS[what] in words(page)
    assert "no-store" in page.headers["Cache-Control"]
    event = events.events_for("report", report.pk).get(kind="revealed")
    assert (event.actor, event.detail) == (duty.user, {"what": what, "reason": "Gọi lại người báo"})
    assert SECRETS[what] not in duty.client.get(page_of(report)).content.decode()


def test_a_secret_cannot_turn_its_line_around(duty: Person) -> None:
    report = report_factories.triaged(STORY, contact="0550 000 111\u202e222")
    assert "0550 000 111[U+202E]222" in words(
        duty.client.post(page_of(report, "reveal-contact"), report_factories.BECAUSE)
    )


def test_without_the_right_nothing_is_revealed(duty: Person) -> None:
    report = secretive()
    duty.revoke("reveal_contact")
    assert "Hiện số" not in duty.client.get(page_of(report)).content.decode()
    assert (
        duty.client.post(page_of(report, "reveal-contact"), report_factories.BECAUSE).status_code
        == 403
    )
    assert events.events_for("report", report.pk).get().kind == "refused"


def test_a_secret_without_its_key_is_told(duty: Person, settings: Any) -> None:
    from cryptography.fernet import Fernet

    report = secretive()
    settings.FIELD_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    assert "Không mở được" in words(
        duty.client.post(page_of(report, "reveal-contact"), report_factories.BECAUSE)
    )


PHRASE = "bến đò, 47"


@pytest.fixture
def report(db: None) -> Report:
    return report_factories.report(contact="0992 000 118", phrase=PHRASE)


def show(person: Person, report: Report, **typed: str) -> HttpResponse:
    return person.client.post(page_of(report, "reveal-phrase"), typed)  # type: ignore[return-value]


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
    assert PHRASE in words(show(duty, report, **BECAUSE))
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
    assert PHRASE in words(show(lead, report, **BECAUSE))
    assert PHRASE in words(show(duty, report, **BECAUSE))


def test_the_page_offers_reasons_and_the_next_look(duty: Person, report: Report) -> None:
    page = show(duty, report, **BECAUSE).content.decode()
    assert '<option value="Gọi lại người báo">' in page
    assert f'name="seen" value="{report_page.find_latest_reveal(report, duty.user)}"' in page
