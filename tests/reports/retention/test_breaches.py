"""A breach is written down with two timers, and what is late is told."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from core.models import AuditEvent
from reports.models import Alarm, DataBreach
from reports.monitoring import alarms
from tests.support.officers import Person

pytestmark = pytest.mark.django_db
PAGE = "/admin/reports/databreach/"


def create_breach(lead: Person, hours_ago: float, **done: Any) -> DataBreach:
    at = timezone.now() - timedelta(hours=hours_ago)
    return DataBreach.objects.create(
        title="Mất máy tính", detected_at=at, opened_by=lead.user, **done
    )


def format_typed(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M, %d/%m/%Y}"


def form_data(**changed: str) -> dict[str, str]:
    at = timezone.now() - timedelta(hours=1)
    steps = ("first_notice_at", "authority_notified_at", "subjects_notified_at", "closed_at")
    fields = {"title": "Mất máy tính", "found": "", "detected_at": format_typed(at)}
    return fields | dict.fromkeys(steps, "") | changed


def test_the_timers_are_settings(lead: Person, settings: Settings) -> None:
    breach = create_breach(lead, 0)
    assert (settings.BREACH_FIRST_NOTICE_HOURS, settings.BREACH_REPORT_HOURS) == (24, 72)
    assert breach.first_due - breach.detected_at == timedelta(hours=24)
    assert breach.body_due - breach.detected_at == timedelta(hours=72)
    settings.BREACH_FIRST_NOTICE_HOURS = settings.BREACH_REPORT_HOURS = 5
    assert breach.first_due == breach.body_due == breach.detected_at + timedelta(hours=5)


def test_a_lead_writes_it_down_and_sees_both_timers(lead: Person) -> None:
    answer = lead.client.post(f"{PAGE}add/", form_data())
    assert answer.status_code == 302, answer.context["errors"]
    breach = DataBreach.objects.get()
    assert breach.opened_by == lead.user
    page = lead.client.get(f"{PAGE}{breach.pk}/change/").content.decode()
    assert "còn 22 giờ" in page
    assert "còn 70 giờ" in page
    assert AuditEvent.objects.get(kind="breach_opened").detail == {}


def test_what_was_done_is_not_undone(lead: Person) -> None:
    breach = create_breach(lead, 2, first_notice_at=timezone.now() - timedelta(hours=1))
    answer = lead.client.post(f"{PAGE}{breach.pk}/change/", form_data())
    assert "Việc đã ghi là đã làm thì không bỏ đi được." in answer.content.decode()
    breach.refresh_from_db()
    assert breach.first_notice_at


def test_an_hour_that_has_not_come_is_refused(lead: Person) -> None:
    breach = create_breach(lead, 2)
    fields = form_data(first_notice_at=format_typed(timezone.now() + timedelta(days=2)))
    answer = lead.client.post(f"{PAGE}{breach.pk}/change/", fields)
    assert "Giờ này chưa đến." in answer.content.decode()


def test_a_deadline_that_passed_is_an_alarm_until_it_is_met_or_the_breach_is_closed(
    lead: Person,
) -> None:
    breach = create_breach(lead, 73, first_notice_at=timezone.now())
    alarms.check_alarms()
    assert Alarm.objects.get(kind="breach").count == 1
    DataBreach.objects.filter(pk=breach.pk).update(authority_notified_at=timezone.now())
    create_breach(lead, 100, closed_at=timezone.now())
    alarms.check_alarms()
    assert not Alarm.objects.filter(kind="breach").exists()


def test_the_list_says_in_words_where_each_stands(lead: Person) -> None:
    end = timezone.now() - timedelta(hours=1)
    create_breach(lead, 2)
    assert "đang xử lý" in lead.client.get(PAGE).content.decode()
    DataBreach.objects.update(closed_at=end)
    page = lead.client.get(PAGE).content.decode()
    assert f"kết thúc {format_typed(end)}" in page
    assert "đang xử lý" not in page
