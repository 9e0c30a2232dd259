"""Traces: the POST of a report, its wait in the outbox and its reading are one trace, which tells nothing of it."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from celery.signals import task_postrun, task_prerun
from django.test import Client
from pytest_django import Settings

from core import tracing
from core.keys import form_token
from core.models import OutboxItem
from portal import traces
from reports import tasks
from tests.support.partner_server import OK, PartnerServer, partner_server, say
from tests.support.processes import run_script
from tests.support.report_factories import STORY

pytestmark = pytest.mark.django_db(transaction=True)  # Celery closes the connection around a task
FOREIGN = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.fixture
def collector(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[PartnerServer]:
    """A collector on this machine, while the portal traces."""
    monkeypatch.setattr(traces, "SEND_INTERVAL_SECONDS", 0.1)
    settings.MIDDLEWARE = ["portal.traces.TraceMiddleware", *settings.MIDDLEWARE]
    with partner_server(say(OK)) as server:
        settings.TRACES_URL = server.url
        task_prerun.connect(traces.begin_message)
        task_postrun.connect(traces.end_message)
        yield server
        task_prerun.disconnect(traces.begin_message)
        task_postrun.disconnect(traces.end_message)


def post() -> OutboxItem:
    """Return the item of a report that a browser posts with somebody's own traceparent."""
    fields = {"form_token": form_token(), "story": STORY, "caller_number": "0550 000 123"}
    answer = Client().post("/bao-cao/", fields, headers={"traceparent": FOREIGN})
    assert answer.status_code == 303
    return OutboxItem.objects.latest("pk")


def list_spans(collector: PartnerServer) -> list[Any]:
    """Return what was sent by now, in the order of its beginning."""
    traces.get_spans().join()
    sent = [json.loads(collector.body(number)) for number in range(len(collector.heard))]
    spans = [span for each in sent for span in each["resourceSpans"][0]["scopeSpans"][0]["spans"]]
    return sorted(spans, key=lambda span: int(span["startTimeUnixNano"]))


def test_post_wait_and_triage_are_one_trace_without_a_word_or_key_of_the_report(
    collector: PartnerServer,
) -> None:
    item = post()
    tasks.triage_reports.apply(args=[[item.pk]])
    posted, waited, triaged = list_spans(collector)
    names = ["POST reports:report", "outbox", "reports.triage"]
    assert [span["name"] for span in (posted, waited, triaged)] == names
    assert {waited["traceId"], triaged["traceId"]} == {posted["traceId"]} != {"a" * 32}
    assert {waited["parentSpanId"], triaged["parentSpanId"]} == {posted["spanId"]}
    assert waited["endTimeUnixNano"] == triaged["startTimeUnixNano"] < triaged["endTimeUnixNano"]
    text = b"".join(collector.heard).decode()
    assert not [word for word in (*STORY.split()[:4], "0550", item.key) if word in text]
    assert tracing.by_item == {}


def test_a_failed_attempt_tells_the_class_of_its_error_and_the_log_the_trace(
    collector: PartnerServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("reports.triage.report_triage.write_and_link", lambda _: 1 / 0)
    tasks.triage_reports.apply(args=[[post().pk]])
    *_, triaged = list_spans(collector)
    assert triaged["status"] == {"code": traces.ERROR}
    assert {"key": "error", "value": {"stringValue": "ZeroDivisionError"}} in triaged["attributes"]
    (line,) = [line for line in caplog.messages if "outbox.attempt_failed" in line]
    assert triaged["traceId"] in line


def test_a_collector_that_is_away_delays_and_refuses_nothing(
    collector: PartnerServer, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        settings.TRACES_URL = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
    assert post().traceparent
    traces.get_spans().join()
    assert "trace.export_failed" in caplog.text


def test_without_a_collector_nobody_traces() -> None:
    loaded = "import portal.wsgi, portal.celery, sys; portal.celery.trace_messages();"
    assert run_script(f"{loaded} print('portal.traces' in sys.modules)", TRACES_URL="") == "False"
    assert post().traceparent == ""
    assert tracing.add_trace(None, "info", {"event": "x", "item": 1}) == {"event": "x", "item": 1}
