"""Celery's beat, of which one works however many are started: the one whose session holds a lock.

The session is its own, and is asked before each message. PostgreSQL releases the lock when that connection ends, or some
ten seconds after its machine was cut off; the others ask every two seconds. The schedule is kept in memory: a beat that
waited sends at once what fell due meanwhile. Where no broker takes a job, beat does it itself.
"""

from functools import cached_property
from typing import Any

import psycopg2
import structlog
from celery.beat import ScheduleEntry, Scheduler

from core.database import open_session
from core.outbox.broker import Broker, BrokerError, TaskMessage, do_work_here
from core.outbox.queue import Priority

log = structlog.get_logger(__name__)

ROLE = "beat"
LOCK_INTERVAL_SECONDS = 2.0
# The session that has the lock is given it again.
_LOCK_SQL = f"SELECT pg_try_advisory_lock(hashtextextended('{ROLE}', 0))"


class LockedScheduler(Scheduler):
    producer = None  # type: ignore[assignment]  # `broker` sends instead, and waits for nothing

    _session: Any = None
    _has_lock = False

    @cached_property
    def broker(self) -> Broker:
        return Broker(self.app)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due where this beat has the lock; return the seconds until the next call."""
        had_lock, self._has_lock = self._has_lock, self._try_lock()
        if self._has_lock != had_lock:
            log.info("beat.working" if self._has_lock else "beat.lock_lost")
        return super().tick(*args, **kwargs) if self._has_lock else LOCK_INTERVAL_SECONDS

    def apply_async(self, entry: ScheduleEntry, *args: Any, **kwargs: Any) -> None:
        """Send a job to a worker, or do it here."""
        message = TaskMessage(str(entry.task), Priority.URGENT)
        try:
            self.broker.publish(message)
        except BrokerError:
            do_work_here(self.app, message)

    def _try_lock(self) -> bool:
        """Return whether the session lives and has the lock; a lost one is opened anew."""
        try:
            self._session = self._session or open_session(ROLE)
            with self._session.cursor() as cursor:
                cursor.execute(_LOCK_SQL)
                return bool(cursor.fetchone()[0])
        except psycopg2.Error as error:
            log.warning("beat.database_lost", error=type(error).__name__)
            self._session = None
            return False
