"""Every resident's page and every verdict, as axe and our own rules see them: both languages, small
and large, by day and by night.
"""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from tests.browser.pages import press, small_and_large
from tests.browser.test_resident_pages import faults
from tests.reports.views.test_number_lookup import KEY, add_finding, file_report
from tests.support.officers import Person
from tests.support.public_urls import public_paths
from tools.screenshots import NUMBERS, RESIDENT

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

# Every page is looked at in either width; each language is walked and pressed in one of them.
LOOKS = [("", 360), ("/en", 1280)]
# Not drawn by themselves: files, steps of a form that lead back to the page before them, and what
# other rooms look at.
NO_PAGES = (
    "bao-cao/gui/",
    "theo-doi/",
    "so-lieu.csv",
    "khong-co",
    "canh-bao",
    "nhung",
    "danh-cho-co-quan",
    "dang-ky",
    "da-trien-khai",
)


@pytest.fixture(params=LOOKS, ids=["vi", "en"])
def look(browser: Browser, request: pytest.FixtureRequest) -> Iterator[tuple[str, Page]]:
    language, width = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 740}, bypass_csp=True, service_workers="block"
    )
    yield language, context.new_page()
    context.close()


def test_no_page_is_forgotten(client: Client) -> None:
    drawn = []
    for path in public_paths():
        if path.startswith("/en/") or any(part in path for part in NO_PAGES):
            continue
        answer = client.get(path, follow=True)
        if answer.status_code == 200 and "html" in answer.headers["content-type"]:
            drawn.append(path)
    assert set(drawn) <= set(RESIDENT.values())


def test_no_page_has_a_fault(portal: str, look: tuple[str, Page]) -> None:
    language, page = look
    wrong = {}
    for path in RESIDENT.values():
        page.goto(portal + language + path)
        if found_wrong := small_and_large(page, faults):
            wrong[path] = found_wrong
    assert wrong == {}


def test_no_verdict_on_a_number_has_a_fault(
    portal: str, look: tuple[str, Page], duty: Person, lead: Person
) -> None:
    language, page = look
    add_finding(duty, lead)
    file_report(0, "+84550000124"), file_report(1, "+84550000124")
    wrong = {}
    for name, number in (NUMBERS | {"confirmed": KEY, "several": "0550 000 124"}).items():
        page.goto(f"{portal}{language}/kiem-tra/")
        page.locator("main [name=number]").first.fill(number)
        press(page, page.locator("main form button").first)
        if found_wrong := small_and_large(page, faults):
            wrong[name] = found_wrong
    assert wrong == {}


def test_no_wish_for_a_second_look_has_a_fault(portal: str, look: tuple[str, Page]) -> None:
    language, page = look
    page.goto(f"{portal}{language}/kiem-tra/xem-lai/")
    press(page, page.locator("main form .button").last)
    assert small_and_large(page, faults) == []
    page.locator("main [name=number]").first.fill("0550 000 124")
    page.locator("main [name=reason]").fill("Số của cửa hàng tôi.")
    page.locator("main [name=contact_phone]").fill("0550 000 111")
    press(page, page.locator("main form .button").last)
    page.locator(".ticket").wait_for()
    assert small_and_large(page, faults) == []


def test_no_answer_of_the_search_has_a_fault(portal: str, look: tuple[str, Page]) -> None:
    language, page = look
    for query in ("cong an", "0550 000 123", "qwertz"):
        page.goto(f"{portal}{language}/tim/")
        page.locator("main [name=q]").first.fill(query)
        press(page, page.locator("main form button").first)
        assert small_and_large(page, faults) == [], query
