"""A hold is of one report, ends once, and both acts say who and why."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.audit import events
from reports.cases import legal_holds
from reports.cases.legal_holds import HoldError
from reports.cases.locks import lock_report
from reports.models import Report
from tests.support import report_factories
from tests.support.officers import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def held_report(lead: Person) -> Report:
    report = report_factories.report("Bà Tư kể.")
    legal_holds.place_hold(report.pk, by=lead.user, reason=" Công văn 12/CV ")
    return report


def load_acts(report: Report) -> list[tuple[str, User | None, str]]:
    acts = events.events_for("report", report.pk).filter(kind__startswith="hold_").order_by("id")
    return [(act.kind, act.actor, act.detail["reason"]) for act in acts]


def test_a_hold_is_of_one_report_and_no_other_is_lifted(held_report: Report, lead: Person) -> None:
    free = report_factories.report("Ông Năm kể.")
    assert legal_holds.current_hold(free.pk) is None
    with pytest.raises(HoldError, match=r"^free$"):
        legal_holds.lift_hold(free.pk, by=lead.user, reason="xong")
    assert not legal_holds.is_held(free.pk)
    assert legal_holds.is_held(held_report.pk)


def test_a_lifted_hold_is_over_and_both_acts_say_who_and_why(
    held_report: Report, lead: Person
) -> None:
    legal_holds.lift_hold(held_report.pk, by=lead.user, reason=" xong ")
    assert not legal_holds.is_held(held_report.pk)
    assert legal_holds.current_hold(held_report.pk) is None
    with pytest.raises(HoldError, match=r"^free$"):
        legal_holds.lift_hold(held_report.pk, by=lead.user, reason="xong")
    assert load_acts(held_report) == [
        ("hold_placed", lead.user, "Công văn 12/CV"),
        ("hold_lifted", lead.user, "xong"),
    ]


def test_a_lock_lets_rows_in_that_refer_to_the_report(held_report: Report) -> None:
    with CaptureQueriesContext(connection) as queries:
        lock_report(held_report.pk)
    assert "FOR NO KEY UPDATE" in queries[0]["sql"]
