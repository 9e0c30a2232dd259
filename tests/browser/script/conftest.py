"""A small phone that runs script, and a report that is being written on it."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import OpenContext

STORY = "Họ xưng công an,\nbảo tôi chuyển tiền."
SEND = "Gửi tin báo"
KEEP_DRAFT = "Giữ nháp trên máy này"
KEEP_UNSENT = "Giữ lại và tự gửi"
WAITS = "Chưa gửi. Sẽ tự gửi khi có mạng."
RESTORED = "Đã lấy lại nháp lúc"
ON_THE_DEVICE = "JSON.stringify({...localStorage})"
IN_CACHES = """async () => {
  const stores = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
  const kept = await Promise.all(stores.map((store) => store.keys()));
  return kept.flat().map((request) => new URL(request.url).pathname).sort();
}"""
WORKER_IS_THERE = """() => Promise.race([
  navigator.serviceWorker.ready.then(() => true),
  new Promise((_, late) => setTimeout(late, 60_000, new Error("no service worker"))),
])"""
# The module has come, and has run.
SENDING_IS_AT_WORK = """async () => {
  await import(document.querySelector("[data-sending]").dataset.sending);
}"""


@pytest.fixture
def phone(open_context: OpenContext) -> BrowserContext:
    """A small phone that runs script."""
    return open_context(locale="vi-VN")


@pytest.fixture
def writing(portal: str, phone: BrowserContext) -> Page:
    """The report page, the story told."""
    return begin_report(open_report_page(portal, phone))


def begin_report(page: Page) -> Page:
    """The story told, and there what comes for those who write."""
    with page.expect_event("requestfinished", lambda request: "sending" in request.url):
        page.get_by_label("Kể lại chuyện").fill(STORY)
    page.evaluate(SENDING_IS_AT_WORK)
    return page


def open_report_page(portal: str, phone: BrowserContext) -> Page:
    page = phone.new_page()
    page.goto(f"{portal}/bao-cao/")
    return page


def get_story(page: Page) -> str:
    return page.get_by_label("Kể lại chuyện").input_value()


def expect_receipt(page: Page) -> None:
    expect(page.get_by_role("heading", name="Đã nhận tin báo của bạn")).to_be_visible()


def keep_unsent(page: Page) -> None:
    """The report pressed on a dead line, and kept."""
    page.context.set_offline(True)
    page.get_by_role("button", name=SEND).click()
    page.get_by_role("button", name=KEEP_UNSENT).click()
    expect(page.get_by_text(WAITS)).to_be_visible()


def list_cached_pages(page: Page) -> Any:
    """Return the addresses that the service worker keeps, once it is there."""
    page.evaluate(WORKER_IS_THERE)
    return page.evaluate(IN_CACHES)
