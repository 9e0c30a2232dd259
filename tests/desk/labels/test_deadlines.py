"""How a deadline is said, and on the page of a report."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from desk.labels import deadlines
from reports.extraction.priority import URGENT
from reports.models import Case, Report
from tests.support import report_factories
from tests.support.desk_pages import page_of, press, words
from tests.support.officers import Person


@pytest.mark.parametrize(
    ("left", "told", "css"),
    [
        (timedelta(days=3, hours=5), "còn 3 ngày", "due"),
        (timedelta(hours=21), "còn 21 giờ", "due"),
        (timedelta(hours=2), "còn 2 giờ", "due-soon"),
        (timedelta(seconds=59), "còn chưa đầy 1 phút", "due-soon"),
        (timedelta(0), "đến hạn", "due-late"),
        (timedelta(minutes=-2), "quá hạn 2 phút", "due-late"),
        (timedelta(hours=-3, minutes=-59), "quá hạn 3 giờ", "due-late"),
    ],
)
def test_a_deadline_is_said_in_its_largest_unit(left: timedelta, told: str, css: str) -> None:
    now = timezone.now()
    said = deadlines.relative_time(now + left, now)
    assert (said.words, said.css) == (told, css)


@pytest.mark.django_db
def test_a_new_report_is_due_to_be_sorted_and_ended_work_is_not(duty: Person) -> None:
    case = report_factories.case()
    due = deadlines.next_deadline(case.report)
    assert due is not None
    assert due.at == case.report.received_at + timedelta(hours=24)
    assert 'class="due">còn 23 giờ</b>' in duty.read_page(page_of(case.report))
    Case.objects.filter(pk=case.pk).update(status="junk")
    case.refresh_from_db()
    assert deadlines.next_deadline(Report.objects.get(pk=case.pk)) is None


@pytest.mark.django_db
@pytest.mark.parametrize("told", ["by the form", "by the story"])
def test_who_tells_a_danger_is_due_to_be_called_before_any_deadline_has_started(
    duty: Person, told: str
) -> None:
    report = report_factories.report("họ đang gọi", happening_now=told == "by the form")
    if told == "by the story":
        report_factories.add_facts(report, priority=URGENT)
    assert Case.objects.get(pk=report.pk).due_at is None
    assert "còn 14 phút" in duty.read_page("/admin/reports/report/")


def test_deadlines_of_one_end_stand_in_one_bracket() -> None:
    now = timezone.now()
    lines = [deadlines.DeadlineLine(title, now, "") for title in ("Gọi ngay", "Phân loại")]
    later = deadlines.DeadlineLine("Báo lại", now + timedelta(hours=1), "")
    assert deadlines.ending_at([*lines, later], now) == "gọi ngay, phân loại"


@pytest.mark.django_db
def test_the_page_tells_each_deadline_and_the_law_if_given(
    lead: Person, settings: Settings
) -> None:
    report = report_factories.report()
    for verb in ("act", "extend"):
        press(lead.client, report, verb)
    seen = words(lead.client.get(page_of(report)))
    assert "Phân loại" in seen
    assert "xong đúng hạn" in seen
    assert "Xác minh tin báo (gia hạn 1 lần)" in seen
    assert "chưa ghi căn cứ pháp lý" in seen
    settings.DEADLINE_LEGAL_BASIS = "Điều 147 mẫu"
    assert "Điều 147 mẫu" in words(lead.client.get(page_of(report)))
