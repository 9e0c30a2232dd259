"""The queue in a real browser: how much of it is in sight, and how an officer gets about in it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from reports.models import Report
from tests.browser.desk.conftest import QUEUE, OpenDesk
from tests.browser.pages import find_desk_faults, find_edges, press
from tests.support import busy_week, report_factories

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

STORY = "Họ xưng công an tỉnh, bảo mẹ tôi rút sổ tiết kiệm 120 triệu rồi chuyển ngay trong buổi sáng nay. "


@pytest.fixture
def full(portal: str, page: Page) -> Page:
    """A queue of twenty reports, somebody to be called among them, in a window of 1280 × 900."""
    for n in range(20):
        report = report_factories.report(f"{STORY}{n}", happening_now=n == 0, caller_number="0550 000 123")  # fmt: skip
        report_factories.add_facts(report, priority=2 * n, money_lost_vnd=35_500_000)
        report_factories.number(report, "+84550000123")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(portal + QUEUE)
    return page


def test_fifteen_reports_are_in_sight_at_once_below_who_must_be_called(full: Page) -> None:
    rows = full.locator("#result_list tbody tr")
    edges = [find_edges(row) for row in rows.all()]
    assert len([end for _, end in edges if end <= 900]) >= 15
    assert max(end - begin for begin, end in edges) <= 41
    expect(full.locator(".calls-brief")).to_contain_text("1 người")
    assert find_edges(full.locator(".calls-brief"))[1] < edges[0][0]
    assert find_desk_faults(full) == []


def test_no_received_time_or_deadline_is_cut(full: Page) -> None:
    busy_week.move(Report.objects.first(), received_at=timezone.now() - timedelta(days=32))
    full.reload()
    times = full.locator(".field-age_column")
    expect(times.filter(has_text="quá hạn 31 ngày")).to_have_count(1)
    assert [
        cell.inner_text()
        for cell in times.all()
        if cell.evaluate("e => e.scrollWidth > e.clientWidth")
    ] == []


def test_the_acts_on_several_reports_stay_in_sight_once_one_is_ticked(full: Page) -> None:
    full.locator("#result_list .action-select").first.check()
    assert find_edges(full.locator(".actions"))[1] <= 900


def test_menu_and_search_work_on_a_phone_without_script(
    portal: str, chief: Client, open_desk: OpenDesk
) -> None:
    report = report_factories.triaged(STORY)
    phone = open_desk(chief, 360, java_script_enabled=False)
    phone.goto(f"{portal}/admin/reports/campaign/")
    phone.get_by_text("Quản trị", exact=True).click()
    press(phone, phone.get_by_role("link", name="Đơn vị nhận tin"))
    phone.get_by_label("Tìm số, mã tin, mã đợt, lời kể").fill("so tiet kiem")
    press(phone, phone.get_by_role("button", name="Tìm").first)
    expect(phone.locator("#result_list")).to_contain_text(report.public_number)
    phone.get_by_text("Lọc danh sách").click()
    expect(phone.get_by_role("link", name="Quá hạn (0)")).to_be_visible()


def test_a_number_typed_in_the_head_of_any_page_shows_its_card_and_its_reports(
    portal: str, full: Page
) -> None:
    full.goto(f"{portal}/admin/reports/campaign/")
    full.get_by_label("Tìm số, mã tin, mã đợt, lời kể").fill("+84 550 000 123")
    full.keyboard.press("Enter")
    expect(full.locator(".number-card")).to_contain_text("20 tin đã nêu")
    expect(full.locator("#result_list tbody tr")).to_have_count(20)
    assert find_desk_faults(full) == []
