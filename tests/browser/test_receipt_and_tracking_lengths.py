"""How long the receipt and the page about a report are on a small phone, and what paper shows of them."""

from io import BytesIO

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from reports.models import Report
from tests.browser.pages import A4, fill_in, press, print_page, send
from tests.support.report_factories import add_followup

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]
SCREEN = 740  # pixels of a phone that is 360 wide


def count_screens(page: Page) -> float:
    return float(page.evaluate("document.documentElement.scrollHeight")) / SCREEN


def read_paper(page: Page) -> str:
    pages = PdfReader(BytesIO(print_page(page, **A4))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_receipt_and_tracking_page_are_short_and_print_what_was_told(
    confirmed: str, page: Page
) -> None:
    """After a loss, under pressure, with a phrase and every sentence of the desk confirmed."""
    fill_in(page, f"{confirmed}/bao-cao/")
    send(page)
    assert count_screens(page) <= 4
    first = page.locator("main h2").all_inner_texts()[:4]
    assert first[1:] == [
        "Đã mất tiền: làm ngay bốn việc", "Báo thay người khác", "Mã tin báo (giữ kín)",
    ]  # fmt: skip
    press(page, page.get_by_role("button", name="Xem tin của tôi"))
    assert count_screens(page) <= 5
    add_followup(Report.objects.get(), story="Họ gọi lại hôm sau.", accounts=("0987000111222",))
    page.reload()
    assert count_screens(page) <= 5
    paper = read_paper(page)
    for told in ("Họ xưng công an, thẻ", "0992 000 123", "Họ gọi lại hôm sau.", "0987000111222"):
        assert told in paper
    assert "Gửi cho cán bộ" not in paper
    press(page, page.get_by_role("button", name="Bản trình bày để in"))
    assert b"/Count 1" in print_page(page, **A4)
