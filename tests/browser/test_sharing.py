"""Handing a page on: one press where the telephone knows how, a message or the address elsewhere."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenContext
from tests.support.alert_factories import issued

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]
A_PHONE_THAT_SHARES = "navigator.share = async (what) => { window.shared = what; };"


def test_a_phone_shares_and_without_script_a_message_is_left(
    portal: str, open_context: OpenContext
) -> None:
    issued()
    page, plain = open_context().new_page(), open_context(java_script_enabled=False).new_page()
    page.add_init_script(A_PHONE_THAT_SHARES)
    for path in ("/", "/that-hay-gia/", "/canh-bao/gia-dien-luc/"):
        page.goto(portal + path)
        page.keyboard.press("Tab")  # home waits for somebody to do something
        page.get_by_role("button", name="Gửi qua Zalo, ứng dụng khác").click()
        assert page.evaluate("window.shared.url").endswith(path)
        plain.goto(portal + path)
        expect(plain.get_by_role("link", name="Soạn tin nhắn")).to_be_visible()
        expect(plain.get_by_role("button", name="Gửi qua Zalo")).to_be_hidden()
