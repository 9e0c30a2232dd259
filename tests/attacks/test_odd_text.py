"""Text as it is meant: signs that nobody sees, odd letters, words in pieces and adverts hide nothing from
the machine, and the evidence stays as it was typed.
"""

import re
import unicodedata
from collections.abc import Callable

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from core import text
from core.text import normalize, reading_copy
from desk.labels import highlighting
from reports.campaigns.script_fingerprint import fingerprint_script
from reports.extraction import phones, redaction
from reports.extraction.bank_accounts_and_links import find_bank_accounts, find_links
from reports.extraction.priority import compute_priority
from reports.extraction.story_reader import StoryReading, extract_from_story
from reports.models import Report
from reports.triage import report_triage

STORY = (
    "Con trai tôi bị bắt cóc. Họ đang gọi video, bắt tôi chuyển 300 triệu chuộc con, không được báo công an, "
    "không được tắt máy. Tôi phải làm sao, họ vẫn đang trên máy."
)
NUMBERS = "Gọi 0550 000 123, stk 001099012345 Vietcombank, vào http://vay.example/a"
ADVERT = "Bán sim số đẹp giá rẻ, giao hàng toàn quốc, nhận hàng mới trả tiền. "
LOAN = "Vay tiền nhanh không thế chấp, lãi suất thấp, bấm vào link vay.example. "
Write = Callable[[str], str]


def hide_signs(typed: str, sign: str = "\u200b") -> str:
    return "".join(f"{char}{sign}" if char.isalnum() else char for char in typed)


def widen(typed: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in typed)


def dot(typed: str) -> str:
    return re.sub(r"(?<=\w)(?=\w)", ".", typed)


FORMS: dict[str, Write] = {
    "hidden signs": hide_signs,
    "soft hyphens": lambda typed: hide_signs(typed, "\u00ad"),
    "turned around": lambda typed: hide_signs(typed, "\u202e"),
    "variation selectors": lambda typed: hide_signs(typed, "\ufe0f"),
    "full width": widen,
    "letters and marks apart": lambda typed: unicodedata.normalize("NFD", typed),
}
SPACED: dict[str, Write] = {"spaced out": " ".join, "dotted": dot}
AMONG: dict[str, Write] = {
    "adverts": lambda typed: ADVERT * 20 + typed,
    "other adverts": lambda typed: LOAN * 20 + typed,
}
EVERY = FORMS | SPACED | AMONG
URGENT = 60


def facts_of(reading: StoryReading) -> tuple[object, ...]:
    return reading.scenario, reading.ongoing, compute_priority(reading).score >= URGENT


@pytest.mark.parametrize("name", EVERY)
def test_a_kidnapping_is_read_the_same_however_it_is_typed(name: str) -> None:
    plain, odd = STORY, EVERY[name](STORY)
    assert facts_of(extract_from_story(odd)) == facts_of(extract_from_story(plain))
    assert facts_of(extract_from_story(plain)) == ("online_kidnap", True, True)
    assert "transfer_money" in extract_from_story(odd).actions


@pytest.mark.parametrize("name", EVERY)
def test_a_reason_points_at_the_words_as_typed(name: str) -> None:
    odd = EVERY[name](STORY)
    reasons = extract_from_story(odd).reasons
    assert all(odd[why.start : why.end] == why.words for why in reasons)
    quoted = {normalize(reading_copy(why.words).text) for why in reasons}
    assert any("bat coc" in words for words in quoted)


@pytest.mark.parametrize("name", FORMS)
def test_numbers_accounts_and_links_are_found_and_stay_as_typed(name: str) -> None:
    odd = FORMS[name](NUMBERS)
    (phone,) = phones.find_in_text(odd)
    assert phone.phone.key == "+84550000123"
    assert phone.phone.raw == odd[phone.start : phone.end]
    assert [each.account for each in find_bank_accounts(odd)] == ["001099012345"]
    assert [each.link for each in find_links(odd)] == ["vay.example/a"]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("contact", ["0550 000 123", "a@b.example"])
def test_what_names_the_reporter_is_masked_and_all_else_stays(name: str, contact: str) -> None:
    odd = FORMS[name](f"tôi là {contact} nhé")
    masked = redaction.redact(odd, contact).text
    assert normalize(masked) == "toi la so nguoi bao nhe"
    assert masked.startswith(FORMS[name]("tôi là"))


@pytest.mark.django_db
@pytest.mark.parametrize("name", FORMS | SPACED)
def test_it_is_searched_and_compared_as_it_is_meant(name: str) -> None:
    odd = EVERY[name](STORY)
    assert text.normalize_as_meant(odd) == text.normalize(STORY)
    assert fingerprint_script("", odd, set()).terms == fingerprint_script("", STORY, set()).terms
    found = report_triage.extract(Report(story=odd, received_at=timezone.now())).facts
    assert text.normalize(STORY) in found.search_text


@pytest.mark.parametrize(
    "typed",
    [
        "e k b j cả", "gia đình c a e ở nhà", "anh N.V.A ở T.P.H.C.M", "A B C D", "0 5 5 0 0 0 0 1 2 3", "ừ a",
        "C.S.G.T", "Vâng … đúng", "1 k 2 k", "câu a, b, c", "²²⑩⑩ ½", "công ty x. y. z",
    ],
)  # fmt: skip
def test_single_letters_that_may_be_meant_stay(typed: str) -> None:
    assert reading_copy(typed).text == typed


def test_no_sign_that_shows_nothing_is_read() -> None:
    formats = {chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"}
    shown = {char for char in formats if reading_copy(char).text}
    names = {unicodedata.name(char, "").partition(" ")[0] for char in shown}
    assert names == {"ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN"}


@given(st.text())
def test_every_letter_of_the_copy_has_its_place(typed: str) -> None:
    copy = reading_copy(typed)
    places = list(zip(copy.starts, copy.ends, strict=True))
    assert len(places) == len(copy.text)
    assert all(0 <= start < end <= len(typed) for start, end in places)
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        (hide_signs("công an"), "ký tự ẩn"),
        (widen("cong an"), "chữ khổ rộng"),
        (" ".join("công an"), "chữ viết rời từng chữ cái"),
    ],
)
def test_the_desk_marks_odd_letters_with_its_reason_and_accuses_nobody(
    typed: str, note: str
) -> None:
    (line,) = highlighting.note_odd_letters(typed)
    assert line.startswith("Chữ lạ: ")
    assert note in line
    assert "không phải dấu hiệu gian dối" in line
    assert highlighting.note_odd_letters("Công an gọi… số 5\u00a0triệu ❤️") == []
