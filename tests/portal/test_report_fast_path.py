"""The door of reports: what went through every layer once is given again, and nothing else is."""

from typing import Any
from unittest.mock import Mock

import pytest
from django.test import Client, RequestFactory
from django.test.utils import override_settings

from core.keys import form_token
from portal import report_fast_path
from reports.models import Report
from reports.views import report
from reports.views.form_errors import SubmissionRedirect
from tests.support.report_factories import STORY

pytestmark = pytest.mark.django_db
DOORS = ("/bao-cao/", "/bao-cao/gui/", "/en/bao-cao/", "/en/bao-cao/gui/")


def send(client: Client, path: str = "/bao-cao/", **more: Any) -> Any:
    fields = {"form_token": form_token(), "story": STORY, **more.pop("fields", {})}
    return client.post(path, fields, **more)


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """The view, which posts reach through all layers, with its calls."""
    through = Mock(side_effect=report.submit_view)
    monkeypatch.setattr(report, "submit_view", through)
    return through


@pytest.mark.parametrize("path", DOORS)
def test_the_second_report_is_answered_as_the_first(
    client: Client, path: str, passed: Mock
) -> None:
    first, second = send(client, path), send(client, path)
    assert (first.status_code, second.status_code) == (303, 303)
    assert dict(first.headers) == dict(second.headers)
    assert passed.call_count == 1
    one, other = (answer.cookies["receipt"] for answer in (first, second))
    assert one.value != other.value
    assert {**one, "expires": ""} == {**other, "expires": ""}
    languages = set(Report.objects.values_list("language", flat=True))
    assert languages == {"en" if path.startswith("/en/") else "vi"}


def test_what_is_not_taken_in_bears_every_header_of_a_page(client: Client) -> None:
    send(client)
    answers = [send(Client(), fields={"story": " "}), send(client, fields={"story": " "})]
    assert {answer.status_code for answer in answers} == {422}
    ours, usual = (set(answer.headers) for answer in answers)
    assert ours == usual
    assert "Content-Security-Policy" in usual


@pytest.mark.parametrize(("path", "language"), [("/bao-cao/", "vi"), ("/en/bao-cao/", "en")])
def test_what_breaks_behind_the_door_is_a_whole_page_in_its_language_and_named_in_the_log(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    path: str,
    language: str,
) -> None:
    send(client, path)
    monkeypatch.setattr(
        "reports.submission.intake.submit_report", Mock(side_effect=ZeroDivisionError)
    )
    client.raise_request_exception = False
    with caplog.at_level("ERROR", "django.request"):
        answer = send(client, path)
    assert answer.status_code == 500
    assert "Content-Security-Policy" in answer.headers
    assert f'lang="{language}"' in answer.content.decode()
    assert "request.failed view=reports:report " in caplog.text


def test_a_host_of_another_is_refused_however_many_came_before(client: Client) -> None:
    send(client)
    assert send(client, HTTP_HOST="evil.example").status_code == 400
    assert Report.objects.count() == 1


def test_under_https_nothing_is_taken_in_in_clear(client: Client) -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        assert send(Client(), secure=True).status_code == 303
        assert send(Client()).status_code == 301
    assert Report.objects.count() == 1


def test_whoever_types_hosts_fills_no_memory_and_keeps_no_other_host_out() -> None:
    ours = report_fast_path.ReportFastPathMiddleware(
        lambda _: SubmissionRedirect("/bao-cao/da-nhan/")
    )
    hosts = [f"host{number}.example" for number in range(report_fast_path.MAX_KEYS + 3)]
    for host in hosts:
        ours(RequestFactory().post("/bao-cao/", HTTP_HOST=host))
    assert len(ours.headers_by_key) == report_fast_path.MAX_KEYS
    assert ("/bao-cao/", hosts[-1], False) in ours.headers_by_key


def test_what_all_reports_share_of_an_answer_is_changed_by_none(client: Client) -> None:
    send(client)
    with pytest.raises(TypeError):
        send(client)["X-Of-One"] = "report"
    assert "X-Of-One" not in send(client).headers
