"""What officers type of numbers, accounts, links and people, and how it changes what is found."""

import pytest

from reports.facts.named_things import (
    NamedChanges,
    NamedThingError,
    identify,
    is_row,
    parse_typed,
    to_row,
)
from reports.models import Indicator

NUMBER = "0550 000 123"


def typed(kind: str, text: str) -> list[tuple[str, str]]:
    return [(each.bank, each.key) for each in parse_typed(kind, text)]


@pytest.mark.parametrize(
    ("kind", "text", "read"),
    [
        ("number", "0550.000.123", [("", "+84550000123")]),
        ("number", "0550 000 123; +84 550 000 124", [("", "+84550000123"), ("", "+84550000124")]),
        ("account", "vietcombank 0000 123 456", [("Vietcombank", "0000123456")]),
        ("account", "0000123456", [("", "0000123456")]),
        ("link", "hxxps://Nop-Phat[.]example/x", [("", "nop-phat.example/x")]),
        ("person", "đại úy Sao Mai", [("", "")]),
        ("link", " ; ", []),
    ],
)
def test_what_is_typed_is_read_as_at_intake(
    kind: str, text: str, read: list[tuple[str, str]]
) -> None:
    assert typed(kind, text) == read


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("number", "chưa rõ", "number"),
        ("number", "12", "number"),
        ("number", "02373.725.725", "hotline"),
        ("account", "Vietcombank", "account"),
        ("account", "4111 1111 1111 1111", "card"),
        ("number", "4111111111111111", "card"),
        ("link", "không có", "link"),
        ("person", "123", "person"),
        ("person", "a" * 81, "person"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(kind: str, text: str, why: str) -> None:
    with pytest.raises(NamedThingError) as error:
        typed(kind, text)
    assert error.value.code == why


def test_what_was_taken_off_is_kept_and_can_be_put_back() -> None:
    found = [Indicator(kind="number", source="story", raw=NUMBER, key="+84550000123")]
    added = list(parse_typed("person", "đại úy Sao Mai"))
    changed = NamedChanges().change(found, {identify(found[0])}, added)
    again = NamedChanges.from_json(changed.to_json())
    assert again.to_json() == changed.to_json()
    assert [each.raw for each in again.apply(found)] == ["đại úy Sao Mai"]
    back = again.change(added, {identify(added[0])}, list(again.removed))
    assert back == NamedChanges()
    assert back.apply(found) == found


def test_what_the_machine_finds_too_stands_once() -> None:
    (number,) = parse_typed("number", NUMBER)
    found = [Indicator(kind="number", source="story", raw="0550000123", key=number.key)]
    assert NamedChanges(added=(number,)).apply(found) == found


@pytest.mark.parametrize("change", [{"kind": "x"}, {"raw": 1}, {"flags": "x"}, {"more": ""}])
def test_only_a_whole_row_is_stored(change: dict[str, object]) -> None:
    (row,) = map(to_row, parse_typed("number", NUMBER))
    assert is_row(row)
    assert not is_row(row | change)
