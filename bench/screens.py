"""Screenshots of the pages, to look at them: `make screens` writes them to build/screens/.

Starts the whole portal with invented reports and walks it as a resident and as an officer, at
360 and 1280 pixels, in light and in dark.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.stack import Portal, running_portal

OUT = Path("build/screens")
WIDTHS = (360, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PUBLIC = {
    "home": "/",
    "now": "/dang-bi-goi/",
    "report": "/bao-cao/",
    "no-cookie": "/bao-cao/da-nhan/",
    "track": "/theo-doi/",
    "warnings": "/canh-bao/",
    "agencies": "/danh-cho-co-quan/",
    "frame": "/nhung/",
    "not-found": "/khong-co/",
}
DESK = {
    "desk-start": "/admin/",
    "desk-queue": "/admin/reports/report/",
    "desk-warnings": "/admin/alerts/alert/",
}
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]


def shoot(page: Page, name: str, width: int, scheme: str) -> None:
    # Disabled: the stock admin fades from one colour scheme to the other.
    path = OUT / f"{name}-{width}-{scheme}.png"
    page.screenshot(path=path, full_page=True, animations="disabled")


def resident(page: Page, portal: Portal) -> Iterator[str]:
    """The public pages and the states of the report page, by name."""
    for name, path in PUBLIC.items():
        page.goto(portal.url + path)
        yield name
    page.goto(f"{portal.url}/canh-bao/")
    page.locator("main a[href^='/canh-bao/']").first.click()
    yield "warning"
    page.goto(f"{portal.url}/bao-cao/")
    page.get_by_role("button", name="Gửi tin báo").click()
    yield "report-empty"
    page.get_by_label("Kể lại chuyện đã xảy ra").fill("Xưng công an, dọa bắt, đòi chuyển 20 triệu.")
    page.get_by_role("button", name="Gửi tin báo").click()
    yield "receipt"


def officer(page: Page, portal: Portal) -> Iterator[str]:
    """The desk, from the log-in to a report."""
    user = "truc.ban"
    page.goto(f"{portal.url}/admin/")
    yield "desk-login"
    page.fill("[name=username]", user)
    page.fill("[name=password]", portal.people[user]["password"])
    page.fill("[name=otp_token]", portal.manage("officer_code", user).split()[-1])
    page.locator("[type=submit]").first.click()
    for name, path in DESK.items():
        page.goto(portal.url + path)
        yield name
    page.goto(f"{portal.url}/admin/reports/report/")
    page.locator("#result_list th a").first.click()
    yield "desk-report"


def walk(browser: Browser, portal: Portal) -> None:
    """Everything once per width and scheme; a code of the desk opens the door once, so the
    officer logs in once and changes the window.
    """
    for width in WIDTHS:
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme
            )
            page = context.new_page()
            for name in resident(page, portal):
                shoot(page, name, width, scheme)
            context.close()
    page = browser.new_context().new_page()
    for name in officer(page, portal):
        for width in WIDTHS:
            for scheme in SCHEMES:
                page.set_viewport_size({"width": width, "height": 800})
                page.emulate_media(color_scheme=scheme)
                shoot(page, name, width, scheme)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", default=os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    chromium = parser.parse_args().chromium
    OUT.mkdir(parents=True, exist_ok=True)
    with running_portal() as portal, sync_playwright() as playwright:
        portal.manage("demo")
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        walk(browser, portal)
        browser.close()
    print(f"{len(list(OUT.glob('*.png')))} pictures in {OUT}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
