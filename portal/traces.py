"""OpenTelemetry traces for the collector that TRACES_URL names: a POST, its wait in the outbox, triage. Else nobody loads this.

A span holds the name of a view or task, times, a status, attempts and the class of an error: nothing that anybody wrote, no
address, and no key of a report. A visitor's own traceparent is not believed. Spans go out as OTLP in JSON: redis-py loads
OpenTelemetry's library into every process of a portal where it is installed, whether or not anybody traces.
"""

import json
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from http.client import HTTPException
from queue import Full, Queue
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from core import tracing
from core.database import log_database_error
from core.models import OutboxItem
from core.outbox.relay import Backoff
from portal.middleware import view_name_of

log = structlog.get_logger(__name__)

MAX_SPANS = 2000  # that wait to be sent; of more the newest are dropped
SEND_INTERVAL_SECONDS, SEND_TIMEOUT_SECONDS = 1.0, 5.0
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "call-report-portal"}}]}
INTERNAL, SERVER, CONSUMER, ERROR = 1, 2, 5, 2  # OTLP's numbers


@cache
def get_spans() -> Queue[dict[str, Any]]:
    """Return what this process has to tell; the thread that sends it begins with the first: after gunicorn and Celery
    have forked, and nobody waits for it.
    """
    spans: Queue[dict[str, Any]] = Queue(MAX_SPANS)
    Thread(target=_send_all, args=[spans], name="traces", daemon=True).start()
    return spans


def _send_all(spans: Queue[dict[str, Any]]) -> None:
    """Send for ever; what the collector does not take is dropped."""
    pause = Backoff("trace.export_failed")
    while True:
        batch = [spans.get()]
        time.sleep(SEND_INTERVAL_SECONDS)
        batch += [spans.get() for _ in range(spans.qsize())]
        body = {"resourceSpans": [{"resource": RESOURCE, "scopeSpans": [{"spans": batch}]}]}
        headers = {"Content-Type": "application/json"}
        # A start refuses what is no http address (portal/checks.py).
        request = Request(settings.TRACES_URL, json.dumps(body).encode(), headers)  # noqa: S310
        try:
            urlopen(request, timeout=SEND_TIMEOUT_SECONDS).close()  # noqa: S310  # nosec B310
            pause.reset()
        except (OSError, HTTPException) as error:
            pause.record_failure(type(error).__name__)
        for _ in batch:
            spans.task_done()


class TraceMiddleware(MiddlewareMixin):
    """Outermost middleware: begins a trace at each POST, for the outbox and the log too."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: HttpRequest) -> Any:
        if request.method != "POST":
            return self.get_response(request)
        begun, trace, span = time.time_ns(), secrets.token_hex(16), secrets.token_hex(8)
        tracing.traceparent.set(f"00-{trace}-{span}-01")
        response = self.get_response(request)  # never raises: the layers inside answer errors
        tracing.traceparent.set("")
        name, times = f"POST {view_name_of(request)}", (begun, time.time_ns())
        _export(name, SERVER, (trace, ""), times, span, status=response.status_code)
        return response


def begin_message(args: Sequence[Any] = (), **_: object) -> None:
    """Note whose traces the items of a message continue."""
    with log_database_error(log, "trace.read_failed"):
        items = OutboxItem.objects.filter(pk__in=args[0] if args else (), done_at=None)
        tracing.by_item.update(items.exclude(traceparent="").values_list("pk", "traceparent"))


def end_message(**_: object) -> None:
    """Tell how long each item waited and was worked on, as its row has it."""
    with log_database_error(log, "trace.read_failed"):
        for item in OutboxItem.objects.filter(pk__in=tracing.by_item, leased_at__isnull=False):
            _export_item(item)
    tracing.by_item.clear()


def _export_item(item: OutboxItem) -> None:
    _, trace, parent, _ = item.traceparent.split("-")
    leased_at = _nanoseconds(item.leased_at)
    if item.attempts <= 1:
        _export("outbox", INTERNAL, (trace, parent), (_nanoseconds(item.created_at), leased_at))
    times = leased_at, _nanoseconds(item.done_at)
    _export(item.task, CONSUMER, (trace, parent), times, attempts=item.attempts, error=item.error)


def _nanoseconds(moment: datetime | None) -> int:
    return int(moment.timestamp() * 1e9) if moment else time.time_ns()


def _export(
    name: str, kind: int, ids: tuple[str, str], times: tuple[int, int], span: str = "", **facts: object
) -> None:  # fmt: skip
    """Have a span sent, with its trace and parent, its begin and end, and its id where it has one by now."""
    attributes = [
        {"key": key, "value": {"stringValue": str(fact)}} for key, fact in facts.items() if fact
    ]
    row = {
        "traceId": ids[0], "parentSpanId": ids[1], "spanId": span or secrets.token_hex(8), "name": name, "kind": kind,
        "startTimeUnixNano": str(times[0]), "endTimeUnixNano": str(times[1]), "attributes": attributes,
        "status": {"code": ERROR} if facts.get("error") else {},
    }  # fmt: skip
    with suppress(Full):
        get_spans().put_nowait(row)
