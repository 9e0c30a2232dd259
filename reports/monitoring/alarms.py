"""Alarms of the queue and the machine: problems are stored as an Alarm, logged and mailed.

A task of beat and a thread beside the relay check independently, so that one works whichever of
broker, worker, beat and relay is dead; a row that only one can change decides who mails. One mail
after a minute, one every six hours, one at the end; a failed mail is tried at the next check.
"""

import os
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string

from core import rate_limits, zalo
from core.audit import events
from core.database import fetch_all, log_database_error
from core.mail import render_mail, send_or_log
from core.outbox import sweeps
from core.private_files import read_json
from reports.calendar import deadline_rules
from reports.models import Alarm, BlockLetter
from reports.monitoring import queue_stats
from reports.monitoring.queue_stats import QueueState
from reports.reference import confirmed_statements
from reports.retention import breaches, purge
from reports.submission.intake import TRIAGE_TASK

log = structlog.get_logger(__name__)

NOTIFY_AFTER = timedelta(minutes=1)
REMIND_AFTER = timedelta(hours=6)
Kind = Alarm.Kind

BACKUP_FILE, BUSY_FILE = "backup.json", "threads-busy"  # in DATA_DIR
BUSY_FOR_SECONDS = 90.0  # after a web process last said so
MIN_FREE_BYTES = 1 << 30
MAX_CONNECTIONS_SHARE = 0.8
_CONNECTIONS_SQL = """
SELECT count(*), current_setting('max_connections')::int
       - current_setting('superuser_reserved_connections')::int - current_setting('reserved_connections')::int
  FROM pg_stat_activity WHERE backend_type = 'client backend'
"""
# Each beat has a session named after its host and folder, also one that waits.
_COUNT_BEATS_SQL = """
SELECT count(DISTINCT application_name) FROM pg_stat_activity
 WHERE datname = current_database() AND application_name LIKE 'beat@%'
"""
# Of a standby that has begun to lead, and shipped nothing so far, the time at which its figures begin.
_ARCHIVED_SQL = """
SELECT extract(epoch FROM coalesce(last_archived_time, stats_reset))::float
  FROM pg_stat_archiver WHERE current_setting('archive_mode') <> 'off'
"""

# A count of 0: it is over, and its last mail could not be sent yet.
_RAISE_ALARM_SQL = """
INSERT INTO reports_alarm AS alarm (kind, count, since) VALUES (%s, %s, statement_timestamp())
    ON CONFLICT (kind) DO UPDATE
   SET count = excluded.count,
       since = CASE alarm.count WHEN 0 THEN excluded.since ELSE alarm.since END,
       notified_at = CASE alarm.count WHEN 0 THEN NULL ELSE alarm.notified_at END
RETURNING since = statement_timestamp()
"""


def check_alarms() -> None:
    """Raise, end and mail alarms by the queue's state; log an error of the database."""
    with log_database_error(log, "alarms.check_failed"):
        state = queue_stats.queue_state()
        counts = affected_counts(state)
        for kind, count_affected in CHECKS.items():
            with sweeps.Guard("alarms.count", kind.value):  # what it tells stays as it was
                counts[kind] = int(count_affected(state))
        for kind, count in counts.items():
            if count:
                _raise_alarm(kind, count)
            else:
                _end_alarm(kind)
        if mail_is_configured():
            _mail_due_alarms()


def affected_counts(state: QueueState) -> dict[Kind, int]:
    """Return alarm -> affected reports, 1 where it is about none; 0 where all is well."""
    return {
        Kind.LATE: state.late,
        Kind.FAILED: state.failed,
        Kind.UNBALANCED: state.unaccounted,
        Kind.UNCOUNTED: int(state.tally_is_late),
        Kind.UNLINKED: int(state.audit_chain_is_late),
        Kind.BROKEN: int(state.broken),
        Kind.UNSEEN: state.unseen,
        Kind.OVERDUE: state.overdue,
    }


def is_backup_missed(state: QueueState) -> bool:
    """Return whether the last archive failed or is too old, or none was made since the first report."""
    if not settings.BACKUP_ALARM_AFTER_HOURS:
        return False
    stored = read_json(settings.DATA_DIR / BACKUP_FILE)
    age = time.time() - stored["written_at"] if "written_at" in stored else state.first_report_s
    return "failed_at" in stored or (age or 0) > settings.BACKUP_ALARM_AFTER_HOURS * 3600


def free_disk_bytes() -> int:
    """Return the room on the disk of DATA_DIR, which is the database's too unless somebody parted them."""
    disk = os.statvfs(settings.DATA_DIR)
    return disk.f_bavail * disk.f_frsize


def count_connections() -> tuple[int, int]:
    """Return how many connections PostgreSQL has, and how many it lets ordinary roles have."""
    ((used, allowed),) = fetch_all(_CONNECTIONS_SQL)
    return used, allowed


def find_last_archived_wal() -> float | None:
    """Return when PostgreSQL last shipped its log, in seconds since 1970; None where it ships none."""
    rows = fetch_all(_ARCHIVED_SQL)
    return rows[0][0] if rows else None


def are_connections_scarce() -> bool:
    used, allowed = count_connections()
    return used >= allowed * MAX_CONNECTIONS_SHARE


def are_threads_busy() -> bool:
    """Return whether a web process said lately that all its threads have long been taken."""
    try:
        return time.time() - (settings.DATA_DIR / BUSY_FILE).stat().st_mtime < BUSY_FOR_SECONDS
    except OSError:
        return False


def are_files_parted() -> bool:
    """Return whether beats of two hosts or more have a session, and evidence or pages lie in a folder of one."""
    ((hosts,),) = fetch_all(_COUNT_BEATS_SQL)
    return hosts > 1 and not (settings.EVIDENCE_STORE == "bucket" and settings.PUBLISHED_URL)


# Of what is no report.
CHECKS: dict[Kind, Callable[[QueueState], int]] = {
    Kind.CALENDAR: lambda _: len(deadline_rules.years_without_data()),
    Kind.UNPURGED: lambda _: purge.is_missed(),
    Kind.BREACH: lambda _: breaches.count_missed_deadlines(),
    Kind.LOOKS: lambda _: events.count_frequent_viewers(),
    Kind.TAKEDOWNS: lambda _: confirmed_statements.count_frequent_removers(),
    Kind.UNRECEIVED: lambda _: BlockLetter.objects.unreceived(timezone.now()).count(),
    Kind.BACKUP: is_backup_missed,
    Kind.DISK: lambda _: free_disk_bytes() < MIN_FREE_BYTES,
    Kind.CONNECTIONS: lambda _: are_connections_scarce(),
    Kind.BUSY: lambda _: are_threads_busy(),
    Kind.VALKEY: lambda _: not rate_limits.is_valkey_answering(),
    Kind.HOSTS: lambda _: are_files_parted(),
    Kind.ZALO: lambda _: zalo.is_shut_out(),
    Kind.CERTIFICATE: lambda _: import_string(settings.CERTIFICATE_ALARM)(),
    Kind.SKIPPED: lambda _: sweeps.count_failures(besides=TRIAGE_TASK),  # last: of these counts too
}


def format_duration(seconds: float) -> str:
    """Return a length of time in its largest whole unit."""
    for unit, word in ((86_400, "ngày"), (3_600, "giờ"), (60, "phút")):
        if seconds >= unit:
            return f"{seconds // unit:.0f} {word}"
    return f"{seconds:.0f} giây"


def mail_is_configured() -> bool:
    return bool(settings.EMAIL_URL and settings.ALARM_EMAILS)


def _raise_alarm(kind: Kind, count: int) -> None:
    ((is_new,),) = fetch_all(_RAISE_ALARM_SQL, [kind, count])
    if is_new:
        log.warning("alarm.raised", kind=str(kind), count=count)


def _end_alarm(kind: Kind) -> None:
    """Remove the alarm; the process that removed the row sends the mail."""
    alarm = Alarm.objects.filter(pk=kind).first()
    if alarm is None or not Alarm.objects.filter(pk=kind, since=alarm.since).delete()[0]:
        return
    if alarm.count:
        log.warning("alarm.over", kind=str(kind))
    if alarm.notified_at and mail_is_configured() and not _send_mail(alarm, over=True):
        alarm.count = 0
        Alarm.objects.bulk_create([alarm], ignore_conflicts=True)


def _mail_due_alarms() -> None:
    """Mail alarms not mailed yet, or long ago; none younger than a minute, or a queue at its limit
    would mail at each check. A refused mail ends this check: a dead server costs ten seconds.
    """
    due = Q(notified_at=None) | Q(notified_at__lte=Now() - REMIND_AFTER)
    stands = Q(since__lte=Now() - NOTIFY_AFTER, count__gt=0)
    for alarm in Alarm.objects.filter(due, stands).order_by("kind"):
        same = Alarm.objects.filter(pk=alarm.pk, since=alarm.since, notified_at=alarm.notified_at)
        if same.update(notified_at=Now()) and not _mail_or_release(alarm):
            break


def _mail_or_release(alarm: Alarm) -> bool:
    """Return whether the claimed mail was sent; else release the claim, even when interrupted."""
    sent = False
    try:
        sent = _send_mail(alarm)
    finally:
        if not sent:
            claimed = Alarm.objects.filter(pk=alarm.pk, since=alarm.since)
            claimed.update(notified_at=alarm.notified_at)
    return sent


def _send_mail(alarm: Alarm, *, over: bool = False) -> bool:
    """Send one mail with counts and times alone; return whether it was sent."""
    context = {
        "alarm": alarm,
        "over": over,
        "limit": format_duration(settings.QUEUE_ALARM_AFTER_SECONDS),
        "old": format_duration(queue_stats.STALE_AFTER_SECONDS),
        "unlinked": format_duration(queue_stats.MAX_UNLINKED_SECONDS),
        "backup": settings.BACKUP_ALARM_AFTER_HOURS,
        "hours": REMIND_AFTER // timedelta(hours=1),
        "desk": f"{settings.PORTAL_URL}/{settings.ADMIN_PATH}/",
    }
    mail = render_mail("reports/alarm.txt", settings.ALARM_EMAILS, context)
    is_sent = send_or_log(mail, log, "alarm.mail_failed", kind=alarm.kind)
    if is_sent:
        log.info("alarm.mail_sent", kind=alarm.kind, over=over)
    return is_sent
