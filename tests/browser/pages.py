"""What every test in a browser does with a page."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page

WIDTHS = (360, 1280)
A4 = {"format": "A4", "margin": {"top": "1cm", "bottom": "1cm"}}
REFUSED = "chrome-error://chromewebdata/"  # the address of a frame that may not be shown
# For tests that look at each page in both widths themselves: a page is not loaded anew for that.
once = pytest.mark.parametrize("page", WIDTHS[:1], indirect=True)
WIDER_THAN_THE_WINDOW = "document.documentElement.scrollWidth - window.innerWidth"
HAS_NO_AXE = "typeof axe === 'undefined'"
# A page has few colours, and axe reads each a thousand times.
READ_A_COLOUR_ONCE = """
(({ prototype }) => {
  const read = prototype.parseString, known = new Map();
  prototype.parseString = function (text) {
    if (!known.has(text)) known.set(text, read.call(new this.constructor(), text));
    ({ r: this.r, g: this.g, b: this.b, alpha: this.alpha } = known.get(text));
    return this;
  };
})(axe.commons.color.Color)
"""
# The stock sheets fade colours in; what else moves is left alone.
LOOK = """
async ([inside, options]) => {
  document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish());
  const { violations } = await axe.run(inside, options);
  return violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)]);
}
"""
# Sheets would be fetched again for one rule, which is not among those that axe asks by itself.
OF_VIOLATIONS = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}
OF_COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
Found = list[tuple[str, list[str]]]


def press(page: Page, button: Locator) -> None:
    """Press a button and wait for the page that it leads to."""
    with page.expect_navigation():
        button.click()


def printed(page: Page, **how: Any) -> bytes:
    """The page on paper. Chromium's printing may fail of itself on a busy machine: twice."""
    for _ in range(2):
        with suppress(PlaywrightError):
            return page.pdf(**how)
    return page.pdf(**how)


def violations(page: Page, inside: str = ":root") -> Found:
    """What axe finds in the page as it stands, by day; by night it asks for colours alone, since the
    night changes nothing else (tests/desk/test_dark_mode.py).
    """
    found = look(page, inside)
    page.emulate_media(color_scheme="dark")
    found += look(page, inside, OF_COLOURS)
    page.emulate_media(color_scheme="light")
    return found


def small_and_large(page: Page, faults: Callable[[Page], list[Any]]) -> list[tuple[int, Any]]:
    """The faults in either width, each beside the width; the window is as it was before."""
    window, found = page.viewport_size, []
    for width in WIDTHS:
        page.set_viewport_size({**window, "width": width})
        found += [(width, fault) for fault in faults(page)]
    page.set_viewport_size(window)
    return found


def look(page: Page, inside: Any, options: dict[str, Any] | None = None) -> Found:
    """What axe finds there: each broken rule, and the places where it is broken."""
    if page.evaluate(HAS_NO_AXE):
        page.evaluate(AXE_SCRIPT + READ_A_COLOUR_ONCE)
    found = page.evaluate(LOOK, [inside, OF_VIOLATIONS | (options or {})])
    return [(rule, places) for rule, places in found]


def too_wide(page: Page) -> list[str]:
    return ["scrolls sideways"] if page.evaluate(WIDER_THAN_THE_WINDOW) > 0 else []
