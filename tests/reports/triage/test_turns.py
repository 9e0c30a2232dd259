"""Workers whose reports belong together take turns: who waits for another fails nothing and counts nothing."""

import time
from functools import partial
from threading import Event

import pytest
from django.db import connection, transaction

from core.database import lock_until_commit, wait_in_line
from core.models import OutboxItem
from reports.models import CampaignLink
from reports.triage import report_triage
from tests.support.campaign_factories import item_of
from tests.support.concurrency import in_parallel
from tests.support.report_factories import report

pytestmark = pytest.mark.django_db(transaction=True)

STATES = ("attempts", "error", "failed_at")


def _report_flood(count: int) -> list[int]:
    stories = (f"Họ gọi lần {number}, xưng công an." for number in range(count))
    return [item_of(report(story, caller_number="0550 000 123")) for story in stories]


def _process_behind(items: list[int], seconds: float) -> None:
    """Process the items while another worker places reports for so long, five times lock_timeout."""
    is_placing = Event()

    def place() -> None:
        with transaction.atomic():
            lock_until_commit("campaigns")
            is_placing.set()
            time.sleep(seconds)

    def process() -> None:
        is_placing.wait()
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{seconds / 5}s'")
        report_triage.process_items(items)

    in_parallel([place, process])


def _list_states(items: list[int]) -> set[tuple[object, ...]]:
    return set(OutboxItem.objects.filter(pk__in=items).values_list(*STATES))


@pytest.mark.parametrize("count", [1, 6])
def test_a_turn_that_takes_longer_than_any_lock_is_waited_for(count: int) -> None:
    before, items = _report_flood(1), _report_flood(count)
    report_triage.process_items(before)
    _process_behind(items, 0.5)
    assert _list_states(items) == {(1, "", None)}
    assert CampaignLink.objects.count() == count + 1
    assert not OutboxItem.objects.filter(pk__in=items, done_at=None).exists()


@pytest.mark.parametrize("count", [1, 6])
def test_a_turn_that_never_comes_is_no_attempt_of_the_reports(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = partial(wait_in_line, "pg_advisory_xact_lock(hashtextextended('campaigns', 0))")
    for turn in ("TAKE_TURN", "TAKE_TURN_ALONE"):
        monkeypatch.setattr(report_triage, turn, impatient(0.1))
    items = _report_flood(count)
    _process_behind(items, 0.5)
    assert {(attempts, failed) for attempts, _, failed in _list_states(items)} == {(0, None)}
    report_triage.process_items(items)
    assert _list_states(items) == {(1, "", None)}
