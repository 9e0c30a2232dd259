"""The desk in a real browser: usable by everybody, by the keyboard, and under its strict policy."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from accounts import invitations
from reports.cases import workflow
from reports.models import Case, Report
from tests.browser.pages import WIDTHS, once, press, small_and_large, too_wide, violations
from tests.support import report_factories
from tests.support.officers import create_officer, log_in

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

QUEUE = "/admin/reports/report/"
# Nothing on them is of a report: tests/browser/test_desk_walk.py looks at them as a lead does.
STILL = [
    "/admin/password_change/",
    "/admin/reports/report/export/",
    "/admin/reports/reprocessingrun/start/",
    "/admin/reports/office/",
    "/admin/reports/office/add/",
    "/admin/reports/commune/",
    "/admin/auth/user/",
    "/admin/sessions/",
    "/admin/help/",
    "/admin/help/tour/",
    "/admin/reports/cannedreply/",
    "/admin/reports/cannedreply/add/",
]
OF_REPORTS = [
    "/admin/",
    QUEUE,
    f"{QUEUE}?viec=all&q=cong+an",
    "/admin/reports/campaign/",
    "/admin/core/auditevent/",
    "/admin/core/auditevent/looks/",
    "/admin/reports/reprocessingrun/",
]
STORY = "Xưng công an tỉnh, bảo mẹ tôi đang ở nhà rút sổ tiết kiệm 120 triệu, chuyển vào STK 19031234567890."
HOSTILE = "<script>document.title='x'</script>\u202e" + "dài" * 300 + "\u200b công an"

TIGHT_LINES = """
[...document.querySelectorAll("#content *, header *")]
  .filter(el => [...el.childNodes].some(node => node.nodeType == 3 && node.data.trim()))
  .filter(el => { const style = getComputedStyle(el);
                  return parseFloat(style.lineHeight) / parseFloat(style.fontSize) < 1.49; })
  .map(el => el.outerHTML)
"""


@pytest.fixture
def chief(portal: str) -> Client:
    return log_in(create_officer("chief", "lead"))


@pytest.fixture
def report(chief: Client) -> Report:
    """The report that most is known of, among others."""
    report_factories.report(HOSTILE, caller_number="<b>0550</b>")
    report_factories.triaged("Quảng cáo đất.", caller_number="0550 000 123")
    subject = report_factories.triaged(
        STORY, caller_number="0550 000 123", contact="0992 000 118", phrase="bến đò, 47", flags=("masked_id",)
    )  # fmt: skip
    by = create_officer("minh", "duty")
    workflow.ask_reporter(subject.pk, by=by, version=1, reason="Số tài khoản nhận là gì?")
    return subject


@pytest.fixture(params=WIDTHS)
def page(
    browser: Browser, request: pytest.FixtureRequest, portal: str, chief: Client
) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 800}, bypass_csp=True)
    _come_in(context, portal, chief)
    yield context.new_page()
    context.close()


def _come_in(context: BrowserContext, portal: str, officer: Client) -> None:
    """The officer's session, with the second factor already given."""
    name, path = settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_PATH
    cookie = officer.cookies[name].value
    context.add_cookies(
        [
            {
                "name": name,
                "value": cookie,
                "domain": portal.split("//")[1].split(":", maxsplit=1)[0],
                "path": path,
            }
        ]
    )


def faults(page: Page) -> list[Any]:
    """What axe and our own rules find wrong in the page as it stands."""
    return [*violations(page), *page.evaluate(TIGHT_LINES), *too_wide(page)]


@once
def test_no_page_has_a_fault(portal: str, page: Page, report: Report) -> None:
    for path in [*OF_REPORTS, f"{QUEUE}{report.pk}/keeping/"]:
        answer = page.goto(portal + path)
        assert answer is not None
        assert (answer.status, small_and_large(page, faults)) == (200, []), path


def test_no_state_of_a_report_has_a_fault(portal: str, page: Page, report: Report) -> None:
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    for summary in page.locator("summary").all():
        summary.click()
    assert faults(page) == []
    press(page, page.locator("details.grave button"))
    assert "Chưa ghi lý do" in page.inner_text("#content")
    assert faults(page) == []
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    page.get_by_text("Hiện số", exact=True).click()
    page.locator("#why_contact").fill("Gọi lại người báo")
    with page.expect_navigation():
        page.locator("#why_contact").press("Enter")
    page.get_by_text("(hiện một lần").wait_for()
    assert "0992 000 118" in page.inner_text("#content")
    assert faults(page) == []


def test_a_report_that_is_too_long_has_no_fault_and_is_downloaded_whole(
    portal: str, page: Page, chief: Client
) -> None:
    story = "công an \u202e\u2066" * 50 + "công an " * 20_000
    report = report_factories.triaged(story, claimed_name="dài " * 500)
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    assert faults(page) == []
    with page.expect_download() as copy:
        page.get_by_role("link", name="Tải toàn bộ những gì người báo viết").click()
    assert story in copy.value.path().read_text()
    page.get_by_text("Hiện bản gốc lời kể").click()
    page.get_by_label("Vì sao cần xem").fill("Đối chiếu lời kể gốc")
    with page.expect_navigation():
        page.get_by_label("Vì sao cần xem").press("Enter")
    page.get_by_role("button", name="Tải toàn bộ bản gốc").wait_for()
    assert faults(page) == []
    with page.expect_download() as original:
        page.get_by_role("button", name="Tải toàn bộ bản gốc").click()
    assert original.value.path().read_text() == story


def test_no_page_outside_the_desk_has_a_fault(portal: str, page: Page) -> None:
    page.context.clear_cookies()
    page.goto(f"{portal}/admin/")
    assert faults(page) == []
    press(page, page.locator("[type=submit]"))
    assert faults(page) == []
    page.goto(portal + invitations.create_invitation("le.thu.ha", "duty"))
    assert faults(page) == []
    square = page.locator("svg.square").bounding_box()
    assert square is not None
    assert square["width"] == square["height"] >= 200


def test_the_queue_beside_a_scrollbar_keeps_its_last_column(
    portal: str, browser: Browser, chief: Client, report: Report
) -> None:
    """A window of 1280 pixels whose bar takes 15; a headless browser draws none."""
    context = browser.new_context(viewport={"width": 1280 - 15, "height": 800})
    _come_in(context, portal, chief)
    page = context.new_page()
    page.goto(portal + QUEUE)
    results = page.locator("#changelist .results")
    assert results.evaluate("it => it.scrollWidth - it.clientWidth") == 0
    context.close()


def test_no_page_breaks_the_content_policy(
    portal: str, browser: Browser, chief: Client, report: Report
) -> None:
    context = browser.new_context()
    _come_in(context, portal, chief)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(f"{page.url} {message.text}"))
    page.on("pageerror", lambda error: said.append(f"{page.url} {error}"))
    for path in [*STILL, *OF_REPORTS, f"{QUEUE}{report.pk}/change/"]:
        page.goto(portal + path, wait_until="networkidle")
    context.close()
    assert [line for line in said if "username fields" not in line] == []


def test_from_queue_to_decision_takes_three_keys(
    portal: str, browser: Browser, chief: Client, report: Report
) -> None:
    """Enter on the report, Enter on "Nhận xử lý": the keyboard is enough, without script."""
    context = browser.new_context(java_script_enabled=False)
    _come_in(context, portal, chief)
    page = context.new_page()
    page.goto(portal + QUEUE)
    page.get_by_role("link", name=report.public_number).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Nhận xử lý").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "Đã nhận xử lý." in page.inner_text(".messagelist")
    context.close()
    officer = Case.objects.get(report=report).officer
    assert officer is not None
    assert officer.username == "chief"
