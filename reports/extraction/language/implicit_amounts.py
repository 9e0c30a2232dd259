"""Find the sums of a list whose unit stands at its end: "chuyển 20 với 25 triệu". Pure: no Django."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from core.text import normalize
from reports.data.loader import load_json
from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import TokenizedText

_JOINS = {"roi", "voi", "va", "cong", "and", "then"}  # "20 với 25 triệu"
_TURNS = ("lần", "lượt", "đợt", "khoản", "đơn", "lệnh")
_NTHS = ("đầu", "sau", "cuối", "một", "hai", "ba", "tư", "nhất", "là", "1", "2", "3", "4")
_PAYERS = ("tôi", "em", "chị", "anh", "mẹ", "bố", "vợ", "chồng", "ông")  # "chị 25, tôi 30 triệu"
_BETWEEN = {*_JOINS, *map(normalize, (*_TURNS, *_NTHS, *_PAYERS, "thêm", "thứ", "nữa", "là"))}
_OF_PAYERS = {*map(normalize, _PAYERS)}
_BEFORE = {
    *(normalize(verb) for verb in load_json("number_words.json")["paying"] if " " not in verb),
    *map(normalize, _TURNS),
}
_OF_TURNS = ({*map(normalize, _TURNS)}, {*map(normalize, _NTHS)})  # "đợt sau"
_ITEMS_APART = 4  # words
_MAX_ITEMS = 100
_ITEMS_UNLIKE = 10  # times the sum at its end: then an item has a smaller unit
_FIGURES = {str(figure) for figure in range(2, 1000)}
_THOUSANDS_FROM, _SMALL = 100, 10**7  # "nạp 300, rồi 2tr": hundreds beside small sums are thousands
_UNITS = (10**9, 10**6)


def find_implicit_amounts(
    story: TokenizedText, named: Sequence[MoneyAmount]
) -> Iterator[MoneyAmount]:
    """Yield the items of lists that end with one of the *named* sums."""
    taken = {place for amount in named for place in range(amount.first, amount.last)}
    items = (item for amount in named for item in _items_before(story, amount, taken))
    yield from islice(items, _MAX_ITEMS)


def _items_before(
    story: TokenizedText, amount: MoneyAmount, taken: Collection[int]
) -> Iterator[MoneyAmount]:
    """Yield the items of a list that ends with an amount, the last first."""
    places, first = list[int](), amount.first
    while len(places) < _MAX_ITEMS and (at := _item_before(story, first, taken)) is not None:
        places.append(at)
        first = at
    if places and not _is_range(story, places, amount) and _is_of_sums(story, places, taken):
        for at in places:
            yield MoneyAmount(_item_value(int(story.words[at].folded), amount), at, at + 1)


def _item_before(story: TokenizedText, first: int, taken: Collection[int]) -> int | None:
    """Return the place of the bare number listed just before word *first*, or None."""
    words, at = story.words, first - 1
    while at > max(0, first - _ITEMS_APART) and words[at].folded in _BETWEEN:
        if _is_item(story, at, first):
            break
        at -= 1
    return at if at >= 0 and at not in taken and _is_item(story, at, first) else None


def _is_item(story: TokenizedText, at: int, first: int) -> bool:
    """Return whether word *at* is a bare number of a list that goes on at word *first*."""
    word, behind = story.words[at : at + 2]
    if word.folded not in _FIGURES or word.sentence != story.words[first].sentence:
        return False
    gap = story.text[word.end : behind.start].strip()
    return gap in (",", ";") or (not gap and behind.folded in _JOINS)


def _is_range(story: TokenizedText, places: Sequence[int], amount: MoneyAmount) -> bool:
    """Return whether "5, 6 triệu" or "20, 30 triệu" is said of one sum."""
    low, high = int(story.words[places[0]].folded), story.words[amount.first].folded
    beside = len(places) == 1 and places[0] + 1 == amount.first
    return beside and high in (str(low + 1), str(low + 10) if low % 10 == 0 else "")


def _is_of_sums(story: TokenizedText, places: Sequence[int], taken: Collection[int]) -> bool:
    """Return whether the word before the first number pays, counts, is a sum, or shares."""
    at = places[-1]
    word, behind = story.words[at : at + 2]
    if not at or story.words[at - 1].sentence != word.sentence:
        return len(places) == 1 and behind.folded in _JOINS
    *former, before = (each.folded for each in story.words[max(0, at - 2) : at])
    is_turn = not _OF_TURNS[0].isdisjoint(former) and before in _OF_TURNS[1]
    is_shared = before in _OF_PAYERS and behind.folded in _OF_PAYERS
    return at - 1 in taken or before in _BEFORE or is_turn or is_shared


def _item_value(figure: int, amount: MoneyAmount) -> int:
    """Return an item in its list's unit; hundreds before a few millions are thousands."""
    small = amount.value < 10**6 or (figure >= _THOUSANDS_FROM and amount.value < _SMALL)
    fitting = [
        figure * unit
        for unit in _UNITS
        if amount.value >= unit and figure * unit <= amount.value * _ITEMS_UNLIKE
    ]
    rather = 10**3 if figure >= _THOUSANDS_FROM else 10**6
    return figure * 10**3 if small else next(iter(fitting), figure * rather)
