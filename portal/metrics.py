"""The metrics of /metrics, computed at each scrape from the database, Valkey and files of DATA_DIR:
counts, times and class names, nothing of a report. Without the database `portal_database_up` is 0.
"""

import os
import socket
from collections.abc import Iterable, Iterator

from django import db
from django.conf import settings
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from core.private_files import read_json
from portal import gunicorn, middleware
from reports.attachments import storage
from reports.models import Alarm
from reports.monitoring import alarms, queue_stats
from reports.monitoring.queue_stats import QueueState
from reports.submission import receipt_codes

__all__ = ["CONTENT_TYPE", "render_prometheus"]
_gauge = GaugeMetricFamily
_HOST = socket.gethostname()  # behind one address each scrape may reach another host's counters


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
        yield from _requests()
        yield from _processes()
        yield from _backup()
        yield from _disk()
        yield from _guesses()


def _queue() -> Iterator[Metric]:
    state = queue_stats.queue_state()
    yield _gauge("portal_reports_waiting", "Reports that wait for the machine.", state.waiting)
    yield _gauge("portal_reports_failed", "Reports that ran out of attempts.", state.failed)
    yield _gauge("portal_reports_late", "Waiting too long, without re-reading.", state.late)
    oldest = "Age of the oldest report that waits, without re-reading."
    yield _gauge("portal_oldest_waiting_seconds", oldest, state.oldest_prompt_s)
    yield from _tally(state)
    yield from _alarms(state)
    yield from _outbox(queue_stats.outbox_counts())
    used, allowed = alarms.count_connections()
    yield _gauge("portal_database_connections", "Connections that PostgreSQL has.", used)
    yield _gauge("portal_database_connections_max", "What it lets ordinary roles have.", allowed)
    if archived_at := alarms.find_last_archived_wal():
        what = "When PostgreSQL last shipped its log."
        yield _gauge("portal_wal_archived_timestamp_seconds", what, archived_at)


def _tally(state: QueueState) -> Iterator[Metric]:
    """Yield the last whole count, if there was one."""
    if state.tally is None:
        return
    yield CounterMetricFamily(
        "portal_reports_accepted", "Accepted, as of that count.", value=state.tally.accepted
    )
    yield _gauge("portal_reports_done", "Read by the machine, as of that count.", state.tally.done)
    unaccounted = "accepted - done - waiting - failed of that count; anything but 0 is a loss."
    yield _gauge("portal_reports_unaccounted", unaccounted, state.unaccounted)
    counted_at = state.tally.counted_at.timestamp()
    yield _gauge("portal_counted_timestamp_seconds", "When that count was taken.", counted_at)


def _alarms(state: QueueState) -> Iterator[Metric]:
    holds = GaugeMetricFamily(
        "portal_alarm_reports", "Reports that an alarm is about now; 0 is well.", labels=["kind"]
    )
    raised = GaugeMetricFamily(
        "portal_alarm_since_timestamp_seconds", "Since when an alarm stands.", labels=["kind"]
    )
    counts: dict[str, int] = dict.fromkeys(Alarm.Kind.values, 0)
    for alarm in Alarm.objects.filter(count__gt=0):
        raised.add_metric([alarm.kind], alarm.since.timestamp())
        counts[alarm.kind] = alarm.count
    for kind, count in (counts | alarms.affected_counts(state)).items():
        holds.add_metric([kind], count)
    yield holds
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


def _requests() -> Iterator[Metric]:
    """Yield what web's processes were asked since web started, by the name of the view."""
    counts = middleware.shared_counts()
    requests = CounterMetricFamily(
        "portal_requests", "Requests by view and status.", labels=["host", "view", "status"]
    )
    seconds = SummaryMetricFamily(
        "portal_request_seconds", "How long they took.", labels=["host", "view"]
    )
    busy = _gauge("portal_web_threads_busy", "Threads of web that answer now.", labels=["host"])
    threads = _gauge("portal_web_threads", "Threads of web.", labels=["host"])
    for view, total, answers in counts.list_views():
        seconds.add_metric([_HOST, view], int(sum(answers)), total)
        for status, count in zip(middleware.STATUSES, answers, strict=True):
            requests.add_metric([_HOST, view, status], count)
    yield requests
    yield seconds
    busy.add_metric([_HOST], counts.threads_taken(everywhere=True))
    threads.add_metric([_HOST], gunicorn.workers * gunicorn.threads)
    yield from (busy, threads)


def _processes() -> Iterator[Metric]:
    """Yield the supervisor's restarts; under compose there is no such file."""
    state = read_json(settings.DATA_DIR / "supervisor.json")
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
    if written_at := read_json(settings.DATA_DIR / alarms.BACKUP_FILE).get("written_at"):
        what = "When the last archive was written."
        yield _gauge("portal_backup_timestamp_seconds", what, written_at)


def _disk() -> Iterator[Metric]:
    """Yield the free space of DATA_DIR, and for files where their folder is there."""
    yield _gauge("portal_disk_free_bytes", "Room where DATA_DIR lies.", alarms.free_disk_bytes())
    try:
        disk = os.statvfs(settings.FILES_DIR)
    except OSError:
        return
    free = disk.f_bavail * disk.f_frsize - storage.RESERVED_BYTES
    what = "Room for files that residents send, without what they leave free on their disk."
    yield _gauge("portal_files_free_bytes", what, free)


def _guesses() -> Iterator[Metric]:
    wrong = receipt_codes.wrong_codes()
    if wrong is not None:
        what = "Receipt codes and one-time words that opened nothing."
        yield CounterMetricFamily("portal_wrong_codes", what, value=wrong)
