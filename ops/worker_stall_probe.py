"""Is the worker getting anywhere? Asked of the outbox alone, without Django and without waiting.

Items wait, are due, and not one of the first in line was claimed for half a minute: then the
worker hangs, whatever its process looks like. New reports that come in meanwhile change nothing.
"""

from contextlib import closing
from typing import Any

import psycopg2
from psycopg2.extensions import POLL_OK, connection, cursor

PATIENCE = 30.0
LONGEST_PATIENCE = 600.0
EVERY = 5.0
ANSWER_WITHIN = 4.0
# Handing an item over moves due_at by a lease (15 s); what is due later rests after a failure.
FIRST_IN_LINE = """
    SELECT id, attempts, (leased_until IS NULL OR leased_until < clock_timestamp())
                         AND due_at <= clock_timestamp() + interval '15 seconds'
    FROM core_outboxitem WHERE done_at IS NULL AND failed_at IS NULL
    ORDER BY priority, id LIMIT 200
"""
Row = tuple[int, int, bool]


class Progress:
    """Compares what waits with what waited before; the pure half of the probe."""

    def __init__(self) -> None:
        self.patience = PATIENCE
        self.forget()

    def forget(self) -> None:
        """Begin anew: the worker is new, or nothing is known."""
        self.seen: dict[int, int] = {}
        self.since = 0.0

    def memory(self) -> dict[str, Any]:
        """What to remember between two processes that ask; `recall` takes it back."""
        return {"patience": self.patience, "since": self.since, "seen": list(self.seen.items())}

    def recall(self, memory: dict[str, Any]) -> None:
        self.patience, self.since = memory["patience"], memory["since"]
        self.seen = dict(memory["seen"])

    def stalled(self, rows: list[Row], now: float) -> bool:
        """Whether nothing of what waits was claimed for `patience` seconds.

        Each stall doubles the patience until something moves: what restarting the worker
        does not cure, restarting it ever again does not cure either.
        """
        waiting = {item: attempts for item, attempts, _ in rows}
        moved = any(waiting.get(item) != attempts for item, attempts in self.seen.items())
        fresh = moved or not self.seen or not any(due for _, _, due in rows)
        self.seen = waiting
        if moved:
            self.patience = PATIENCE
        if fresh:
            self.since = now
        if now - self.since < self.patience:
            return False
        self.patience = min(self.patience * 2, LONGEST_PATIENCE)
        self.forget()
        return True


def first_in_line(dsn: str) -> list[Row] | None:
    """Ask once and wait for the answer; None when there is none."""
    options = f"-c statement_timeout={int(ANSWER_WITHIN * 1000)}"
    try:
        with closing(psycopg2.connect(dsn, options=options, connect_timeout=3)) as line:
            question = line.cursor()
            question.execute(FIRST_IN_LINE)
            return question.fetchall()
    except psycopg2.Error:
        return None


class StallProbe:
    """Asks every few seconds, in steps that never wait; a question without answer is dropped."""

    def __init__(self, dsn: str) -> None:
        self.progress = Progress()
        self._dsn = dsn
        self._next = 0.0
        self._line: connection | None = None
        self._question: cursor | None = None

    def tick(self, now: float) -> bool:
        """Go one step on; True once when the worker has stalled."""
        if self._line is None and now < self._next:
            return False
        try:
            rows = self._step(now)
        except psycopg2.Error:  # no database, no table yet: nothing is known
            rows = None
            self.close()
            self.progress.forget()
        return rows is not None and self.progress.stalled(rows, now)

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = self._question = None

    def _step(self, now: float) -> list[Row] | None:
        if self._line is None:
            self._next = now + EVERY
            options = f"-c statement_timeout={int(ANSWER_WITHIN * 1000)}"
            self._line = psycopg2.connect(self._dsn, async_=True, options=options)
        if self._line.poll() != POLL_OK:
            if now > self._next - EVERY + ANSWER_WITHIN:
                raise psycopg2.OperationalError("no answer")
            return None
        if self._question is None:
            self._question = self._line.cursor()
            self._question.execute(FIRST_IN_LINE)
            return None
        rows: list[Row] = self._question.fetchall()
        self.close()
        return rows
