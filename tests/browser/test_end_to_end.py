"""The story in a real browser on every real process: a phone without script, then the desk, then
another agency's page.
"""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.pages import REFUSED, press
from tests.support.concurrency import serving
from tests.support.portal_process import PATIENCE, Portal, Visitor

pytestmark = pytest.mark.serial

STORY = "Xưng là phó giám đốc sở, nói tôi dính vụ án rửa tiền, bảo chuyển tiền, dặn giữ bí mật."
OFFICER = "truc.ban"


@pytest.fixture(scope="module")
def portal(whole: Portal) -> Portal:
    return whole


@pytest.fixture(scope="module")
def desk(browser: Browser, portal: Portal) -> Iterator[Page]:
    """The desk as the duty officer enters it: password, and the code of the moment. Once: a code
    opens the door a single time.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="vi-VN")
    page = context.new_page()
    page.goto(f"{portal.url}/admin/")
    page.locator("[name=username]").fill(OFFICER)
    page.locator("[name=password]").fill(portal.people[OFFICER]["password"])
    page.locator("[name=otp_token]").fill(portal.manage("officer_code", OFFICER).split()[-1])
    press(page, page.locator("form [type=submit]").first)
    yield page
    context.close()


@pytest.fixture
def agency(portal: Portal) -> Iterator[str]:
    """A page of somebody else's, on another origin, that frames the newest warning."""

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = "/nhung/" if self.path == "/" else self.path
            body = f'<!doctype html><title>x</title><iframe src="{portal.url}{path}"></iframe>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server, serving(server):
        yield f"http://localhost:{server.server_port}"


def reload_until_read(desk: Page, address: str, number: str) -> None:
    """Triage takes a moment; only what has been read is found by its number."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        desk.goto(address)
        if desk.get_by_role("link", name=number).count():
            return
        desk.wait_for_timeout(100)
    raise AssertionError(f"{number} was not read")


def test_one_call_from_the_phone_to_the_officers_decision(
    portal: Portal, phone: BrowserContext, desk: Page
) -> None:
    page = phone.new_page()
    page.goto(portal.url)
    page.locator(".entry-cards").get_by_role("link", name="Báo cuộc gọi lừa đảo").click()
    page.get_by_label("Số (hoặc tên) hiện trên máy").fill("0550 000 147")
    page.get_by_label("Kể lại chuyện đã xảy ra").fill(STORY)
    page.get_by_label("Số để công an gọi").fill("0550 000 111")
    page.get_by_label("Câu hẹn").fill("bến đò, 47")
    page.get_by_role("button", name="Gửi tin báo").click()
    expect(page.get_by_role("heading", name="Đã nhận tin báo của bạn")).to_be_visible()
    number = page.locator(".ticket .mono.keep").inner_text()
    secrets = [*page.locator(".code b").all_text_contents(), "bến đò"]
    assert len(secrets) == 5

    reload_until_read(desk, f"{portal.url}/admin/reports/report/?q=0550000147", number)
    desk.get_by_role("link", name=number).click()
    expect(desk.locator("mark", has_text="phó giám đốc")).to_be_visible()
    expect(desk.get_by_role("heading", name="Giả danh lãnh đạo")).to_be_visible()
    assert not [secret for secret in secrets if secret in desk.content()]
    assert json.loads(portal.manage("queue_status", "--json"))["balanced"]

    desk.get_by_role("button", name="Nhận xử lý").click()
    expect(desk.locator("h1")).to_contain_text("Đang xác minh")
    log = desk.locator("section, .box", has=desk.get_by_role("heading", name="Nhật ký xử lý"))
    expect(log.last).to_contain_text(OFFICER)
    expect(log.last).to_contain_text("Nhận xử lý")


def test_the_desk_wants_a_second_factor(browser: Browser, portal: Portal) -> None:
    page = browser.new_page()
    page.goto(f"{portal.url}/admin/")
    page.locator("[name=username]").fill("bien.tap")
    page.locator("[name=password]").fill(portal.people["bien.tap"]["password"])
    press(page, page.locator("form [type=submit]").first)
    page.goto(f"{portal.url}/admin/reports/report/")
    assert "/admin/login/" in page.url
    page.close()


def test_no_page_of_the_desk_breaks_its_content_policy(portal: Portal, desk: Page) -> None:
    visitor = Visitor(portal.url)
    visitor.submit(visitor.get("/bao-cao/"), "/bao-cao/", story=STORY)
    broken: list[str] = []
    desk.on("console", lambda message: broken.append(message.text))
    for path in ("/admin/", "/admin/reports/report/", "/admin/password_change/"):
        desk.goto(portal.url + path)
    desk.goto(f"{portal.url}/admin/reports/report/")
    desk.locator("#result_list th a").first.click()
    expect(desk.get_by_role("heading", name="Quyết định")).to_be_visible()
    assert [line for line in broken if "Content Security Policy" in line] == []


def test_the_frame_opens_in_a_page_of_another_origin(browser: Browser, agency: str) -> None:
    page = browser.new_page()
    page.goto(agency)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("Cúp máy").first).to_be_visible()
    expect(frame.get_by_text("Nguồn: Công an tỉnh Thanh Hóa")).to_be_visible()
    assert page.context.cookies() == []
    page.close()


@pytest.mark.parametrize("path", ["/", "/bao-cao/", "/canh-bao/", "/admin/login/"])
def test_no_other_page_opens_in_a_frame(browser: Browser, agency: str, path: str) -> None:
    page = browser.new_page()
    page.goto(agency + (path if path != "/" else "/?"))
    page.frames[-1].wait_for_url(REFUSED)
    inside = cast("str", page.frames[-1].evaluate("document.body.innerText"))
    assert "Thanh Hóa" not in inside
    page.close()
