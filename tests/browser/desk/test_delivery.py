"""In a real browser: the pages of subscribers and agencies, and the desk that brings warnings."""

import pytest
from django.test import Client
from playwright.sync_api import Page
from pytest_django import Settings

from alerts.delivery import signed_links
from alerts.models import Delivery, DeliveryAttempt, Subscriber
from core.audit import proposals
from reports.blocking import letters
from reports.models import Office
from reports.numbers import office_questions
from tests.browser.desk.conftest import OpenDesk
from tests.browser.pages import find_faults, find_violations, press
from tests.support import alert_factories
from tests.support.blocking import add_partner, ask
from tests.support.number_factories import OFFICE_MAIL, ask_office
from tests.support.officers import Person, create_officer, log_in

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]
NAME = "Ủy ban nhân dân phường có tên rất dài " + "a" * 60


@pytest.fixture
def portal(portal: str, settings: Settings) -> str:
    settings.PORTAL_URL = portal
    return portal


def test_the_way_in_and_out_of_the_mails_has_no_fault(portal: str, page: Page) -> None:
    page.goto(f"{portal}/dang-ky/")
    assert find_faults(page) == []
    page.locator("[name=address]").fill("khong phai thu")
    press(page, page.locator("main form button"))
    assert find_faults(page) == []
    page.locator("[name=address]").fill("dan@mau.example")
    press(page, page.locator("main form button"))
    assert find_faults(page) == []
    row = Subscriber.objects.get()
    for address, done in (
        (signed_links.opt_in_url(row), "Xong"),
        (signed_links.change_url(row), "Đã lưu"),
        (signed_links.unsubscribe_url(row), "Đã bỏ"),
    ):
        page.goto(address)
        assert find_faults(page) == []
        press(page, page.locator("main form button"))
        page.get_by_text(done).first.wait_for()
        assert find_faults(page) == []


def test_the_page_of_an_agency_has_no_fault(portal: str, page: Page) -> None:
    address = signed_links.confirmation_url(alert_factories.partner(NAME), alert_factories.issued())
    for path in (f"{portal}/da-trien-khai/x/", address):
        page.goto(path)
        assert find_faults(page) == []
    press(page, page.locator("main form button"))
    page.get_by_text("Đã ghi nhận").wait_for()
    assert find_faults(page) == []


def test_what_partners_who_block_and_offices_answer_on_has_no_fault(
    portal: str, page: Page
) -> None:
    duty, lead = (Person(create_officer(role, role), Client()) for role in ("duty", "lead"))
    with proposals.bypass_four_eyes():
        letter = ask(add_partner(NAME[:80]), duty, lead).letters.get()
        Office.objects.update(email=OFFICE_MAIL)
    question = ask_office(duty)
    for address in (letters.build_answer_url(letter), office_questions.sign_link(question)):
        page.goto(address)
        assert find_faults(page) == []
        page.locator("[name=answer]").first.check()
        press(page, page.locator("main form button"))
        page.get_by_text("Đã ghi câu trả lời").wait_for()
        assert find_faults(page) == []


def test_the_desk_of_agencies_has_no_fault(portal: str, open_desk: OpenDesk) -> None:
    row = alert_factories.partner(NAME, "https://so.example/" + "duong-rat-dai/" * 20)
    row.stopped_channels = ["webhook"]
    row.save()
    revision = alert_factories.issued()
    for each in Delivery.objects.all():
        DeliveryAttempt.objects.create(delivery=each, outcome="refused", status=503)
    Delivery.objects.update(state=Delivery.State.FAILED)
    page = open_desk(log_in(create_officer("bien.tap", "editor")))
    desk, wrong = f"{portal}/admin/", {}
    for path in (
        "",
        "alerts/partneragency/",
        "alerts/partneragency/add/",
        f"alerts/partneragency/{row.pk}/change/",
        "alerts/delivery/",
        f"alerts/delivery/{Delivery.objects.first().pk}/change/",  # type: ignore[union-attr]
    ):
        page.goto(desk + path)
        if faults := find_faults(page):
            wrong[path] = faults
    page.goto(f"{desk}alerts/alert/{revision.alert_id}/change/")
    assert find_violations(page, "#partners") == []
    page.goto(f"{desk}alerts/partneragency/{row.pk}/change/")
    page.get_by_text("Làm khóa webhook mới").click()
    press(page, page.get_by_role("button", name="Làm khóa mới"))
    assert (wrong, find_faults(page)) == ({}, [])
