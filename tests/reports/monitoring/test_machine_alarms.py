"""Alarms of the machine: backup, disk, connections, threads, the certificate; each ends by itself."""

import os
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from alerts.formats import cap_signer
from core import rate_limits
from core.database import open_session
from ops.backup.archive import BackupError
from portal import middleware
from reports.models import Alarm
from reports.monitoring import alarms, queue_stats
from reports.monitoring.alarms import check_alarms
from tests.support import report_factories

pytestmark = pytest.mark.django_db
Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def _machine(settings: Settings, tmp_path: Path, monkeypatch: Patch) -> None:
    """A machine that is well: nothing of the one that the tests run on."""
    settings.DATA_DIR = tmp_path
    settings.CAP_KEY = cap_signer.generate_key("portal.example")
    settings.BACKUP_ALARM_AFTER_HOURS = 30
    monkeypatch.setattr(alarms, "free_disk_bytes", lambda: alarms.MIN_FREE_BYTES)
    monkeypatch.setattr(alarms, "count_connections", lambda: (9, 97))
    monkeypatch.setattr("reports.calendar.deadline_rules.years_without_data", list)


def standing_alarms() -> set[str]:
    check_alarms()
    return set(Alarm.objects.values_list("kind", flat=True))


def write_backup(target: Path, monkeypatch: Patch, error: Exception | None = None) -> None:
    create = Mock(side_effect=error or (lambda path: path.touch() or []))
    monkeypatch.setattr("portal.management.commands.backup.create_backup", create)
    call_command("backup", target)


def test_an_archive_that_is_late_or_failed_is_told_until_one_is_written(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    write_backup(tmp_path / "first", monkeypatch)
    assert standing_alarms() == set()
    with pytest.raises(CommandError):
        write_backup(tmp_path / "second", monkeypatch, BackupError("no room"))
    assert standing_alarms() == {"backup"}
    write_backup(tmp_path / "third", monkeypatch)
    assert standing_alarms() == set()
    day_after_tomorrow = time.time() + 31 * 3600
    monkeypatch.setattr(alarms.time, "time", lambda: day_after_tomorrow)
    assert standing_alarms() == {"backup"}


def test_where_no_archive_was_ever_written_reports_wait_for_one_for_so_long(
    settings: Settings,
) -> None:
    report_factories.report()
    assert standing_alarms() == set()
    settings.BACKUP_ALARM_AFTER_HOURS = 1e-9
    assert standing_alarms() == {"backup"}
    settings.BACKUP_ALARM_AFTER_HOURS = 0  # something else backs up
    assert standing_alarms() == set()


def fill_the_disk(_: Settings, monkeypatch: Patch) -> None:
    monkeypatch.setattr(alarms, "free_disk_bytes", lambda: alarms.MIN_FREE_BYTES - 1)


def use_up_connections(_: Settings, monkeypatch: Patch) -> None:
    monkeypatch.setattr(alarms, "count_connections", lambda: (78, 97))


def let_the_certificate_end(settings: Settings, monkeypatch: Patch) -> None:
    monkeypatch.setattr(cap_signer, "_VALIDITY", timedelta(days=29))
    settings.CAP_KEY = cap_signer.generate_key("portal.example")


def lose_valkey(settings: Settings, monkeypatch: Patch) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(rate_limits, "_circuit", rate_limits._Circuit())


def part_the_files(_: Settings, monkeypatch: Patch) -> None:
    monkeypatch.setattr(alarms, "are_files_parted", lambda: True)


def take_all_threads(_: Settings, monkeypatch: Patch) -> None:
    counts = middleware.RequestCounts([middleware.OTHER])
    monkeypatch.setattr(middleware, "shared_counts", lambda: counts)
    looks = middleware.count_busy_looks(0, limit=1)
    counts.begin()
    for _ in range(middleware.MAX_BUSY_LOOKS):
        assert "busy" not in standing_alarms()
        looks = middleware.count_busy_looks(looks, limit=1)


@pytest.mark.parametrize(
    ("kind", "hurt"),
    [
        ("disk", fill_the_disk),
        ("connections", use_up_connections),
        ("certificate", let_the_certificate_end),
        ("busy", take_all_threads),
        ("valkey", lose_valkey),
        ("hosts", part_the_files),
    ],
)
def test_it_is_raised_and_its_mail_says_what_to_do(
    kind: str, hurt: Callable[[Settings, Patch], None], settings: Settings, monkeypatch: Patch
) -> None:
    settings.EMAIL_URL, settings.ALARM_EMAILS = "memorymail://", ("ky-thuat@portal.example",)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert standing_alarms() == set()
    hurt(settings, monkeypatch)
    assert standing_alarms() == {kind}
    Alarm.objects.update(since=timezone.now() - timedelta(minutes=2))
    check_alarms()
    (message,) = mail.outbox
    assert Alarm.Kind(kind).label in message.subject
    assert "\n1. " in message.body
    assert "Tin không mất" not in message.body


def test_threads_that_are_free_again_end_it(settings: Settings) -> None:
    told = settings.DATA_DIR / alarms.BUSY_FILE
    told.touch()
    assert standing_alarms() == {"busy"}
    past = time.time() - alarms.BUSY_FOR_SECONDS
    os.utime(told, (past, past))
    assert standing_alarms() == set()


@pytest.mark.django_db(transaction=True)  # in a transaction PostgreSQL lists the sessions once
def test_two_hosts_with_a_folder_in_the_place_of_a_bucket_are_told(settings: Settings) -> None:
    settings.EVIDENCE_STORE, settings.PUBLISHED_URL = "bucket", ""
    with closing(open_session("beat")):
        assert standing_alarms() == set()
        settings.DATA_DIR /= "of-another-host"
        with closing(open_session("beat")):
            assert standing_alarms() == {"hosts"}
            settings.PUBLISHED_URL = "s3://key:secret@store.example/pages"
            assert standing_alarms() == set()


def test_the_real_figures_are_read(monkeypatch: Patch) -> None:
    monkeypatch.undo()
    used, allowed = alarms.count_connections()
    assert 0 < used <= allowed < 1000
    assert alarms.free_disk_bytes() > 0


def test_the_desk_is_told_of_each_that_is_no_report() -> None:
    assert set(alarms.CHECKS) - {Alarm.Kind.CALENDAR} == set(queue_stats.SLOW)
