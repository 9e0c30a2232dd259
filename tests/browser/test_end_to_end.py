"""In a real browser on every real process: the story from a phone without script to the desk, and
what the pages weigh on the wire.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.pages import EVERY_PAGE, press
from tests.support.portal_process import PATIENCE, Portal
from tools.portal_stack import wait_until

pytestmark = [
    pytest.mark.serial,
    pytest.mark.django_db,
]  # the browser starts after the test database

KB = 1000
# Over the wire, with all that a page loads: compressed bodies, as every weight of the house is
# measured. Heads come on top; what the service worker asks for itself does not count.
HEAVIEST = {
    "/": 15 * KB, "/bao-cao/": 15 * KB, "/dang-bi-goi/": 10 * KB, "/kiem-tra/": 12 * KB, "/that-hay-gia/": 12 * KB,
}  # fmt: skip
USUAL = 15 * KB
SHEET = 8 * KB
ASKED_BY_BROWSERS = "/favicon.ico"  # by themselves, once; it weighs, but no page needs it
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

    def is_read() -> bool:
        desk.goto(address)
        return desk.get_by_role("link", name=number).is_visible()

    assert wait_until(is_read, PATIENCE), number


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
    expect(desk.locator("dd", has_text="Giả danh lãnh đạo tỉnh").first).to_be_visible()
    assert not [secret for secret in secrets if secret in desk.content()]

    desk.get_by_role("button", name="Nhận xử lý").click()
    expect(desk.locator("h1")).to_contain_text("Đang xác minh")
    log = desk.locator("section, .box", has=desk.get_by_role("heading", name="Nhật ký xử lý"))
    expect(log.last).to_contain_text(OFFICER)
    expect(log.last).to_contain_text("Nhận xử lý")


@dataclass
class Wire:
    """What came over the line while a page was opened."""

    requests: set[str] = field(default_factory=set)
    size: int = 0
    sheets: list[int] = field(default_factory=list)

    def is_light(self, path: str) -> bool:
        """Return whether the page at `path` keeps to what it may weigh."""
        requests = 1 if path == "/dang-bi-goi/" else 3
        within = self.size <= HEAVIEST.get(path, USUAL) and len(self.requests) <= requests
        return within and all(size <= SHEET for size in self.sheets)


def weigh(page: Page) -> Wire:
    """Count from now on the requests of a page, and their bytes as they come, compressed."""
    wire, kinds, heads = Wire(), dict[str, str](), dict[str, int]()
    session = page.context.new_cdp_session(page)

    def count_request(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event.get("type", "")
        if not event["request"]["url"].endswith(ASKED_BY_BROWSERS):
            wire.requests.add(event["requestId"])

    def measure_head(event: dict[str, Any]) -> None:
        heads[event["requestId"]] = int(event["response"]["encodedDataLength"])

    def measure_body(event: dict[str, Any]) -> None:
        size = int(event["encodedDataLength"]) - heads.get(event["requestId"], 0)
        wire.size += size
        if kinds.get(event["requestId"]) == "Stylesheet":
            wire.sheets.append(size)

    session.on("Network.requestWillBeSent", count_request)
    session.on("Network.responseReceived", measure_head)
    session.on("Network.loadingFinished", measure_body)
    session.send("Network.enable")
    return wire


@pytest.mark.parametrize("part", range(2))
def test_every_page_is_light(whole: Portal, open_context: OpenContext, part: int) -> None:
    """Each in a profile of its own, which has no copy of anything; their last half seconds, in which
    nothing may come any more, go by together.
    """
    pages = {path: open_context(service_workers="block").new_page() for path in EVERY_PAGE[part::2]}
    wires = {path: weigh(page) for path, page in pages.items()}
    for path, page in pages.items():
        page.goto(whole.url + path)
    for page in pages.values():
        page.wait_for_load_state("networkidle")
    heavy = {
        path: wires[path] for path in pages if not wires[path].is_light(path.removeprefix("/en"))
    }
    assert heavy == {}


def test_a_receipt_and_the_page_about_a_report_are_light(
    whole: Portal, open_context: OpenContext
) -> None:
    page = open_context(java_script_enabled=False).new_page()
    page.goto(f"{whole.url}/bao-cao/")
    page.get_by_label("Kể lại chuyện đã xảy ra").fill(STORY)
    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    for name in ("Gửi tin báo", "Xem tin của tôi"):
        wire = weigh(page)
        with page.expect_navigation(wait_until="networkidle"):
            page.get_by_role("button", name=name).first.click()
        assert wire.is_light(""), (name, wire)
