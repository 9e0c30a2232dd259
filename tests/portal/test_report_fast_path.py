"""The door of reports: what went through every layer once is given again, and nothing else is."""

from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import override_settings

from core.keys import form_token
from portal import report_fast_path
from reports.models import Report
from reports.views import report
from reports.views.form_errors import HttpResponseSeeOther
from tests.reports.submission.test_intake import STORY

pytestmark = pytest.mark.django_db
DOORS = ("/bao-cao/", "/bao-cao/gui/", "/en/bao-cao/", "/en/bao-cao/gui/")


def send(client: Client, path: str = "/bao-cao/", **more: Any) -> Any:
    fields = {"form_token": form_token(), "story": STORY, **more.pop("fields", {})}
    return client.post(path, fields, **more)


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The posts that reached the view through all layers."""
    seen: list[str] = []
    original = report.submit_view

    def through(request: HttpRequest) -> Any:
        seen.append(request.path)
        return original(request)

    monkeypatch.setattr(report, "submit_view", through)
    return seen


@pytest.mark.parametrize("path", DOORS)
def test_the_second_report_is_answered_as_the_first(
    client: Client, path: str, passed: list[str]
) -> None:
    first, second = send(client, path), send(client, path)
    assert (first.status_code, second.status_code) == (303, 303)
    assert dict(first.headers) == dict(second.headers)
    assert passed == [path]
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


@pytest.fixture
def broken(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """No report is taken in any more, under a path that is known."""

    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    for path in ("/bao-cao/", "/en/bao-cao/"):
        send(client, path)
    monkeypatch.setattr("reports.submission.intake.submit_report", breaks)
    client.raise_request_exception = False


def test_what_breaks_behind_the_door_is_a_page_with_every_header(
    client: Client, broken: None
) -> None:
    answer = send(client)
    assert answer.status_code == 500
    assert "Content-Security-Policy" in answer.headers


def test_what_breaks_behind_the_door_is_told_in_the_language_of_the_page(
    client: Client, broken: None
) -> None:
    assert 'lang="en"' in send(client, "/en/bao-cao/").content.decode()
    assert 'lang="vi"' in send(client).content.decode()


def test_what_breaks_behind_the_door_has_its_view_in_the_log(
    client: Client, broken: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("ERROR", "django.request"):
        send(client)
    assert "request.failed view=reports:report " in caplog.text


def test_a_host_that_is_not_ours_is_refused_however_many_came_before(client: Client) -> None:
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
        lambda _: HttpResponseSeeOther("/bao-cao/da-nhan/")
    )
    for number in range(report_fast_path.MAX_KEYS + 3):
        ours(RequestFactory().post("/bao-cao/", HTTP_HOST=f"host{number}.example"))
    assert len(ours.headers_by_key) == report_fast_path.MAX_KEYS
    assert (
        "/bao-cao/",
        f"host{report_fast_path.MAX_KEYS + 2}.example",
        False,
    ) in ours.headers_by_key


def test_what_all_reports_share_of_an_answer_is_changed_by_none(client: Client) -> None:
    send(client)
    with pytest.raises(TypeError):
        send(client)["X-Of-One"] = "report"
    assert "X-Of-One" not in send(client).headers
