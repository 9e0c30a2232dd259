"""Receipt codes: what can be mistyped, what a rotation does to them."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from core.keys import newest_key
from reports.models.report import ALPHABET
from reports.submission import receipt_codes
from reports.submission.receipt_codes import (
    InvalidCodeGroup,
    derive_code,
    format_code,
    parse_code,
    phonetic_group,
)
from tests.support.resident_pages import Resident

pytestmark = pytest.mark.django_db


def some_code(number: int = 0) -> str:
    return derive_code(f"key-{number:016}", b"digest", newest_key())


def rotate(settings: Settings) -> None:
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (new, *settings.FIELD_ENCRYPTION_KEYS)


def test_a_code_is_four_groups_of_four_without_characters_to_mistake() -> None:
    groups = format_code(some_code())
    assert [len(group) for group in groups] == [4, 4, 4, 4]
    assert not set("".join(groups)) & set("AEIOU01")


def test_twelve_characters_cannot_be_guessed() -> None:
    assert len(ALPHABET) ** 12 > 2**58


def test_a_code_is_read_however_it_is_spaced() -> None:
    code = some_code()
    assert parse_code(code) == code
    assert parse_code(" - ".join(format_code(code.lower()))) == code


@pytest.mark.parametrize("place", range(16))
def test_every_mistyped_character_names_its_group(place: int) -> None:
    code = some_code(place)
    for char in set(ALPHABET) - {code[place]}:
        mistyped = code[:place] + char + code[place + 1 :]
        assert parse_code(mistyped) == InvalidCodeGroup(
            place // 4 + 1, mistyped[place // 4 * 4 : place // 4 * 4 + 4]
        )


@pytest.mark.parametrize("place", [n for n in range(15) if n % 4 != 3])
def test_two_neighbours_in_the_wrong_order_are_noticed(place: int) -> None:
    for number in range(20):
        code = some_code(number)
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        if swapped != code:
            assert isinstance(parse_code(swapped), InvalidCodeGroup)


def test_a_code_that_is_out_of_order_too_short_or_too_long_is_none() -> None:
    first, second, third, fourth = format_code(some_code())
    assert parse_code(second + first + third + fourth) == InvalidCodeGroup(1, second)
    assert parse_code(first + second + third[:1]) == InvalidCodeGroup(3, third[:1])
    assert parse_code("") == InvalidCodeGroup(1, "")
    assert isinstance(parse_code(some_code() + "2"), InvalidCodeGroup)


@given(st.text(max_size=60))
def test_any_text_is_a_code_or_a_bad_group(text: str) -> None:
    code = parse_code(text)
    assert isinstance(code, InvalidCodeGroup) or len(code) == 16


def test_every_character_can_be_said() -> None:
    assert all(phonetic_group(char) for char in ALPHABET)
    assert phonetic_group("7K4M") == "bảy, K\u00a0kéo, bốn, M\u00a0mèo"


def test_codes_differ_by_key_words_and_submission() -> None:
    key = newest_key()
    codes = {derive_code("a", b"1", key), derive_code("b", b"1", key), derive_code("a", b"2", key)}
    assert len(codes) == 3


def test_a_receipt_of_two_rotations_ago_opens_and_is_hashed_anew(
    settings: Settings, resident: Resident
) -> None:
    old = settings.FIELD_ENCRYPTION_KEYS
    rotate(settings)
    rotate(settings)
    assert receipt_codes.report_for_code(resident.code) == resident.report
    settings.FIELD_ENCRYPTION_KEYS = tuple(
        key for key in settings.FIELD_ENCRYPTION_KEYS if key not in old
    )
    assert receipt_codes.report_for_code(resident.code) == resident.report


def test_a_code_replaced_while_it_is_looked_up_stays_dead(
    settings: Settings, resident: Resident
) -> None:
    rotate(settings)

    def replaced_before(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE"):
            with connection.cursor() as cursor:
                cursor.cursor.execute("UPDATE reports_receipt SET code_hash = 'another'")
        return execute(sql, *rest)

    with connection.execute_wrapper(replaced_before):
        receipt_codes.report_for_code(resident.code)
    assert receipt_codes.report_for_code(resident.code) is None


def test_a_code_whose_key_is_gone_is_not_shown_again(
    settings: Settings, resident: Resident
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    resident.report.refresh_from_db()
    assert receipt_codes.recover_code(resident.report) is None


def test_a_code_that_nobody_has_opens_nothing(resident: Resident) -> None:
    assert receipt_codes.report_for_code(some_code()) is None
