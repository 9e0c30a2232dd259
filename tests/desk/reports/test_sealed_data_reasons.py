"""What is sealed is shown once for a reason, and each showing is on record with it."""

import pytest
from django.http import HttpResponse

from core.audit import events
from desk.reports import sealed_data_reasons
from reports.models import Report
from tests.desk.reports.test_detail import act_of, page_of, words
from tests.support import report_factories
from tests.support.officers import Person
from tests.support.report_factories import BECAUSE

pytestmark = pytest.mark.django_db

PHRASE = "bến đò, 47"


@pytest.fixture
def report(db: None) -> Report:
    return report_factories.report(contact="0992 000 118", phrase=PHRASE)


def show(person: Person, report: Report, **typed: str) -> HttpResponse:
    return person.client.post(act_of(report, "reveal-phrase"), typed)  # type: ignore[return-value]


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
        seen = str(sealed_data_reasons.latest_reveal_id(report, duty.user))
        assert PHRASE in words(show(duty, report, why=why, seen=seen))
    told = [event.detail["reason"] for event in events.events_for("report", report.pk)]
    assert told == ["Gọi lại lần hai", "Gọi lại người báo"]
    assert "Câu hẹn; Gọi lại lần hai" in words(duty.client.get(page_of(report)))


def test_a_colleagues_look_does_not_spoil_mine(duty: Person, lead: Person, report: Report) -> None:
    assert PHRASE in words(show(lead, report, **BECAUSE))
    assert PHRASE in words(show(duty, report, **BECAUSE))


def test_the_page_offers_reasons_and_the_next_look(duty: Person, report: Report) -> None:
    page = show(duty, report, **BECAUSE).content.decode()
    assert '<option value="Gọi lại người báo">' in page
    assert f'name="seen" value="{sealed_data_reasons.latest_reveal_id(report, duty.user)}"' in page
