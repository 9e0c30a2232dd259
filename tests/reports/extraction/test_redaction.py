"""Masking: what of a story the desk sees, and by which index a contact is found again."""

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from reports.extraction.redaction import domestic_number, redact
from reports.facts.contact_index import blind_index
from tests.support.data_files import read_cases


@pytest.mark.parametrize(("typed", "masked_text", "flag"), read_cases("redaction.json", "masked"))
def test_what_says_whose_it_is_gets_masked(typed: str, masked_text: str, flag: str) -> None:
    masked = redact(typed, "0550000111")
    assert masked.text == masked_text
    assert masked.flags == (flag,)


@pytest.mark.parametrize(("typed", "why"), read_cases("redaction.json", "needed"))
def test_what_the_officers_need_stays(typed: str, why: str) -> None:
    assert redact(typed, "0550000111").text == typed, why


@pytest.mark.parametrize(
    "typed",
    [
        "căn cước 250000000000",
        "CCCD: 250 000 000 000",
        "số định danh 250000000000",
        "so dinh danh ca nhan 250000000000",
        "250000000000 là số cccd của tôi",
        "tôi mất 038000000000",  # a paper begins with 0, a sum does not
        "tôi mất 250000001000",  # nobody's loss is so exact
    ],
)
def test_a_round_sum_beside_a_word_for_papers_or_an_odd_one_is_a_paper(typed: str) -> None:
    masked = redact(typed)
    assert masked.flags == ("masked_id",)
    assert not any(digits in masked.text for digits in ("250", "038"))


@pytest.mark.parametrize(("typed", "masked_text"), read_cases("redaction.json", "nearer_word"))
def test_one_number_is_read_by_the_nearer_word(typed: str, masked_text: str) -> None:
    assert redact(typed).text == masked_text


@pytest.mark.parametrize("spelled", read_cases("redaction.json", "spellings"))
def test_the_reporters_number_is_masked_in_any_spelling(spelled: str) -> None:
    masked = redact(f"gọi tôi: {spelled}. Họ gọi 0550 000 222.", "0550000111")
    assert masked.text.replace("([", "[") == "gọi tôi: [số người báo]. Họ gọi 0550 000 222."


def test_the_reporters_contact_is_masked_in_any_form_and_no_other() -> None:
    assert redact("viết cho Ba@Mau.example", "ba@mau.example").text == "viết cho [số người báo]"
    assert redact("gọi tôi 0550000111", "０５５００００１１１").text == "gọi tôi [số người báo]"
    # No account word saves it, and the same digits inside a longer number are another number.
    assert "0550" not in redact("tài khoản Zalo của tôi 0550000111", "0550 000 111").text
    for other in ("05500001112", "99550000111"):
        assert redact(f"họ gọi {other}", "0550000111").text == f"họ gọi {other}"
    assert redact("Zalo của tôi: Ba", "Ba").text == "Zalo của tôi: Ba"  # no number


def test_every_number_of_a_story_is_masked_by_itself() -> None:
    masked = redact("số 038012345678, thẻ 4000000000000002, lại số 038012345679")
    assert masked.text == "số [số giấy tờ], thẻ [số thẻ], lại số [số giấy tờ]"
    assert set(masked.flags) == {"masked_id", "masked_card"}


@pytest.mark.parametrize(
    "typed", ["0550000111", "+84 550.000.111", "O550 000 111", "0550000111 Nam"]
)
def test_a_blind_index_rests_on_the_number_that_is_read(typed: str) -> None:
    assert blind_index(typed) == blind_index("0550 000 111")
    assert domestic_number(typed) == "+84550000111"


@pytest.mark.parametrize("digits", ["0550000111", "0992000456", "0237370000", "0123456789"])
def test_what_is_written_as_it_is_dialled_reads_as_with_care(digits: str) -> None:
    assert domestic_number(digits) == domestic_number(f"sdt {digits}")
    assert domestic_number(f"{digits[:4]} {digits[4:7]} {digits[7:]}") == domestic_number(digits)


@pytest.mark.parametrize(
    "typed",
    ["", "00000001", "05500001117", "0550000111 / 0550000112", "113", "0992 xxx 123", "1900 1234",
     "+44 7700 900123", "a@b.example"],
)  # fmt: skip
def test_nobody_is_reached_on_what_is_no_subscribers_number(typed: str) -> None:
    assert domestic_number(typed) == ""


def test_a_blind_index_is_the_same_only_under_the_same_key(settings: Settings) -> None:
    before = blind_index("0550000111")
    assert before == blind_index("0550000111") != blind_index("0550000112")
    settings.FIELD_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    assert blind_index("0550000111") != before
