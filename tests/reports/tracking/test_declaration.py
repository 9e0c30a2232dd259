"""The declaration for bank and police: filled in from what was told, and from nothing else."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from reports.facts.merged_report import Caller
from reports.models import Followup
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from reports.tracking.declaration import build_declaration
from tests.support.report_factories import add_followup, erase, read_all
from tests.support.resident_pages import RECEIPT, TRACK, Resident, create_resident, send, words

DECLARATION, PDF = "/theo-doi/trinh-bay/", "/theo-doi/trinh-bay/pdf/"
CONTACT, PHRASE = "0550000111", "bến Sung, 47"
TYPED: dict[str, Any] = {
    "story": "Họ xưng công an, bảo tôi chuyển vào stk 0987000111222 ngân hàng Vietcombank.",
    "caller_number": "0550 000 123",
    "claimed_office": "police",
    "money_lost": True,
    "money_lost_raw": "35 triệu",
    "commune_raw": "Hạc Thành",
    "contact": CONTACT,
    "phrase": PHRASE,
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def robbed(client: Client) -> Resident:
    return create_resident(client, **TYPED)


def read_pdf(content: bytes) -> tuple[int, str]:
    """Return the number of pages and their words with single spaces."""
    pages = PdfReader(BytesIO(content)).pages
    return len(pages), " ".join(" ".join(page.extract_text() for page in pages).split())


def test_page_and_file_hold_what_was_told_and_blanks_for_the_rest(robbed: Resident) -> None:
    read_all(robbed.report)
    add_followup(
        robbed.report, story="Họ gọi lại.", accounts=("0987000333444 MB",), called_on_raw="sáng"
    )
    page, file = robbed.post(DECLARATION), robbed.post(PDF)
    count, text = read_pdf(file.content)
    assert (count, file["Content-Type"]) == (1, "application/pdf")
    for shown in (words(page.content), text):
        for told in (
            robbed.report.public_number, "0550 000 123", "Công an", "35.000.000 đồng", "35 triệu", "Hạc Thành",
            "Vietcombank 0987000111222", "0987000333444 MB", "Họ gọi lại.", "sáng", "Tôi tên là: …", "Số căn cước: …",
        ):  # fmt: skip
            assert told in shown
        assert "chưa phải đơn tố giác" in shown.lower()
        assert "Công an chưa xác nhận nội dung" in shown
        assert CONTACT not in shown
        assert PHRASE not in shown


def test_lines_as_a_browser_sends_them_leave_no_code_point_on_paper(client: Client) -> None:
    resident = create_resident(client, story="Họ xưng công an.\r\nTôi đã cúp máy.")
    text = read_pdf(resident.post(PDF).content)[1]
    assert "Họ xưng công an. Tôi đã cúp máy." in text


def test_what_was_corrected_is_called_so(robbed: Resident) -> None:
    add_followup(robbed.report, story="Số đầu là 788.", kind=Followup.Kind.CORRECTION)
    assert "Sửa lại lúc" in build_declaration(robbed.report).story


def test_callers_stand_there_as_whole_phrases(client: Client) -> None:
    """Not "số, Ngân hàng, Gọi điện": officials who read it were not on the line."""
    told = {"caller_number": "0550 000 123", "claimed_office": "bank", "channel": "number"}
    robbed = create_resident(client, claimed_name="anh Nam", **told)
    add_followup(robbed.report, callers=(Caller(channel="app", office="other"),))
    facts = dict(build_declaration(robbed.report).facts)
    assert facts["Người gọi"] == (
        "máy hiện “0550 000 123”, xưng là ngân hàng, nêu tên “anh Nam”, gọi điện thoại;"
        " xưng nơi khác, hoặc không nhớ, gọi qua Zalo, Facebook, ứng dụng khác"
    )


def test_a_blank_stands_on_the_line_of_its_title(robbed: Resident) -> None:
    lines = PdfReader(BytesIO(robbed.post(PDF).content)).pages[0].extract_text().splitlines()
    assert not [line for line in lines if line.rstrip().endswith(":")]


def test_nothing_told_is_a_page_of_blanks(client: Client) -> None:
    bare = create_resident(client, caller_number="0550 000 123")
    declaration = build_declaration(bare.report)
    assert {text.strip("…") for _title, text in declaration.money} == {""}
    assert declaration.story == ""
    assert read_pdf(bare.post(PDF).content)[0] == 1


@pytest.mark.parametrize("story", ["Họ gọi tôi mãi. " * 5000, "x" * 80_000, "dòng\n" * 20_000])
def test_a_long_story_ends_on_the_page_with_where_the_rest_is(client: Client, story: str) -> None:
    resident = create_resident(client, story=story, money_lost=True)
    add_followup(resident.report, accounts=tuple(f"0987{n:09}" for n in range(50)))
    count, text = read_pdf(resident.post(PDF).content)
    assert count == 1
    assert "còn nữa: xem bản sao tin" in text
    assert "ký, ghi rõ họ tên" in text


@pytest.mark.parametrize("words", ["tôi chuyển vào đó ", "W ", "a\n"])
def test_long_fields_push_nothing_off_the_page(client: Client, words: str) -> None:
    fields = ("caller_number", "claimed_name", "money_lost_raw", "commune_raw")
    resident = create_resident(client, story=words * 900, **dict.fromkeys(fields, words * 200))
    add_followup(
        resident.report,
        accounts=(words * 99,) * 5,
        links=(words * 99,) * 5,
        called_on_raw=words * 99,
    )
    (page,) = PdfReader(BytesIO(resident.post(PDF).content)).pages
    places: dict[str, float] = {}
    page.extract_text(visitor_text=lambda text, cm, tm, *_: places.update({text: cm[5] + tm[5]}))
    signed = [place for text, place in places.items() if "Người trình bày" in text]
    assert signed > [60.0]  # points from the bottom: above the origin, which stands at the foot
    assert min(places.values()) >= 0


def test_no_answer_is_kept_anywhere_and_no_code_or_number_stands_in_its_address(
    robbed: Resident,
) -> None:
    robbed.client.get(TRACK)
    answer = robbed.post(DECLARATION)
    page = robbed.client.get(answer["Location"])
    assert answer.status_code == 303
    assert "Kính gửi: Ngân hàng" in words(page.content)
    for each in (answer, page, robbed.post(PDF)):
        assert "no-store" in each["Cache-Control"]
    assert robbed.code not in answer["Location"]
    assert robbed.report.public_number not in answer["Location"]


def test_receipt_and_tracking_page_lead_to_it_after_a_loss_alone(client: Client) -> None:
    for typed, is_offered in (({"money_lost": "yes"}, True), ({}, False)):
        send(client, story=f"Họ gọi {is_offered}.", **typed)
        pages = [client.get(RECEIPT)]
        accepted = intake.submit_report(
            ReportSubmission(story="Họ gọi.", money_lost=is_offered), f"a-key-of-mine-{is_offered}"
        )
        pages.append(Client().post(TRACK, {"code": accepted.code}))
        assert [f'action="{DECLARATION}"' in page.content.decode() for page in pages] == [
            is_offered
        ] * 2


def test_of_an_erased_report_there_is_none(robbed: Resident) -> None:
    erase(robbed.report)
    for address in (DECLARATION, PDF):
        page = words(robbed.post(address).content)
        assert "Tin này đã xóa dữ liệu" in page
        assert "Kính gửi" not in page


def test_what_fields_of_the_report_itself_say_stands_in_it(client: Client) -> None:
    told = {
        "accounts": ("0987000111222 Vietcombank",), "links": ("nhai.example/nop",),
        "called_on": date(2026, 6, 1), "called_on_raw": "khoảng 9 giờ sáng",
    }  # fmt: skip
    declaration = build_declaration(create_resident(client, money_lost=True, **told).report)
    facts = dict(declaration.facts + declaration.money)
    assert facts["Họ gọi lúc"] == "01/06/2026 khoảng 9 giờ sáng"
    assert facts["Đường link họ gửi"] == "nhai.example/nop"
    assert facts["Tài khoản nhận tiền"] == "0987000111222 Vietcombank"
