"""What a browser keeps of the portal: the pages for a call, and nothing of a person."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import press
from tests.browser.script.conftest import (
    IN_CACHES,
    SEND,
    expect_receipt,
    list_cached_pages,
    open_report_page,
)

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]


def test_the_page_for_people_on_the_call_opens_without_a_line(
    portal: str, phone: BrowserContext
) -> None:
    page = open_report_page(portal, phone)
    list_cached_pages(page)
    phone.new_cdp_session(page).send("Network.clearBrowserCache")  # it would do for five minutes
    phone.set_offline(True)
    page.goto(f"{portal}/dang-bi-goi/")
    expect(
        page.get_by_role("heading", name="Cúp máy ngay. Bấm nút đỏ trên màn hình cuộc gọi.").first
    ).to_be_visible()
    page.goto(f"{portal}/en/theo-doi/")
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.locator("#no-line")).to_be_visible()
    phone.set_offline(False)
    expect(page.get_by_role("textbox")).to_be_visible()


def test_a_browser_keeps_nothing_of_a_person_and_no_warning(writing: Page, portal: str) -> None:
    list_cached_pages(writing)
    writing.get_by_role("button", name=SEND).click()
    expect_receipt(writing)
    press(writing, writing.get_by_role("button", name="Xem tin của tôi"))
    for path in ("/", "/canh-bao/", "/theo-doi/"):
        writing.goto(portal + path)
    assert writing.evaluate(IN_CACHES) == [
        "/dang-bi-goi/",
        "/en/dang-bi-goi/",
        "/en/offline/",
        "/offline/",
        "/static/css/portal.css",
        "/static/js/portal.js",
        "/static/js/sending.js",
    ]


def test_the_code_of_a_square_leaves_the_address_at_once(
    portal: str, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.goto(f"{portal}/theo-doi/#2345BCDF6789GHJK")
    expect(page.get_by_label("Mã tin báo")).to_have_value("2345BCDF6789GHJK")
    assert page.url == f"{portal}/theo-doi/"
    page.goto(portal)
    page.go_back()
    assert page.url == f"{portal}/theo-doi/"
