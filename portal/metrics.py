"""The metrics of /metrics, computed at each scrape from the database, Valkey and files of DATA_DIR:
counts, times and class names, nothing of a report. Without the database `portal_database_up` is 0.
"""

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

from django import db
from django.conf import settings
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from portal import csp_reports
from reports.attachments import storage
from reports.models import Alarm
from reports.monitoring import queue_stats
from reports.monitoring.alarms import affected_counts
from reports.monitoring.queue_stats import QueueState
from reports.submission import guess_limits

__all__ = ["CONTENT_TYPE", "render_prometheus"]


def render_prometheus() -> bytes:
    """Return one scrape in Prometheus' text format 0.0.4."""
    registry = CollectorRegistry()
    registry.register(_PortalCollector())
    return generate_latest(registry)


class _PortalCollector(Collector):
    def collect(self) -> Iterator[Metric]:
        try:
            queue = list(_queue())
        except db.Error:
            queue = []
        yield _gauge("portal_database_up", "Whether PostgreSQL answered this scrape.", bool(queue))
        yield from queue
        yield from _processes()
        yield from _backup()
        yield from _disk()
        yield from _guesses()
        yield from _violations()


def _queue() -> Iterator[Metric]:
    state = queue_stats.queue_state()
    yield _gauge("portal_reports_waiting", "Reports that wait for the machine.", state.waiting)
    yield _gauge("portal_reports_failed", "Reports that ran out of attempts.", state.failed)
    yield _gauge(
        "portal_reports_late",
        "Waiting longer than QUEUE_ALARM_AFTER_SECONDS, without re-reading.",
        state.late,
    )
    oldest = "Age of the oldest report that waits, without re-reading."
    yield _gauge("portal_oldest_waiting_seconds", oldest, state.oldest_prompt_s)
    yield from _tally(state)
    yield from _alarms(state)
    yield from _outbox(queue_stats.outbox_counts())


def _tally(state: QueueState) -> Iterator[Metric]:
    """Yield the last whole count, if there was one."""
    if state.tally is None:
        return
    accepted = "Reports accepted, as of the last whole count."
    yield CounterMetricFamily("portal_reports_accepted", accepted, value=state.tally.accepted)
    yield _gauge("portal_reports_done", "Read by the machine, as of that count.", state.tally.done)
    unaccounted = "accepted - done - waiting - failed of that count; anything but 0 is a loss."
    yield _gauge("portal_reports_unaccounted", unaccounted, state.unaccounted)
    counted_at = state.tally.counted_at.timestamp()
    yield _gauge("portal_counted_timestamp_seconds", "When that count was taken.", counted_at)


def _alarms(state: QueueState) -> Iterator[Metric]:
    holds = GaugeMetricFamily(
        "portal_alarm_reports", "Reports that an alarm is about now; 0 is well.", labels=["kind"]
    )
    for kind, count in affected_counts(state).items():
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
    items = GaugeMetricFamily("portal_outbox_items", "Outbox items not done.", labels=labels)
    attempts = GaugeMetricFamily("portal_outbox_attempts", "Their attempts so far.", labels=labels)
    for task, state, count, tried in rows:
        items.add_metric([task, state], count)
        attempts.add_metric([task, state], tried)
    yield items
    yield attempts


def _processes() -> Iterator[Metric]:
    """Yield the supervisor's restarts; under compose there is no such file."""
    state = _read_state("supervisor.json")
    if not state:
        return
    stalls = "Restarts of a worker that leased nothing."
    yield CounterMetricFamily("portal_worker_stalls", stalls, value=state.get("stalls", 0))
    restarts = CounterMetricFamily(
        "portal_restarts", "Starts of a process after it ended.", labels=["process"]
    )
    for process, count in state.get("restarts", {}).items():
        restarts.add_metric([process], count)
    yield restarts


def _backup() -> Iterator[Metric]:
    if written_at := _read_state("backup.json").get("written_at"):
        what = "When the last archive was written."
        yield _gauge("portal_backup_timestamp_seconds", what, written_at)


def _disk() -> Iterator[Metric]:
    """Yield the free space for files; nothing without the folder."""
    try:
        disk = os.statvfs(settings.FILES_DIR)
    except OSError:
        return
    free = disk.f_bavail * disk.f_frsize - storage.RESERVED_BYTES
    what = "Room for files that residents send, without what they leave free on their disk."
    yield _gauge("portal_files_free_bytes", what, free)


def _guesses() -> Iterator[Metric]:
    wrong = guess_limits.wrong_codes()
    if wrong is not None:
        what = "Receipt codes and one-time words that opened nothing."
        yield CounterMetricFamily("portal_wrong_codes", what, value=wrong)


def _violations() -> Iterator[Metric]:
    """Yield reports of the policy; nothing while Valkey does not answer."""
    reports = CounterMetricFamily(
        "portal_csp_reports",
        "What browsers told of our Content-Security-Policy.",
        labels=["directive", "blocked"],
    )
    for (directive, blocked), count in csp_reports.csp_report_count().items():
        reports.add_metric([directive, blocked], count)
    yield reports


def _read_state(name: str) -> dict[str, Any]:
    """Return a JSON object in DATA_DIR; {} where there is none."""
    try:
        state = json.loads((settings.DATA_DIR / name).read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)
