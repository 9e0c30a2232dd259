"""Traces: the POST of a report, its wait in the outbox and its reading are one trace, which tells nothing of it."""

from collections.abc import Iterator

import pytest
from django.test import Client
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from pytest_django import Settings

from core import tracing
from core.keys import form_token
from core.models import OutboxItem
from portal import traces
from reports import tasks
from tests.support.partner_server import OK, PartnerServer, partner_server, say
from tests.support.processes import run_script
from tests.support.report_factories import STORY

pytestmark = pytest.mark.django_db
FOREIGN = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.fixture
def collector(settings: Settings) -> Iterator[PartnerServer]:
    """A collector on this machine, while the portal traces."""
    with partner_server(say(OK)) as server:
        settings.TRACES_URL = server.url
        settings.MIDDLEWARE = ["portal.traces.TraceMiddleware", *settings.MIDDLEWARE]
        traces.get_provider.cache_clear()
        traces.connect_signals()
        yield server
        traces.task_prerun.disconnect(traces.begin_message)
        traces.task_postrun.disconnect(traces.end_message)
        traces.get_provider().shutdown()
        traces.get_provider.cache_clear()


def post() -> OutboxItem:
    """Return the item of a report that a browser posts with somebody's own traceparent."""
    fields = {"form_token": form_token(), "story": STORY, "caller_number": "0550 000 123"}
    answer = Client().post("/bao-cao/", fields, headers={"traceparent": FOREIGN})
    assert answer.status_code == 303
    return OutboxItem.objects.latest("pk")


def list_spans(collector: PartnerServer) -> list[Span]:
    traces.get_provider().force_flush()
    sent = [
        span
        for number in range(len(collector.heard))
        for resource in ExportTraceServiceRequest.FromString(collector.body(number)).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    return sorted(sent, key=lambda span: span.start_time_unix_nano)


def test_post_wait_and_triage_are_one_trace_without_a_word_or_key_of_the_report(
    collector: PartnerServer,
) -> None:
    item = post()
    tasks.triage_reports.apply(args=[[item.pk]])
    item.refresh_from_db()
    assert item.done_at
    posted, waited, triaged = list_spans(collector)
    assert [span.name for span in (posted, waited, triaged)] == [
        "POST reports:report", "outbox", "reports.triage",
    ]  # fmt: skip
    assert {span.trace_id for span in (waited, triaged)} == {posted.trace_id}
    assert {span.parent_span_id for span in (waited, triaged)} == {posted.span_id}
    assert posted.parent_span_id == b""
    assert posted.trace_id.hex() not in FOREIGN
    assert waited.end_time_unix_nano == triaged.start_time_unix_nano
    sent = b"".join(collector.heard)
    words = [*STORY.split()[:4], "0550", item.key]
    assert [word for word in words if word.encode() in sent] == []
    assert tracing.by_item == {}


def test_an_attempt_that_failed_tells_the_class_of_its_error_and_the_log_the_trace(
    collector: PartnerServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(STORY)

    item = post()
    monkeypatch.setattr("reports.triage.report_triage.write_and_link", fail)
    tasks.triage_reports.apply(args=[[item.pk]])
    *_, triaged = list_spans(collector)
    assert triaged.status.code == Status.STATUS_CODE_ERROR
    assert {each.key: each.value for each in triaged.attributes}[
        "error.type"
    ].string_value == "ValueError"
    (line,) = [line for line in caplog.messages if "outbox.attempt_failed" in line]
    assert f"'trace': '{triaged.trace_id.hex()}'" in line


def test_without_a_collector_nobody_loads_the_library_and_no_item_names_a_trace() -> None:
    loaded = "import portal.wsgi, portal.celery, sys; portal.celery.trace_messages();"
    assert run_script(f"{loaded} print('opentelemetry' in sys.modules)", TRACES_URL="") == "False"
    assert post().traceparent == ""
    assert tracing.add_trace(None, "info", {"event": "x", "item": 1}) == {"event": "x", "item": 1}
