"""OpenTelemetry traces for the collector that TRACES_URL names: a POST, its wait in the outbox, triage. Else nobody loads this.

A span holds the name of a view or task, times, a status, attempts and the class of an error: nothing that anybody wrote, no
address, and no key of a report. A visitor's own traceparent is not believed.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import structlog
from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from core import tracing
from core.database import log_database_error
from core.models import OutboxItem
from portal.middleware import OTHER

log = structlog.get_logger(__name__)

SERVICE = "call-report-portal"
EXPORT_TIMEOUT_SECONDS = (
    5.0  # in a thread of its own: no visitor and no report waits for a collector
)
_propagator = TraceContextTextMapPropagator()


@cache
def get_provider() -> TracerProvider:
    """Return this process's provider, made at its first span: after gunicorn and Celery have forked."""
    resource = Resource.create({"service.name": SERVICE})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)  # nor does an end wait
    exporter = OTLPSpanExporter(endpoint=settings.TRACES_URL, timeout=EXPORT_TIMEOUT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


class TraceMiddleware(MiddlewareMixin):
    """Outermost middleware: begins a trace at each POST, for the outbox and the log too."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: HttpRequest) -> Any:
        if request.method != "POST":
            return self.get_response(request)
        span = get_provider().get_tracer(SERVICE).start_span("POST", Context(), SpanKind.SERVER)
        carrier: dict[str, str] = {}
        _propagator.inject(carrier, set_span_in_context(span))
        tracing.traceparent.set(carrier["traceparent"])
        response = self.get_response(request)  # never raises: the innermost layer answers errors
        tracing.traceparent.set("")
        match = request.resolver_match
        span.update_name(f"POST {match.view_name if match else OTHER}")
        span.set_attribute("http.response.status_code", response.status_code)
        span.end()
        return response


def connect_signals() -> None:
    """Trace from now on what this process of the worker does."""
    task_prerun.connect(begin_message)
    task_postrun.connect(end_message)


def begin_message(args: Sequence[Any] = (), **_: object) -> None:
    """Note whose traces the items of a message continue."""
    with log_database_error(log, "trace.read_failed"):
        items = OutboxItem.objects.filter(pk__in=args[0] if args else (), done_at=None)
        tracing.by_item.update(items.exclude(traceparent="").values_list("pk", "traceparent"))


def end_message(**_: object) -> None:
    """Tell the collector how long each item waited and was worked on, as its row has it."""
    with log_database_error(log, "trace.read_failed"):
        for item in OutboxItem.objects.filter(pk__in=tracing.by_item, leased_at__isnull=False):
            _trace_item(item)
    tracing.by_item.clear()


def _trace_item(item: OutboxItem) -> None:
    tracer = get_provider().get_tracer(SERVICE)
    context = _propagator.extract({"traceparent": item.traceparent})
    leased_at = _nanoseconds(item.leased_at)
    if item.attempts <= 1:
        begun = _nanoseconds(item.created_at)
        tracer.start_span("outbox", context, start_time=begun).end(leased_at)
    span = tracer.start_span(item.task, context, SpanKind.CONSUMER, start_time=leased_at)
    span.set_attribute("attempts", item.attempts)
    if item.error:
        span.set_attribute("error.type", item.error)
        span.set_status(StatusCode.ERROR)
    span.end(_nanoseconds(item.done_at))


def _nanoseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1e9)
