"""What came after the last act of a person stands in the queue, also of ended reports."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reports.cases import workflow
from reports.models import Report
from tests.desk.reports.test_messages import added, answered, sent
from tests.desk.reports.test_reporter_activity import asked, row_of, shown
from tests.support import report_factories
from tests.support.officers import Person

QUEUE = "/admin/reports/report/"
FRESH = f"{QUEUE}?viec=fresh"
pytestmark = pytest.mark.django_db


def taken(by: Person, story: str = "Họ gọi.") -> Report:
    report = report_factories.report(story)
    workflow.take(report.pk, by=by.user, version=1)
    return report


def say(report: Report, how: str) -> None:
    if how == "message":
        answered(report, "Họ lại gọi.")
    elif how == "withdrawal":
        added(report, how)
    elif how == "addition":
        added(report, accounts=["1903"])
    else:
        sent(report, b"1")


@pytest.mark.parametrize("how", ["message", "addition", "withdrawal", "file"])
def test_new_words_stand_in_their_row_and_list(duty: Person, how: str) -> None:
    report, other = taken(duty), taken(duty, "khác")
    say(report, how)
    assert shown(duty, FRESH) == [report]
    assert "Có lời mới" in row_of(duty, report)
    assert "Có lời mới" not in row_of(duty, other)


def test_what_a_person_acted_on_is_new_no_more(duty: Person) -> None:
    report = taken(duty)
    say(report, "addition")
    workflow.add_note(report.pk, by=duty.user, version=2, reason="Đã đọc.")
    assert shown(duty, FRESH) == []
    say(report, "message")
    assert shown(duty, FRESH) == [report]


def test_a_report_that_was_handed_over_or_ended_is_in_the_list(duty: Person) -> None:
    passed, ended = taken(duty), taken(duty, "khác")
    unit = {"unit": "Công an xã", "reason": "Đúng địa bàn."}
    workflow.hand_over(passed.pk, by=duty.user, version=2, **unit)
    outcome = {"outcome": "duplicate", "reason": "Trùng."}
    workflow.close(ended.pk, by=duty.user, version=2, **outcome)
    assert shown(duty, FRESH) == []
    say(passed, "message")
    say(ended, "file")
    assert set(shown(duty, FRESH)) == {passed, ended}
    page = duty.client.get(FRESH).content.decode()
    assert page.count(">Có lời mới<") == 2


def test_what_nobody_has_touched_has_no_new_words(duty: Person) -> None:
    report = report_factories.report()
    say(report, "file")
    assert shown(duty, FRESH) == []
    assert "Có lời mới" not in row_of(duty, report)


def test_an_answer_is_called_an_answer(duty: Person) -> None:
    report = asked(duty)
    say(report, "message")
    assert "Đã trả lời" in row_of(duty, report)
    assert "Có lời mới" not in row_of(duty, report)


def test_the_list_takes_no_more_statements_than_the_others(duty: Person) -> None:
    for number in range(20):
        say(taken(duty, f"tin {number}"), "message")
    with CaptureQueriesContext(connection) as queries:
        assert len(shown(duty, FRESH)) == 20
    told = [query["sql"] for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]]
    assert len(told) <= 13
