"""What every test in a browser does with a page."""

from playwright.sync_api import Locator, Page


def press(page: Page, button: Locator) -> None:
    """Press a button and wait for the page that it leads to."""
    with page.expect_navigation():
        button.click()
