"""Alarms of the queue: problems are stored as an Alarm, logged and mailed.

A task of beat and a thread beside the relay check independently, so that one works whichever of
broker, worker, beat and relay is dead; a row that only one can change decides who mails. One mail
after a minute, one every six hours, one at the end; a failed mail is tried at the next check.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from core.database import fetch_all, log_database_error
from core.mail import render_mail, send_or_log
from core.outbox import sweeps
from reports.calendar import days_off
from reports.models import Alarm
from reports.monitoring import queue_stats
from reports.monitoring.queue_stats import QueueState
from reports.retention import breaches, purge
from reports.submission.intake import TRIAGE_TASK

log = structlog.get_logger(__name__)

NOTIFY_AFTER = timedelta(minutes=1)
REMIND_AFTER = timedelta(hours=6)
Kind = Alarm.Kind

# A count of 0: it is over, and its last mail could not be sent yet.
_RAISE_ALARM_SQL = """
INSERT INTO reports_alarm AS alarm (kind, count, since) VALUES (%s, %s, statement_timestamp())
    ON CONFLICT (kind) DO UPDATE
   SET count = excluded.count,
       since = CASE alarm.count WHEN 0 THEN excluded.since ELSE alarm.since END,
       notified_at = CASE alarm.count WHEN 0 THEN NULL ELSE alarm.notified_at END
RETURNING since = statement_timestamp()
"""

_OTHERS: Mapping[Kind, Callable[[], int]] = {
    Kind.CALENDAR: lambda: len(days_off.years_without_data()),
    Kind.UNPURGED: lambda: int(purge.is_missed()),
    Kind.BREACH: breaches.count_missed_deadlines,
    Kind.SKIPPED: lambda: sweeps.count_failures(besides=TRIAGE_TASK),  # last: of these counts too
}


def check_alarms() -> None:
    """Raise, end and mail alarms by the queue's state; log an error of the database."""
    with log_database_error(log, "alarms.check_failed"):
        counts = affected_counts(queue_stats.queue_state())
        for kind, count_affected in _OTHERS.items():
            with sweeps.Guard("alarms.count", kind.value):  # what it tells stays as it was
                counts[kind] = count_affected()
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
        "hours": REMIND_AFTER // timedelta(hours=1),
        "desk": f"{settings.PORTAL_URL}/{settings.ADMIN_PATH}/",
    }
    mail = render_mail("reports/alarm.txt", settings.ALARM_EMAILS, context)
    is_sent = send_or_log(mail, log, "alarm.mail_failed", kind=alarm.kind)
    if is_sent:
        log.info("alarm.mail_sent", kind=alarm.kind, over=over)
    return is_sent
