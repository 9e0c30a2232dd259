"""What beat sends for the queue's counts, and how lengths of time are written."""

import pytest
from pytest_django import Settings

from reports import tasks
from reports.models import QueueSnapshot
from reports.monitoring import alarms, queue_stats


@pytest.mark.django_db(transaction=True)
def test_beats_task_counts() -> None:
    tasks.count_queue()
    assert QueueSnapshot.objects.get().accepted == 0


@pytest.mark.parametrize("name", ["reports.watch_queue", "reports.count_queue"])
def test_beat_sends_both(name: str, settings: Settings) -> None:
    entries = [entry for entry in settings.CELERY_BEAT_SCHEDULE.values() if entry["task"] == name]
    assert len(entries) == 1
    assert entries[0]["schedule"] < queue_stats.STALE_AFTER_SECONDS


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(45, "45 giây"), (60, "1 phút"), (3599, "59 phút"), (7300, "2 giờ"), (200_000, "2 ngày")],
)
def test_a_length_of_time_is_told_in_one_unit(seconds: float, words: str) -> None:
    assert alarms.format_duration(seconds) == words
