"""Home, the page for the call and the lessons in a real browser: what is in sight, what appears."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import find_edges, find_resident_faults
from tools.screenshots import SCHEMES

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

NOW = "/dang-bi-goi/"
QUIZ = "/that-hay-gia/"


def test_no_answer_of_the_quiz_has_a_fault(portal: str, page: Page) -> None:
    page.goto(portal + QUIZ)
    for name, value in {"case-1": "fake", "case-2": "unsure", "case-3": "fake"}.items():
        page.locator(f"[name={name}][value={value}]").check()
    assert find_resident_faults(page) == []


@pytest.mark.parametrize("language", ["", "/en"])
def test_three_doors_are_above_the_fold_of_a_small_phone(
    portal: str, phone: BrowserContext, language: str
) -> None:
    opened = phone.new_page()
    opened.goto(f"{portal}{language}/")
    assert opened.locator(".entry-card").count() == 3
    _, last = find_edges(opened.locator(".entry-card").last)
    assert last <= find_edges(opened.locator(".help"))[0]


def test_the_page_for_the_call_is_dark_at_night(portal: str, page: Page) -> None:
    page.goto(portal + NOW)
    grounds = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(250, 249, 245)", "rgb(16, 22, 19)"]


def test_an_explanation_waits_for_its_answer(portal: str, phone: BrowserContext) -> None:
    opened = phone.new_page()
    opened.goto(portal + QUIZ)
    question = opened.locator(".quiz-question").first
    sign = question.get_by_text("Dọa có vụ án, rồi dặn giữ kín.")
    assert not sign.is_visible()
    question.get_by_label("Thật", exact=True).check()
    expect(sign).to_be_visible()
    expect(question.get_by_text("Nhiều người cũng nghĩ như bạn.")).to_be_visible()
    question.get_by_label("Chưa chắc").check()
    expect(question.get_by_text("Còn ngờ là tốt.")).to_be_visible()
    question.get_by_label("Giả", exact=True).check()
    expect(question.get_by_text("Đúng rồi.")).to_be_visible()
    assert not question.get_by_text("Nhiều người cũng nghĩ như bạn.").is_visible()


@pytest.mark.parametrize("language", ["", "/en"])
def test_the_page_for_the_call_prints_on_one_sheet_to_stick_beside_the_telephone(
    portal: str, page: Page, language: str
) -> None:
    page.goto(f"{portal}{language}{NOW}")
    sheets = page.pdf(format="A4", prefer_css_page_size=True)
    assert sheets.count(b"/Type /Page\n") == 1
