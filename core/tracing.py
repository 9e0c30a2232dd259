"""The trace of what is done now, as W3C's traceparent: a POST begins it, its outbox item carries it on, log lines bear its id.

Without TRACES_URL nobody begins one (portal/traces.py), and the variable stays empty.
"""

from contextvars import ContextVar

from structlog.typing import EventDict, WrappedLogger

traceparent: ContextVar[str] = ContextVar("traceparent", default="")
by_item: dict[int, str] = {}  # of the items that this process of the worker has in hand


def add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the id of the trace to a log line that is written in one, or about an item of one."""
    if parent := traceparent.get() or by_item.get(event.get("item", 0), ""):
        event["trace"] = parent.split("-")[1]
    return event
