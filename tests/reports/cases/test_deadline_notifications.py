"""Deadlines told before and when they pass: once each, to whom they concern."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test.utils import override_settings
from django.utils import timezone
from pytest_django import Settings

from core.audit import events
from reports import tasks
from reports.cases import deadlines
from reports.models import Alarm, Case, Deadline, DeadlineNotification
from reports.monitoring import alarms, queue_stats
from tests.support import report_factories
from tests.support.concurrency import in_parallel
from tests.support.desk_pages import banner, page_of
from tests.support.officers import Person
from tests.support.report_factories import decide

pytestmark = pytest.mark.django_db


@pytest.fixture
def _mailing(settings: Settings, lead: Person, duty: Person) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1"
    for person in (lead, duty):
        person.user.email = f"{person.user.username}@desk.example"
        person.user.save()


def remind(**later: int) -> None:
    """Tell what is due so much later."""
    with time_machine.travel(timezone.now() + timedelta(**later)):
        deadlines.send_due_reminders()


def kinds(case: Case) -> list[str]:
    rows = events.events_for("report", case.pk).filter(kind__startswith="deadline_").order_by("id")
    return [f"{event.kind} {event.detail['deadline']}" for event in rows]


@pytest.mark.django_db(transaction=True)
def test_a_minute_after_receipt_deadlines_run_and_nobody_is_told() -> None:
    case = report_factories.case(happening_now=True)
    tasks.send_deadline_reminders()
    assert Deadline.objects.pending().count() == 2
    assert kinds(case) == []


def test_a_deadline_is_told_before_and_when_it_passes_once_each() -> None:
    case = report_factories.case(happening_now=True)
    for minutes in (0, 12, 13, 15, 16, 60):
        remind(minutes=minutes)
    assert kinds(case) == ["deadline_soon call", "deadline_overdue call"]


def test_a_deadline_that_was_slept_through_is_told_as_overdue_alone_and_logged(
    lead: Person,
) -> None:
    case = report_factories.case()
    remind(hours=30)
    remind(hours=30)
    assert kinds(case) == ["deadline_overdue classify"]
    assert "Báo quá hạn: phân loại" in lead.read_page(page_of(case.report))
    assert "<td>phân loại</td>" in lead.read_page("/admin/core/auditevent/")


def test_what_was_met_in_time_is_told_to_nobody(duty: Person) -> None:
    case = report_factories.case(happening_now=True)
    deadlines.send_due_reminders()
    decide("junk", case, duty)
    remind(hours=30)
    assert kinds(case) == []


def test_a_new_end_is_told_anew(lead: Person) -> None:
    case = report_factories.case()
    decide("act", case, lead)
    decide("message", case, lead)
    remind(days=21)
    decide("extend", case, lead)
    remind(days=70)
    assert kinds(case) == ["deadline_overdue verify"] * 2
    assert DeadlineNotification.objects.count() == 2


@pytest.mark.usefixtures("_mailing")
def test_before_it_passes_the_officer_is_mailed_and_then_the_leads_too(duty: Person) -> None:
    decide("take", report_factories.case(), duty)
    remind(hours=20)
    assert [letter.to for letter in mail.outbox] == [["duty@desk.example"]]
    remind(hours=25)
    remind(hours=25)
    recipients = sorted(letter.to[0] for letter in mail.outbox[1:])
    assert recipients == ["duty@desk.example", "lead@desk.example"]


@pytest.mark.usefixtures("_mailing")
def test_what_is_nobodys_goes_to_the_leads_at_once() -> None:
    case = report_factories.case("Chuyển tiền cho họ, số 0550 000 123.", happening_now=True)
    deadlines.send_due_reminders()
    remind(minutes=13)
    (letter,) = mail.outbox
    assert letter.to == ["lead@desk.example"]
    assert case.report.public_number in str(letter.body)
    assert "0550" not in str(letter.body)


@pytest.mark.usefixtures("_mailing")
def test_many_deadlines_are_one_mail() -> None:
    for _ in range(5):
        report_factories.case()
    remind(hours=25)
    assert [letter.subject for letter in mail.outbox] == ["Quá hạn: 5 tin"]


@pytest.mark.usefixtures("_mailing")
def test_a_mail_that_could_not_be_sent_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    report_factories.case()
    with override_settings(EMAIL_BACKEND=f"{__name__}.Refusing"):
        remind(hours=25)
    assert DeadlineNotification.objects.filter(mailed_at=None).count() == 1
    remind(hours=25)
    assert len(mail.outbox) == 1


class Refusing:
    """A mail server that is away."""

    def __init__(self, *args: object, **options: object) -> None: ...

    def send_messages(self, letters: object) -> int:
        raise OSError


def test_the_desk_and_the_alarms_say_what_is_ongoing_and_unviewed(duty: Person) -> None:
    case = report_factories.case(happening_now=True)
    deadlines.send_due_reminders()
    past = timezone.now() - timedelta(minutes=20)
    Deadline.objects.filter(kind="call").update(started_at=past, due_at=past)
    Case.objects.filter(pk=case.pk).update(due_at=past)
    now = queue_stats.queue_state()
    assert (now.unseen, now.overdue) == (1, 1)
    assert "1 người báo đang gặp nguy, quá hạn mà chưa ai gọi được" in banner(duty.client)
    alarms.check_alarms()
    assert set(Alarm.objects.values_list("kind", flat=True)) >= {"unseen", "overdue"}


def test_a_year_that_nobody_knows_is_an_alarm() -> None:
    with time_machine.travel("2027-11-20"):
        alarms.check_alarms()
    assert Alarm.objects.get(kind="calendar").count == 1
    with time_machine.travel("2027-06-20"):
        alarms.check_alarms()
    assert not Alarm.objects.filter(kind="calendar").exists()


@pytest.mark.django_db(transaction=True)
def test_of_several_who_look_at_once_one_tells() -> None:
    cases = [report_factories.case() for _ in range(3)]
    deadlines.send_due_reminders()
    past = timezone.now() - timedelta(minutes=20)
    Deadline.objects.update(started_at=past, due_at=past)
    in_parallel([deadlines.send_due_reminders] * 4)
    deadlines.send_due_reminders()
    assert [kinds(case) for case in cases] == [["deadline_overdue classify"]] * 3
