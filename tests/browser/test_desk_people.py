"""The pages on people in a real browser: closed, locked, and the page that asks again."""

import os
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page
from pytest_django import Settings

from accounts import service
from tests.accounts.test_login import enter
from tests.browser.pages import press
from tests.browser.test_desk import QUEUE, chief, faults, page
from tests.support import report_factories
from tests.support.officers import create_officer

__all__ = ["chief", "page"]
pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]


def shot(page: Page, name: str) -> None:
    """A picture to look at, where one is wanted."""
    if folder := os.environ.get("SHOTS"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def whole(page: Page, address: str, name: str) -> None:
    answer = page.goto(address)
    assert answer is not None
    for summary in page.locator("summary").all():
        summary.click()
    shot(page, name)
    assert (answer.status, faults(page)) == (200, []), name


def test_no_page_on_people_has_a_fault(portal: str, page: Page) -> None:
    duty, gone = create_officer("truc.ban", "duty"), create_officer("nghi.huu", "duty")
    service.deactivate(gone, by=User.objects.get(username="chief"), reason="nghỉ hưu")
    for _ in range(5):
        enter(Client(), name="truc.ban", password="sai")
    whole(page, f"{portal}/admin/auth/user/", "people")
    whole(page, f"{portal}/admin/auth/user/{duty.pk}/change/", "locked")
    whole(page, f"{portal}/admin/auth/user/{gone.pk}/change/", "closed")
    whole(page, f"{portal}/admin/sessions/", "sessions")


def test_the_page_that_asks_again_has_no_fault(portal: str, page: Page, settings: Settings) -> None:
    settings.REAUTHENTICATION_MINUTES = 0
    report = report_factories.report(contact="0992 000 118", phrase="bến đò, 47")
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    with page.expect_navigation():
        page.evaluate(
            """([at, why]) => { const form = document.createElement("form");
        form.method = "post"; form.action = at;
        const token = document.querySelector("[name=csrfmiddlewaretoken]").cloneNode();
        const said = document.createElement("input"); said.name = "why"; said.value = why;
        form.append(token, said); document.body.append(form); form.submit(); }""",
            [f"{QUEUE}{report.pk}/reveal-contact/", "Gọi lại người báo"],
        )
    page.wait_for_selector("#confirm_proof")
    shot(page, "again")
    assert faults(page) == []
    page.fill("#confirm_proof", "sai")
    press(page, page.locator("#content button"))
    page.wait_for_selector(".errornote")
    shot(page, "again-wrong")
    assert faults(page) == []
