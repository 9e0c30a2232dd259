"""Every resident's page and every verdict, as axe and our own rules see them: both languages, small
and large, by day and by night.
"""

from itertools import product
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page

from reports.models import Dispute
from reports.numbers import disputes
from tests.browser.conftest import OpenContext
from tests.browser.pages import EVERY_PAGE, LAYOUT_SHIFT, find_overflow, find_resident_faults, press
from tests.support.number_factories import KEY, add_finding, file_report
from tests.support.officers import create_officer
from tests.support.public_urls import public_paths
from tools.screenshots import NUMBERS, RESIDENT

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

# Each form is pressed in either language, in the one on a phone and in the other at a desk.
VISITS = [("", 360), ("/en", 1280)]
# Not drawn by themselves: files, steps of a form that lead back to the page before them, and what
# other rooms look at.
NO_PAGES = (
    "bao-cao/gui/", "theo-doi/", "so-lieu.csv", "khong-co", "canh-bao", "nhung", "danh-cho-co-quan",
    "dang-ky", "da-trien-khai",
)  # fmt: skip


@pytest.fixture
def visits(open_context: OpenContext) -> list[tuple[str, Page]]:
    """Each language of the addresses, and a page."""
    options: dict[str, Any] = {"bypass_csp": True, "service_workers": "block"}
    return [(language, open_context(width, **options).new_page()) for language, width in VISITS]


def test_no_page_is_forgotten(client: Client) -> None:
    drawn = []
    for path in public_paths():
        if path.startswith("/en/") or any(part in path for part in NO_PAGES):
            continue
        answer = client.get(path)
        if answer.status_code == 200 and "html" in answer.headers["content-type"]:
            drawn.append(path)
    assert set(drawn) <= set(RESIDENT.values())


@pytest.mark.parametrize("half", [EVERY_PAGE[:20], EVERY_PAGE[20:]], ids=["one", "other"])
def test_no_page_has_a_fault_or_jumps_while_it_loads_and_four_times_the_size_still_fits(
    portal: str, visits: list[tuple[str, Page]], half: list[str]
) -> None:
    """A window of 1280 x 1024 at 400 % is one of 320 x 256."""
    (_, page), found = visits[0], {}
    for path in half:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(portal + path)
        shift, faults = page.evaluate(LAYOUT_SHIFT), find_resident_faults(page)
        page.set_viewport_size({"width": 320, "height": 256})
        found[path] = (shift, faults, find_overflow(page))
    assert found == dict.fromkeys(half, (0, [], []))


def test_no_verdict_on_a_number_has_a_fault(portal: str, visits: list[tuple[str, Page]]) -> None:
    add_finding()
    add_finding(kind="account", key="0992000456700", bank="Vietcombank")
    add_finding(kind="link", key="nhai.example")
    file_report(0, "+84550000124"), file_report(1, "+84550000124")
    numbers, wrong = NUMBERS | {"confirmed": KEY, "several": "0550 000 124"}, {}
    numbers |= {"bad account": "Vietcombank 0992000456700", "bad link": "nhai.example/nop"}
    for (language, page), (name, number) in product(visits, numbers.items()):
        page.goto(f"{portal}{language}/kiem-tra/")
        page.locator("main [name=number]").first.fill(number)
        press(page, page.locator("main form button").first)
        if faults := find_resident_faults(page):
            wrong[language, name] = faults
    assert wrong == {}


def test_no_dispute_of_a_number_has_a_fault(portal: str, visits: list[tuple[str, Page]]) -> None:
    officer = create_officer("truc.ban", "duty")
    for language, page in visits:
        page.goto(f"{portal}{language}/kiem-tra/xem-lai/")
        press(page, page.locator("main form .button").last)
        assert find_resident_faults(page) == []
        page.locator("main [name=number]").first.fill("0550 000 124")
        page.locator("main [name=reason]").fill("Số của cửa hàng tôi.")
        page.locator("main [name=contact_phone]").fill("0550 000 111")
        press(page, page.locator("main form .button").last)
        page.locator(".ticket").wait_for()
        assert find_resident_faults(page) == []
        press(page, page.locator("main [name=code]"))
        page.locator(".verdict").wait_for()
        assert find_resident_faults(page) == []
        row = Dispute.objects.get(status=Dispute.Status.OPEN)
        disputes.answer(row.pk, upheld=False, text="Số này kẻ gian đã dùng.", by=officer)
        page.reload()
        assert find_resident_faults(page) == []


def test_no_answer_of_the_search_has_a_fault(portal: str, visits: list[tuple[str, Page]]) -> None:
    for (language, page), query in product(visits, ("cong an", "0550 000 123", "qwertz")):
        page.goto(f"{portal}{language}/tim/")
        page.locator("main [name=q]").first.fill(query)
        press(page, page.locator("main form button").first)
        assert find_resident_faults(page) == [], query
