"""What every test in a browser does with a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

WIDTHS = (360, 1280)
WIDER_THAN_THE_WINDOW = "document.documentElement.scrollWidth - window.innerWidth"
# The stock sheets fade colours in; what else moves is left alone.
FADED_IN = """
document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish())
"""
OF_COLOURS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
AGAIN = "([inside, options]) => axe.run(inside, options)"
AXE = Axe()


def press(page: Page, button: Locator) -> None:
    """Press a button and wait for the page that it leads to."""
    with page.expect_navigation():
        button.click()


def violations(page: Page, inside: str = ":root") -> list[tuple[str, list[str]]]:
    """What axe finds in the page as it stands, by day; by night it asks for colours alone, since the
    night changes nothing else (tests/portal/test_night.py).
    """
    page.evaluate(FADED_IN)
    found = AXE.run(page, inside).response["violations"]
    page.emulate_media(color_scheme="dark")
    page.evaluate(FADED_IN)
    found += page.evaluate(AGAIN, [inside, OF_COLOURS])["violations"]
    page.emulate_media(color_scheme="light")
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def too_wide(page: Page) -> list[str]:
    return ["scrolls sideways"] if page.evaluate(WIDER_THAN_THE_WINDOW) > 0 else []
