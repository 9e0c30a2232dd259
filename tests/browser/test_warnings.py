"""Warnings in a real browser: usable by everybody, one sheet of paper, framed by strangers."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import User
from django.utils.text import slugify
from playwright.sync_api import BrowserContext, Frame, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from alerts import publishing
from alerts.drafting import FIRST_SLUG, ensure_first_alert
from alerts.formats import frames
from alerts.formats.frames import SIZES
from alerts.models import AlertRevision, CancelReason
from tests.browser.conftest import OpenContext
from tests.browser.pages import (
    REFUSED,
    find_edges,
    find_faults,
    find_overflow,
    find_violations,
    press,
    print_page,
)
from tests.support.alert_factories import approved, draft, issued, person
from tests.support.concurrency import QuietHandler, answering
from tests.support.recordings import translate

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

PAGE = f"/canh-bao/{FIRST_SLUG}/"
PAGES = [
    "/canh-bao/", PAGE, f"{PAGE}lich-su/", "/en/canh-bao/", f"/en{PAGE}", "/danh-cho-co-quan/", "/nhung/",
    f"{PAGE}nhung/", "/nhung/song/",
]  # fmt: skip
# A frame without script reads itself anew each five minutes: nothing is typed there, nothing is lost,
# and who must not be disturbed reads the warning's page.
REFRESHES = "meta-refresh"
AFTER_A_DAY = "document.getAnimations().forEach(animation => animation.finish())"


@pytest.fixture
def revision() -> AlertRevision:
    editor, approver = (User.objects.create_user(name) for name in ("editor", "approver"))
    alert = ensure_first_alert(editor)
    publishing.submit(alert, by=editor)
    return publishing.issue(alert, by=approver)


@pytest.fixture
def portal(live_server: LiveServer, revision: AlertRevision, settings: Settings) -> str:
    settings.PORTAL_URL = str(live_server.url)
    return str(live_server.url)


@dataclass
class Agency:
    """Another site, on an origin of its own, with a page that frames what it is given."""

    url: str = ""
    frames: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    pasted: list[str] = field(default_factory=list)
    sandbox: str = ""

    def reply(self, asked: QuietHandler) -> None:
        body = [
            f'<iframe src="{src}" width="320" height="420" {self.sandbox}></iframe>'
            for src in self.frames
        ]
        body += [f'<p>Trên</p><script src="{src}"></script>' for src in self.scripts]
        asked.answer("".join(["<!doctype html><h1>Xã</h1>", *body, *self.pasted]))


@pytest.fixture
def agency() -> Iterator[Agency]:
    site = Agency()
    with answering(site.reply) as port:
        site.url = f"http://127.0.0.1:{port}/"
        yield site


def test_warnings_are_usable_by_everybody_in_force_and_when_over(
    portal: str, revision: AlertRevision, page: Page
) -> None:
    for end in (lambda: None, lambda: publishing.cancel(revision.alert, by=revision.issued_by)):
        end()
        for path in PAGES:
            page.goto(portal + path)
            faults = [each for each in find_faults(page) if REFRESHES not in each[1]]
            assert faults == [], path


def test_a_warning_that_can_be_heard_and_its_frame_of_each_size_have_no_fault(
    portal: str, page: Page
) -> None:
    alert = draft()
    for language in ("vi", "hmn"):
        translate(alert, language)
    publishing.submit(alert, by=person("editor"))
    approved(alert)
    for language in ("", "/en"):
        page.goto(f"{portal}{language}/canh-bao/{alert.slug}/")
        page.locator("audio").first.wait_for()
        assert find_faults(page) == []
    for width, height in SIZES.values():
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{portal}/nhung/")
        assert [each for each in find_violations(page) if REFRESHES not in each] == []


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}in/", f"/en{PAGE}"])
def test_a_warning_prints_on_one_sheet(portal: str, phone: BrowserContext, path: str) -> None:
    page = phone.new_page()
    page.goto(portal + path)
    assert b"/Count 1" in print_page(page, prefer_css_page_size=True)


@pytest.mark.parametrize("sandbox", ["", 'sandbox="allow-popups"'])
def test_a_stranger_frames_the_warning_with_its_style(
    portal: str, agency: Agency, phone: BrowserContext, sandbox: str
) -> None:
    agency.frames, agency.sandbox = [f"{portal}/nhung/", f"{portal}{PAGE}nhung/"], sandbox
    page = phone.new_page()
    page.goto(agency.url)
    for frame in page.frames[1:]:
        frame.get_by_text("Giả lãnh đạo sở, Công an tỉnh").wait_for()
        header = frame.locator("header")
        assert header.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(13, 68, 51)"
    assert phone.cookies() == []


def test_a_stranger_frames_nothing_else(portal: str, agency: Agency, phone: BrowserContext) -> None:
    paths = ("/", "/bao-cao/", "/canh-bao/", PAGE, "/danh-cho-co-quan/", "/admin/login/")
    agency.frames = [portal + path for path in paths]
    page = phone.new_page()
    page.goto(agency.url)
    assert len(page.frames[1:]) == len(agency.frames)
    for frame in page.frames[1:]:
        frame.wait_for_url(REFUSED)


def test_links_of_a_frame_open_the_portal_beside_the_page(
    portal: str, agency: Agency, phone: BrowserContext
) -> None:
    agency.frames = [f"{portal}/nhung/"]
    page = phone.new_page()
    page.goto(agency.url)
    with phone.expect_page() as opened:
        page.frames[1].get_by_role("link", name="Kiểm tra nguồn").click()
    opened.value.wait_for_url(portal + PAGE)
    assert opened.value.evaluate("window.opener") is None
    assert page.url == agency.url


@pytest.fixture(params=SIZES.values(), ids=SIZES)
def small(open_context: OpenContext, request: pytest.FixtureRequest) -> Page:
    """A frame of a size that agencies are offered, as a window of its own without script."""
    return open_context(*request.param, java_script_enabled=False).new_page()


def height_of(page: Page) -> int:
    assert page.viewport_size
    return page.viewport_size["height"]


# What is neither whole in sight nor whole out of it: a line through the middle.
CUT_THROUGH = """() => {
  const cut = [];
  for (const each of document.querySelectorAll("h2, li, p, small, nav a, footer span")) {
    const box = each.getBoundingClientRect();
    let clip = {left: 0, top: 0, right: innerWidth, bottom: innerHeight};
    for (let around = each.parentElement; around; around = around.parentElement) {
      if (getComputedStyle(around).overflowY === "visible") continue;
      const edge = around.getBoundingClientRect();
      clip = {left: Math.max(clip.left, edge.left), top: Math.max(clip.top, edge.top),
              right: Math.min(clip.right, edge.right), bottom: Math.min(clip.bottom, edge.bottom)};
    }
    const part = [box.left, box.right].some(x => x > clip.left + 1 && x < clip.right - 1) &&
      [box.top, box.bottom].some(y => y > clip.top + 1 && y < clip.bottom - 1);
    const whole = box.left >= clip.left - 1 && box.right <= clip.right + 1 &&
      box.top >= clip.top - 1 && box.bottom <= clip.bottom + 1;
    if (box.width && box.height && part && !whole) cut.push(each.textContent.trim());
  }
  return cut;
}"""
IN_EVERY_FRAME = [
    "02373.725.725", "113", "Họ đang gọi tôi", "Báo cuộc gọi", "Kiểm tra nguồn",
]  # fmt: skip


def test_frames_of_every_size_hold_what_matters_and_cut_nothing_through(
    portal: str, small: Page
) -> None:
    small.goto(f"{portal}/nhung/")
    assert small.evaluate(CUT_THROUGH) == []
    assert_links_in_sight(small, ["Giả lãnh đạo sở, Công an tỉnh", *IN_EVERY_FRAME])
    for line in small.locator(".ring, footer > span").all():
        assert find_edges(line)[1] <= height_of(small)
    old = small.get_by_text("Đã hơn 24 giờ chưa cập nhật.")
    assert not old.is_visible()
    small.evaluate(AFTER_A_DAY)
    expect(old).to_be_visible()
    assert_first_lines_in_sight(small)


def test_frames_of_several_titles_or_of_one_taken_back_cut_nothing_through(
    portal: str, revision: AlertRevision, small: Page
) -> None:
    publishing.cancel(revision.alert, by=revision.issued_by, ending=CancelReason.ERROR)
    small.goto(f"{portal}{PAGE}nhung/")
    expect(small.get_by_text("đã được rút lại")).to_be_visible()
    assert small.evaluate(CUT_THROUGH) == []
    small.goto(f"{portal}/nhung/")
    expect(small.get_by_role("link", name=revision.identifier[:-2])).to_be_visible()
    for name in (
        "Giả điện lực, dọa cắt điện ngay hôm nay",
        "Giả ngân hàng, đòi quét lại khuôn mặt",
    ):
        issued(slugify(name), short_title=name)
        small.reload()
        assert small.evaluate(CUT_THROUGH) == []
        assert_links_in_sight(small, [name, *IN_EVERY_FRAME])


def assert_links_in_sight(small: Page, names: list[str]) -> None:
    for name in names:
        top, bottom = find_edges(small.get_by_role("link", name=name))
        assert bottom - top >= 24, name
        assert bottom <= height_of(small), name


def assert_first_lines_in_sight(small: Page) -> None:
    """113 and the bank, before anything scrolls."""
    _, foot = find_edges(small.locator("main"))
    for line in frames.FIRST:
        assert find_edges(small.get_by_text(line, exact=True))[1] <= foot + 1


@pytest.fixture
def visitor(open_context: OpenContext) -> Page:
    """Somebody with script on an agency's page."""
    return open_context(800, 900).new_page()


# A message of somebody else's, heard by everybody.
HEARD = """() => new Promise((heard) => {
  addEventListener("message", heard, { once: true });
  postMessage({ thanhHoaHeight: 111 }, "*");
})"""
HEIGHT = "document.querySelector('iframe').height"
AS_HIGH_AS_ITS_WORDS = """() => {
  const { style } = document.body;
  style.height = "auto";
  const high = document.body.offsetHeight;
  style.height = "";
  return Math.abs(innerHeight - high) <= 1;
}"""
LOOK_NOW = "document.dispatchEvent(new Event('visibilitychange'))"


def framed_by_script(page: Page, agency: Agency, portal: str) -> Frame:
    agency.scripts = [f"{portal}/nhung.js"]
    page.goto(agency.url)
    page.wait_for_function(f"{HEIGHT} !== '420'")
    return page.frames[1]


def test_one_line_of_script_brings_a_frame_as_high_as_its_words_and_nobody_else_sizes_it(
    portal: str, agency: Agency, visitor: Page
) -> None:
    frame = framed_by_script(visitor, agency, portal)
    frame.wait_for_function(AS_HIGH_AS_ITS_WORDS)
    visitor.wait_for_timeout(500)  # it grew by six pixels at each look once
    visitor.evaluate(HEARD)  # of a page that is not the portal
    assert visitor.evaluate(HEIGHT) != "111"
    height = frame.evaluate("innerHeight")
    words = frame.evaluate("document.body.style.height = 'auto', document.body.offsetHeight")
    assert abs(height - words) <= 1
    expect(frame.locator("section li").last).to_be_visible()
    assert visitor.context.cookies() == []


def test_a_live_frame_keeps_what_it_has_while_its_origin_is_down_and_notices_a_cancel(
    portal: str, agency: Agency, visitor: Page, revision: AlertRevision
) -> None:
    frame, title = framed_by_script(visitor, agency, portal), "Giả lãnh đạo sở, Công an tỉnh"
    visitor.route(f"{portal}/**", lambda route: route.abort())
    with visitor.expect_event("requestfailed"):
        frame.evaluate(LOOK_NOW)
    expect(frame.get_by_text(title)).to_be_visible()
    visitor.unroute(f"{portal}/**")
    publishing.cancel(revision.alert, by=revision.issued_by)
    frame.evaluate(LOOK_NOW)
    frame.get_by_text("Hiện không có cảnh báo nào").wait_for()
    expect(frame.get_by_role("link", name="02373.725.725")).to_be_visible()


def test_the_lines_that_an_agency_chooses_work_where_they_are_pasted(
    portal: str, agency: Agency, visitor: Page
) -> None:
    visitor.goto(f"{portal}/danh-cho-co-quan/")
    visitor.select_option("select[name=show]", f"canh-bao:{FIRST_SLUG}")
    press(visitor, visitor.get_by_role("button", name="Lấy dòng mã"))
    agency.pasted = [line.inner_text() for line in visitor.locator(".copy-text").all()]
    theirs = visitor.context.new_page()
    theirs.goto(agency.url)
    theirs.wait_for_function("document.querySelectorAll('iframe').length === 2")
    title = AlertRevision.objects.get().frozen_content.short_title
    for framed in theirs.frames[1:]:
        framed.get_by_text(title).first.wait_for()
    assert find_overflow(theirs) == []
