"""What is wrong with the queue is raised, told once, reminded of and ended."""

import smtplib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import OperationalError
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from core.models import AuditEvent, OutboxItem
from core.outbox import queue
from reports import tasks
from reports.models import Alarm, QueueSnapshot
from reports.monitoring import alarms, queue_stats
from reports.monitoring.alarms import check_alarms, format_duration
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

STORY = "Chuyện riêng của một người, số 0550 000 123."


@pytest.fixture(autouse=True)
def _mail(settings: Settings) -> None:
    settings.EMAIL_URL = "memorymail://"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.ALARM_EMAILS = ("truc@portal.example", "ky-thuat@portal.example")


@pytest.fixture(autouse=True)
def _all_else_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """No calendar runs out and no disk fills beside what these tests are about."""
    monkeypatch.setattr(alarms, "CHECKS", {})


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """What a mail server was asked to take that takes nothing."""
    send = Mock(side_effect=smtplib.SMTPServerDisconnected(STORY))
    monkeypatch.setattr(EmailMessage, "send", send)
    return send


def wait_for(seconds: int = 240) -> None:
    """One report that has waited so long."""
    intake.submit_report(ReportSubmission(story=STORY), f"key-{OutboxItem.objects.count():016}")
    OutboxItem.objects.update(created_at=Now() - timedelta(seconds=seconds))


def count_minutes_ago(minutes: int) -> None:
    queue_stats.store_queue_balance()
    QueueSnapshot.objects.update(counted_at=Now() - timedelta(minutes=minutes))


def settle() -> None:
    OutboxItem.objects.update(done_at=Now(), failed_at=None)


def a_minute_passes() -> None:
    Alarm.objects.update(since=Now() - timedelta(minutes=1))


def raise_and_tell() -> None:
    """A look that raises, and one when the alarm has stood for a while."""
    check_alarms()
    a_minute_passes()
    check_alarms()


def hours_pass(hours: float) -> None:
    Alarm.objects.exclude(notified_at=None).update(notified_at=Now() - timedelta(hours=hours))


def standing_alarms() -> dict[str, int]:
    return dict(Alarm.objects.values_list("kind", "count"))


def test_a_quiet_queue_and_items_of_other_tasks_raise_nothing() -> None:
    queue.enqueue("alerts.deliver", "1")
    OutboxItem.objects.update(created_at=Now() - timedelta(hours=1))
    intake.submit_report(ReportSubmission(story=STORY), "a-key-of-the-browser")
    check_alarms()
    assert standing_alarms() == {}
    assert mail.outbox == []


def test_what_waits_too_long_is_raised_counted_anew_and_ends_by_itself_with_a_line_for_each(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wait_for()
    check_alarms()
    assert standing_alarms() == {"late": 1}
    wait_for()
    check_alarms()
    assert standing_alarms() == {"late": 2}
    settle()
    check_alarms()
    assert standing_alarms() == {}
    assert caplog.text.count("alarm.raised") == caplog.text.count("alarm.over") == 1
    assert "Chuyện" not in caplog.text


def test_what_ran_out_of_attempts_and_with_the_next_count_what_was_owed_nothing_is_raised() -> None:
    wait_for(seconds=0)
    OutboxItem.objects.update(failed_at=Now(), error="ValueError")
    check_alarms()
    assert standing_alarms() == {"failed": 1}
    OutboxItem.objects.all().delete()
    check_alarms()
    assert standing_alarms() == {}
    queue_stats.store_queue_balance()
    check_alarms()
    assert standing_alarms() == {"unbalanced": 1}


def test_reports_that_nobody_counts_any_more_are_an_alarm_until_somebody_does() -> None:
    wait_for(seconds=0)
    count_minutes_ago(14)
    check_alarms()
    assert standing_alarms() == {}
    count_minutes_ago(16)
    check_alarms()
    assert standing_alarms() == {"uncounted": 1}
    queue_stats.store_queue_balance()
    check_alarms()
    assert standing_alarms() == {}


def test_one_mail_when_raised_and_one_when_over_and_anew_when_it_comes_back() -> None:
    for _ in range(2):
        wait_for()
        for _ in range(5):
            raise_and_tell()
        settle()
        for _ in range(5):
            check_alarms()
    subjects = [message.subject for message in mail.outbox]
    both = ["Báo động: 1 tin chờ máy đọc quá 3 phút", "Đã hết: tin chờ máy đọc quá lâu"]
    assert subjects == both * 2
    assert mail.outbox[0].to == ["truc@portal.example", "ky-thuat@portal.example"]


def test_a_queue_at_its_limit_mails_nothing() -> None:
    for _ in range(3):
        wait_for()
        check_alarms()
        check_alarms()
        Alarm.objects.update(since=Now() - timedelta(seconds=50))
        check_alarms()
        settle()
        check_alarms()
    assert mail.outbox == []


def test_a_reminder_every_six_hours() -> None:
    wait_for()
    raise_and_tell()
    hours_pass(5.9)
    check_alarms()
    assert len(mail.outbox) == 1
    hours_pass(6.1)
    check_alarms()
    check_alarms()
    assert [message.subject[:9] for message in mail.outbox] == ["Báo động:", "Vẫn còn: "]


@pytest.mark.parametrize("kind", ["late", "failed", "unbalanced", "uncounted"])
def test_a_mail_says_what_to_do_and_where_and_nothing_of_a_report(
    kind: str, settings: Settings
) -> None:
    settings.PORTAL_URL = "https://portal.example"
    wait_for()
    if kind == "failed":
        OutboxItem.objects.update(failed_at=Now())
    elif kind == "unbalanced":
        OutboxItem.objects.all().delete()
        queue_stats.store_queue_balance()
    elif kind == "uncounted":
        settle()
        count_minutes_ago(16)
    raise_and_tell()
    (message,) = mail.outbox
    about = "máy lâu chưa đếm lại" if kind == "uncounted" else "1 tin"
    text = f"{message.subject}\n{message.body}"
    for part in (about, "Tin không mất", "Việc cần làm", "https://portal.example/admin/",
                 "docs/operations/runbook.md"):  # fmt: skip
        assert part in text
    assert not any(word in text for word in ("Chuyện", "0550", str(intake.TRIAGE_TASK)))


@pytest.mark.parametrize("missing", ["EMAIL_URL", "ALARM_EMAILS"])
def test_without_mail_the_rows_and_the_log_tell(missing: str, settings: Settings) -> None:
    setattr(settings, missing, "")
    wait_for()
    raise_and_tell()
    assert Alarm.objects.get().notified_at is None
    assert mail.outbox == []


def test_a_refused_mail_is_tried_again_at_the_next_look(
    refused: Mock, caplog: pytest.LogCaptureFixture
) -> None:
    wait_for()
    raise_and_tell()
    check_alarms()
    assert refused.call_count == 2
    assert Alarm.objects.get().notified_at is None
    assert "SMTPServerDisconnected" in caplog.text
    assert "Chuyện" not in caplog.text


def test_a_server_that_takes_nothing_is_asked_once_a_look(refused: Mock) -> None:
    wait_for()
    OutboxItem.objects.update(failed_at=Now())
    wait_for()
    raise_and_tell()
    assert standing_alarms() == {"late": 1, "failed": 1}
    assert refused.call_count == 1


@pytest.mark.usefixtures("told_and_the_end_refused")
def test_a_refused_all_clear_is_tried_again() -> None:
    assert standing_alarms() == {"late": 0}
    check_alarms()
    check_alarms()
    assert standing_alarms() == {}
    assert [message.subject[:7] for message in mail.outbox] == ["Báo độn", "Đã hết:"]


def test_an_address_that_is_none_ends_no_watch(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ALARM_EMAILS = ("trực ban",)
    wait_for()
    raise_and_tell()
    assert "alarm.mail_failed" in caplog.text
    assert Alarm.objects.get().notified_at is None


@pytest.fixture
def told_and_the_end_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An alarm was told; the mail that it is over was refused."""
    wait_for()
    raise_and_tell()
    settle()
    with monkeypatch.context() as patched:
        patched.setattr(EmailMessage, "send", Mock(side_effect=ConnectionRefusedError))
        check_alarms()


@pytest.mark.usefixtures("told_and_the_end_refused")
def test_a_new_alarm_is_not_silenced_by_an_all_clear_that_was_refused() -> None:
    wait_for()
    raise_and_tell()
    assert [message.subject[:8] for message in mail.outbox] == ["Báo động"] * 2


def test_a_looker_that_is_stopped_while_it_sends_gives_the_mail_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wait_for()
    check_alarms()
    a_minute_passes()
    with monkeypatch.context() as patched:
        patched.setattr(EmailMessage, "send", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            check_alarms()
    check_alarms()
    assert len(mail.outbox) == 1


def overtaken(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """One look, and a whole look of somebody else just before its first step of that name."""
    faster = getattr(QuerySet, step)

    def late(rows: QuerySet[Any], **fields: Any) -> Any:
        patched.undo()
        check_alarms()
        return faster(rows, **fields)

    with monkeypatch.context() as patched:
        patched.setattr(QuerySet, step, late)
        check_alarms()


def test_a_looker_that_was_overtaken_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for()
    check_alarms()
    a_minute_passes()
    overtaken(monkeypatch, "update")
    assert [message.subject[:8] for message in mail.outbox] == ["Báo động"]
    settle()
    overtaken(monkeypatch, "delete")
    assert [message.subject[:6] for message in mail.outbox] == ["Báo độ", "Đã hết"]


@pytest.mark.django_db(transaction=True)
def test_beats_tasks_look_and_count() -> None:
    wait_for()
    tasks.check_queue_alarms()
    assert standing_alarms() == {"late": 1}
    tasks.count_queue()
    assert QueueSnapshot.objects.get().accepted == 1


@pytest.mark.parametrize(
    ("ask", "line"),
    [
        (check_alarms, "alarms.check_failed"),
        (queue_stats.store_queue_balance_if_due, "queue_balance.count_failed"),
    ],
)
def test_without_a_database_a_line_without_words_is_all(
    ask: Callable[[], None], line: str, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(queue_stats, "queue_state", Mock(side_effect=OperationalError(STORY)))
    ask()
    assert line in caplog.text
    assert "OperationalError" in caplog.text
    assert "Chuyện" not in caplog.text


@pytest.mark.parametrize("name", ["reports.check_queue_alarms", "reports.count_queue"])
def test_beat_sends_both(name: str, settings: Settings) -> None:
    entries = [entry for entry in settings.CELERY_BEAT_SCHEDULE.values() if entry["task"] == name]
    assert len(entries) == 1
    assert entries[0]["schedule"] < queue_stats.STALE_AFTER_SECONDS


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(45, "45 giây"), (60, "1 phút"), (3599, "59 phút"), (7300, "2 giờ"), (200_000, "2 ngày")],
)
def test_a_length_of_time_is_told_in_one_unit(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


CHECK_LOOKS = alarms.CHECKS[alarms.Kind.LOOKS]


def open_data(person: Person, many: int, **ago: float) -> None:
    """Look at all but one, and export that one."""
    of = {"actor": person.user, "created_at": timezone.now() - timedelta(**ago)}
    AuditEvent.objects.create(kind="exported", detail={"personal": True, "rows": 1}, **of)
    AuditEvent.objects.bulk_create(AuditEvent(kind="revealed", **of) for _ in range(many - 1))


def test_somebody_who_opens_very_much_is_an_alarm_for_a_day(
    duty: Person, lead: Person, editor: Person
) -> None:
    alarms.CHECKS[alarms.Kind.LOOKS] = CHECK_LOOKS
    open_data(lead, 29, minutes=16)
    open_data(lead, 29, minutes=5)
    open_data(editor, 60, hours=25)
    check_alarms()
    assert "looks" not in standing_alarms()
    open_data(duty, 30, hours=23)
    raise_and_tell()
    assert standing_alarms()["looks"] == 1
    (told,) = [message for message in mail.outbox if "cán bộ" in message.subject]
    assert told.subject == "Báo động: cán bộ mở dữ liệu cá nhân quá nhiều lần"
    assert "core/auditevent/looks/" in told.body
