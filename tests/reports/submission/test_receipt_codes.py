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
from reports.submission import intake, receipt_codes
from reports.submission.intake import ReportSubmission
from reports.submission.receipt_codes import (
    InvalidCodeGroup,
    derive_code,
    format_code,
    parse_code,
    phonetic_group,
)

pytestmark = pytest.mark.django_db


def some_code(number: int = 0) -> str:
    return derive_code(f"key-{number:016}", b"digest", newest_key())


def accept(key: str = "a-key-of-the-browser") -> intake.SubmissionResult:
    return intake.submit_report(ReportSubmission(story="Họ gọi."), key)


def rotate(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = (
        Fernet.generate_key().decode(),
        *settings.FIELD_ENCRYPTION_KEYS,
    )


def test_a_code_is_four_groups_of_four_without_signs_to_mistake() -> None:
    groups = format_code(some_code())
    assert [len(group) for group in groups] == [4, 4, 4, 4]
    assert not set("".join(groups)) & set("AEIOU01")


def test_twelve_signs_cannot_be_guessed() -> None:
    assert len(ALPHABET) ** 12 > 2**58


def test_a_code_is_read_however_it_is_spaced() -> None:
    code = some_code()
    assert parse_code(code) == code
    assert parse_code(" - ".join(format_code(code.lower()))) == code


@pytest.mark.parametrize("place", range(16))
def test_every_single_slip_names_its_group(place: int) -> None:
    code = some_code(place)
    for sign in set(ALPHABET) - {code[place]}:
        slipped = code[:place] + sign + code[place + 1 :]
        assert parse_code(slipped) == InvalidCodeGroup(
            place // 4 + 1, slipped[place // 4 * 4 : place // 4 * 4 + 4]
        )


@pytest.mark.parametrize("place", [n for n in range(15) if n % 4 != 3])
def test_two_neighbours_in_the_wrong_order_are_noticed(place: int) -> None:
    for number in range(20):
        code = some_code(number)
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        if swapped != code:
            assert isinstance(parse_code(swapped), InvalidCodeGroup)


def test_groups_in_the_wrong_order_are_noticed() -> None:
    first, second, third, fourth = format_code(some_code())
    assert parse_code(second + first + third + fourth) == InvalidCodeGroup(1, second)


def test_a_short_code_names_the_group_that_is_missing() -> None:
    assert parse_code(some_code()[:9]) == InvalidCodeGroup(3, some_code()[8:9])
    assert parse_code("") == InvalidCodeGroup(1, "")


def test_a_code_that_is_too_long_is_no_code() -> None:
    assert isinstance(parse_code(some_code() + "2"), InvalidCodeGroup)


@given(st.text(max_size=60))
def test_any_text_is_a_code_or_a_bad_group(text: str) -> None:
    code = parse_code(text)
    assert isinstance(code, InvalidCodeGroup) or len(code) == 16


def test_every_sign_can_be_said() -> None:
    assert all(phonetic_group(sign) for sign in ALPHABET)
    assert phonetic_group("7K4M") == "bảy, K\u00a0kéo, bốn, M\u00a0mèo"


def test_codes_differ_by_key_words_and_submission() -> None:
    key = newest_key()
    codes = {derive_code("a", b"1", key), derive_code("b", b"1", key), derive_code("a", b"2", key)}
    assert len(codes) == 3


def test_a_receipt_of_two_rotations_ago_still_opens(settings: Settings) -> None:
    accepted = accept()
    assert accepted.code
    rotate(settings)
    rotate(settings)
    assert receipt_codes.report_for_code(accepted.code) == accepted.report


def test_a_look_up_under_an_old_key_is_hashed_anew(settings: Settings) -> None:
    accepted = accept()
    assert accepted.code
    old = settings.FIELD_ENCRYPTION_KEYS
    rotate(settings)
    receipt_codes.report_for_code(accepted.code)
    settings.FIELD_ENCRYPTION_KEYS = tuple(
        key for key in settings.FIELD_ENCRYPTION_KEYS if key not in old
    )
    assert receipt_codes.report_for_code(accepted.code) == accepted.report


def test_a_code_replaced_while_it_is_looked_up_stays_dead(settings: Settings) -> None:
    accepted = accept()
    assert accepted.code
    rotate(settings)

    def replaced_before(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE"):
            with connection.cursor() as cursor:
                cursor.cursor.execute("UPDATE reports_receipt SET code_hash = 'another'")
        return execute(sql, *rest)

    with connection.execute_wrapper(replaced_before):
        receipt_codes.report_for_code(accepted.code)
    assert receipt_codes.report_for_code(accepted.code) is None


def test_a_code_whose_key_is_gone_is_not_shown_again(settings: Settings) -> None:
    report = accept().report
    settings.FIELD_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    report.refresh_from_db()
    assert receipt_codes.recover_code(report) is None


def test_a_code_that_nobody_has_opens_nothing() -> None:
    accept()
    assert receipt_codes.report_for_code(some_code()) is None
