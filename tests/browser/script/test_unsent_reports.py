"""A report on a lost line: kept after a yes alone, sent once when the line is back."""

from unittest.mock import Mock

import pytest
from django.db import OperationalError
from playwright.sync_api import BrowserContext, Page, Route, expect

from reports.models import Report
from tests.browser.conftest import OpenContext
from tests.browser.pages import LAYOUT_SHIFT, find_resident_faults
from tests.browser.script.conftest import (
    KEEP_DRAFT,
    KEEP_UNSENT,
    ON_THE_DEVICE,
    RESTORED,
    SEND,
    STORY,
    WAITS,
    begin_report,
    expect_receipt,
    get_story,
    keep_unsent,
    list_cached_pages,
    open_report_page,
)

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

# The page shows itself after a second (portal.js); a busy machine needs longer to bring what waits.
PATIENT_VIEW = """{
  const later = setTimeout;
  window.setTimeout = (act, ms, ...more) => later(act, ms === 1000 ? 60000 : ms, ...more);
}"""
OLDER = "all.map((report) => ({{ ...report, at: report.at - {hours} * 3600e3 }}))"
TOO_LARGE = '{ ...all[0], key: "large", body: "story=" + "Dài ".repeat(400000) }'


def visit_again(portal: str, writing: Page, change: str) -> Page:
    """A report kept on a dead line, changed as `change` says of `all`; the line is back."""
    keep_unsent(writing)
    writing.evaluate(
        f"""() => {{
      const all = JSON.parse(localStorage.unsent);
      localStorage.unsent = JSON.stringify({change});
    }}"""
    )
    phone = writing.context
    writing.close()
    phone.set_offline(False)
    page = phone.new_page()
    page.goto(portal)
    return page


def test_a_report_on_a_dead_line_is_kept_only_with_a_yes(writing: Page) -> None:
    writing.context.set_offline(True)
    writing.get_by_role("button", name=SEND).click()
    expect(writing.get_by_text("Chưa gửi được, có thể do mạng")).to_be_visible()
    assert writing.evaluate(ON_THE_DEVICE) == "{}"
    assert get_story(writing) == STORY
    writing.context.set_offline(False)
    writing.get_by_role("button", name="Gửi lại").click()
    expect_receipt(writing)
    assert Report.objects.count() == 1


def test_a_kept_report_is_sent_when_the_line_is_back_though_its_page_was_open_too_long(
    writing: Page,
) -> None:
    writing.evaluate("document.querySelector('[name=form_token]').value = 'f:1:old'")
    keep_unsent(writing)
    assert Report.objects.count() == 0
    assert not writing.get_by_text("Đã gửi").is_visible()
    writing.context.set_offline(False)
    expect_receipt(writing)
    assert Report.objects.get().story.replace("\r\n", "\n") == STORY
    assert writing.evaluate(ON_THE_DEVICE) == "{}"


def test_a_kept_report_is_sent_at_the_next_visit_and_its_receipt_waits_for_a_press(
    portal: str, writing: Page
) -> None:
    """Somebody else may hold the phone by then. Until then every page leads to it, when its cookie has
    run out too.
    """
    page = visit_again(portal, writing, "all")
    expect(page.locator("#sent")).to_be_visible()
    assert page.url == f"{portal}/"
    page.context.clear_cookies()
    page.goto(f"{portal}/kiem-tra/")
    page.get_by_role("link", name="Xem mã tin báo").click()
    expect_receipt(page)
    assert len(page.locator(".code b").all_inner_texts()) == 4
    assert page.evaluate(ON_THE_DEVICE) == "{}"
    assert Report.objects.count() == 1


def test_what_is_sent_from_the_page_without_a_line_shows_the_way_to_its_code_and_keeps_it(
    portal: str, writing: Page
) -> None:
    list_cached_pages(writing)
    keep_unsent(writing)
    looks: list[Route] = []

    def hold(route: Route) -> None:
        looks.append(route)

    writing.context.route("**/livez", hold)
    with writing.expect_request("**/livez"):
        writing.goto(f"{portal}/kiem-tra/")
    writing.context.set_offline(False)
    expect(writing.locator("#sent")).to_be_visible()
    with writing.expect_response("**/livez"):
        looks[0].fulfill(status=200)
    expect(writing.locator("#no-line")).to_be_visible()
    writing.get_by_role("link", name="Xem mã tin báo").click()
    expect_receipt(writing)
    assert Report.objects.count() == 1


def test_the_quick_way_out_takes_an_unsent_report_and_its_draft_along(
    portal: str, phone: BrowserContext, writing: Page
) -> None:
    writing.get_by_label(KEEP_DRAFT).check()
    keep_unsent(writing)
    writing.get_by_role("link", name="Thoát nhanh").click()
    writing.wait_for_url("about:blank")
    phone.set_offline(False)
    page = open_report_page(portal, phone)
    assert get_story(page) == ""
    assert "công an" not in page.evaluate(ON_THE_DEVICE)
    assert Report.objects.count() == 0


def test_a_report_whose_answer_was_lost_is_not_written_twice(writing: Page) -> None:
    def swallow(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    writing.context.route("**/bao-cao/gui/", swallow)
    writing.get_by_role("button", name=SEND).click()
    writing.get_by_role("button", name=KEEP_UNSENT).click()
    writing.context.unroute("**/bao-cao/gui/", swallow)
    writing.get_by_role("button", name="Gửi ngay").click()
    expect_receipt(writing)
    assert Report.objects.count() == 1


def test_script_sends_the_very_words_that_the_browser_would(writing: Page) -> None:
    writing.get_by_role("button", name=SEND).click()
    expect_receipt(writing)
    writing.go_back()
    writing.evaluate("document.querySelector('[name=submission_key]').form.submit()")
    expect_receipt(writing)
    assert Report.objects.count() == 1


def test_what_the_server_refuses_is_shown_as_without_script(
    writing: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "reports.submission.intake.submit_report", Mock(side_effect=OperationalError)
    )
    writing.get_by_role("button", name=SEND).click()
    expect(writing.get_by_role("heading", name="Chưa gửi được")).to_be_visible()
    assert get_story(writing) == STORY


def test_two_tabs_send_once(portal: str, phone: BrowserContext, writing: Page) -> None:
    other = phone.new_page()
    other.goto(portal)
    keep_unsent(writing)
    posted: list[str] = []
    lost: list[str] = []  # the one page may be told of the line before the other
    phone.on("request", lambda request: posted.append(request.method))
    phone.on("requestfailed", lambda request: lost.append(request.method))
    phone.set_offline(False)
    writing.wait_for_function("() => !localStorage.unsent")
    other.wait_for_timeout(500)
    assert posted.count("POST") - lost.count("POST") == 1
    assert Report.objects.count() == 1


def test_a_kept_report_can_be_dropped(portal: str, phone: BrowserContext, writing: Page) -> None:
    keep_unsent(writing)
    drop = writing.get_by_role("button", name="Bỏ, không gửi nữa")
    drop.click()  # asked whether that is meant, Chromium says no for us
    expect(writing.get_by_text(WAITS)).to_be_visible()
    writing.once("dialog", lambda dialog: dialog.accept())
    drop.click()
    expect(writing.get_by_text(WAITS)).to_be_hidden()
    assert writing.evaluate(ON_THE_DEVICE) == "{}"


def test_no_state_of_a_lost_line_has_a_fault(portal: str, open_context: OpenContext) -> None:
    phone = open_context(bypass_csp=True)
    page = begin_report(open_report_page(portal, phone))
    page.get_by_label(KEEP_DRAFT).check()
    page.reload()
    expect(page.get_by_text(RESTORED)).to_be_visible()
    list_cached_pages(page)
    phone.set_offline(True)
    page.get_by_role("button", name=SEND).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert find_resident_faults(page) == []
    page.get_by_role("button", name=KEEP_UNSENT).click()
    expect(page.get_by_text(WAITS)).to_be_visible()
    assert find_resident_faults(page) == []
    page.goto(f"{portal}/theo-doi/")
    expect(page.locator("#unsent q")).to_be_visible()
    assert find_resident_faults(page) == []


def test_after_an_hour_a_kept_report_is_shown_without_a_jump_and_asked_about(
    portal: str, writing: Page
) -> None:
    writing.context.add_init_script(PATIENT_VIEW)
    writing.get_by_label(KEEP_DRAFT).check()
    page = visit_again(portal, writing, OLDER.format(hours=2))
    moved = {}
    for path in ("/", "/bao-cao/", "/theo-doi/"):
        page.goto(portal + path)
        expect(page.locator("#unsent q")).to_contain_text("Họ xưng công an")
        moved[path] = page.evaluate(LAYOUT_SHIFT)
    assert moved == dict.fromkeys(moved, 0)
    expect(page.get_by_text("Vẫn muốn gửi tin này?")).to_be_visible()
    assert Report.objects.count() == 0
    page.get_by_role("button", name="Gửi ngay").click()
    expect_receipt(page)
    assert Report.objects.count() == 1


def test_what_waits_is_sent_though_the_line_that_is_back_breaks_off_once_more(
    portal: str, writing: Page
) -> None:
    breaks = ["connectionreset"]

    def break_once(route: Route) -> None:
        if breaks:
            route.abort(breaks.pop())
        else:
            route.fallback()

    keep_unsent(writing)
    phone = writing.context
    writing.close()
    phone.set_offline(False)
    phone.route("**/sending*.js", break_once)
    page = phone.new_page()
    page.goto(portal)
    expect(page.locator("#sent")).to_be_visible()
    assert breaks == []
    assert Report.objects.count() == 1


def test_a_kept_report_of_yesterday_is_wiped_and_that_is_said(portal: str, writing: Page) -> None:
    page = visit_again(portal, writing, OLDER.format(hours=25))
    expect(page.get_by_text("đã xóa khỏi máy này")).to_be_visible()
    assert page.evaluate(ON_THE_DEVICE) == "{}"
    assert Report.objects.count() == 0


def test_a_refused_report_holds_up_no_other(portal: str, writing: Page) -> None:
    page = visit_again(portal, writing, f"[{TOO_LARGE}, ...all]")
    expect(page.locator("#sent")).to_be_visible()
    assert Report.objects.count() == 1
    expect(page.get_by_text("Trang chưa nhận tin này")).to_be_visible()
    expect(page.locator("#unsent q")).to_contain_text("Dài Dài")


def test_what_was_refused_goes_once_its_words_are_on_the_page(
    portal: str, writing: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = "all.map((report) => ({ ...report, action: report.action + '?', isRefused: true }))"
    monkeypatch.setattr("reports.views.form_errors.is_same_origin", Mock(return_value=False))
    page = visit_again(portal, writing, refused)
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.get_by_label("Kể lại chuyện")).to_have_value(STORY)
    page.wait_for_function("() => !localStorage.unsent")
