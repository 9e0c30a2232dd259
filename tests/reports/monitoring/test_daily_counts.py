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
    assert len(stored) == daily_counts.DAYS == DailyCount.objects.count()
    rows = [(row.received, row.open) for row in stored.values() if row and row.received]
    assert rows == [(1, None), (2, 2)]
    assert list(stored)[-1] == today


def test_a_day_that_is_over_keeps_its_backlog_and_is_counted_no_more() -> None:
    today = timezone.localdate()
    for back, received in ((1, 9), (2, 9)):
        DailyCount.objects.create(day=today - timedelta(days=back), received=received, open=7)
    daily_counts.update_daily_counts()
    yesterday, before = (DailyCount.objects.get(day=today - timedelta(days=n)) for n in (1, 2))
    assert (yesterday.received, yesterday.open) == (0, 7)
    assert (before.received, before.open) == (9, 7)


def test_the_start_page_draws_the_days_and_says_them(duty: Person) -> None:
    report_factories.report("a")
    assert "Chưa đếm lần nào" in duty.client.get("/admin/").content.decode()
    daily_counts.update_daily_counts()
    page = html.document_fromstring(duty.client.get("/admin/").content.decode())
    assert len(page.xpath("//svg[@role='img']/title")) == 2
    assert len(page.xpath("//figure//rect[@height>0]")) == 2
    row = page.xpath("//table//tr[td]")[0].text_content()
    assert row == f"{timezone.localdate():%d/%m/%Y}11"
