"""Counts of the queue: what was accepted, and how far it has come."""

from dataclasses import dataclass

import structlog
from django.db import connection

from reports.intake import TRIAGE

log = structlog.get_logger(__name__)

LATE_AFTER = 60.0  # seconds; triage takes milliseconds, so something is wrong by then

# One statement, so one snapshot. Accepted counts reports; the others count the latest triage
# item of each report, so a report without one leaves the sum short: the equation can be false.
_BALANCE = """
SELECT (SELECT count(*) FROM reports_report),
       count(*) FILTER (WHERE settled_at IS NOT NULL),
       count(*) FILTER (WHERE settled_at IS NULL AND failed_at IS NULL),
       count(*) FILTER (WHERE failed_at IS NOT NULL),
       coalesce(extract(epoch FROM statement_timestamp() - min(created_at)
                        FILTER (WHERE settled_at IS NULL AND failed_at IS NULL)), 0)::float
  FROM (SELECT DISTINCT ON (key) key, created_at, settled_at, failed_at
          FROM reports_outboxitem WHERE task = %s
         ORDER BY key, id DESC) AS latest
  JOIN reports_report AS report ON report.id = latest.key::uuid
"""

_WAITING = """
SELECT count(*), coalesce(extract(epoch FROM statement_timestamp() - min(created_at)), 0)::float
  FROM reports_outboxitem
 WHERE settled_at IS NULL AND failed_at IS NULL
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

    @property
    def balanced(self) -> bool:
        return self.accepted == self.done + self.waiting + self.failed


def queue_balance() -> QueueBalance:
    """The whole count, exact; it reads every report."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, [TRIAGE])
        return QueueBalance(*cursor.fetchone())


def warn_if_late() -> bool:
    """Write a warning, of counts alone, when an item has waited longer than LATE_AFTER."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        waiting, oldest = cursor.fetchone()
    if oldest > LATE_AFTER:
        log.warning("queue.late", waiting=waiting, oldest_waiting_s=round(oldest))
    return bool(oldest > LATE_AFTER)
