"""The page that says real or fake, as a resident walks it: by labels, without script, with the back button."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import find_resident_faults

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

STORY = "Có người xưng công an bảo tôi dính vụ án, phải chuyển 50 triệu, không được kể với ai"
CLEAR = "Có dấu hiệu lừa đảo rõ. Cúp máy, đừng làm theo."


def ask(page: Page, portal: str, text: str) -> None:
    page.goto(portal + "/")
    page.get_by_role("link", name="Thật hay giả? Dán tin nhắn").click()
    page.get_by_label("Dán tin nhắn, số, tài khoản").fill(text)
    page.get_by_role("button", name="Xem thật hay giả").click()


def test_a_doubt_becomes_an_answer_and_the_answer_a_report(
    portal: str, phone: BrowserContext
) -> None:
    page = phone.new_page()
    ask(page, portal, STORY)
    expect(page.get_by_role("heading", name=CLEAR)).to_be_visible()
    page.get_by_role("button", name="Sang trang báo cuộc gọi").click()
    expect(page.get_by_label("Kể lại chuyện đã xảy ra")).to_have_value(STORY)
    page.get_by_role("button", name="Gửi tin báo").click()
    expect(page.get_by_role("heading", name="Đã nhận tin báo của bạn")).to_be_visible()


@pytest.mark.parametrize(
    "text",
    [STORY, "Bác sĩ gọi nhắc lịch tái khám", "0011004567890"],
    ids=["clear", "none", "account"],
)
def test_no_answer_has_a_fault(portal: str, page: Page, text: str) -> None:
    ask(page, portal, text)
    assert find_resident_faults(page) == []


def test_with_script_a_card_does_not_leave_the_device(portal: str, page: Page) -> None:
    page.goto(f"{portal}/kiem-tra/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    with page.expect_request_finished(lambda each: "cards" in each.url):  # comes with the field
        page.locator("[name=number]").fill("thẻ 9704 2292 1234 5678")
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Kiểm tra", exact=True).click()
    assert "POST" not in sent
    assert "Đây là số thẻ" in page.locator("[name=number]").evaluate("el => el.validationMessage")
    page.locator("[name=number]").fill("Vietcombank 0992000456789")
    page.get_by_role("button", name="Kiểm tra", exact=True).click()
    expect(page.get_by_role("heading", name="Chưa đủ tin về tài khoản này")).to_be_visible()


# Address, label of the field, what is typed, the button, the heading of the answer.
WALKS = {
    "real or fake": ("/that-hay-gia/", "Dán tin nhắn, số", STORY, "Xem thật hay giả", CLEAR),
    "number": (
        "/kiem-tra/",
        "Số điện thoại, số tài khoản",
        "0550 000 123",
        "Kiểm tra",
        "Chưa đủ tin về số này",
    ),
    "search": ("/tim/", "Bạn tìm gì?", "vneid", "Tìm", "Nơi hay bị giả danh"),
}


@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
def test_the_back_button_finds_an_answer_again(
    portal: str, phone: BrowserContext, walk: tuple[str, ...]
) -> None:
    path, label, typed, button, answer = walk
    page = phone.new_page()
    page.goto(portal + path)
    page.get_by_label(label).fill(typed)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("heading", name=answer)).to_be_visible()
    page.get_by_role("link", name="Họ đang gọi tôi").first.click()
    page.go_back()
    expect(page.get_by_role("heading", name=answer)).to_be_visible()


def test_enter_in_a_field_of_the_report_sends_nothing(portal: str, page: Page) -> None:
    page.goto(portal + "/bao-cao/")
    page.get_by_label("Số (hoặc tên) hiện trên máy").fill("0550 000 123")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert page.url == f"{portal}/bao-cao/"
    expect(page.get_by_label("Số (hoặc tên) hiện trên máy")).to_have_value("0550 000 123")
