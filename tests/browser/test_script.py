"""What script adds, in a real browser: drafts, a lost line, the pages kept for it, lighter pictures."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from reports.models import Report
from tests.browser.pages import press
from tests.browser.test_promises import LAYOUT_SHIFT
from tests.browser.test_resident_pages import faults

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

STORY = "Họ xưng công an,\nbảo tôi chuyển tiền."
SEND = "Gửi tin báo"
KEEP_DRAFT = "Giữ nháp trên máy này"
KEEP_UNSENT = "Giữ lại và tự gửi"
WAITS = "Chưa gửi. Sẽ tự gửi khi có mạng."
RESTORED = "Đã lấy lại nháp lúc"
ON_THE_DEVICE = "JSON.stringify({...localStorage})"
IN_CACHES = """async () => {
  const stores = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
  const kept = await Promise.all(stores.map((store) => store.keys()));
  return kept.flat().map((request) => new URL(request.url).pathname).sort();
}"""
CHOSEN = """async () => {
  const [file] = document.querySelector("[type=file]").files;
  const picture = await createImageBitmap(file).catch(() => ({}));
  return [file.type, file.size, picture.width, picture.height];
}"""


WORKER_IS_THERE = """() => Promise.race([
  navigator.serviceWorker.ready.then(() => true),
  new Promise((_, late) => setTimeout(late, 60_000, new Error("no service worker"))),
])"""
# The module has come, and has run.
SENDING_IS_AT_WORK = """async () => {
  await import(document.querySelector("[data-sending]").dataset.sending);
}"""
# The page shows itself after a second (portal.js); a busy machine needs longer to bring what waits.
PATIENT_VIEW = """{
  const later = setTimeout;
  window.setTimeout = (act, ms, ...more) => later(act, ms === 1000 ? 60000 : ms, ...more);
}"""


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A small phone that runs script."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="vi-VN")
    yield context
    context.close()


@pytest.fixture
def writing(portal: str, phone: BrowserContext) -> Page:
    """The report page, the story told."""
    return begun(report_page(portal, phone))


def begun(page: Page) -> Page:
    """The story told, and there what comes for those who write."""
    with page.expect_event("requestfinished", lambda request: "sending" in request.url):
        page.get_by_label("Kể lại chuyện").fill(STORY)
    page.evaluate(SENDING_IS_AT_WORK)
    return page


def report_page(portal: str, phone: BrowserContext) -> Page:
    page = phone.new_page()
    page.goto(f"{portal}/bao-cao/")
    return page


def told(page: Page) -> str:
    return page.get_by_label("Kể lại chuyện").input_value()


def kept_unsent(page: Page) -> None:
    """The report pressed on a dead line, and kept."""
    page.context.set_offline(True)
    page.get_by_role("button", name=SEND).click()
    page.get_by_role("button", name=KEEP_UNSENT).click()
    expect(page.get_by_text(WAITS)).to_be_visible()


def see_receipt(page: Page) -> None:
    expect(page.get_by_role("heading", name="Đã nhận tin báo của bạn")).to_be_visible()


def look_at_what_was_sent(page: Page) -> None:
    """The report sent, and the page about it, its script at work."""
    page.get_by_role("button", name=SEND).click()
    see_receipt(page)
    press(page, page.get_by_role("button", name="Xem tin của tôi"))


def test_nothing_is_kept_on_the_device_unasked(
    portal: str, phone: BrowserContext, writing: Page
) -> None:
    assert writing.evaluate(ON_THE_DEVICE) == "{}"
    writing.close()
    page = report_page(portal, phone)
    assert told(page) == ""
    assert not page.get_by_text(RESTORED).is_visible()


def test_a_draft_outlives_a_closed_tab_once_it_is_wished(
    portal: str, phone: BrowserContext, writing: Page
) -> None:
    writing.get_by_label(KEEP_DRAFT).check()
    writing.get_by_label("Đã mất").check()
    writing.get_by_label("Số để công an gọi").fill("0550 000 111")
    writing.get_by_label("Câu hẹn").fill("ấm và chảo")
    assert "chảo" not in writing.evaluate(ON_THE_DEVICE)
    writing.close()
    page = report_page(portal, phone)
    expect(page.get_by_text(RESTORED)).to_be_visible()
    assert told(page) == STORY
    assert page.get_by_label("Đã mất").is_checked()
    page.get_by_role("button", name="Xóa nháp").click()
    assert told(page) == ""
    assert "công an" not in page.evaluate(ON_THE_DEVICE)


def test_a_draft_of_yesterday_is_gone(portal: str, phone: BrowserContext, writing: Page) -> None:
    writing.get_by_label(KEEP_DRAFT).check()
    writing.evaluate("""() => {
      const draft = JSON.parse(localStorage.draft);
      localStorage.draft = JSON.stringify({ ...draft, at: draft.at - 25 * 3600e3 });
    }""")
    page = phone.new_page()
    page.goto(portal)
    page.wait_for_function("() => !localStorage.draft")
    assert told(report_page(portal, phone)) == ""


def test_a_sent_report_leaves_no_draft(writing: Page) -> None:
    writing.get_by_label(KEEP_DRAFT).check()
    writing.get_by_role("button", name=SEND).click()
    see_receipt(writing)
    assert json.loads(writing.evaluate(ON_THE_DEVICE)) == {"drafts-wanted": "true"}


def test_the_quick_way_out_takes_the_draft_along(
    portal: str, phone: BrowserContext, writing: Page
) -> None:
    writing.get_by_label(KEEP_DRAFT).check()
    writing.get_by_role("link", name="Thoát nhanh").click()
    writing.wait_for_url("about:blank")
    assert told(report_page(portal, phone)) == ""


def test_a_report_on_a_dead_line_is_kept_only_with_a_yes(writing: Page) -> None:
    writing.context.set_offline(True)
    writing.get_by_role("button", name=SEND).click()
    expect(writing.get_by_text("Chưa gửi được, có thể do mạng")).to_be_visible()
    assert writing.evaluate(ON_THE_DEVICE) == "{}"
    assert told(writing) == STORY
    writing.context.set_offline(False)
    writing.get_by_role("button", name="Gửi lại").click()
    see_receipt(writing)
    assert Report.objects.count() == 1


def test_a_kept_report_is_sent_when_the_line_is_back(writing: Page) -> None:
    kept_unsent(writing)
    assert Report.objects.count() == 0
    assert not writing.get_by_text("Đã gửi").is_visible()
    writing.context.set_offline(False)
    see_receipt(writing)
    assert Report.objects.get().story.replace("\r\n", "\n") == STORY
    assert writing.evaluate(ON_THE_DEVICE) == "{}"


def test_a_kept_report_is_sent_at_the_next_visit_and_its_receipt_waits_for_a_press(
    portal: str, phone: BrowserContext, writing: Page
) -> None:
    """Somebody else may hold the phone by then."""
    kept_unsent(writing)
    writing.close()
    phone.set_offline(False)
    page = phone.new_page()
    page.goto(portal)
    expect(page.locator("#sent")).to_be_visible()
    assert page.url == f"{portal}/"
    assert page.evaluate(ON_THE_DEVICE) == "{}"
    assert Report.objects.count() == 1


def test_the_quick_way_out_takes_an_unsent_report_along(
    portal: str, phone: BrowserContext, writing: Page
) -> None:
    kept_unsent(writing)
    writing.get_by_role("link", name="Thoát nhanh").click()
    writing.wait_for_url("about:blank")
    phone.set_offline(False)
    page = phone.new_page()
    page.goto(portal)
    assert page.evaluate(ON_THE_DEVICE) == "{}"
    assert Report.objects.count() == 0


def test_a_report_whose_answer_was_lost_is_not_written_twice(writing: Page) -> None:
    def swallow(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    writing.context.route("**/bao-cao/gui/", swallow)
    writing.get_by_role("button", name=SEND).click()
    writing.get_by_role("button", name=KEEP_UNSENT).click()
    writing.context.unroute("**/bao-cao/gui/", swallow)
    writing.get_by_role("button", name="Gửi ngay").click()
    see_receipt(writing)
    assert Report.objects.count() == 1


def test_script_sends_the_very_words_that_the_browser_would(writing: Page) -> None:
    writing.get_by_role("button", name=SEND).click()
    see_receipt(writing)
    writing.go_back()
    writing.evaluate("document.querySelector('[name=submission_key]').form.submit()")
    see_receipt(writing)
    assert Report.objects.count() == 1


def test_what_the_server_refuses_is_shown_as_without_script(
    writing: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "reports.submission.intake.submit_report", Mock(side_effect=OperationalError)
    )
    writing.get_by_role("button", name=SEND).click()
    expect(writing.get_by_role("heading", name="Chưa gửi được")).to_be_visible()
    assert told(writing) == STORY


def test_two_tabs_send_once(portal: str, phone: BrowserContext, writing: Page) -> None:
    other = phone.new_page()
    other.goto(portal)
    kept_unsent(writing)
    posted: list[str] = []
    lost: list[str] = []  # the one page may be told of the line before the other
    phone.on("request", lambda request: posted.append(request.method))
    phone.on("requestfailed", lambda request: lost.append(request.method))
    phone.set_offline(False)
    writing.wait_for_function("() => !localStorage.unsent")
    other.wait_for_timeout(500)
    assert posted.count("POST") - lost.count("POST") == 1
    assert Report.objects.count() == 1


def test_a_kept_report_is_sent_though_its_page_was_open_too_long(writing: Page) -> None:
    writing.evaluate("document.querySelector('[name=form_token]').value = 'f:1:old'")
    kept_unsent(writing)
    writing.context.set_offline(False)
    see_receipt(writing)
    assert Report.objects.count() == 1


def test_a_kept_report_can_be_dropped(portal: str, phone: BrowserContext, writing: Page) -> None:
    kept_unsent(writing)
    drop = writing.get_by_role("button", name="Bỏ, không gửi nữa")
    drop.click()  # asked whether that is meant, Chromium says no for us
    expect(writing.get_by_text(WAITS)).to_be_visible()
    writing.once("dialog", lambda dialog: dialog.accept())
    drop.click()
    expect(writing.get_by_text(WAITS)).to_be_hidden()
    assert writing.evaluate(ON_THE_DEVICE) == "{}"


def test_the_code_of_a_square_leaves_the_address_at_once(
    portal: str, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.goto(f"{portal}/theo-doi/#2345BCDF6789GHJK")
    expect(page.get_by_label("Mã tin báo")).to_have_value("2345BCDF6789GHJK")
    assert page.url == f"{portal}/theo-doi/"
    page.goto(portal)
    page.go_back()
    assert page.url == f"{portal}/theo-doi/"


def test_no_state_of_a_lost_line_has_a_fault(portal: str, browser: Browser) -> None:
    phone = browser.new_context(viewport={"width": 360, "height": 740}, bypass_csp=True)
    page = begun(report_page(portal, phone))
    page.get_by_label(KEEP_DRAFT).check()
    page.reload()
    expect(page.get_by_text(RESTORED)).to_be_visible()
    kept_pages(page)
    phone.set_offline(True)
    page.get_by_role("button", name=SEND).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name=KEEP_UNSENT).click()
    expect(page.get_by_text(WAITS)).to_be_visible()
    assert faults(page) == []
    page.goto(f"{portal}/theo-doi/")
    expect(page.locator("#unsent q")).to_be_visible()
    assert faults(page) == []
    phone.close()


def kept_pages(page: Page) -> Any:
    page.evaluate(WORKER_IS_THERE)
    return page.evaluate(IN_CACHES)


def test_the_page_for_people_on_the_call_opens_without_a_line(
    portal: str, phone: BrowserContext
) -> None:
    page = report_page(portal, phone)
    kept_pages(page)
    phone.new_cdp_session(page).send("Network.clearBrowserCache")  # it would do for five minutes
    phone.set_offline(True)
    page.goto(f"{portal}/dang-bi-goi/")
    expect(page.get_by_role("heading", name="Cúp máy ngay. Bấm nút đỏ.").first).to_be_visible()
    page.goto(f"{portal}/en/theo-doi/")
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.locator("#no-line")).to_be_visible()
    phone.set_offline(False)
    expect(page.get_by_role("textbox")).to_be_visible()


def test_a_browser_keeps_nothing_of_a_person_and_no_warning(writing: Page, portal: str) -> None:
    kept_pages(writing)
    writing.get_by_role("button", name=SEND).click()
    see_receipt(writing)
    press(writing, writing.get_by_role("button", name="Xem tin của tôi"))
    for path in ("/", "/canh-bao/", "/theo-doi/"):
        writing.goto(portal + path)
    assert writing.evaluate(IN_CACHES) == [
        "/dang-bi-goi/",
        "/en/dang-bi-goi/",
        "/en/offline/",
        "/offline/",
        "/static/css/portal.css",
        "/static/js/portal.js",
        "/static/js/sending.js",
    ]


def photo(width: int, height: int) -> bytes:
    """A picture of noise as a phone's camera writes one, with a word of its own inside."""
    noise = Image.effect_noise((width, height), 90).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "nha rieng"
    into = BytesIO()
    noise.save(into, "JPEG", quality=90, exif=exif)
    return into.getvalue()


def chosen(page: Page, name: str, kind: str, content: bytes) -> list[Any]:
    """What the form would send of one file: its kind, bytes, width, height."""
    page.locator("[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": content})
    expect(page.locator("#files_told")).to_contain_text("MB")
    return list(page.evaluate(CHOSEN))


def test_a_large_picture_is_made_smaller_on_the_phone(writing: Page) -> None:
    look_at_what_was_sent(writing)
    large = photo(2600, 1300)
    kind, size, width, height = chosen(writing, "IMG_1.jpg", "image/jpeg", large)
    assert (kind, width, height) == ("image/jpeg", 2000, 1000)
    assert size < len(large)
    small = photo(300, 200)
    assert chosen(writing, "IMG_2.jpg", "image/jpeg", small)[1:] == [len(small), 300, 200]
    paper = b"%PDF-1.4" + bytes(2_000_000)
    assert chosen(writing, "don.pdf", "application/pdf", paper)[:2] == [
        "application/pdf",
        len(paper),
    ]
    writing.get_by_role("button", name="Gửi ảnh, ghi âm").click()
    expect(writing.get_by_text("Đã nhận bản PDF")).to_be_visible()


def test_what_is_too_large_is_said_before_it_is_sent(writing: Page) -> None:
    look_at_what_was_sent(writing)
    chosen(writing, "ghi-am.mp3", "audio/mpeg", bytes(11 * 1024 * 1024))
    expect(writing.get_by_text("“ghi-am.mp3” nặng 11 MB")).to_be_visible()


def test_the_code_is_copied_by_a_press(writing: Page, phone: BrowserContext) -> None:
    phone.grant_permissions(["clipboard-read", "clipboard-write"])
    writing.get_by_role("button", name=SEND).click()
    writing.get_by_role("button", name="Chép mã").click()
    expect(writing.get_by_text("Đã chép mã")).to_be_visible()
    groups = writing.locator(".code b").all_text_contents()
    assert writing.evaluate("navigator.clipboard.readText()") == " ".join(groups)


def waits_at_the_next_visit(portal: str, writing: Page, change: str) -> Page:
    """A report kept on a dead line, changed as `change` says of `all`; the line is back."""
    kept_unsent(writing)
    writing.evaluate(
        f"""() => {{
      const all = JSON.parse(localStorage.unsent);
      localStorage.unsent = JSON.stringify({change});
    }}"""
    )
    phone = writing.context
    writing.close()
    phone.set_offline(False)
    page = phone.new_page()
    page.goto(portal)
    return page


OLDER = "all.map((report) => ({{ ...report, at: report.at - {hours} * 3600e3 }}))"
TOO_LARGE = '{ ...all[0], key: "large", body: "story=" + "Dài ".repeat(400000) }'


def test_after_an_hour_a_kept_report_is_shown_and_asked_about(portal: str, writing: Page) -> None:
    page = waits_at_the_next_visit(portal, writing, OLDER.format(hours=2))
    expect(page.get_by_text("Vẫn muốn gửi tin này?")).to_be_visible()
    expect(page.locator("#unsent q")).to_contain_text("Họ xưng công an")
    assert Report.objects.count() == 0
    page.get_by_role("button", name="Gửi ngay").click()
    see_receipt(page)
    assert Report.objects.count() == 1


def test_a_kept_report_of_yesterday_is_wiped_and_that_is_said(portal: str, writing: Page) -> None:
    page = waits_at_the_next_visit(portal, writing, OLDER.format(hours=25))
    expect(page.get_by_text("đã xóa khỏi máy này")).to_be_visible()
    assert page.evaluate(ON_THE_DEVICE) == "{}"
    assert Report.objects.count() == 0


def test_a_refused_report_holds_up_no_other(portal: str, writing: Page) -> None:
    page = waits_at_the_next_visit(portal, writing, f"[{TOO_LARGE}, ...all]")
    expect(page.locator("#sent")).to_be_visible()
    assert Report.objects.count() == 1
    expect(page.get_by_text("Trang chưa nhận tin này")).to_be_visible()
    expect(page.locator("#unsent q")).to_contain_text("Dài Dài")


def test_what_was_refused_goes_once_its_words_are_on_the_page(
    portal: str, writing: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = "all.map((report) => ({ ...report, action: report.action + '?', isRefused: true }))"
    monkeypatch.setattr("reports.views.report.is_same_origin", Mock(return_value=False))
    page = waits_at_the_next_visit(portal, writing, refused)
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.get_by_label("Kể lại chuyện")).to_have_value(STORY)
    page.wait_for_function("() => !localStorage.unsent")


def test_nothing_jumps_where_something_waits(portal: str, phone: BrowserContext) -> None:
    writing = begun(report_page(portal, phone))
    phone.add_init_script(PATIENT_VIEW)
    writing.get_by_label(KEEP_DRAFT).check()
    page = waits_at_the_next_visit(portal, writing, OLDER.format(hours=2))
    moved = {}
    for path in ("/", "/bao-cao/", "/theo-doi/"):
        page.goto(portal + path)
        expect(page.locator("#unsent q")).to_be_visible()
        moved[path] = page.evaluate(LAYOUT_SHIFT)
    expect(page.get_by_text("Vẫn muốn gửi tin này?")).to_be_visible()
    assert moved == dict.fromkeys(moved, 0)
