"""The pages of campaigns in a real browser: no fault at any width, and a merge and its return by hand."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from reports.campaigns import bursts, manual_grouping
from reports.models import Campaign
from tests.browser.desk.conftest import STORY
from tests.browser.pages import find_desk_faults, unfold
from tests.support import report_factories
from tests.support.campaign_factories import add_to_campaign, campaign, hand, members, proposed
from tests.support.officers import create_officer

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

LIST = "/admin/reports/campaign/"


@pytest.fixture
def campaigns(chief: Client) -> tuple[Campaign, Campaign]:
    """Two campaigns, of one of which much is known and with which much was done."""
    large, small = campaign("Đ-26-AAA", 30), campaign("Đ-26-BBB", 3)
    report = report_factories.triaged(STORY, caller_number="0550 000 123")
    add_to_campaign(report, large, reason="Cùng số gọi " + "dài" * 100)
    by = create_officer("ha", "duty")
    manual_grouping.detach(large.pk, members(large)[:1], hand(by, "<b>Khác giọng</b> " * 9), 1)
    manual_grouping.undo_action(
        manual_grouping.split(large.pk, members(large)[:2], hand(by), 2).pk, hand(by, "Nhầm")
    )
    proposed(large, small)
    bursts.detect_and_store()
    return large, small


def test_no_page_of_a_campaign_and_no_refusal_has_a_fault(
    portal: str, page: Page, campaigns: tuple[Campaign, Campaign]
) -> None:
    large, small = campaigns
    for path in ("/admin/", LIST, f"{LIST}?q=Đ-26", f"{LIST}{large.pk}/change/"):
        answer = page.goto(portal + path)
        assert answer is not None
        assert (answer.status, find_desk_faults(page)) == (200, []), path
    unfold(page, "#content summary")
    assert find_desk_faults(page) == []
    page.fill("#merge_code", small.code)
    page.get_by_role("button", name="Xem trước khi gộp").last.click()
    page.wait_for_url("**/merge/")
    assert find_desk_faults(page) == []
    page.goto(f"{portal}{LIST}{large.pk}/change/")
    page.get_by_role("button", name="Tách khỏi đợt").click()
    page.wait_for_url("**/detach/")
    assert "Chưa ghi lý do" in page.inner_text(".messagelist")
    assert find_desk_faults(page) == []
    page.locator("summary", has_text="Lấy lại việc này").first.click()
    page.locator("details[open] button").click()
    page.wait_for_url("**/take-back/**")
    expect(page.locator("details[open] .wrong")).to_be_visible()
    assert find_desk_faults(page) == []
    page.locator("summary", has_text="Gắn tin vào đợt này").click()
    page.fill("#attach_numbers", small.links.all()[0].report.public_number)
    page.get_by_role("button", name="Xem trước khi gắn").click()
    page.wait_for_url("**/attach/")
    assert find_desk_faults(page) == []
