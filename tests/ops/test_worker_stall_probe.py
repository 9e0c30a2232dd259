"""A worker that gets nowhere is noticed, one that is busy or idle is left alone."""

import os
from itertools import pairwise

import pytest

from ops import worker_stall_probe
from ops.worker_stall_probe import (
    MAX_PATIENCE_SECONDS,
    PATIENCE_SECONDS,
    Progress,
    Row,
    list_first_items,
)

DUE, HELD = True, False


def observe(progress: Progress, *moments: tuple[float, list[Row]]) -> list[bool]:
    return [progress.is_stalled(rows, now) for now, rows in moments]


def test_items_that_wait_and_are_not_claimed_are_a_stall() -> None:
    rows = [(1, 0, DUE), (2, 0, DUE)]
    assert observe(
        Progress(), (0, rows), (PATIENCE_SECONDS - 1, rows), (PATIENCE_SECONDS, rows)
    ) == [
        False,
        False,
        True,
    ]


def test_new_reports_do_not_hide_a_stall() -> None:
    progress = Progress()
    moments = [(float(now), [(item, 0, DUE) for item in range(now + 1)]) for now in range(31)]
    assert observe(progress, *moments)[-1]


def test_a_claim_or_a_settled_item_is_progress() -> None:
    assert observe(
        Progress(), (0, [(1, 0, DUE), (2, 0, DUE)]), (PATIENCE_SECONDS, [(2, 0, DUE)])
    ) == [
        False,
        False,
    ]
    assert observe(Progress(), (0, [(1, 0, DUE)]), (PATIENCE_SECONDS, [(1, 1, DUE)])) == [
        False,
        False,
    ]


def test_what_is_in_a_workers_hands_or_an_empty_queue_is_no_stall() -> None:
    held: list[Row] = [(1, 1, HELD)]
    assert observe(Progress(), (0, held), (PATIENCE_SECONDS * 2, held)) == [False, False]
    assert observe(Progress(), (0, []), (PATIENCE_SECONDS * 2, [])) == [False, False]


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
    stalls = [now for now in range(4000) if progress.is_stalled(rows, float(now))]
    pauses = [later - sooner for sooner, later in pairwise(stalls)]
    assert pauses[0] > PATIENCE_SECONDS
    assert pauses == sorted(pauses)
    assert progress.patience <= MAX_PATIENCE_SECONDS
    progress.is_stalled([(1, 1, DUE)], 4001)
    progress.is_stalled([(1, 2, DUE)], 4002)
    assert progress.patience == PATIENCE_SECONDS


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
    rows = list_first_items(our_database())
    assert rows == [(handed.pk, 0, DUE), (resting.pk, 4, False)]


@pytest.mark.django_db(transaction=True)
def test_the_question_fits_the_outbox() -> None:
    from core.outbox.queue import enqueue

    item = enqueue("nothing", "key")
    assert list_first_items(our_database()) == [(item.pk, 0, DUE)]


def test_a_dead_or_empty_database_is_no_stall_and_no_error(tmp_path: object) -> None:
    for url in (os.environ["DATABASE_URL"], f"postgresql://portal@/portal?host={tmp_path}"):
        assert list_first_items(url) is None


def test_what_cannot_be_asked_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waited before the database went may have been claimed since."""
    waits: list[Row] = [(1, 0, DUE)]
    answers = iter([waits, None, waits, waits, waits])
    clock = iter([0.0, 40.0, 50.0, 70.0])
    stalls: list[float] = []
    monkeypatch.setattr(worker_stall_probe, "list_first_items", lambda _: next(answers))
    monkeypatch.setattr(worker_stall_probe.time, "sleep", lambda _: None)
    monkeypatch.setattr(worker_stall_probe.time, "monotonic", lambda: next(clock))
    with pytest.raises(StopIteration):
        worker_stall_probe.watch_worker("", lambda: stalls.append(1))
    assert stalls == [1]
