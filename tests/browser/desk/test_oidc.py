"""The ministry's account in a real browser: there and back over two sites, and each of its pages."""

import pytest
from playwright.sync_api import Page

from accounts import officer_accounts
from tests.browser.pages import check_unfolded, find_desk_faults, press
from tests.support.desk_login import code
from tests.support.fake_oidc_provider import Provider
from tests.support.officers import confirm_open, create_officer
from tests.support.oidc_visit import BUTTON, provider

__all__ = ["provider"]
pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]


def log_in_at_provider(page: Page, portal: str) -> None:
    """To the provider and back, by the button."""
    page.goto(f"{portal}/admin/login/?next=/admin/sessions/")
    with page.expect_navigation():
        page.get_by_role("link", name=BUTTON).click()


def test_from_a_stranger_to_an_officer_who_is_in(
    portal: str, page: Page, provider: Provider
) -> None:
    officer = create_officer("truc.ban", "duty")
    check_unfolded(page, f"{portal}/admin/auth/user/{officer.pk}/change/")
    page.fill("#subject", "canbo-01")
    page.fill("#link-reason", "gặp tận mặt")
    press(page, page.get_by_role("button", name="Nối tài khoản ngành"))
    confirm_open(officer_accounts.ACCOUNT, by=create_officer("hai", "lead"))
    check_unfolded(page, f"{portal}/admin/auth/user/{officer.pk}/change/")
    page.context.clear_cookies()
    provider.claims = {"sub": "nguoi-la-" + "x" * 200}
    log_in_at_provider(page, portal)
    assert find_desk_faults(page) == []
    press(page, page.get_by_role("link", name="Đăng nhập bằng tên và mật khẩu"))
    assert find_desk_faults(page) == []
    provider.claims = {}
    log_in_at_provider(page, portal)
    assert find_desk_faults(page) == []
    page.fill("#id_otp_token", "zz")
    press(page, page.get_by_role("button", name="Đăng nhập"))
    assert find_desk_faults(page) == []
    officer.totpdevice_set.update(throttling_failure_count=0)
    page.fill("#id_otp_token", code(officer))
    press(page, page.get_by_role("button", name="Đăng nhập"))
    assert page.url == f"{portal}/admin/sessions/"
    page.locator(".menu .own summary").click()
    press(page, page.get_by_role("button", name="Đăng xuất"))
    page.wait_for_url(f"{portal}/admin/login/")  # by way of the provider
    assert "/out" in provider.asked
