"""The desk in a real browser: usable by everybody, by the keyboard, and under its strict policy."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from accounts import invitations
from reports.models import Report
from tests.browser.desk.conftest import QUEUE, OpenDesk
from tests.browser.pages import find_desk_faults, press, unfold
from tests.support import report_factories
from tests.support.alert_factories import submitted
from tools.portal_stack import wait_until

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]


def test_no_state_of_a_report_has_a_fault(portal: str, page: Page, report: Report) -> None:
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    unfold(page)
    assert find_desk_faults(page) == []
    press(page, page.locator("details.danger button"))
    assert "Chưa ghi lý do" in page.inner_text("#content")
    assert find_desk_faults(page) == []
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    page.get_by_text("Lý do khác").click()
    page.locator("#why_contact").fill("Gọi lại người báo")
    with page.expect_navigation():
        page.locator("#why_contact").press("Enter")
    page.get_by_text("đã ghi nhật ký.").wait_for()
    assert "0992 000 118" in page.inner_text("#content")
    assert find_desk_faults(page) == []


def test_the_desk_asks_before_it_logs_out_and_one_press_keeps_the_session(
    portal: str, page: Page, settings: Settings
) -> None:
    """Whoever waits at the start page for somebody to call hears that the session ends."""
    page.add_init_script(
        "sounds = 0; AudioContext = class extends AudioContext { constructor() { super(); sounds++; } };"
    )
    page.clock.install()
    page.goto(f"{portal}/admin/")
    asking = page.get_by_role("alert").filter(has_text="Hai phút nữa máy tự thoát")
    other = page.context.new_page()
    page.clock.fast_forward(60_000)
    other.goto(f"{portal}/admin/auth/user/")  # is a press for each tab
    page.clock.fast_forward((settings.SESSION_COOKIE_AGE - 121) * 1000)
    expect(asking).to_be_hidden()
    assert page.evaluate("sounds") == 0
    page.clock.fast_forward(5000)
    expect(asking).to_be_visible()
    assert wait_until(lambda: page.evaluate("sounds") == 1)
    before = Session.objects.get().expire_date
    asking.get_by_role("button", name="Ở lại").click()
    expect(asking).to_be_hidden()
    assert Session.objects.get().expire_date > before
    Session.objects.all().delete()
    page.clock.fast_forward(5000)
    expect(page).to_have_title(re.compile("^Không còn theo dõi"))
    assert page.evaluate("sounds") == 2


def test_a_report_that_is_too_long_has_no_fault_and_is_downloaded_whole(
    portal: str, page: Page, chief: Client
) -> None:
    story = "công an \u202e\u2066" * 50 + "công an " * 20_000
    report = report_factories.triaged(story, claimed_name="dài " * 500)
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    assert find_desk_faults(page) == []
    with page.expect_download() as copy:
        page.get_by_role("link", name="Tải toàn bộ những gì người báo viết").click()
    assert story in copy.value.path().read_text()
    page.get_by_text("Hiện bản gốc lời kể").click()
    page.get_by_label("Vì sao cần xem").fill("Đối chiếu lời kể gốc")
    with page.expect_navigation():
        page.get_by_label("Vì sao cần xem").press("Enter")
    page.get_by_role("button", name="Tải toàn bộ bản gốc").wait_for()
    assert find_desk_faults(page) == []
    with page.expect_download() as original:
        page.get_by_role("button", name="Tải toàn bộ bản gốc").click()
    assert original.value.path().read_text() == story


def test_no_page_outside_the_desk_has_a_fault(portal: str, page: Page) -> None:
    page.context.clear_cookies()
    page.goto(f"{portal}/admin/")
    assert find_desk_faults(page) == []
    press(page, page.locator("[type=submit]"))
    assert find_desk_faults(page) == []
    page.goto(portal + invitations.create_invitation("le.thu.ha", "duty"))
    assert find_desk_faults(page) == []
    square = page.locator("svg.qr-code").bounding_box()
    assert square is not None
    assert square["width"] == square["height"] >= 200


def test_the_queue_beside_a_scrollbar_keeps_its_last_column(
    portal: str, open_desk: OpenDesk, chief: Client, report: Report
) -> None:
    """A window of 1280 pixels whose bar takes 15; a headless browser draws none."""
    page = open_desk(chief, 1280 - 15)
    page.goto(portal + QUEUE)
    results = page.locator("#changelist .results")
    assert results.evaluate("it => it.scrollWidth - it.clientWidth") == 0


def test_the_previews_of_a_warning_have_no_fault(portal: str, page: Page, chief: Client) -> None:
    User.objects.get(username="chief").groups.add(*Group.objects.all())
    alert = submitted(sms_marked="Cúp máy. Không chuyển tiền.", loudspeaker="Thưa bà con. " * 30)
    page.goto(f"{portal}/admin/alerts/alert/{alert.pk}/preview/")
    for image in page.locator(".previews img").all():
        image.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => [...document.images].every(image => image.complete && image.naturalWidth > 0)"
    )
    unfold(page, "#content summary")
    assert find_desk_faults(page) == []


def test_no_answer_of_the_pages_of_numbers_has_a_fault(portal: str, page: Page) -> None:
    numbers = f"{portal}/admin/reports/officenumber/"
    page.goto(f"{numbers}units/")
    page.locator("#content textarea").first.fill("Công an xã Không Có; 0550 000 123")
    press(page, page.get_by_role("button", name="Đề nghị các số này"))
    assert "Chưa ghi ô này." in page.inner_text("#content")
    assert find_desk_faults(page) == []
    page.get_by_label("Công bố ở đâu").fill("Công văn 12/CAT")
    page.get_by_label("Đối chiếu ngày").fill(f"{timezone.localdate():%d/%m/%Y}")
    press(page, page.get_by_role("button", name="Đề nghị các số này"))
    assert "Chưa đề nghị được 1 dòng" in page.inner_text("#content")
    assert find_desk_faults(page) == []
    page.goto(f"{numbers}drafts/")
    press(page, page.get_by_role("button", name="Đã đối chiếu, đề nghị công bố").first)
    assert find_desk_faults(page) == []
    page.goto(f"{portal}/admin/reports/numberfinding/add/")
    page.locator("#content [name=number]").fill("9704 2292 1234 5678")
    press(page, page.get_by_role("button", name="Đề nghị, chờ người khác xác nhận"))
    assert find_desk_faults(page) == []
