"""A real browser, Debian's Chromium: an empty profile each time, and script off unless asked for."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from reports.models import PublicStatement
from reports.reference import confirmed_statements
from tests.support.portal_process import Portal, running_portal
from tools.servers import CHROMIUM

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
OpenContext = Callable[..., BrowserContext]

# Playwright's own five seconds are few on a machine that is overrun.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def browser(django_db_setup: None) -> Iterator[Browser]:
    """Closed before the test database goes: its open lines hold the server's connections."""
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("no Chromium is installed, and REQUIRE_BROWSER is set")
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium-headless-shell)")
    # Playwright runs an event loop in this thread; Django must not refuse its tables for that.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture(scope="module")
def whole() -> Iterator[Portal]:
    """Every process, as it is served to the world: sheets and pages compressed."""
    with running_portal() as running:
        yield running


@pytest.fixture
def portal(live_server: LiveServer) -> str:
    """Where the portal is, its desk set up."""
    call_command("setup_desk", verbosity=0)
    return str(live_server.url)


@pytest.fixture
def confirmed(portal: str) -> str:
    """Where the portal is, every sentence of its public pages confirmed."""
    PublicStatement.objects.update(is_public=True)
    confirmed_statements.clear_cache()
    return portal


@pytest.fixture
def open_context(browser: Browser) -> Iterator[OpenContext]:
    """Return a function that opens an empty profile, by default in the window of a small phone."""
    with ExitStack() as stack:

        def open_in_window(width: int = 360, height: int = 740, **options: Any) -> BrowserContext:
            window: Any = {"width": width, "height": height}
            context = browser.new_context(viewport=window, **options)
            stack.callback(context.close)
            return context

        yield open_in_window


@pytest.fixture
def page(open_context: OpenContext) -> Page:
    """A page that axe may look into."""
    return open_context(bypass_csp=True).new_page()


@pytest.fixture
def phone(open_context: OpenContext) -> BrowserContext:
    """A small phone without script."""
    return open_context(java_script_enabled=False, locale="vi-VN")
