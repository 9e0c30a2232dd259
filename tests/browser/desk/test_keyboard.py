"""From the queue to a decision by the keyboard, in a real browser."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from reports.cases import legal_holds
from reports.models import Case, Message
from tests.browser.desk.conftest import QUEUE, OpenDesk
from tests.browser.pages import find_desk_faults, find_edges
from tests.support import report_factories

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1280, 360])
def test_three_keys_lead_from_the_queue_to_a_decision(
    portal: str, open_desk: OpenDesk, chief: Client, width: int
) -> None:
    first = report_factories.triaged("Cho vay lãi suất thấp, giải ngân ngay, liên hệ zalo.")
    second = report_factories.triaged("Quảng cáo đất.")
    page = open_desk(chief, width)
    page.goto(portal + QUEUE)
    with page.expect_navigation():
        page.keyboard.press("j")
    number = page.locator("h1 .number").inner_text()
    assert find_desk_faults(page) == []
    page.keyboard.press("r")
    focused = page.locator("#junk_reason")
    assert focused.evaluate("field => field === document.activeElement")
    page.keyboard.type("jnk")  # typing moves nowhere
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert page.locator("h1 .number").inner_text() != number
    assert f"Xem lại tin {number}" in page.inner_text(".messagelist")
    junked = Case.objects.filter(status="junk", report__in=[first, second])
    assert [case.report.public_number for case in junked] == [number]


def test_three_keys_end_a_report_with_the_suggested_reason(
    portal: str, open_desk: OpenDesk, chief: Client
) -> None:
    report = report_factories.report("Tôi không rõ chuyện gì.")
    report_factories.add_facts(report, scenario="unclear")
    page = open_desk(chief)
    page.goto(portal + QUEUE)
    with page.expect_navigation():
        page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("#close_reason").input_value() == ""
    assert find_desk_faults(page) == []
    with page.expect_navigation():
        page.keyboard.press("Control+Shift+Enter")
    assert Case.objects.get(report=report).status == "closed"


def test_a_report_is_taken_and_its_reporter_asked_by_keys(
    portal: str, open_desk: OpenDesk, chief: Client
) -> None:
    """Asked of once it was seen: what is sent has the keyboard."""
    report = report_factories.triaged("Xưng công an, tôi đã mất 35 triệu.")
    page = open_desk(chief)
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    with page.expect_navigation():
        page.keyboard.press("n")
    assert Case.objects.get(report=report).status == "in_review"
    page.keyboard.press("h")
    page.keyboard.type("Bác chuyển tiền lúc mấy giờ?")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Gửi cho người báo")).to_be_focused()
    assert not Message.objects.exists()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert Message.objects.get().report_id == report.pk


def test_a_word_typed_beside_every_field_presses_nothing_and_escape_leaves_a_field(
    portal: str, open_desk: OpenDesk, chief: Client
) -> None:
    """Of a report that must be kept, which no key marks as junk: "rác" was r, á and c."""
    report = report_factories.triaged("Xưng công an.")
    legal_holds.place_hold(report.pk, by=User.objects.get(), reason="Công văn 12/CV")
    page = open_desk(chief)
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    page.keyboard.type("rác")
    assert page.locator("details[open]:has(#hand_over_reason)").count() == 0
    page.wait_for_timeout(1_100)
    page.keyboard.press("c")
    assert page.locator("details[open]:has(#hand_over_reason)").count() == 1
    page.locator("#hand_over_reason").fill("Đúng xã.")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    expect(page.locator("#note_reason")).to_be_focused()
    expect(page.locator("#hand_over_reason")).to_have_value("Đúng xã.")


def test_decisions_are_in_sight_without_scrolling(
    portal: str, open_desk: OpenDesk, chief: Client
) -> None:
    reports = [
        report_factories.triaged("Xưng công an. " * 300, caller_number="0550 000 123")
        for _ in range(3)
    ]
    page = open_desk(chief)
    page.goto(f"{portal}{QUEUE}{reports[0].pk}/change/")
    for place in ("start", "end"):
        page.locator(".more").evaluate(f"more => more.scrollIntoView({{ block: '{place}' }})")
        top, bottom = find_edges(page.locator(".decision-box"))
        assert 0 <= top < bottom <= 800
    page.set_viewport_size({"width": 360, "height": 800})
    assert find_edges(page.locator(".decision-box")) < find_edges(page.locator(".fold"))
