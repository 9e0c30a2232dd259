"""A call on the hotline, taken by the keyboard alone, in a real browser."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from reports.models import Enquiry, Report
from tests.browser.desk.conftest import QUEUE, OpenDesk
from tests.browser.pages import WIDTHS, find_desk_faults
from tests.support.number_factories import add_finding, file_report

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

MOST_KEYS = 20  # besides the story
KEY_SECONDS, DECISION_SECONDS, PAGE_SECONDS = (
    0.25,
    0.7,
    0.4,
)  # as the walk of the desk estimates a hand
HABIT_MS = 500
STORY = "Xưng công an tỉnh, nói dính vụ rửa tiền, bắt chuyển 30 triệu để kiểm tra."


def press(page: Page, *keys: str) -> int:
    for key in keys:
        page.keyboard.press(key)
    return len(keys)


@pytest.fixture
def call(portal: str, open_desk: OpenDesk, chief: Client) -> Page:
    page = open_desk(chief)
    page.goto(f"{portal}{QUEUE}file/")
    page.locator("[name=happening_now]:focus").wait_for()
    return page


def test_a_call_is_filed_with_twenty_keys_and_within_45_seconds(call: Page) -> None:
    # Not on the line, the number, on to the questions: police, wants money and no more, none lost, by telephone.
    keys = press(call, "2", *"0550000321", "Enter", "1", "2", "0", "2", "1")
    call.keyboard.type(STORY)
    with call.expect_navigation():
        keys += press(call, "Control+Enter")
    assert "Phiếu nhận tin" in call.inner_text("#content")
    report = Report.objects.get()
    assert (report.source, report.caller_number) == ("phone", "0550000321")
    assert (report.happening_now, report.claimed_office) == (False, "police")
    assert (report.demands, report.money_lost, report.channel) == (["money"], False, "number")
    assert report.story == STORY
    assert keys <= MOST_KEYS
    decisions = 7  # five answers, the number, the end
    assert (keys + len(STORY)) * KEY_SECONDS + decisions * DECISION_SECONDS <= 45
    with call.expect_navigation():
        press(call, "n")
    expect(call.locator("[name=happening_now]").first).to_be_focused()


def test_the_card_of_a_number_stands_there_while_it_is_typed(call: Page) -> None:
    file_report(0), add_finding()
    asked: list[str] = []
    call.on("request", lambda request: asked.append(request.url))
    call.keyboard.press("2")
    call.keyboard.type("0550 000 123")
    expect(call.locator(".number-card")).to_contain_text("1 tin đã nêu")
    expect(call.locator(".number-card")).to_contain_text("Kẻ gian đã dùng")
    assert asked
    assert "0550" not in " ".join([call.url, *asked])
    call.keyboard.type("99")
    expect(call.locator(".number-card")).not_to_contain_text("1 tin")


def test_a_typed_digit_or_word_answers_nothing(call: Page) -> None:
    call.keyboard.press("2")
    call.keyboard.type("1234567890")
    call.locator("[name=story]").focus()
    call.keyboard.type("1 2 3 n j\n0")
    assert call.locator(":checked:not(option)").count() == 1
    assert call.locator("[name=caller_number]").input_value() == "1234567890"


def test_what_is_read_out_follows_danger_kind_and_loss(call: Page) -> None:
    say = call.locator(".say")
    expect(say).to_contain_text("đừng đọc mã gửi về máy")
    press(call, "1")
    call.wait_for_timeout(HABIT_MS)
    press(call, "Enter", "7", "0", "1")
    for shown in (".if-danger", ".if-family", ".if-lost"):
        expect(say.locator(shown)).to_be_visible()
    expect(say.locator(".if-any")).to_be_hidden()
    expect(call.locator("[name=money_lost_vnd]")).to_be_focused()


def test_somebody_only_asked_and_the_next_call_begins(call: Page) -> None:
    with call.expect_navigation():
        press(call, "Control+Shift+Enter")
    assert "Hôm nay: 1 cuộc chỉ hỏi." in call.inner_text(".messagelist")
    assert (Enquiry.objects.count(), Report.objects.count()) == (1, 0)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_sound_in_both_widths(
    portal: str, open_desk: OpenDesk, chief: Client, width: int
) -> None:
    page = open_desk(chief, width)
    page.goto(f"{portal}{QUEUE}file/")
    page.locator("[name=caller_number]").fill("0550000123")
    page.locator(".number-card").wait_for()
    page.get_by_label("Công an").check()
    assert find_desk_faults(page) == []


def test_an_enter_by_habit_skips_no_box_and_a_number_answers_no_question(call: Page) -> None:
    number = call.locator("[name=caller_number]")
    press(call, "1", "Enter")
    expect(number).to_be_focused()
    call.wait_for_timeout(HABIT_MS)
    press(call, "Enter")
    call.keyboard.type("0550000321")
    expect(number).to_have_value("0550000321")
    assert call.locator(":checked:not(option)").count() == 1


def test_enter_leaves_the_lines_on_the_reporter(call: Page) -> None:
    call.locator("[name=contact_phone]").focus()
    for name in ("callback_phrase", "commune"):
        press(call, "Enter")
        expect(call.locator(f"[name={name}]")).to_be_focused()
    press(call, "Enter")
    expect(call.get_by_role("button", name="Ghi nhận tin")).to_be_focused()


def test_a_call_filed_anew_after_the_back_button_is_the_same_report(call: Page) -> None:
    call.goto(call.url)  # with the cookie that the first page set
    call.locator("[name=story]").fill(STORY)
    with call.expect_navigation():
        press(call, "Control+Enter")
    call.go_back()
    expect(call.locator("[name=story]")).to_have_value(STORY)
    call.locator("[name=story]").focus()
    with call.expect_navigation():
        press(call, "Control+Enter")
    assert "đã ghi nhận trước đó" in call.inner_text("#content")
    assert Report.objects.count() == 1
