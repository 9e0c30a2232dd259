"""Counts of the queue: what was accepted, and how far it has come.

`queue_balance` reads every report (three seconds a million) and is stored as the tally;
`queue_state` reads what waits and what failed, and returns the tally with its age.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from core.database import fetch_all, log_database_error, read_snapshot
from core.models import OutboxItem
from core.outbox import sweeps
from core.outbox.queue import Priority
from reports.calendar.deadline_rules import CALL_WITHIN, CALLS
from reports.models import Alarm, QueueSnapshot
from reports.submission.intake import TRIAGE_TASK

log = structlog.get_logger(__name__)

COUNT_AGAIN_AFTER = 4 * 60.0  # seconds; beat asks every five minutes
STALE_AFTER_SECONDS = 15 * 60.0
MAX_UNLINKED_SECONDS = 10 * 60.0
MAX_STUCK = 500
SLOW = (
    Alarm.Kind.UNPURGED, Alarm.Kind.BREACH, Alarm.Kind.SKIPPED, Alarm.Kind.BACKUP, Alarm.Kind.DISK,
    Alarm.Kind.CONNECTIONS, Alarm.Kind.BUSY, Alarm.Kind.VALKEY, Alarm.Kind.HOSTS, Alarm.Kind.CERTIFICATE,
    Alarm.Kind.LOOKS, Alarm.Kind.TAKEDOWNS, Alarm.Kind.UNRECEIVED, Alarm.Kind.ZALO,
)  # fmt: skip
SNAPSHOT_FIELDS = ("counted_at", "accepted", "done", "waiting", "failed")  # columns of the tally

# A report may have several triage items: only the latest counts.
_IS_LATEST_SQL = """
    NOT EXISTS (SELECT FROM core_outboxitem AS later
                 WHERE later.task = item.task AND later.key = item.key AND later.id > item.id)
"""

# Accepted counts reports, the others their items: a report without an item leaves the sum short.
# Keys are compared as text, since an item written by hand may have any key.
_BALANCE_SQL = f"""
SELECT (SELECT count(*) FROM reports_report),
       count(*) FILTER (WHERE done_at IS NOT NULL),
       count(*) FILTER (WHERE done_at IS NULL AND failed_at IS NULL),
       count(*) FILTER (WHERE failed_at IS NOT NULL),
       coalesce(extract(epoch FROM statement_timestamp() - min(created_at)
                        FILTER (WHERE done_at IS NULL AND failed_at IS NULL)), 0)::float,
       statement_timestamp()
  FROM reports_report AS report
  JOIN core_outboxitem AS item ON item.key = report.id::text
 WHERE item.task = %s AND {_IS_LATEST_SQL}
"""  # noqa: S608  # nosec B608

# Reads two partial indexes, the end of one more, and the tally's row. With a unit, of its reports
# alone, except the tally and the audit chain.
_STATE_SQL = f"""
WITH latest AS NOT MATERIALIZED (
         SELECT item.*, extract(epoch FROM statement_timestamp() - created_at)::float AS age
           FROM core_outboxitem AS item WHERE item.task = %(task)s AND {_IS_LATEST_SQL}
            AND (%(unit)s::text IS NULL OR item.key IN (
                 SELECT report_id::text FROM reports_case WHERE assigned_unit_id = %(unit)s))),
     open_items AS (
         SELECT count(*) AS waiting,
                count(*) FILTER (WHERE priority < %(idle)s AND age > %(late)s) AS late,
                coalesce(max(age), 0) AS oldest,
                coalesce(max(age) FILTER (WHERE priority < %(idle)s), 0) AS oldest_prompt
           FROM latest WHERE done_at IS NULL AND failed_at IS NULL),
     stuck AS (SELECT count(*) AS failed FROM latest WHERE failed_at IS NOT NULL)
SELECT open_items.waiting, open_items.late, stuck.failed, open_items.oldest, open_items.oldest_prompt,
       extract(epoch FROM statement_timestamp()
                          - (SELECT min(received_at) FROM reports_report))::float,
       extract(epoch FROM statement_timestamp() - tally.counted_at)::float,
       (SELECT extract(epoch FROM statement_timestamp() - created_at)::float FROM core_auditevent
         WHERE id > coalesce((SELECT max(event_id) FROM core_auditchainlink), 0)
         ORDER BY id LIMIT 1),
       EXISTS (SELECT FROM core_auditchaincheck WHERE break_kind <> ''),
       (SELECT count(*) FROM reports_deadline AS deadline WHERE met_at IS NULL AND dropped_at IS NULL
           AND kind IN {CALLS} AND due_at <= statement_timestamp()
           AND started_at > statement_timestamp() - interval '{CALL_WITHIN.total_seconds()} s'
           AND (%(unit)s::text IS NULL OR EXISTS (
                SELECT FROM reports_case AS desk
                 WHERE desk.report_id = deadline.report_id AND desk.assigned_unit_id = %(unit)s))),
       (SELECT count(*) FROM reports_case WHERE due_at <= statement_timestamp()
           AND (%(unit)s::text IS NULL OR assigned_unit_id = %(unit)s)),
       (SELECT json_object_agg(kind, count) FROM reports_alarm
         WHERE kind = ANY (%(slow)s) AND count > 0),
       tally.counted_at, tally.accepted, tally.done, tally.waiting, tally.failed
  FROM open_items CROSS JOIN stuck LEFT JOIN reports_queuesnapshot AS tally ON true
"""  # noqa: S608  # nosec B608

_STUCK_SQL = f"""
SELECT item.key FROM core_outboxitem AS item
 WHERE item.task = %s AND item.failed_at IS NOT NULL AND {_IS_LATEST_SQL}
   AND pg_input_is_valid(item.key, 'uuid')
 ORDER BY item.id LIMIT %s
"""  # noqa: S608  # nosec B608

# "later": at the broker since less than a lease, or pausing after a failure.
_BY_STATE_SQL = """
SELECT task, CASE WHEN leased_until > statement_timestamp() THEN 'leased'
                  WHEN due_at > statement_timestamp() THEN 'later' ELSE 'due' END AS state,
       count(*), sum(attempts)
  FROM core_outboxitem WHERE done_at IS NULL AND failed_at IS NULL GROUP BY 1, 2
 UNION ALL
SELECT task, 'failed', count(*), sum(attempts)
  FROM core_outboxitem WHERE failed_at IS NOT NULL GROUP BY 1
"""


@dataclass(frozen=True)
class QueueBalance:
    """accepted = done + waiting + failed, or something was lost."""

    accepted: int
    done: int
    waiting: int
    failed: int
    oldest_waiting_s: float
    counted_at: datetime

    @property
    def balanced(self) -> bool:
        return self.accepted == self.done + self.waiting + self.failed


@dataclass(frozen=True)
class QueueState:
    """The queue now, times in seconds; `tally`: the last whole count.

    `late`: waiting longer than QUEUE_ALARM_AFTER_SECONDS, without reprocessing, likewise
    `oldest_prompt_s`. `first_report_s`: since the first report. `unlinked_s`: age of the oldest
    event without a chain link; `broken`: the audit chain did not verify. `unseen`: ongoing
    reports not viewed in time; `overdue`: all past a deadline. `slow`: alarms of slow checks.
    """

    waiting: int
    late: int
    failed: int
    oldest_waiting_s: float
    oldest_prompt_s: float
    first_report_s: float | None
    tally_age_s: float | None
    tally: QueueSnapshot | None
    unlinked_s: float | None = None
    broken: bool = False
    unseen: int = 0
    overdue: int = 0
    slow: dict[str, int] = field(default_factory=dict)

    @property
    def tally_old(self) -> bool:
        return self.tally_age_s is not None and self.tally_age_s > STALE_AFTER_SECONDS

    @property
    def tally_is_late(self) -> bool:
        """Return whether there are reports without a recent tally."""
        if self.first_report_s is None:
            return False
        return self.tally_old or (self.tally is None and self.first_report_s > STALE_AFTER_SECONDS)

    @property
    def audit_chain_is_late(self) -> bool:
        return self.unlinked_s is not None and self.unlinked_s > MAX_UNLINKED_SECONDS

    @property
    def unaccounted(self) -> int:
        """Return the difference between accepted and counted reports."""
        tally = self.tally
        if tally is None:
            return 0
        return abs(tally.accepted - tally.done - tally.waiting - tally.failed)


def queue_balance() -> QueueBalance:
    """Return the exact balance of one moment; it reads every report."""
    with read_snapshot() as cursor:
        cursor.execute(_BALANCE_SQL, [TRIAGE_TASK])
        return QueueBalance(*cursor.fetchone())


def store_queue_balance() -> QueueBalance:
    """Return the balance, stored as the tally where the database is writable."""
    balance = queue_balance()
    snapshot = QueueSnapshot(**{name: getattr(balance, name) for name in SNAPSHOT_FIELDS})
    with log_database_error(log, "queue_balance.store_failed"):
        QueueSnapshot.objects.bulk_create(
            [snapshot], update_conflicts=True, unique_fields=["id"], update_fields=SNAPSHOT_FIELDS
        )
    return balance


def store_queue_balance_if_due() -> None:
    """Store the balance where the tally is older than COUNT_AGAIN_AFTER; log an error."""
    with sweeps.Guard("queue_balance.count"):
        age = queue_state().tally_age_s
        if age is None or age > COUNT_AGAIN_AFTER:
            store_queue_balance()


def queue_state(unit: str | None = None) -> QueueState:
    """Return the state of all reports or a unit's. Its cost grows with what waits alone."""
    values: dict[str, Any] = {"task": TRIAGE_TASK, "idle": Priority.IDLE, "unit": unit}
    values |= {"late": settings.QUEUE_ALARM_AFTER_SECONDS, "slow": list(SLOW)}
    (row,) = fetch_all(_STATE_SQL, values)
    waiting, late, failed, oldest, oldest_prompt, first, age = row[:7]
    unlinked, broken, unseen, overdue, slow, *columns = row[7:]
    snapshot = dict(zip(SNAPSHOT_FIELDS, columns, strict=True))
    tally = QueueSnapshot(**snapshot) if age is not None else None
    return QueueState(
        waiting, late, failed, oldest, oldest_prompt, first, age, tally, unlinked, broken,
        unseen, overdue, slow or {},
    )  # fmt: skip


def failed_reports() -> list[UUID]:
    """Return the reports whose triage failed for good, the oldest first; at most MAX_STUCK."""
    return [UUID(key) for (key,) in fetch_all(_STUCK_SQL, [TRIAGE_TASK, MAX_STUCK])]


def triage_state_of(report: UUID) -> OutboxItem | None:
    """Return the latest triage that was enqueued for a report, or None."""
    return OutboxItem.objects.filter(task=TRIAGE_TASK, key=str(report)).order_by("-id").first()


def outbox_counts() -> list[tuple[str, str, int, int]]:
    """Return (task, state, items, attempts so far) of what is not done, of every task."""
    rows: list[tuple[str, str, int, int]] = fetch_all(_BY_STATE_SQL)
    return rows
