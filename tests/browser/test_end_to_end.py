"""The story in a real browser on every real process: a phone without script, then the desk."""

import json
import time

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.pages import press
from tests.support.portal_process import PATIENCE, Portal

pytestmark = pytest.mark.serial

STORY = "Xưng là phó giám đốc sở, nói tôi dính vụ án rửa tiền, bảo chuyển tiền, dặn giữ bí mật."
OFFICER = "truc.ban"


def enter_desk(page: Page, portal: Portal) -> None:
    """As the duty officer does: password, and the code of the moment."""
    page.goto(f"{portal.url}/admin/")
    page.locator("[name=username]").fill(OFFICER)
    page.locator("[name=password]").fill(portal.people[OFFICER]["password"])
    page.locator("[name=otp_token]").fill(portal.manage("officer_code", OFFICER).split()[-1])
    press(page, page.locator("form [type=submit]").first)


def reload_until_read(desk: Page, address: str, number: str) -> None:
    """Triage takes a moment; only what has been read is found by its number."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        desk.goto(address)
        if desk.get_by_role("link", name=number).count():
            return
        desk.wait_for_timeout(100)
    raise AssertionError(f"{number} was not read")


def test_one_call_from_the_phone_to_the_officers_decision(
    whole: Portal, phone: BrowserContext, open_context: OpenContext
) -> None:
    page = phone.new_page()
    page.goto(whole.url)
    page.locator(".entry-cards").get_by_role("link", name="Báo cuộc gọi lừa đảo").click()
    page.get_by_label("Số (hoặc tên) hiện trên máy").fill("0550 000 147")
    page.get_by_label("Kể lại chuyện đã xảy ra").fill(STORY)
    page.get_by_label("Số để công an gọi").fill("0550 000 111")
    page.get_by_label("Câu hẹn").fill("bến đò, 47")
    page.get_by_role("button", name="Gửi tin báo").click()
    expect(page.get_by_role("heading", name="Đã nhận tin báo của bạn")).to_be_visible()
    number = page.locator(".ticket .mono.keep").inner_text()
    secrets = [*page.locator(".code b").all_text_contents(), "bến đò"]
    assert len(secrets) == 5

    desk = open_context(1280, 900, locale="vi-VN").new_page()
    enter_desk(desk, whole)
    reload_until_read(desk, f"{whole.url}/admin/reports/report/?q=0550000147", number)
    desk.get_by_role("link", name=number).click()
    expect(desk.locator("mark", has_text="phó giám đốc")).to_be_visible()
    expect(desk.get_by_role("heading", name="Giả danh lãnh đạo")).to_be_visible()
    assert not [secret for secret in secrets if secret in desk.content()]
    assert json.loads(whole.manage("queue_status", "--json"))["balanced"]

    desk.get_by_role("button", name="Nhận xử lý").click()
    expect(desk.locator("h1")).to_contain_text("Đang xác minh")
    log = desk.locator("section, .box", has=desk.get_by_role("heading", name="Nhật ký xử lý"))
    expect(log.last).to_contain_text(OFFICER)
    expect(log.last).to_contain_text("Nhận xử lý")
