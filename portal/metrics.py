"""What /metrics says, asked of the database and of the supervisor's file at each scrape.

Counts, times and class names of our own; nothing of a report. It answers also while the
database is away: that is what `portal_database_up` is for.
"""

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseTrouble
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from core import rate_limits
from portal import csp_reports
from reports.attachments import storage
from reports.models import Alarm
from reports.monitoring import queue_stats
from reports.monitoring.alarms import affected_counts
from reports.monitoring.queue_stats import QueueState

__all__ = ["CONTENT_TYPE", "render_prometheus"]


def render_prometheus() -> bytes:
    """One scrape, in Prometheus' text format 0.0.4."""
    registry = CollectorRegistry()
    registry.register(_Portal())
    return generate_latest(registry)


class _Portal(Collector):
    def collect(self) -> Iterator[Metric]:
        try:
            known = list(_queue())
        except DatabaseTrouble:
            known = []
        yield _gauge("portal_database_up", "Whether PostgreSQL answered this scrape.", bool(known))
        yield from known
        yield from _processes()
        yield from _backup()
        yield from _room()
        yield from _guesses()
        yield from _violations()


def _queue() -> Iterator[Metric]:
    now = queue_stats.queue_state()
    yield _gauge("portal_reports_waiting", "Reports that wait for the machine.", now.waiting)
    yield _gauge("portal_reports_failed", "Reports that ran out of attempts.", now.failed)
    yield _gauge(
        "portal_reports_late",
        "Waiting longer than QUEUE_ALARM_AFTER_SECONDS, without re-reading.",
        now.late,
    )
    oldest = "Age of the oldest report that waits, without re-reading."
    yield _gauge("portal_oldest_waiting_seconds", oldest, now.oldest_prompt_s)
    yield from _tally(now)
    yield from _alarms(now)
    yield from _outbox(queue_stats.outbox_counts())


def _tally(now: QueueState) -> Iterator[Metric]:
    """The last whole count; nothing before the first one."""
    if now.tally is None:
        return
    accepted = "Reports accepted, as of the last whole count."
    yield CounterMetricFamily("portal_reports_accepted", accepted, value=now.tally.accepted)
    yield _gauge("portal_reports_done", "Read by the machine, as of that count.", now.tally.done)
    unaccounted = "accepted - done - waiting - failed of that count; anything but 0 is a loss."
    yield _gauge("portal_reports_unaccounted", unaccounted, now.unaccounted)
    counted_at = now.tally.counted_at.timestamp()
    yield _gauge("portal_counted_timestamp_seconds", "When that count was taken.", counted_at)


def _alarms(now: QueueState) -> Iterator[Metric]:
    holds = GaugeMetricFamily(
        "portal_alarm_reports", "Reports that an alarm is about now; 0 is well.", labels=["kind"]
    )
    for kind, count in affected_counts(now).items():
        holds.add_metric([kind.value], count)
    yield holds
    raised = GaugeMetricFamily(
        "portal_alarm_since_timestamp_seconds", "Since when an alarm stands.", labels=["kind"]
    )
    for alarm in Alarm.objects.filter(count__gt=0):
        raised.add_metric([alarm.kind], alarm.since.timestamp())
    yield raised


def _outbox(rows: Iterable[tuple[str, str, int, int]]) -> Iterator[Metric]:
    labels = ["task", "state"]
    items = GaugeMetricFamily("portal_outbox_items", "Owed and not done.", labels=labels)
    attempts = GaugeMetricFamily("portal_outbox_attempts", "Their attempts so far.", labels=labels)
    for task, state, count, tried in rows:
        items.add_metric([task, state], count)
        attempts.add_metric([task, state], tried)
    yield items
    yield attempts


def _processes() -> Iterator[Metric]:
    """What the supervisor had to restart; under compose there is no such file."""
    told = _read_state("supervisor.json")
    if not told:
        return
    stalls = "Restarts of a worker that claimed nothing."
    yield CounterMetricFamily("portal_worker_stalls", stalls, value=told.get("stalls", 0))
    restarts = CounterMetricFamily(
        "portal_restarts", "Starts of a process after it ended.", labels=["process"]
    )
    for process, count in told.get("restarts", {}).items():
        restarts.add_metric([process], count)
    yield restarts


def _backup() -> Iterator[Metric]:
    """Nothing where no archive was ever written."""
    if written_at := _read_state("backup.json").get("written_at"):
        what = "When the last archive was written."
        yield _gauge("portal_backup_timestamp_seconds", what, written_at)


def _room() -> Iterator[Metric]:
    """Nothing where the folder is not there: then no file is kept at all."""
    try:
        disk = os.statvfs(settings.FILES_DIR)
    except OSError:
        return
    free = disk.f_bavail * disk.f_frsize - storage.RESERVED_BYTES
    what = "Room for files that residents send, without what they leave free on their disk."
    yield _gauge("portal_files_free_bytes", what, free)


def _guesses() -> Iterator[Metric]:
    """Nothing while Valkey does not answer."""
    wrong = rate_limits.wrong_codes()
    if wrong is not None:
        what = "Receipt codes and one-time words that opened nothing."
        yield CounterMetricFamily("portal_wrong_codes", what, value=wrong)


def _violations() -> Iterator[Metric]:
    """Nothing while Valkey does not answer; both labels are words of our own."""
    told = CounterMetricFamily(
        "portal_csp_reports",
        "What browsers told of our Content-Security-Policy.",
        labels=["directive", "blocked"],
    )
    for (directive, blocked), count in csp_reports.csp_report_count().items():
        told.add_metric([directive, blocked], count)
    yield told


def _read_state(name: str) -> dict[str, Any]:
    """A JSON file of DATA_DIR; nothing where there is none."""
    try:
        told = json.loads((settings.DATA_DIR / name).read_text())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)
