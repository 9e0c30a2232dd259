"""The resident's pages in a real browser: light on the line, usable by everybody, without script."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from playwright.sync_api import Browser, BrowserContext, Page, expect

from reports.models import Dispute, Report
from tests.browser.conftest import ARGUMENTS, CHROMIUM, OpenContext
from tests.browser.pages import find_edges, find_resident_faults, press

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

STORY = "Họ xưng công an, bảo tôi chuyển tiền."
CHOSEN: list[Any] = [
    {"name": f"Screenshot_{'9' * 60}.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff" * 9},
    {"name": "đơn.docx", "mimeType": "application/msword", "buffer": b"PK\3\4" * 9},
]
SEND = "Gửi tin báo"


def test_no_refused_report_and_no_file_has_a_fault(portal: str, page: Page) -> None:
    """The form, its receipt and the page about it: test_receipt_page.py, test_tracking_page.py."""
    page.goto(f"{portal}/bao-cao/")
    press(page, page.get_by_role("button", name=SEND))
    assert find_resident_faults(page) == []
    page.get_by_label("Kể lại chuyện").fill(STORY)
    page.get_by_role("button", name=SEND).click()
    page.locator(".ticket").wait_for()
    page.wait_for_load_state()
    press(page, page.get_by_role("button", name="Xem tin của tôi"))
    page.get_by_text("Gửi thêm ảnh, ghi âm").click()
    page.get_by_label("Chọn ảnh, bản ghi âm").set_input_files(CHOSEN)
    press(page, page.get_by_role("button", name="Gửi ảnh, ghi âm"))
    expect(page.get_by_text("Đã nhận ảnh 1 KB.")).to_be_visible()
    expect(page.get_by_text("Chưa nhận: đây không phải ảnh, ghi âm hay PDF.")).to_be_visible()
    assert find_resident_faults(page) == []


def test_no_answer_on_the_call_has_a_fault(portal: str, page: Page) -> None:
    page.goto(f"{portal}/dang-bi-goi/")
    page.get_by_label("Có", exact=True).first.check()
    expect(page.get_by_text("Không cần nói gì thêm")).to_be_visible()
    assert find_resident_faults(page) == []


def test_questions_appear_with_their_answer(portal: str, phone: BrowserContext) -> None:
    page = phone.new_page()
    page.goto(f"{portal}/bao-cao/")
    amount, phrase = page.get_by_label("Mất khoảng bao nhiêu"), page.get_by_label("Câu hẹn")
    number = page.get_by_label("Số (hoặc tên) hiện trên máy")
    assert (amount.is_visible(), phrase.is_visible(), number.is_visible()) == (False, False, True)
    page.get_by_label("Đã mất").check()
    page.get_by_label("Số để công an gọi").fill("0550 000 111")
    page.get_by_text("Không hiện số, hay gọi Zalo?").click()
    page.get_by_label("Máy không hiện số").check()
    assert (amount.is_visible(), phrase.is_visible(), number.is_visible()) == (True, True, False)


def test_the_report_is_four_screens_of_a_small_phone_and_says_first_whom_it_is_about(
    portal: str, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.goto(f"{portal}/bao-cao/")
    assert page.evaluate("document.documentElement.scrollHeight") <= 4 * 740
    first = page.locator("form#report .field input:visible").first
    assert first.get_attribute("name") == "on_behalf"


@pytest.mark.parametrize(
    ("ticked", "field", "typed"),
    [
        ("Đòi chuyển tiền", "Tài khoản nhận tiền", "1903 1234 567 890 VCB"),
        ("Đã mất", "Tài khoản nhận tiền", "1903 1234 567 890 VCB"),
        ("Bảo cài app", "Đường link họ gửi", "https://vi-du.example"),
        ("Họ vẫn đang ép", "Số của bạn, để công an gọi ngay", "0550 000 111"),
    ],
)
def test_a_field_comes_with_its_tick_and_stays_while_something_stands_in_it(
    portal: str, phone: BrowserContext, ticked: str, field: str, typed: str
) -> None:
    page = phone.new_page()
    page.goto(f"{portal}/bao-cao/")
    assert not page.get_by_label(field).is_visible()
    page.get_by_label(ticked).check()
    page.get_by_label(field).fill(typed)
    page.get_by_label("Chưa mất" if ticked == "Đã mất" else ticked).set_checked(ticked == "Đã mất")
    expect(page.get_by_label(field)).to_be_visible()


def test_who_reports_for_another_is_told_to_go_and_sit_with_them(
    portal: str, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.goto(f"{portal}/dang-bi-goi/")
    page.get_by_label("Họ vẫn đang ép").check()
    page.get_by_role("button", name="Sang trang báo cuộc gọi").click()
    assert page.get_by_label("Họ vẫn đang ép").is_checked()
    advice = page.get_by_text("sang ngồi cùng, đừng để ra ngân hàng một mình")
    expect(advice).to_be_hidden()
    page.get_by_label("Tôi báo thay người khác").check()
    expect(advice).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(240, 493), (180, 370)])
def test_an_enlarged_page_begins_in_sight(
    portal: str, open_context: OpenContext, width: int, height: int
) -> None:
    """A phone of 360 x 740 at 150 and 200 %."""
    page = open_context(width, height, java_script_enabled=False).new_page()
    for path in ("/", "/dang-bi-goi/", "/bao-cao/"):
        page.goto(f"{portal}{path}")
        assert find_edges(page.locator("header"))[1] <= height / 3
        assert find_edges(page.locator("h1"))[0] <= height / 2 or path == "/bao-cao/"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        help_right = (
            "document.querySelector('.help').lastElementChild.getBoundingClientRect().right"
        )
        assert page.evaluate(help_right) <= width


def test_help_is_in_sight_wherever_the_page_is_scrolled(portal: str, phone: BrowserContext) -> None:
    page = phone.new_page()
    page.goto(f"{portal}/bao-cao/")
    button = page.get_by_role("button", name=SEND)
    button.scroll_into_view_if_needed()
    top, bottom = find_edges(page.get_by_role("link", name="02373.725.725").first)
    assert bottom <= 740
    assert find_edges(button)[1] <= top


def test_a_phone_without_script_goes_from_the_call_to_the_receipt(
    portal: str, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.goto(portal)
    page.get_by_role("link", name="Họ đang gọi tôi").first.click()
    page.get_by_role("group", name="3. Họ bảo chuyển tiền").get_by_label("Có").check()
    page.get_by_role("button", name="Sang trang báo cuộc gọi").click()
    assert page.get_by_label("Đòi chuyển tiền, rút tiền").is_checked()
    page.get_by_label("Kể lại chuyện").fill(STORY)
    page.get_by_role("button", name=SEND).dblclick()
    receipt = page.get_by_role("heading", name="Đã nhận tin báo của bạn")
    receipt.wait_for()
    page.wait_for_load_state()
    page.reload()
    receipt.wait_for()
    assert Report.objects.count() == 1
    assert Report.objects.get().demands == ["money"]


REFUSALS = {
    "report": ("/bao-cao/", "story", STORY, SEND, "submission.intake.submit_report"),
    "dispute": ("/kiem-tra/xem-lai/", "number", "0550", "Gửi đề nghị", "numbers.disputes.submit_dispute"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "has_script"), [("report", True), ("dispute", False)])
def test_back_and_reload_of_what_was_refused_lose_no_word_and_send_nothing_twice(
    portal: str, browser: Browser, tmp_path: Path, kind: str, has_script: bool
) -> None:
    path, name, typed, button, service = REFUSALS[kind]
    page = chromium(browser, tmp_path, 1, java_script_enabled=has_script).new_page()
    page.goto(portal + path)
    page.fill(f"main [name={name}]", typed)
    with patch(f"reports.{service}", side_effect=OperationalError):
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("heading", name="Chưa gửi được")).to_be_visible()
        page.reload()
    page.get_by_role("button", name=button, exact=True).click()
    page.locator(".ticket").wait_for()
    page.go_back()
    assert page.locator(f"main [name={name}]").input_value() == typed
    page.go_back()
    expect(page.locator(f"main [name={name}]")).to_be_visible()
    assert (Report.objects.count(), Dispute.objects.count()) in {(1, 0), (0, 1)}


def test_two_at_one_browser_who_tick_the_same_are_two_reports(
    portal: str, phone: BrowserContext
) -> None:
    for page in (phone.new_page(), phone.new_page()):
        page.goto(f"{portal}/bao-cao/")
        page.get_by_label("Đòi chuyển tiền, rút tiền").check()
        page.get_by_role("button", name=SEND).click()
        page.wait_for_url("**/bao-cao/da-nhan/")
    assert Report.objects.count() == 2


def chromium(browser: Browser, folder: Path, cookies: int, **options: Any) -> BrowserContext:
    """A browser that keeps no page in memory, its cookies allowed (1) or not (2)."""
    preferences = folder / "Default" / "Preferences"
    preferences.parent.mkdir()
    profile = {"profile": {"default_content_setting_values": {"cookies": cookies}}}
    preferences.write_text(json.dumps(profile))
    arguments = [*ARGUMENTS, "--disable-features=BackForwardCache"]
    return browser.browser_type.launch_persistent_context(
        folder, executable_path=CHROMIUM, args=arguments, **options
    )


@pytest.mark.parametrize(
    ("cookies", "has_script"), [(1, True), (2, False)], ids=["script", "no-cookies"]
)
def test_back_finds_the_very_page_that_was_sent(
    portal: str, browser: Browser, tmp_path: Path, cookies: int, has_script: bool
) -> None:
    context = chromium(browser, tmp_path, cookies, java_script_enabled=has_script)
    page = context.new_page()
    page.goto(f"{portal}/bao-cao/")
    page.get_by_label("Kể lại chuyện").fill(STORY)
    page.get_by_role("button", name=SEND).click()
    page.wait_for_url("**/bao-cao/da-nhan/")
    page.go_back()
    assert page.get_by_label("Kể lại chuyện").input_value() == STORY
    page.get_by_role("button", name=SEND).click()
    page.locator(".ticket .code").wait_for()
    assert Report.objects.count() == 1
