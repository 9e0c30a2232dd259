"""Writing to a reporter, many reports at once and help in a real browser: no fault at any width."""

import pytest
from playwright.sync_api import Page

from core import encryption
from reports.models import Case, Message, Report
from tests.browser.desk.conftest import QUEUE
from tests.browser.pages import find_desk_faults, press

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]


def write(page: Page, portal: str, report: Report) -> None:
    """From the page of a report to the preview of its first canned reply."""
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    page.locator("summary", has_text="Nhắn người báo").first.click()
    press(page, page.locator("form[action*='/compose/message/'] .secondary"))


def test_a_message_is_written_previewed_and_sent_without_a_fault(
    portal: str, page: Page, report: Report
) -> None:
    write(page, portal, report)
    assert find_desk_faults(page) == []
    press(page, page.get_by_role("button", name="Chèn").first)
    press(page, page.get_by_role("button", name="Xem trước"))
    assert find_desk_faults(page) == []
    preview = page.locator(".story-text").inner_text()
    press(page, page.get_by_role("button", name="Gửi cho người báo"))
    sent = Message.objects.filter(report=report).latest("pk")
    assert encryption.decrypt_field(sent, "text") == preview


def test_many_are_set_aside_and_the_result_has_no_fault(
    portal: str, page: Page, report: Report
) -> None:
    page.goto(portal + QUEUE)
    for box in page.locator("#result_list .action-select").all():
        box.check()
    page.locator("[name=action]").select_option("junk_many")
    press(page, page.locator(".actions button").first)
    assert find_desk_faults(page) == []
    page.get_by_label("Vì sao là tin rác").fill("Thử.")
    press(page, page.get_by_role("button", name="Đánh dấu tin rác"))
    assert "Đã làm 2 tin, không làm 1 tin." in page.inner_text("#content")  # who is pressed
    assert find_desk_faults(page) == []
    assert set(Case.objects.values_list("status", flat=True)) == {"junk", "waiting"}
