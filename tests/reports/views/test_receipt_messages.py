"""The receipt's messages that a phone opens ready to send, and its QR code."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import segno
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from core.qr_codes import draw_qr_code
from portal.management import reference_data
from reports.facts.merged_report import MergedReport
from reports.models import Followup, OfficeNumber, Report
from reports.views import report

pytestmark = pytest.mark.django_db

STORY = "Tôi là Lò Thị Ví Dụ, bị tiểu đường. Họ xưng công an rồi dọa."


def carriers(**fields: object) -> str | None:
    return report.carrier_report_sms(
        MergedReport(Report(**{"caller_number": "0992 000 123", **fields}))
    )


@pytest.mark.parametrize(
    ("language", "name", "place"),
    [("vi", "7K4M 29QX R6TD 9WDK", "/theo-doi/"), ("en", "Report code: 7K4M", "/en/theo-doi/")],
)
def test_a_message_to_oneself_names_place_and_code(
    settings: Settings, language: str, name: str, place: str
) -> None:
    settings.PORTAL_URL = "https://baocuocgoi.example.gov.vn"
    with translation.override(language):
        text = report.code_sms("7K4M29QXR6TD9WDK")
    assert name in text
    assert text.endswith(f"baocuocgoi.example.gov.vn{place}")
    assert text.isascii()
    assert len(text) <= report.MAX_SMS_LENGTH


def test_every_phone_finds_the_text_of_a_message() -> None:
    address = report.sms_url("LD (1) & 2", "156")
    assert address.startswith("sms:156?&body=")  # iOS wants the &, Android the ?
    assert parse_qs(urlsplit(address).query)["body"] == ["LD (1) & 2"]


@pytest.mark.parametrize(
    ("ticked", "told"),
    [
        ({}, "goi dien lua dao"),
        ({"claimed_office": "bank"}, "xung ngan hang"),
        (
            {"claimed_office": "police", "demands": ["money", "threat"]},
            "xung cong an, doa bat, doa phat, doi chuyen tien",
        ),
    ],
)
def test_the_carriers_get_number_and_what_was_ticked_and_no_word_of_a_story(
    ticked: dict[str, object], told: str
) -> None:
    assert carriers(story=STORY, **ticked) == f"LD (0992000123) ({told})"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+84 992 000 123", "0992000123"),
        ("+44 7700 900123", "+447700900123"),
        ("1900 1234", "19001234"),
        ("0992 000 123 / 0550 000 124", "0992000123"),
    ],
)
def test_a_number_is_written_as_it_is_dialled(typed: str, number: str) -> None:
    assert carriers(caller_number=typed) == f"LD ({number}) (goi dien lua dao)"


@pytest.mark.parametrize("kind", ["more", "answer", "correction"])
def test_the_carriers_get_the_caller_that_was_told_last(kind: str) -> None:
    followup = Followup(kind=kind, callers=[{"number": "0550 000 124"}])
    merged = MergedReport(Report(caller_number="0992 000"), (followup,))
    assert report.carrier_report_sms(merged) == "LD (0550000124) (goi dien lua dao)"


@pytest.mark.parametrize("typed", ["", "CONG AN", "không nhớ", "0992***123"])
def test_without_a_number_there_is_nothing_to_send(typed: str) -> None:
    assert carriers(caller_number=typed) is None


def test_a_faked_number_of_an_office_is_not_sent_to_be_blocked() -> None:
    reference_data.load_offices()
    assert carriers(caller_number=OfficeNumber.objects.all()[0].number) is None


def test_a_message_with_every_box_ticked_fits_and_breaks_at_a_comma() -> None:
    demands = ["threat", "money", "secrets", "software", "identity", "isolation", "contact"]
    text = carriers(claimed_office="court_procuracy", demands=demands)
    assert text
    assert text.endswith(", hoi can cuoc, dan giu bi mat)")
    assert len(text) <= report.MAX_SMS_LENGTH


@given(story=st.text(max_size=400), caller=st.text(max_size=40))
def test_a_message_to_the_carriers_always_fits(story: str, caller: str) -> None:
    text = carriers(caller_number=f"0992000123 {caller}", story=story) or ""
    assert text.isascii()
    assert len(text) <= report.MAX_SMS_LENGTH


def list_dark_modules(path: str) -> set[tuple[int, int]]:
    """The dark modules that a stroke one module thick covers."""
    dark, x, y = set(), 0.0, 0.0
    for step, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        first, *second = (float(number) for number in numbers.split())
        if step == "h":
            dark |= {(int(x + each), int(y)) for each in range(int(first))}
            x += first
        else:
            x, y = (first, second[0]) if step == "M" else (x + first, y + second[0])
    return dark


def test_the_line_covers_the_dark_modules_and_no_other() -> None:
    address = "https://baocuocgoi.example.gov.vn/theo-doi/#7K4M29QXR6TD9WDK"
    code, picture = segno.make(address, micro=False), draw_qr_code(address)
    dark = {(x + 2, y + 2) for y, row in enumerate(code.matrix) for x, on in enumerate(row) if on}
    assert list_dark_modules(picture.path) == dark
    assert picture.width == len(code.matrix) + 4
