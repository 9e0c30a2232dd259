# ruff: noqa: F811  # fixtures of another file have the names that tests give them
"""The previews of a warning in a real browser: every format shown, no fault at any width."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from playwright.sync_api import Page

from tests.browser.test_desk import chief, faults, page  # noqa: F401
from tests.support.alert_factories import submitted

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]
LOADED = "[...document.images].every(image => image.complete && image.naturalWidth > 0)"


def test_the_previews_of_a_warning_have_no_fault(portal: str, page: Page, chief: Client) -> None:
    User.objects.get(username="chief").groups.add(*Group.objects.all())
    alert = submitted(sms_marked="Cúp máy. Không chuyển tiền.", loudspeaker="Thưa bà con. " * 30)
    page.goto(f"{portal}/admin/alerts/alert/{alert.pk}/preview/")
    for image in page.locator(".previews img").all():
        image.scroll_into_view_if_needed()
    page.wait_for_function(LOADED)
    for summary in page.locator("#content summary").all():
        summary.click()
    assert faults(page) == []
