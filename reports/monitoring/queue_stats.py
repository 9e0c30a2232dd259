"""Counts of the queue: what was accepted, and how far it has come.

`queue_balance` reads every report (three seconds for a million), so it is kept as the tally for
those who may not wait: `standing` reads only what waits and what failed, and shows the tally
with its time.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import connection

from core.database import read_snapshot
from core.models import OutboxItem
from core.outbox.queue import Priority
from reports.models import Alarm, QueueSnapshot
from reports.submission.intake import TRIAGE

log = structlog.get_logger(__name__)

COUNT_AGAIN_AFTER = 4 * 60.0  # seconds; beat asks every five minutes
STALE_AFTER_SECONDS = 15 * 60.0
SEALED_WITHIN = 10 * 60.0
MAX_STUCK = 500
SLOW = (Alarm.Kind.UNPURGED, Alarm.Kind.BREACH)
KEPT = ("counted_at", "accepted", "done", "waiting", "failed")  # columns of the tally

# A report may be owed its triage more than once: only the latest item says how it stands.
_LATEST = """
    NOT EXISTS (SELECT FROM core_outboxitem AS later
                 WHERE later.task = item.task AND later.key = item.key AND later.id > item.id)
"""

# Accepted counts reports, the others their items, so a report without an item leaves the sum
# short: the equation can be false. Keys are compared as text: what somebody's hands wrote there
# need not be a report's.
_BALANCE = f"""
SELECT (SELECT count(*) FROM reports_report),
       count(*) FILTER (WHERE done_at IS NOT NULL),
       count(*) FILTER (WHERE done_at IS NULL AND failed_at IS NULL),
       count(*) FILTER (WHERE failed_at IS NOT NULL),
       coalesce(extract(epoch FROM statement_timestamp() - min(created_at)
                        FILTER (WHERE done_at IS NULL AND failed_at IS NULL)), 0)::float,
       statement_timestamp()
  FROM reports_report AS report
  JOIN core_outboxitem AS item ON item.key = report.id::text
 WHERE item.task = %s AND {_LATEST}
"""  # noqa: S608  # nosec B608

# Through the two partial indexes alone, the far end of one more, and the tally's one row. Of a unit's
# reports alone where one is named; the whole count and the chain of acts are nobody's own.
_STANDING = f"""
WITH latest AS NOT MATERIALIZED (
         SELECT item.*, extract(epoch FROM statement_timestamp() - created_at)::float AS age
           FROM core_outboxitem AS item WHERE item.task = %(task)s AND {_LATEST}
            AND (%(unit)s::text IS NULL OR item.key IN (
                 SELECT report_id::text FROM reports_case WHERE assigned_unit_id = %(unit)s))),
     owed AS (
         SELECT count(*) AS waiting,
                count(*) FILTER (WHERE priority < %(idle)s AND age > %(late)s) AS late,
                coalesce(max(age), 0) AS oldest,
                coalesce(max(age) FILTER (WHERE priority < %(idle)s), 0) AS oldest_prompt
           FROM latest WHERE done_at IS NULL AND failed_at IS NULL),
     stuck AS (SELECT count(*) AS failed FROM latest WHERE failed_at IS NOT NULL)
SELECT owed.waiting, owed.late, stuck.failed, owed.oldest, owed.oldest_prompt,
       extract(epoch FROM statement_timestamp()
                          - (SELECT min(received_at) FROM reports_report))::float,
       extract(epoch FROM statement_timestamp() - tally.counted_at)::float,
       (SELECT extract(epoch FROM statement_timestamp() - created_at)::float FROM core_auditevent
         WHERE id > coalesce((SELECT max(event_id) FROM core_auditchainlink), 0)
         ORDER BY id LIMIT 1),
       EXISTS (SELECT FROM core_auditchaincheck WHERE break_kind <> ''),
       (SELECT count(*) FROM reports_deadline AS clock WHERE met_at IS NULL AND dropped_at IS NULL
           AND kind = 'look' AND due_at <= statement_timestamp()
           AND (%(unit)s::text IS NULL OR EXISTS (
                SELECT FROM reports_case AS desk
                 WHERE desk.report_id = clock.report_id AND desk.assigned_unit_id = %(unit)s))),
       (SELECT count(*) FROM reports_case WHERE due_at <= statement_timestamp()
           AND (%(unit)s::text IS NULL OR assigned_unit_id = %(unit)s)),
       (SELECT json_object_agg(kind, count) FROM reports_alarm
         WHERE kind = ANY (%(slow)s) AND count > 0),
       tally.counted_at, tally.accepted, tally.done, tally.waiting, tally.failed
  FROM owed CROSS JOIN stuck LEFT JOIN reports_queuesnapshot AS tally ON true
"""  # noqa: S608  # nosec B608

_STUCK = f"""
SELECT item.key FROM core_outboxitem AS item
 WHERE item.task = %s AND item.failed_at IS NOT NULL AND {_LATEST}
   AND pg_input_is_valid(item.key, 'uuid')
 ORDER BY item.id LIMIT %s
"""  # noqa: S608  # nosec B608

# "later": at the broker since less than a lease, or pausing after a failure.
_BY_STATE = """
SELECT task, CASE WHEN leased_until > statement_timestamp() THEN 'claimed'
                  WHEN due_at > statement_timestamp() THEN 'later' ELSE 'due' END AS state,
       count(*), sum(attempts)
  FROM core_outboxitem WHERE done_at IS NULL AND failed_at IS NULL GROUP BY 1, 2
 UNION ALL
SELECT task, 'failed', count(*), sum(attempts)
  FROM core_outboxitem WHERE failed_at IS NOT NULL GROUP BY 1
"""


@dataclass(frozen=True)
class QueueBalance:
    """accepted = done + waiting + failed, or something was lost. `oldest_waiting_s`: seconds
    that the oldest waiting item has waited, 0 when none waits.
    """

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
    """How the queue stands now. `late`: waiting longer than QUEUE_ALARM_AFTER_SECONDS, without what may
    wait its turn (re-reading); so the oldest of those that may not, `oldest_prompt_s`.
    `first_report_s`: seconds since the first report, None without any. `tally`: the last whole
    count, `tally_age_s` seconds ago. `unsealed_s`: how long the oldest act on record has waited
    for its link; `broken`: the chain of acts did not hold (chain_check.py).
    `unseen`: reports of people still pressed that nobody looked at in time; `overdue`: all of
    which a clock has run out. `slow`: alarms that a watcher raised, for what takes hours to go wrong.
    """

    waiting: int
    late: int
    failed: int
    oldest_waiting_s: float
    oldest_prompt_s: float
    first_report_s: float | None
    tally_age_s: float | None
    tally: QueueSnapshot | None
    unsealed_s: float | None = None
    broken: bool = False
    unseen: int = 0
    overdue: int = 0
    slow: dict[str, int] = field(default_factory=dict)

    @property
    def tally_old(self) -> bool:
        return self.tally_age_s is not None and self.tally_age_s > STALE_AFTER_SECONDS

    @property
    def tally_is_late(self) -> bool:
        """Whether there are reports and nobody has counted them for long: `unaccounted` then
        says nothing of now.
        """
        if self.first_report_s is None:
            return False
        return self.tally_old or (self.tally is None and self.first_report_s > STALE_AFTER_SECONDS)

    @property
    def audit_chain_is_late(self) -> bool:
        """Whether nobody has linked the acts on record for long."""
        return self.unsealed_s is not None and self.unsealed_s > SEALED_WITHIN

    @property
    def unaccounted(self) -> int:
        """Reports that the tally found in no state, or in too many; 0 is the equation."""
        tally = self.tally
        if tally is None:
            return 0
        return abs(tally.accepted - tally.done - tally.waiting - tally.failed)


def queue_balance() -> QueueBalance:
    """The whole count, exact, of one moment; it reads every report."""
    with read_snapshot() as cursor:
        cursor.execute(_BALANCE, [TRIAGE])
        return QueueBalance(*cursor.fetchone())


def store_queue_balance() -> QueueBalance:
    """Count everything and keep the count. It holds also where it cannot be kept."""
    balance = queue_balance()
    tally = QueueSnapshot(**{name: getattr(balance, name) for name in KEPT})
    try:
        QueueSnapshot.objects.bulk_create(
            [tally], update_conflicts=True, unique_fields=["id"], update_fields=KEPT
        )
    except DatabaseTrouble as error:
        log.warning("queue.tally_not_kept", error=type(error).__name__)
    return balance


def store_queue_balance_if_due() -> None:
    """Count, unless it was done a moment ago: what beat sent while no worker lived comes all
    at once. What could not be counted is asked again in five minutes.
    """
    try:
        age = queue_state().tally_age_s
        if age is None or age > COUNT_AGAIN_AFTER:
            store_queue_balance()
    except DatabaseTrouble as error:
        log.warning("queue.not_counted", error=type(error).__name__)


def queue_state(unit: str | None = None) -> QueueState:
    """One cheap statement: its cost grows with what waits, not with the reports. `unit`: what waits,
    failed or ran out among the reports that lie there, by its codename; None of all.
    """
    values: dict[str, Any] = {"task": TRIAGE, "idle": Priority.IDLE, "unit": unit}
    values |= {"late": settings.QUEUE_ALARM_AFTER_SECONDS, "slow": list(SLOW)}
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, values)
        waiting, late, failed, oldest, oldest_prompt, first, age, *more = cursor.fetchone()
    unsealed, broken, unseen, overdue, slow, *counted = more
    kept = dict(zip(KEPT, counted, strict=True))
    tally = QueueSnapshot(**kept) if age is not None else None
    return QueueState(
        waiting, late, failed, oldest, oldest_prompt, first, age, tally, unsealed, broken,
        unseen, overdue, slow or {},
    )  # fmt: skip


def failed_reports() -> list[UUID]:
    """The reports that the machine gave up on, the longest ago first; MOST_STUCK at most."""
    with connection.cursor() as cursor:
        cursor.execute(_STUCK, [TRIAGE, MAX_STUCK])
        return [UUID(key) for (key,) in cursor.fetchall()]


def triage_state_of(report: UUID) -> OutboxItem | None:
    """The latest triage that a report was owed; None for one that nothing was owed."""
    return OutboxItem.objects.filter(task=TRIAGE, key=str(report)).order_by("-id").first()


def outbox_counts() -> list[tuple[str, str, int, int]]:
    """What is not done, of every task: (task, state, items, attempts so far)."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_STATE)
        return [tuple(row) for row in cursor.fetchall()]
