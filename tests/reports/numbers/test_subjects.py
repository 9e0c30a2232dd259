"""What somebody meant who typed digits or a link: a telephone number, an account, a page, a card."""

import pytest

from reports.extraction.bank_accounts_and_links import mask_cards
from reports.numbers import subjects

CARDS = (
    "9704 2292 1234 5678",
    "4111 1111 1111 1111",
    "9704229212345678",
    "９７０４ 2292 1234 5678",
)


@pytest.mark.parametrize(
    ("typed", "account", "bank"),
    [
        ("0011004567890", "0011004567890", ""),
        ("Vietcombank 0011004567890", "0011004567890", "Vietcombank"),
        ("0011004567890 vcb", "0011004567890", "Vietcombank"),
        ("1012 345 678", "1012345678", ""),
        ("19031234567890", "19031234567890", ""),
        ("0123456789012", "0123456789012", ""),
        ("BIDV 21510000123456", "21510000123456", "BIDV"),
        ("stk 0992000456", "0992000456", ""),
        ("MB Bank 0992000456", "0992000456", "MB Bank"),
        ("số tài khoản 0992000456789 ngân hàng Agribank", "0992000456789", "Agribank"),
    ],
)
def test_an_account_is_no_foreign_or_misspelt_telephone_number(
    typed: str, account: str, bank: str
) -> None:
    subject = subjects.find_account_or_link(typed)
    assert subject
    assert (subject.kind, subject.key, subject.bank) == ("account", account, bank)


@pytest.mark.parametrize(
    "typed",
    [
        "0550 000 123", "+44 7700 900123", "84550000123", "0550 000 12", "02373.725.725", "113", "",
        "Vietcombank gọi từ 0550000123", "zalo.me/0550000123", "không nhớ", *CARDS,
    ],
)  # fmt: skip
def test_what_was_meant_as_a_telephone_number_stays_one(typed: str) -> None:
    assert subjects.find_account_or_link(typed) is None


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("https://VI-DU.example/nop?ma=1", "vi-du.example/nop"),
        ("vào dichvucong-nhai.top nhé", "dichvucong-nhai.top"),
        ("nhai.example", "nhai.example"),
    ],
)
def test_a_link_is_read_as_reports_have_it_and_printed_so_that_nobody_presses_it(
    typed: str, key: str
) -> None:
    subject = subjects.find_account_or_link(typed)
    assert subject
    assert (subject.kind, subject.key) == ("link", key)
    assert "." not in subject.text.replace("[.]", "")


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("text", ["{}", "thẻ {} hết hạn 12/28", "0550 000 123 {} 0550000124"])
def test_a_card_is_seen_and_masked_wherever_it_stands(card: str, text: str) -> None:
    typed = text.format(card)
    assert subjects.has_card(typed)
    assert mask_cards(typed) == text.format("••••")


@pytest.mark.parametrize(
    "text", ["0011004567890", "0550 000 123", "9704", "mất 9.704.229.212 đồng"]
)
def test_other_digits_are_no_card(text: str) -> None:
    assert not subjects.has_card(text)


@pytest.mark.parametrize(
    ("typed", "has_number"),
    [
        ("0550 000 123", True),
        ("+44 7700 900123", True),
        ("0011004567890", False),
        ("gọi 0550 000 123", False),
    ],
)
def test_numbers_alone_are_told_from_a_story(typed: str, *, has_number: bool) -> None:
    assert bool(subjects.find_lone_numbers(typed)) is has_number


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (r"http://nhai.top\@dichvucong.gov.vn", "nhai.top/@dichvucong.gov.vn"),
        (r"http:\\nhai.top\x.gov.vn", "nhai.top/x.gov.vn"),
        ("http://dichvucong.gov.vn:80@nhai.top/", "nhai.top"),
        ("http://dichvucong.gov.vn。nhai.top/", "dichvucong.gov.vn.nhai.top"),
        ("http://nhai.top./nop", "nhai.top/nop"),
        ("http:/nhai.top/nop", "nhai.top/nop"),
        ("http://xn--vetcombank-68a.top/", "vïetcombank.top"),
    ],
)
def test_the_host_of_a_link_is_the_one_that_a_browser_would_open(typed: str, key: str) -> None:
    subject = subjects.find_account_or_link(typed)
    assert subject
    assert (subject.kind, subject.key) == ("link", key)
