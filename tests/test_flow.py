"""The whole story, on every real process: one call, from a resident's phone to the officer's
desk to the official warning. Read it from top to bottom: the fixtures are what happens, the tests
what everybody sees of it.
"""

import json
import time
from collections.abc import Iterator

import pytest

from tests.support.portal_process import Page, Portal, Visitor, running_portal

PATIENCE = 120  # seconds until a machine that is overrun has read a report
pytestmark = [pytest.mark.serial]

STORY = (
    "Sáng nay có người gọi, xưng là phó giám đốc sở. Họ nói tên tôi có trong vụ án rửa tiền,"
    " muốn được xem xét thì chuyển tiền vào tài khoản tạm giữ, dặn không được nói với ai."
)
CALL = {"caller_number": "0550 000 123", "story": STORY, "callback_phrase": "bến đò, 47"}


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with running_portal() as running:
        yield running


@pytest.fixture(scope="module")
def resident(portal: Portal) -> Visitor:
    return Visitor(portal.url)


@pytest.fixture(scope="module")
def officer(portal: Portal) -> Visitor:
    visitor = Visitor(portal.url)
    visitor.log_in(portal, "truc.ban")
    return visitor


@pytest.fixture(scope="module")
def receipt(resident: Visitor) -> Page:
    return resident.submit(resident.get("/bao-cao/"), "/bao-cao/", **CALL)


@pytest.fixture(scope="module")
def on_the_desk(officer: Visitor, receipt: Page) -> Page:
    """The report's page at the desk, once triage has read it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        queue = officer.get("/admin/reports/report/?q=0550000123")
        links = [a.get("href") for a in queue.tree.iter("a") if "/change/" in a.get("href", "")]
        if links:
            page = officer.get(links[0])
            if "Gợi ý của máy" in page.words and "máy chưa đọc" not in page.words.lower():
                return page
        time.sleep(0.2)
    raise AssertionError("the report did not reach the desk")


@pytest.fixture(scope="module")
def taken(officer: Visitor, on_the_desk: Page) -> Page:
    """The report's page after the officer has taken it."""
    return officer.submit(on_the_desk, "/take/")


def test_a_resident_gets_a_receipt_for_one_page(receipt: Page) -> None:
    assert receipt.address.endswith("/bao-cao/da-nhan/")
    assert "Mã tin báo" in receipt.words
    assert "bến đò, 47" in receipt.words


def test_the_same_form_sent_again_is_the_same_report(portal: Portal, resident: Visitor) -> None:
    page = resident.get("/bao-cao/")
    codes = [resident.submit(page, "/bao-cao/", **CALL, claimed_name="lần hai") for _ in range(2)]
    first, second = (code.tree.find_class("code")[0].text_content() for code in codes)
    assert first == second


def test_the_queue_balances_and_everything_is_read(portal: Portal, receipt: Page) -> None:
    end = time.monotonic() + PATIENCE
    while (status := json.loads(portal.manage("queue_status", "--json")))["waiting"]:
        assert time.monotonic() < end, status
        time.sleep(0.2)
    assert status["balanced"] is True
    assert status["failed"] == 0
    assert status["accepted"] == status["done"] >= 1


def test_the_officer_sees_the_facts_with_their_reasons(on_the_desk: Page) -> None:
    assert "Giả danh lãnh đạo" in on_the_desk.words
    assert "phó giám đốc" in on_the_desk.words
    assert any("phó giám đốc" in (mark.text or "") for mark in on_the_desk.tree.iter("mark"))


def test_the_desk_never_sees_the_receipt_code_or_the_phrase(
    on_the_desk: Page, receipt: Page
) -> None:
    groups = [group.text for group in receipt.tree.find_class("code")[0].iter("b")]
    assert len(groups) == 4
    assert not any(group in on_the_desk.text for group in groups)
    assert "bến đò" not in on_the_desk.text


def test_the_officer_decides_and_the_event_stays(taken: Page) -> None:
    assert "Đang xác minh" in taken.words
    assert "Nhận xử lý" in taken.words


def test_an_old_page_overwrites_nothing(officer: Visitor, on_the_desk: Page, taken: Page) -> None:
    late = officer.submit(on_the_desk, "/junk/", reason="thử")
    assert "Đang xác minh" in late.words
    assert "Tin rác" not in [tag.text for tag in late.tree.find_class("tag")]


def test_everybody_reads_the_first_warning(resident: Visitor) -> None:
    listed = resident.get("/canh-bao/")
    assert "Gọi điện giả danh lãnh đạo sở, ngành, Công an tỉnh" in listed.words
    link = next(
        a.get("href")
        for a in listed.tree.iter("a")
        if a.get("href", "").startswith("/canh-bao/") and len(a.get("href")) > len("/canh-bao/")
    )
    page = resident.get(link)
    assert "140/CAT-PV01" in page.words
    assert "02373.725.725" in page.words


def test_an_agency_may_frame_the_warning_and_nothing_else(resident: Visitor) -> None:
    frame = resident.get("/nhung/")
    assert "frame-ancestors *" in frame.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in frame.headers
    assert "Set-Cookie" not in frame.headers
    assert "<script" not in frame.text
    home = resident.get("/")
    assert home.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in home.headers["Content-Security-Policy"]
