"""What is read out to callers: every kind has its words, of offices that are there."""

import pytest

from reports.cases import replies
from reports.data import loader
from reports.facts.choices import OFFICES
from reports.models import BankHotline, OfficeNumber
from reports.reference import caller_advice, confirmed_statements
from tests.support.desk_pages import words
from tests.support.officers import Person

KINDS = caller_advice.kinds_by_code()
OFFICE_CODES = {office["codename"] for office in loader.load_offices()["offices"]}


def test_a_digit_chooses_each_kind_and_each_has_words_and_offices_of_the_table() -> None:
    assert len(KINDS) - 1 <= 9
    for kind in KINDS.values():
        assert kind.lines
        assert kind.claimed_office in {"", *dict(OFFICES)}
        assert set(kind.offices) <= OFFICE_CODES


def test_nothing_that_is_read_out_tells_anybody_to_pay() -> None:
    lines = [line for kind in KINDS.values() for line in kind.lines]
    lines += [line for name, line in caller_advice.sentences().items() if name != "lost"]
    assert [line for line in lines if replies.tells_to_pay(line)] == []


@pytest.mark.usefixtures("reference_rows")
def test_confirmed_numbers_are_read_out_with_the_advice(duty: Person) -> None:
    before = caller_advice.load_advice()
    assert [line for lines in before.values() for line in lines if "Số đã đối chiếu" in line] == []
    verified = {"source": "hóa đơn", "verified_on": "2026-11-05"}
    OfficeNumber.objects.create(
        office_id="dien-luc", number="1900 000 112", key="1900000112", label="Tổng đài", **verified
    )
    BankHotline.objects.create(name="Vietcombank", number="1900 000 111", **verified)
    confirmed_statements.clear_cache()
    advice = caller_advice.load_advice()
    assert advice["utility"][-1] == "Số đã đối chiếu của Điện lực (tổng đài): 1900 000 112."
    assert advice["bank"][-1] == "Số gấp của Vietcombank: 1900 000 111."
    page = duty.client.get("/admin/reports/report/file/")
    assert "Số gấp của ngân hàng đã đối chiếu Số gấp của Vietcombank: 1900" in words(page)
