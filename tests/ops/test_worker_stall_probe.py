"""A worker that hangs is noticed, one that is busy or idle is left alone."""

import os
from itertools import pairwise

import pytest
from django.db.models.functions import Now

from core.models import OutboxItem
from core.outbox.queue import LEASE, enqueue
from ops import worker_stall_probe
from ops.worker_stall_probe import (
    MAX_PATIENCE_SECONDS,
    PATIENCE_SECONDS,
    Progress,
    Row,
    list_first_items,
)
from tests.support.real_services import get_database_url

DUE, LEASED = True, False
WAITING: list[Row] = [(1, 0, DUE), (2, 0, DUE)]
ONE: list[Row] = [(1, 0, DUE)]
BUSY: list[Row] = [(1, 1, LEASED)]
LATE = PATIENCE_SECONDS
CASES: dict[str, tuple[list[tuple[float, list[Row]]], list[bool]]] = {
    "items that nobody leases": (
        [(0, WAITING), (LATE - 1, WAITING), (LATE, WAITING)],
        [False, False, True],
    ),
    "an item that is done": ([(0, WAITING), (LATE, [(2, 0, DUE)])], [False, False]),
    "an item that was leased": ([(0, ONE), (LATE, [(1, 1, DUE)])], [False, False]),
    "an item in a worker's hands": ([(0, BUSY), (LATE * 2, BUSY)], [False, False]),
    "an empty queue": ([(0, []), (LATE * 2, [])], [False, False]),
    "the first item after an idle night": (
        [(0, []), (3600, ONE), (3629, ONE), (3630, ONE)],
        [False, False, False, True],
    ),
}


def observe(moments: list[tuple[float, list[Row]]]) -> list[bool]:
    progress = Progress()
    return [progress.is_stalled(rows, now) for now, rows in moments]


@pytest.mark.parametrize(("moments", "stalls"), CASES.values(), ids=CASES)
def test_a_stall_is_what_waits_and_does_not_move(
    moments: list[tuple[float, list[Row]]], stalls: list[bool]
) -> None:
    assert observe(moments) == stalls


def test_new_reports_do_not_hide_a_stall() -> None:
    moments = [(float(now), [(item, 0, DUE) for item in range(now + 1)]) for now in range(31)]
    assert observe(moments)[-1]


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


@pytest.mark.django_db(transaction=True)
def test_what_waits_is_due_and_what_rests_after_a_failure_is_not() -> None:
    """A dispatched item is due in a lease at the latest; a rest may last a minute."""
    create = OutboxItem.objects.create
    waiting = enqueue("nothing", "key")
    handed = create(task="test.task", key="k", due_at=Now() + LEASE)
    resting = create(task="test.task", key="k", due_at=Now() + 3 * LEASE, attempts=4)
    rows = list_first_items(get_database_url())
    assert rows == [(waiting.pk, 0, DUE), (handed.pk, 0, DUE), (resting.pk, 4, False)]


def test_a_dead_or_empty_database_is_no_stall_and_no_error(tmp_path: object) -> None:
    for url in (os.environ["DATABASE_URL"], f"postgresql://portal@/portal?host={tmp_path}"):
        assert list_first_items(url) is None


def test_what_cannot_be_asked_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waited before the database went may have been leased since."""
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
