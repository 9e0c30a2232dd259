"""What is promised of the resident's pages, measured in a real browser as a poor phone meets them:
how long a frightened person needs, and that no mouse, no sharp eye and no script is needed. What each
weighs: test_end_to_end.py; that nothing jumps: test_every_page.py.
"""

import time

import pytest
from playwright.sync_api import BrowserContext, Page

from reports.models import Report
from tests.browser.conftest import OpenContext
from tests.browser.pages import find_bad_looks, press
from tests.support.number_factories import KEY, add_finding, file_report
from tools.screenshots import SCHEMES

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

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


def test_what_warns_is_read_by_weak_eyes(portal: str, open_context: OpenContext) -> None:
    """Contrast of at least 7 to 1 for running text that warns (axe's "enhanced" rule), by day and by night."""
    add_finding()
    file_report(0, "+84550000124"), file_report(1, "+84550000124")
    page, weak = open_context().new_page(), []
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
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found += find_bad_looks(page, "main", FILLED, ["color-contrast-enhanced"])
    return [place for _, places in found for place in places]


WARNING = ["/", "/dang-bi-goi/", "/bao-cao/", "/kiem-tra/", "/co-quan/cong-an-tinh/", "/cong-that/"]
FILLED = [".button", ".entry-card", ".tag", "h1"]
