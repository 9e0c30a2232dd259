"""Browsers' reports of our policy are logged, and nothing that tells of a person."""

import json
from typing import Any

import pytest
from django.test import Client

from portal import views

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


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What the log has of reports."""
    found: list[dict[str, str]] = []
    monkeypatch.setattr(views.log, "warning", lambda _, **fields: found.append(fields))
    return found


def test_both_forms_are_logged_without_a_word_or_an_address(
    client: Client, lines: list[dict[str, str]]
) -> None:
    assert post(client, OLD) == post(client, NEW, "application/reports+json") == 204
    assert lines == [
        {"directive": "style-src-elem", "blocked": "inline", "page": "invitation"},
        {"directive": "script-src-elem", "blocked": "elsewhere", "page": "reports:report"},
    ]


@pytest.mark.parametrize(
    "report",
    ["", "{", "[]", "[1]", '"x"', "[" * 9000, {"csp-report": 1}, {"body": {"blockedURL": "//["}},
     {"body": {"effectiveDirective": "goi-so-nay-ngay", "blockedURL": "so-nay:"}}],
)  # fmt: skip
def test_what_is_no_report_or_invented_brings_no_word_into_the_log(
    client: Client, lines: list[dict[str, str]], report: Any
) -> None:
    assert post(client, report) == 204
    assert lines in ([], [{"directive": "other", "blocked": "other", "page": "other"}])


def test_more_than_a_browser_sends_is_refused_unread(
    client: Client, lines: list[dict[str, str]]
) -> None:
    assert post(client, "x" * (views.MAX_CSP_POST_BYTES + 1)) == 413
    assert post(client, NEW * 11, "application/reports+json") == 204
    assert len(lines) == views.MAX_CSP_REPORTS


def test_other_sites_and_other_things_are_not_logged(
    client: Client, lines: list[dict[str, str]]
) -> None:
    assert post(client, OLD, headers={"Origin": "https://other.example"}) == 403
    assert post(client, OLD, "text/plain") == 204
    assert client.get("/csp/").status_code == 405
    assert lines == []


def test_who_tells_very_much_is_thanked_and_fills_no_log(
    client: Client, lines: list[dict[str, str]]
) -> None:
    most = views.OWN_CSP_REPORTS.requests
    assert {post(client, OLD) for _ in range(most + 5)} == {204}
    assert len(lines) == most


@pytest.mark.django_db
def test_the_policy_names_it(client: Client) -> None:
    answer = client.get("/theo-doi/")
    assert {"report-uri /csp/", "report-to csp"} <= {*answer["Content-Security-Policy"].split("; ")}
    assert answer["Reporting-Endpoints"] == 'csp="/csp/"'
