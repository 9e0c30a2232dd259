"""Every resident's page and every verdict, as axe and our own rules see them: both languages, small
and large, by day and by night.
"""

import pytest
from django.test import Client
from playwright.sync_api import Page

from tests.browser.conftest import OpenContext
from tests.browser.pages import Inspector, find_resident_faults, find_resident_layout_faults, press
from tests.support.number_factories import KEY, add_finding, file_report
from tests.support.public_urls import public_paths
from tools.screenshots import NUMBERS, RESIDENT

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

# Every page is looked at in either width; each language is walked and pressed in one of them.
VISITS = [("", 360), ("/en", 1280)]
# Not drawn by themselves: files, steps of a form that lead back to the page before them, and what
# other rooms look at.
NO_PAGES = (
    "bao-cao/gui/", "theo-doi/", "so-lieu.csv", "khong-co", "canh-bao", "nhung", "danh-cho-co-quan",
    "dang-ky", "da-trien-khai",
)  # fmt: skip


@pytest.fixture(params=VISITS, ids=["vi", "en"])
def visit(open_context: OpenContext, request: pytest.FixtureRequest) -> tuple[str, Page]:
    """The language of the addresses, and a page."""
    language, width = request.param
    return language, open_context(width, bypass_csp=True, service_workers="block").new_page()


def test_no_page_is_forgotten(client: Client) -> None:
    drawn = []
    for path in public_paths():
        if path.startswith("/en/") or any(part in path for part in NO_PAGES):
            continue
        answer = client.get(path, follow=True)
        if answer.status_code == 200 and "html" in answer.headers["content-type"]:
            drawn.append(path)
    assert set(drawn) <= set(RESIDENT.values())


def test_no_page_has_a_fault(portal: str, visit: tuple[str, Page]) -> None:
    language, page = visit
    wrong = {}
    for path in RESIDENT.values():
        page.goto(portal + language + path)
        if faults := find_resident_faults(page):
            wrong[path] = faults
    assert wrong == {}


def test_no_verdict_on_a_number_has_a_fault(portal: str, visit: tuple[str, Page]) -> None:
    language, page = visit
    add_finding()
    file_report(0, "+84550000124"), file_report(1, "+84550000124")
    wrong, inspector = {}, Inspector(find_resident_layout_faults)
    for name, number in (NUMBERS | {"confirmed": KEY, "several": "0550 000 124"}).items():
        page.goto(f"{portal}{language}/kiem-tra/")
        page.locator("main [name=number]").first.fill(number)
        press(page, page.locator("main form button").first)
        if faults := inspector.find_faults(page):
            wrong[name] = faults
    assert wrong == {}


def test_no_dispute_of_a_number_has_a_fault(portal: str, visit: tuple[str, Page]) -> None:
    language, page = visit
    page.goto(f"{portal}{language}/kiem-tra/xem-lai/")
    press(page, page.locator("main form .button").last)
    assert find_resident_faults(page) == []
    page.locator("main [name=number]").first.fill("0550 000 124")
    page.locator("main [name=reason]").fill("Số của cửa hàng tôi.")
    page.locator("main [name=contact_phone]").fill("0550 000 111")
    press(page, page.locator("main form .button").last)
    page.locator(".ticket").wait_for()
    assert find_resident_faults(page) == []


def test_no_answer_of_the_search_has_a_fault(portal: str, visit: tuple[str, Page]) -> None:
    (language, page), inspector = visit, Inspector(find_resident_layout_faults)
    for query in ("cong an", "0550 000 123", "qwertz"):
        page.goto(f"{portal}{language}/tim/")
        page.locator("main [name=q]").first.fill(query)
        press(page, page.locator("main form button").first)
        assert inspector.find_faults(page) == [], query
