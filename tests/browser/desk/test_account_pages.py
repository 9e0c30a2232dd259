"""The pages on people in a real browser: closed, locked, and the page that asks again."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page
from pytest_django import Settings

from accounts import officer_accounts
from tests.browser.desk.conftest import QUEUE
from tests.browser.pages import check_unfolded, find_desk_faults, press
from tests.support import report_factories
from tests.support.desk_login import enter
from tests.support.officers import create_officer

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]


def test_no_page_on_people_has_a_fault(portal: str, page: Page) -> None:
    duty, gone = create_officer("truc.ban", "duty"), create_officer("nghi.huu", "duty")
    officer_accounts.deactivate(gone, by=User.objects.get(username="chief"), reason="nghỉ hưu")
    for _ in range(5):
        enter(Client(), name="truc.ban", password="sai")
    check_unfolded(page, f"{portal}/admin/auth/user/")
    check_unfolded(page, f"{portal}/admin/auth/user/{duty.pk}/change/")
    check_unfolded(page, f"{portal}/admin/auth/user/{gone.pk}/change/")
    check_unfolded(page, f"{portal}/admin/sessions/")


def test_the_page_that_asks_again_has_no_fault(portal: str, page: Page, settings: Settings) -> None:
    settings.REAUTHENTICATION_MINUTES = 0
    report = report_factories.report(contact="0992 000 118", phrase="bến đò, 47")
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    page.get_by_text("Lý do khác").click()
    page.locator("#why_contact").fill("Gọi lại người báo")
    with page.expect_navigation():
        page.locator("#why_contact").press("Enter")
    page.wait_for_selector("#confirm_proof")
    assert find_desk_faults(page) == []
    page.fill("#confirm_proof", "sai")
    press(page, page.locator("#content button"))
    page.wait_for_selector(".errornote")
    assert find_desk_faults(page) == []
