"""What is promised of the resident's pages, measured in a real browser as a poor phone meets them:
how long a frightened person needs, how heavy each page is, that nothing jumps, that no mouse, no
sharp eye and no script is needed.
"""

import time
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, Page

from reports.models import Report
from tests.browser.conftest import OpenContext
from tests.browser.pages import LAYOUT_SHIFT, find_bad_looks, find_overflow, press
from tests.support.number_factories import KEY, add_finding, file_report
from tests.support.portal_process import Portal
from tools.screenshots import RESIDENT

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

KB = 1000
# Over the wire, with all that a page loads: compressed bodies, as every weight of the house is
# measured. Heads come on top; what the service worker asks for itself does not count.
HEAVIEST = {"/": 15 * KB, "/bao-cao/": 15 * KB, "/dang-bi-goi/": 10 * KB, "/kiem-tra/": 12 * KB}
USUAL = 15 * KB
SHEET = 8 * KB
WARNINGS_PAGE = "/canh-bao/"
BOTH = [language + path for path in RESIDENT.values() for language in ("", "/en")]
ALL = [*BOTH, WARNINGS_PAGE]
ASKED_BY_BROWSERS = "/favicon.ico"  # by themselves, once; it weighs, but no page needs it
STORY = "Xưng công an, bảo tôi dính vụ án, đòi chuyển 20 triệu vào tài khoản an toàn."
TYPING = 60  # milliseconds a character: a slow thumb writes fifteen a second at most

FOCUS_IS_HIDDEN = """
() => {
  const focused = document.activeElement, box = focused.getBoundingClientRect();
  const bar = document.querySelector(".help").getBoundingClientRect();
  const fixed = getComputedStyle(document.querySelector(".help")).position === "fixed";
  const inside = focused.closest(".help, .skip");
  return fixed && !inside && box.height > 0 && box.top >= bar.top && box.top < innerHeight;
}
"""


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


@pytest.mark.parametrize("part", range(4))
def test_every_page_is_light(whole: Portal, open_context: OpenContext, part: int) -> None:
    """Each in a profile of its own, which has no copy of anything; their last half seconds, in which
    nothing may come any more, go by together.
    """
    pages = {path: open_context(service_workers="block").new_page() for path in ALL[part::4]}
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


def test_nothing_jumps_while_a_page_loads_and_four_times_the_size_still_fits(
    portal: str, open_context: OpenContext
) -> None:
    """A window of 1280 x 1024 at 400 % is one of 320 x 256."""
    page = open_context().new_page()
    shifts, wide = {}, []
    for path in ALL:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(portal + path)
        shifts[path] = page.evaluate(LAYOUT_SHIFT)
        page.set_viewport_size({"width": 320, "height": 256})
        wide += [path] if find_overflow(page) else []
    assert shifts == dict.fromkeys(ALL, 0)
    assert wide == []


@pytest.fixture
def poor_line(phone: BrowserContext) -> Page:
    """A small phone without script on 400 kbit/s with 400 ms each way and back."""
    page = phone.new_page()
    session, bytes_a_second = phone.new_cdp_session(page), 400 * 1000 / 8
    line = {"downloadThroughput": bytes_a_second, "uploadThroughput": bytes_a_second}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {"offline": False, "latency": 400, **line})
    return page


def type_slowly(page: Page, label: str, words: str) -> None:
    page.get_by_label(label).press_sequentially(words, delay=TYPING)


def test_a_frightened_person_reports_within_a_minute(portal: str, poor_line: Page) -> None:
    """Labels alone are read, and eight things are touched, one at a time."""
    begun, page = time.monotonic(), poor_line
    page.goto(portal)
    page.get_by_role("main").get_by_role("link", name="Báo cuộc gọi lừa đảo").click()
    type_slowly(page, "Số (hoặc tên) hiện trên máy", "0550 000 123")
    page.get_by_label("Công an", exact=True).click()
    page.get_by_label("Đòi chuyển tiền").click()
    type_slowly(page, "Kể lại chuyện đã xảy ra", STORY)
    page.get_by_label("Chưa mất").click()
    type_slowly(page, "Bạn ở xã, phường nào?", "Yên Định")
    page.get_by_role("button", name="Gửi tin báo").click()
    page.get_by_role("heading", name="Đã nhận tin báo của bạn").wait_for()
    assert time.monotonic() - begun < 60
    assert Report.objects.get().story == STORY


def test_a_keyboard_is_enough(portal: str, open_context: OpenContext) -> None:
    page = open_context().new_page()
    page.goto(f"{portal}/bao-cao/")
    story = page.get_by_label("Kể lại chuyện đã xảy ra")
    hidden = []
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUS_IS_HIDDEN):
            hidden.append(page.evaluate("document.activeElement.outerHTML"))
        if story.evaluate("element => element === document.activeElement"):
            page.keyboard.type(STORY)
        if page.evaluate("document.activeElement.innerText || ''").strip() == "Gửi tin báo":
            break
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Đã nhận tin báo của bạn").wait_for()
    assert hidden == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_warns_is_read_by_weak_eyes(
    portal: str, open_context: OpenContext, scheme: Literal["light", "dark"]
) -> None:
    """Contrast of at least 7 to 1 for running text that warns (axe's "enhanced" rule)."""
    add_finding()
    file_report(0, "+84550000124"), file_report(1, "+84550000124")
    page = open_context(color_scheme=scheme).new_page()
    weak = []
    for path in WARNING:
        page.goto(portal + path)
        weak += hard_to_read(page)
    for number in (KEY, "0550 000 124", "02373.725.725", "0550 000 999"):
        page.goto(f"{portal}/kiem-tra/")
        page.locator("main [name=number]").first.fill(number)
        press(page, page.get_by_role("button", name="Kiểm tra"))
        weak += hard_to_read(page)
    assert weak == []


def hard_to_read(page: Page) -> list[str]:
    """Running text of the page under 7 to 1; bold labels on fills have their own measure."""
    found = find_bad_looks(page, "main", FILLED, ["color-contrast-enhanced"])
    return [place for _, places in found for place in places]


WARNING = ["/", "/dang-bi-goi/", "/bao-cao/", "/kiem-tra/", "/co-quan/cong-an-tinh/", "/cong-that/"]
FILLED = ".button, .entry-card, .tag, h1"
