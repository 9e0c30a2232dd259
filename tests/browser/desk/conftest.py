"""A real browser at the desk: an officer's session, the second factor already given."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page

from reports.cases import workflow
from reports.models import Report
from tests.browser.conftest import OpenContext
from tests.support import report_factories
from tests.support.officers import create_officer, log_in

OpenDesk = Callable[..., Page]
QUEUE = "/admin/reports/report/"
STORY = "Xưng công an tỉnh, bảo mẹ tôi đang ở nhà rút sổ tiết kiệm 120 triệu, chuyển vào STK 19031234567890."
HOSTILE = "<script>document.title='x'</script>\u202e" + "dài" * 300 + "\u200b công an"


@pytest.fixture
def chief(portal: str) -> Client:
    return log_in(create_officer("chief", "lead"))


@pytest.fixture
def open_desk(portal: str, open_context: OpenContext) -> Iterator[OpenDesk]:
    """Return a function that opens a page with the session of an officer. No such page breaks the
    content policy, whatever the test does there.
    """
    name, path = settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_PATH
    told: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        is_refusal = "status of 4" in message.text and "/static/" not in message.location["url"]
        if not is_refusal and "username fields" not in message.text:
            told.append(f"{message.location} {message.text}")

    def open_with_session(officer: Client, width: int = 1280, **options: Any) -> Page:
        context = open_context(width, 800, **options)
        key = officer.cookies[name].value
        context.add_cookies([{"name": name, "value": key, "url": portal + path}])
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: told.append(f"{page.url} {error}"))
        return page

    yield open_with_session
    assert told == []


@pytest.fixture
def page(open_desk: OpenDesk, chief: Client) -> Page:
    """A page of the chief's."""
    return open_desk(chief)


@pytest.fixture
def report(chief: Client) -> Report:
    """The report that most is known of, among others."""
    report_factories.report(HOSTILE, caller_number="<b>0550</b>")
    report_factories.triaged("Quảng cáo đất.", caller_number="0550 000 123")
    subject = report_factories.triaged(
        STORY, caller_number="0550 000 123", contact="0992 000 118", phrase="bến đò, 47", flags=("masked_id",)
    )  # fmt: skip
    by = create_officer("minh", "duty")
    workflow.decide("ask", subject.pk, by=by, version=1, reason="Số tài khoản nhận là gì?")
    return subject
