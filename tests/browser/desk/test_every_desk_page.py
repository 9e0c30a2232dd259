"""Every page of the desk as axe and our own rules see it, small and large. Pages are found by
themselves: what somebody adds is walked too.
"""

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from tests.browser.desk.conftest import OpenDesk
from tests.browser.pages import find_desk_faults
from tests.support.admin_urls import AdminUrls, pages
from tests.support.alert_factories import draft, submitted
from tests.support.officers import create_officer, log_in
from tests.support.permission_matrix import PAGES

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

# The others' pages are a lead's with less on them, but for the warnings. Beside each role what
# the names of its pages begin with.
WALKED = {"lead": "", "approver": "alerts_", "editor": "alerts_"}
# Files that take seconds to draw: tests/alerts/formats looks at them.
FILES = {
    f"alerts_alert_preview_{file}" for file in ("pack", "paper", "picture", "poster", "square")
} | {"reports_report_calls", "reports_report_handovers"}  # parts of the start page
REFRESHES = "meta-refresh"  # a frame without script reads itself anew each five minutes
# Each takes every second page: the lead's walk is long, and two browsers share it.
WALKS = [("lead", slice(part, None, 2)) for part in range(2)]
WALKS += [("approver", slice(None)), ("editor", slice(None))]


@pytest.mark.parametrize(("role", "part"), WALKS)
def test_no_page_of_the_desk_has_a_fault(
    portal: str, open_desk: OpenDesk, role: str, part: slice
) -> None:
    addresses = AdminUrls()
    # With what an approver decides, or as an editor writes it.
    addresses.made["alert"] = (draft() if role == "editor" else submitted()).pk
    seen = [name for name in pages() if name.startswith(WALKED[role])]
    open_to_role = [name for name in seen if role in PAGES[name][0] and name not in FILES]
    paths = {name: addresses.build(name, pages()[name]) for name in open_to_role[part]}
    page = open_desk(log_in(create_officer("di.bo", role)))
    wrong = _walk(page, portal, paths)
    assert wrong == {}


def _walk(page: Page, portal: str, paths: dict[str, str]) -> dict[str, object]:
    """Return the faults of each page by its name, small and large. A page that leads to another that
    was seen is not looked at twice.
    """
    wrong: dict[str, object] = {}
    seen: set[str] = set()
    for name, path in paths.items():
        if _is_drawn(page, portal + path) and page.url not in seen:
            seen.add(page.url)
            wrong[name] = [each for each in find_desk_faults(page) if REFRESHES not in str(each)]
    assert len(seen) > len(paths) / 2
    return {name: faults for name, faults in wrong.items() if faults}


def _is_drawn(page: Page, address: str) -> bool:
    """Whether it is a page that was found, and no file."""
    try:
        answer = page.goto(address)
    except PlaywrightError as error:
        if "Download is starting" not in error.message:
            raise
        return False
    assert answer is not None
    return answer.ok and "text/html" in answer.headers["content-type"]
