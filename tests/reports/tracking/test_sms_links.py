"""Messages that a phone opens ready to send."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import call_command
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from reports.facts.merged_report import MergedReport
from reports.models import Followup, OfficeNumber, Report
from reports.tracking import sms_links

CODE = "7K4M29QXR6TD9WDK"


def carriers(**said: object) -> str | None:
    return sms_links.carrier_report_sms(
        MergedReport(Report(**{"caller_number": "0992 000 123", **said}))
    )


def test_a_message_to_oneself_names_place_and_code(settings: Settings) -> None:
    settings.PORTAL_URL = "https://baocuocgoi.example.gov.vn"
    text = sms_links.code_sms(CODE)
    assert "7K4M 29QX R6TD 9WDK" in text
    assert text.endswith("baocuocgoi.example.gov.vn/theo-doi/")
    assert text.isascii()
    assert len(text) <= sms_links.MAX_LENGTH


def test_an_english_page_writes_it_in_english(settings: Settings) -> None:
    settings.PORTAL_URL = "https://baocuocgoi.example.gov.vn"
    with translation.override("en"):
        text = sms_links.code_sms(CODE)
    assert "Report code: 7K4M" in text
    assert text.endswith("/en/theo-doi/")
    assert len(text) <= sms_links.MAX_LENGTH


def test_every_phone_finds_the_text_of_a_message() -> None:
    address = sms_links.sms_url("LD (1) & 2", "156")
    assert address.startswith("sms:156?&body=")  # iOS wants the &, Android the ?
    assert parse_qs(urlsplit(address).query)["body"] == ["LD (1) & 2"]


@pytest.mark.django_db
def test_the_carriers_get_number_and_what_was_said() -> None:
    text = carriers(claimed_office="police", demands=["money", "threat"], story="Tên tôi là …")
    assert text == "LD (0992000123) (xung cong an, doa bat, doa phat, doi chuyen tien)"


@pytest.mark.django_db
def test_no_word_of_a_story_goes_to_the_carriers() -> None:
    story = "Tôi là Lò Thị Ví Dụ, bị tiểu đường. Họ xưng công an rồi dọa."
    assert carriers(story=story) == "LD (0992000123) (goi dien lua dao)"
    assert carriers(story=story, claimed_office="bank") == "LD (0992000123) (xung ngan hang)"


@pytest.mark.django_db
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


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["more", "answer", "correction"])
def test_the_carriers_get_the_caller_that_was_told_last(kind: str) -> None:
    added = Followup(kind=kind, callers=[{"number": "0550 000 124"}])
    told = MergedReport(Report(caller_number="0992 000"), (added,))
    assert sms_links.carrier_report_sms(told) == "LD (0550000124) (goi dien lua dao)"


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["", "CONG AN", "không nhớ", "0992***123"])
def test_without_a_number_there_is_nothing_to_send(typed: str) -> None:
    assert carriers(caller_number=typed) is None


@pytest.mark.django_db
def test_a_faked_number_of_an_office_is_not_sent_to_be_blocked() -> None:
    call_command("setup_desk", verbosity=0)
    published = OfficeNumber.objects.all()[0]
    assert carriers(caller_number=published.number) is None


@pytest.mark.django_db
def test_a_message_with_every_box_ticked_fits_and_breaks_at_a_comma() -> None:
    demands = ["threat", "money", "secrets", "software", "identity", "isolation", "contact"]
    text = carriers(claimed_office="court_procuracy", demands=demands)
    assert text
    assert text.endswith(", hoi can cuoc, dan giu bi mat)")
    assert len(text) <= sms_links.MAX_LENGTH


@pytest.mark.django_db
@given(story=st.text(max_size=400), caller=st.text(max_size=40))
def test_a_message_to_the_carriers_always_fits(story: str, caller: str) -> None:
    text = carriers(caller_number=f"0992000123 {caller}", story=story) or ""
    assert text.isascii()
    assert len(text) <= sms_links.MAX_LENGTH
