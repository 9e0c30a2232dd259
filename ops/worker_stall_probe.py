"""Detection of a worker that hangs, from the outbox alone, without Django.

A worker hangs when items are due and none of the first in line was leased for half a minute.
"""

import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2

PATIENCE_SECONDS = 30.0
MAX_PATIENCE_SECONDS = 600.0
POLL_INTERVAL_SECONDS = 5.0
ANSWER_TIMEOUT_SECONDS = 4.0
# Dispatching an item moves due_at by a lease (15 s); what is due later rests after a failure.
SELECT_FIRST_SQL = """
    SELECT id, attempts, (leased_until IS NULL OR leased_until < clock_timestamp())
                         AND due_at <= clock_timestamp() + interval '15 seconds'
    FROM core_outboxitem WHERE done_at IS NULL AND failed_at IS NULL
    ORDER BY priority, id LIMIT 200
"""
Row = tuple[int, int, bool]


class Progress:
    """Compares the waiting items with those of the last call."""

    def __init__(self) -> None:
        self.patience = PATIENCE_SECONDS
        self.reset()

    def reset(self) -> None:
        """Start again: the worker is new, or the database did not answer."""
        self.seen: dict[int, int] = {}
        self.since = 0.0

    def export_state(self) -> dict[str, Any]:
        """Return the state as JSON values, for `import_state` in another process."""
        return {"patience": self.patience, "since": self.since, "seen": list(self.seen.items())}

    def import_state(self, state: dict[str, Any]) -> None:
        self.patience, self.since = state["patience"], state["since"]
        self.seen = dict(state["seen"])

    def is_stalled(self, rows: list[Row], now: float) -> bool:
        """Return whether none of the waiting items was leased for `patience` seconds, which each stall
        doubles until something moves: restarting over and over cures nothing.
        """
        waiting = {item: attempts for item, attempts, _ in rows}
        moved = any(waiting.get(item) != attempts for item, attempts in self.seen.items())
        fresh = moved or not self.seen or not any(due for _, _, due in rows)
        self.seen = waiting
        if moved:
            self.patience = PATIENCE_SECONDS
        if fresh:
            self.since = now
        if now - self.since < self.patience:
            return False
        self.patience = min(self.patience * 2, MAX_PATIENCE_SECONDS)
        self.reset()
        return True


def list_first_items(dsn: str) -> list[Row] | None:
    """Return the first items in line; None when the database does not answer."""
    return query(dsn, SELECT_FIRST_SQL)


def query(dsn: str, sql: str) -> list[Any] | None:
    """Return a statement's rows; None when the database does not answer in a few seconds."""
    options = f"-c statement_timeout={int(ANSWER_TIMEOUT_SECONDS * 1000)}"
    try:
        with closing(psycopg2.connect(dsn, options=options, connect_timeout=3)) as database:
            cursor = database.cursor()
            cursor.execute(sql)
            return cursor.fetchall()
    except psycopg2.Error:
        return None


def watch_worker(dsn: str, when_stalled: Callable[[], None]) -> None:
    """Probe every few seconds for ever, and call `when_stalled` when the worker hangs."""
    progress = Progress()
    while True:
        time.sleep(POLL_INTERVAL_SECONDS)
        rows = list_first_items(dsn)
        if rows is None:  # no database, or no table yet
            progress.reset()
        elif progress.is_stalled(rows, time.monotonic()):
            when_stalled()
