"""Somebody is told, whichever process is dead."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from core.models import OutboxItem
from ops.process_commands import command
from reports.models import Alarm, ExtractedFacts, QueueSnapshot
from tests.faults.support.queue_processes import (
    QueueProcesses,
    accept,
    others_of_the_database,
    queue_processes,
)
from tests.faults.support.smtp_sink import SmtpSink, smtp_sink
from tools.cpu_allowance import CpuAllowance
from tools.portal_stack import wait_until

pytestmark = [pytest.mark.alone, pytest.mark.django_db(transaction=True)]

LATE = "Báo động: 1 tin chờ máy đọc quá 1 phút"


@contextmanager
def stage(box: SmtpSink) -> Iterator[QueueProcesses]:
    """A floor whose alarms go to this postbox."""
    with queue_processes() as processes:
        processes.env |= {
            "EMAIL_URL": box.url,
            "ALARM_EMAILS": "ky-thuat@portal.example",
            "QUEUE_ALARM_AFTER_SECONDS": "60",
        }
        yield processes


def wait_for_minutes() -> None:
    """A report that the machine has owed for a while."""
    accept()
    OutboxItem.objects.update(created_at=Now() - timedelta(minutes=5))


def stand_for_minutes(kind: str) -> None:
    """An alarm that somebody raised a while ago and nobody was told of."""
    Alarm.objects.create(kind=kind, count=1, since=Now() - timedelta(minutes=2))


def test_valkey_worker_and_beat_dead_the_relay_tells() -> None:
    with smtp_sink() as box, stage(box) as processes:
        before = others_of_the_database()  # of browser tests, perhaps
        processes.valkey.kill_process_group()
        wait_for_minutes()
        stand_for_minutes("late")
        processes.start_relay()
        assert wait_until(lambda: bool(box.mails))
        assert box.subjects == [LATE]
        assert box.mails[0]["To"] == "ky-thuat@portal.example"
        assert wait_until(lambda: others_of_the_database() == sorted([*before, "outbox"]))


def test_the_relay_dead_beat_and_worker_tell_and_count() -> None:
    with smtp_sink() as box, stage(box) as processes:
        wait_for_minutes()
        processes.start_worker()
        words = command("beat")
        words[words.index("-A") + 1] = "tests.faults.support.fast_beat"
        processes.start("beat", words)
        assert wait_until(Alarm.objects.exists)
        Alarm.objects.filter(kind="late").update(since=Now() - timedelta(minutes=2))
        assert wait_until(lambda: bool(box.mails) and QueueSnapshot.objects.exists())
        time.sleep(2.5)  # more looks, no more mails
        assert box.subjects == [LATE]
        OutboxItem.objects.update(done_at=Now())
        assert wait_until(lambda: len(box.mails) == 2)
        assert box.subjects[1] == "Đã hết: tin chờ máy đọc quá lâu"


def test_a_mail_server_that_never_answers_delays_no_report() -> None:
    with smtp_sink(silent=True) as box, stage(box) as processes:
        wait_for_minutes()
        OutboxItem.objects.update(failed_at=Now())
        stand_for_minutes("failed")
        processes.start_worker()
        processes.start_relay()
        assert wait_until(lambda: box.callers > 0)
        allowance = CpuAllowance()
        report = accept()
        assert wait_until(lambda: ExtractedFacts.objects.filter(report=report).exists())
        assert allowance.is_within(4)  # the look waits for ten
