"""Who must be called, in a real browser: on an open start page within seconds, until somebody is reached."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from reports.cases import deadlines
from reports.models import Deadline
from tests.browser.desk.conftest import QUEUE
from tests.browser.pages import find_desk_faults, press
from tests.support import report_factories

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

SECONDS = 5_000


def test_a_pressed_report_comes_to_an_open_start_page_and_stays_until_somebody_is_reached(
    portal: str, page: Page
) -> None:
    page.goto(f"{portal}/admin/")
    lane = page.locator("[data-calls]")
    expect(lane).to_contain_text("Không có ai phải gọi.")
    report = report_factories.report(
        "Họ đang giữ máy tôi.", happening_now=True, contact="0992 000 118", phrase="bến đò, 47"
    )
    expect(lane.get_by_role("link", name=report.public_number)).to_be_visible(timeout=SECONDS)
    assert page.title().startswith("(1) Phải gọi ngay")
    assert find_desk_faults(page) == []
    page.get_by_label("Kêu khi có người mới phải gọi").uncheck()
    assert page.evaluate("localStorage.getItem('desk-silent')") == "1"

    deadlines.start_for_new_reports()
    press(page, lane.get_by_role("link", name=report.public_number))
    assert find_desk_faults(page) == []
    press(page, page.get_by_role("button", name="Đang bị ép hoặc vừa mất tiền"))
    expect(page.locator(".dial")).to_contain_text("“bến đò, 47”")
    assert (
        page.get_by_role("link", name="Gọi", exact=True).get_attribute("href") == "tel:+84992000118"
    )
    assert find_desk_faults(page) == []
    press(page, page.get_by_role("button", name="Không nghe máy"))
    assert Deadline.objects.pending().filter(kind="call_again").exists()
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    press(page, page.get_by_role("button", name="Gặp người báo"))
    page.goto(f"{portal}/admin/")
    expect(lane).to_contain_text("Không có ai phải gọi.")
    calm = report_factories.triaged("Họ gọi.")
    report_factories.correct(calm, User.objects.get(), "ongoing", value=True)
    expect(lane.get_by_role("link", name=calm.public_number)).to_be_visible(timeout=SECONDS)


def test_an_open_queue_counts_who_must_be_called_and_nothing_moves(portal: str, page: Page) -> None:
    page.goto(f"{portal}{QUEUE}")
    line = page.locator("[data-calls]")
    expect(line).to_contain_text("không có ai")
    height = line.bounding_box()["height"]
    report_factories.report("Họ đang giữ máy tôi.", happening_now=True)
    expect(line).to_contain_text("1 người", timeout=SECONDS)
    assert page.title().startswith("(1) Phải gọi ngay")
    assert line.bounding_box()["height"] == height
    assert find_desk_faults(page) == []


def test_number_and_phrase_leave_the_page_when_their_time_is_over(portal: str, page: Page) -> None:
    report = report_factories.report("Họ gọi.", contact="0992 000 118")
    page.clock.install()
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    press(page, page.get_by_role("button", name="Hỏi thêm cho rõ"))
    expect(page.locator(".dial")).to_contain_text("0992 000 118")
    page.clock.run_for(601_000)
    expect(page.locator(".dial")).to_have_text(
        "Hết 10 phút. Tải lại trang, chọn lý do để hiện lần nữa."
    )
