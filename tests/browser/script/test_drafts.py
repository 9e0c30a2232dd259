"""A draft is kept on the device after a yes alone, for a day."""

import json

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from reports.models import Report
from tests.browser.script.conftest import (
    KEEP_DRAFT,
    ON_THE_DEVICE,
    RESTORED,
    SEND,
    STORY,
    expect_receipt,
    get_story,
    open_report_page,
)

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]


def test_nothing_is_kept_on_the_device_unasked(
    portal: str, phone: BrowserContext, writing: Page
) -> None:
    assert writing.evaluate(ON_THE_DEVICE) == "{}"
    writing.close()
    page = open_report_page(portal, phone)
    assert get_story(page) == ""
    assert not page.get_by_text(RESTORED).is_visible()


def test_a_draft_outlives_a_closed_tab_once_it_is_wished(
    portal: str, phone: BrowserContext, writing: Page
) -> None:
    writing.get_by_label(KEEP_DRAFT).check()
    writing.get_by_label("Đã mất").check()
    writing.get_by_label("Tài khoản nhận tiền").fill("1903 VCB")
    writing.get_by_text("Nhớ tên họ nêu").click()
    writing.get_by_label("Hôm qua").check()
    writing.get_by_label("Số để công an gọi").fill("0550 000 111")
    writing.get_by_label("Câu hẹn").fill("ấm và chảo")
    assert "chảo" not in writing.evaluate(ON_THE_DEVICE)
    writing.close()
    page = open_report_page(portal, phone)
    expect(page.get_by_text(RESTORED)).to_be_visible()
    assert get_story(page) == STORY
    assert page.get_by_label("Đã mất").is_checked()
    assert page.get_by_label("Tài khoản nhận tiền").input_value() == "1903 VCB"
    expect(page.get_by_label("Hôm qua")).to_be_visible()  # its fold stands open
    assert page.get_by_label("Hôm qua").is_checked()
    page.get_by_role("button", name="Xóa nháp").click()
    assert get_story(page) == ""
    assert "công an" not in page.evaluate(ON_THE_DEVICE)


def test_a_draft_of_yesterday_is_gone(portal: str, phone: BrowserContext, writing: Page) -> None:
    writing.get_by_label(KEEP_DRAFT).check()
    writing.evaluate("""() => {
      const draft = JSON.parse(localStorage.draft);
      localStorage.draft = JSON.stringify({ ...draft, at: draft.at - 25 * 3600e3 });
    }""")
    page = phone.new_page()
    page.goto(portal)
    page.wait_for_function("() => !localStorage.draft")
    assert get_story(open_report_page(portal, phone)) == ""


def test_a_sent_report_leaves_no_draft(writing: Page) -> None:
    writing.get_by_label(KEEP_DRAFT).check()
    writing.get_by_role("button", name=SEND).click()
    expect_receipt(writing)
    assert json.loads(writing.evaluate(ON_THE_DEVICE)) == {"drafts-wanted": "true"}


def test_another_language_keeps_what_was_written_and_sends_nothing(writing: Page) -> None:
    writing.get_by_role("button", name="English").click()
    expect(writing.get_by_role("button", name="Send report")).to_be_visible()
    assert writing.get_by_label("Tell us what happened").input_value() == STORY
    assert not Report.objects.exists()
