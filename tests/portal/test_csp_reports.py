"""Browsers' reports of our policy are counted, and nothing of them is stored."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from redis import Redis

from portal import csp_reports

pytestmark = pytest.mark.usefixtures("enforced")

OLD = {
    "csp-report": {
        "document-uri": "http://127.0.0.1:8000/can-bo/loi-moi/bi-mat/?x=0550000123",
        "violated-directive": "style-src-elem 'self'",
        "blocked-uri": "inline",
        "script-sample": "số 0550 000 123",
    }
}
_SCRIPT = {
    "documentURL": "http://127.0.0.1:8000/bao-cao/",
    "effectiveDirective": "script-src-elem",
    "blockedURL": "https://ke-gian.example/x.js",
}
NEW = [{"type": "csp-violation", "body": _SCRIPT}]


def post(client: Client, report: Any, kind: str = "application/csp-report", **more: Any) -> int:
    body = report if isinstance(report, (str, bytes)) else json.dumps(report)
    return client.post("/csp/", body, content_type=kind, **more).status_code


def test_both_forms_are_counted_by_directive_and_by_what_was_stopped(client: Client) -> None:
    assert post(client, OLD) == post(client, NEW, "application/reports+json") == 204
    assert csp_reports.csp_report_count() == {
        ("style-src-elem", "inline"): 1,
        ("script-src-elem", "elsewhere"): 1,
    }


def test_nothing_of_a_report_is_kept(
    client: Client, enforced: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[Any] = []
    monkeypatch.setattr(csp_reports.log, "warning", lambda *a, **fields: lines.append((a, fields)))
    post(client, OLD)
    stored = re.sub("[0-9a-f]{32}", "", f"{lines} {enforced.keys('*')}")  # without digests
    assert "invitation" in stored
    assert not any(part in stored for part in ("bi-mat", "0550", "8000"))


def test_the_first_and_every_hundredth_are_logged(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.RATE_LIMITS = "count"
    counts: list[int] = []
    monkeypatch.setattr(csp_reports.log, "warning", lambda _, reports, **__: counts.append(reports))
    for _ in range(10):
        post(client, NEW * 10, "application/reports+json")
    assert counts == [1, 100]


@pytest.mark.parametrize(
    "report",
    ["", "{", "[]", "[1]", '"x"', "[" * 9000, {"csp-report": 1}, {"body": {"blockedURL": "//["}}],
)
def test_what_is_no_report_breaks_nothing(client: Client, report: Any) -> None:
    assert post(client, report) == 204
    assert sum(csp_reports.csp_report_count().values()) <= 1


def test_a_strange_directive_makes_no_counter_of_its_own(client: Client, enforced: Redis) -> None:
    for number in range(20):
        post(client, {"body": {"effectiveDirective": f"x{number}", "blockedURL": f"y{number}:"}})
    assert csp_reports.csp_report_count() == {("other", "other"): 20}
    assert len(enforced.keys("portal:csp:*")) == 1


def test_more_than_a_browser_sends_is_refused_unread(client: Client) -> None:
    assert post(client, "x" * (csp_reports.MAX_POST_BYTES + 1)) == 413
    assert post(client, NEW * 11, "application/reports+json") == 204
    counts = csp_reports.csp_report_count()
    assert counts == {("script-src-elem", "elsewhere"): csp_reports.MAX_REPORTS}


def test_other_sites_and_other_things_count_nothing(client: Client) -> None:
    assert post(client, OLD, headers={"Origin": "https://other.example"}) == 403
    assert post(client, OLD, "text/plain") == 204
    assert client.get("/csp/").status_code == 405
    assert csp_reports.csp_report_count() == {}


def test_who_tells_very_much_is_thanked_and_not_counted(client: Client) -> None:
    most = csp_reports.CSP_REPORTS.requests
    assert {post(client, OLD) for _ in range(most + 5)} == {204}
    assert csp_reports.csp_report_count() == {("style-src-elem", "inline"): most}


@pytest.mark.django_db
def test_the_policy_and_the_metrics_name_it(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "m" * 32
    post(client, OLD)
    answer = client.get("/theo-doi/")
    assert {"report-uri /csp/", "report-to csp"} <= {*answer["Content-Security-Policy"].split("; ")}
    assert answer["Reporting-Endpoints"] == 'csp="/csp/"'
    metrics = client.get("/metrics", headers={"Authorization": f"Bearer {'m' * 32}"})
    counter = 'portal_csp_reports_total{blocked="inline",directive="style-src-elem"} 1.0'
    assert counter in metrics.content.decode()
