"""The report and its receipt in a real browser, with everything on them that can be."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.pages import A4, fill_in, find_resident_faults, press, print_page, send, unfold

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

WORDS = {
    "": {"send": "Gửi tin báo", "answer": "Gửi câu trả lời"},
    "/en": {"send": "Send report", "answer": "Send answer"},
}


@pytest.mark.parametrize("language", WORDS)
def test_a_receipt_with_everything_on_it_has_no_fault_and_prints_on_one_sheet(
    confirmed: str, page: Page, language: str
) -> None:
    fill_in(page, f"{confirmed}{language}/bao-cao/")
    assert find_resident_faults(page) == []
    send(page, WORDS[language]["send"])
    assert b"/Count 1" in print_page(page, **A4)
    unfold(page, "main summary")
    expect(page.get_by_role("button", name=WORDS[language]["answer"])).to_be_visible()
    assert find_resident_faults(page) == []


def test_a_folded_answer_is_open_when_the_page_comes_back(
    confirmed: str, open_context: OpenContext
) -> None:
    page = open_context(java_script_enabled=False).new_page()
    page.goto(f"{confirmed}/bao-cao/")
    expect(page.get_by_label("Bạn ở xã, phường nào?")).to_be_visible()  # the desk goes by it
    page.get_by_text("Không hiện số, hay gọi Zalo?").click()
    page.get_by_label("Zalo, Facebook").check()
    press(page, page.get_by_role("button", name="Gửi tin báo"))  # neither number nor story
    assert page.get_by_label("Zalo, Facebook").is_checked()
    expect(page.get_by_label("Zalo, Facebook")).to_be_visible()
    assert not page.get_by_label("Tên, chức vụ họ nêu", exact=True).is_visible()
