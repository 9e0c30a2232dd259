"""A worker that gets nowhere is noticed, one that is busy or idle is left alone."""

import os
import time
from itertools import pairwise

import psycopg2
import pytest

from ops.worker_stall_probe import (
    LONGEST_PATIENCE,
    PATIENCE,
    Progress,
    Row,
    StallProbe,
    first_in_line,
)

DUE, HELD = True, False


def observe(progress: Progress, *moments: tuple[float, list[Row]]) -> list[bool]:
    return [progress.stalled(rows, now) for now, rows in moments]


def test_items_that_wait_and_are_not_claimed_are_a_stall() -> None:
    rows = [(1, 0, DUE), (2, 0, DUE)]
    assert observe(Progress(), (0, rows), (PATIENCE - 1, rows), (PATIENCE, rows)) == [
        False,
        False,
        True,
    ]


def test_new_reports_do_not_hide_a_stall() -> None:
    progress = Progress()
    moments = [(float(now), [(item, 0, DUE) for item in range(now + 1)]) for now in range(31)]
    assert observe(progress, *moments)[-1]


def test_a_claim_or_a_settled_item_is_progress() -> None:
    assert observe(Progress(), (0, [(1, 0, DUE), (2, 0, DUE)]), (PATIENCE, [(2, 0, DUE)])) == [
        False,
        False,
    ]
    assert observe(Progress(), (0, [(1, 0, DUE)]), (PATIENCE, [(1, 1, DUE)])) == [False, False]


def test_what_is_in_a_workers_hands_or_an_empty_queue_is_no_stall() -> None:
    held: list[Row] = [(1, 1, HELD)]
    assert observe(Progress(), (0, held), (PATIENCE * 2, held)) == [False, False]
    assert observe(Progress(), (0, []), (PATIENCE * 2, [])) == [False, False]


def test_waiting_begins_with_the_first_item_not_with_the_idle_night_before() -> None:
    rows: list[Row] = [(1, 0, DUE)]
    assert observe(Progress(), (0, []), (3600, rows), (3629, rows), (3630, rows)) == [
        False,
        False,
        False,
        True,
    ]


def test_restarting_again_and_again_gets_rarer_until_something_moves() -> None:
    progress = Progress()
    rows: list[Row] = [(1, 0, DUE)]
    stalls = [now for now in range(4000) if progress.stalled(rows, float(now))]
    pauses = [later - sooner for sooner, later in pairwise(stalls)]
    assert pauses[0] > PATIENCE
    assert pauses == sorted(pauses)
    assert progress.patience <= LONGEST_PATIENCE
    progress.stalled([(1, 1, DUE)], 4001)
    progress.stalled([(1, 2, DUE)], 4002)
    assert progress.patience == PATIENCE


def ask_until_answered(probe: StallProbe) -> None:
    end = time.monotonic() + 5
    probe.tick(time.monotonic())
    while probe._line is not None and time.monotonic() < end:
        probe.tick(time.monotonic())
        time.sleep(0.01)


def our_database() -> str:
    from django.db import connection

    return os.environ["DATABASE_URL"].replace("/portal?", f"/{connection.settings_dict['NAME']}?")


@pytest.mark.django_db(transaction=True)
def test_what_rests_after_a_failure_is_not_due() -> None:
    """What was handed over is due in a lease at the latest; a rest may last a minute."""
    from django.db.models.functions import Now

    from core.models import OutboxItem
    from core.outbox.queue import LEASE

    owed = OutboxItem.objects.create
    handed = owed(task="test.task", key="k", due_at=Now() + LEASE)
    resting = owed(task="test.task", key="k", due_at=Now() + 3 * LEASE, attempts=4)
    rows = first_in_line(our_database())
    assert rows == [(handed.pk, 0, DUE), (resting.pk, 4, False)]


@pytest.mark.django_db(transaction=True)
def test_the_question_fits_the_outbox() -> None:
    from core.outbox.queue import enqueue

    item = enqueue("nothing", "key")
    probe = StallProbe(our_database())
    ask_until_answered(probe)
    assert probe.progress.seen == {item.pk: 0}


def test_a_dead_or_empty_database_is_no_stall_and_no_error(tmp_path: object) -> None:
    for url in (os.environ["DATABASE_URL"], f"postgresql://portal@/portal?host={tmp_path}"):
        probe = StallProbe(url)
        probe.progress.seen = {1: 0}
        ask_until_answered(probe)
        assert probe.progress.seen == {}


def test_the_probe_gives_up_a_question_without_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        closed = False

        def poll(self) -> int:
            return psycopg2.extensions.POLL_READ

        def close(self) -> None:
            self.closed = True

    line = Silent()
    monkeypatch.setattr("ops.worker_stall_probe.psycopg2.connect", lambda *_, **__: line)
    probe = StallProbe("postgresql://elsewhere")
    assert [probe.tick(now) for now in (10.0, 11.0, 16.0)] == [False, False, False]
    assert line.closed
