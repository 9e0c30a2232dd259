"""Inflow and backlog day by day: what is counted, and how the start page shows it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from lxml import html

from reports.models import Case, DailyCount
from reports.monitoring import daily_counts
from tests.support import number_factories, report_factories
from tests.support.officers import Person

pytestmark = pytest.mark.django_db


def test_days_count_what_came_in_and_what_is_open_today(duty: Person) -> None:
    old, done = report_factories.report("a"), report_factories.report("b")
    report_factories.report("c")
    number_factories.move_report(old, old.received_at - timedelta(days=3))
    Case.objects.filter(report=done).update(status="closed", outcome="duplicate")
    daily_counts.update_daily_counts()
    today = timezone.localdate()
    stored = daily_counts.daily_counts(
        User.objects.values(**daily_counts.daily_counts_column()).get(pk=duty.user.pk)
    )
    assert len(stored) == daily_counts.DAYS < DailyCount.objects.count()
    rows = [(row.received, row.open) for row in stored.values() if row and row.received]
    assert rows == [(1, None), (2, 2)]
    assert list(stored)[-1] == today


def test_a_day_that_is_over_keeps_its_backlog() -> None:
    today = timezone.localdate()
    for back in (1, 2):
        DailyCount.objects.create(day=today - timedelta(days=back), received=9, open=7)
    daily_counts.update_daily_counts()
    yesterday = DailyCount.objects.get(day=today - timedelta(days=1))
    assert (yesterday.received, yesterday.open) == (0, 7)


def test_all_days_are_counted_after_some_runs_and_each_again_in_its_turn() -> None:
    for _ in range(1 + daily_counts.KEPT_DAYS // daily_counts.MAX_MISSED_DAYS):
        daily_counts.update_daily_counts()
    assert DailyCount.objects.count() == daily_counts.KEPT_DAYS
    longest_ago = DailyCount.objects.order_by("counted_at").first()
    assert longest_ago
    daily_counts.update_daily_counts()
    after = DailyCount.objects.get(day=longest_ago.day)
    assert after.counted_at > longest_ago.counted_at


def test_a_decision_counts_its_day_again_at_the_next_run_and_counting_twice_changes_nothing(
    duty: Person,
) -> None:
    report = report_factories.report("a")
    number_factories.move_report(report, report.received_at - timedelta(days=20))
    day = timezone.localdate() - timedelta(days=20)
    daily_counts.update_daily_counts()
    before = DailyCount.objects.get(day=day)
    assert before.figures["counted"] == 1
    DailyCount.objects.update(counted_at=timezone.now())
    report_factories.decide("junk", report, duty)
    daily_counts.update_daily_counts()
    daily_counts.update_daily_counts()
    after = DailyCount.objects.get(day=day)
    assert (after.received, after.figures["counted"]) == (1, 0)


def test_the_start_page_draws_the_days_and_says_them(duty: Person) -> None:
    report_factories.report("a")
    assert "Chưa đếm lần nào" in duty.client.get("/admin/").content.decode()
    daily_counts.update_daily_counts()
    page = html.document_fromstring(duty.client.get("/admin/").content.decode())
    assert len(page.xpath("//svg[@role='img']/title")) == 2
    assert len(page.xpath("//figure//rect[@height>0]")) == 2
    row = page.xpath("//table//tr[td]")[0].text_content()
    assert row == f"{timezone.localdate():%d/%m/%Y}11"
