"""Find sums without a unit: "Nó đòi 40. Tôi đưa 15 trước". Pure: no Django.

Only in a story: just after a verb of paying or asking, with nothing countable behind, or in a list
whose last item has its unit ("20 với 25 triệu"). The form's field asks for the unit instead.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from core.text import normalize
from reports.data.loader import load_json
from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import TokenizedText, canonical_spelling
from reports.extraction.language.numerals import number_at


class _Phrases(NamedTuple):
    """Phrases of one word or two, with their marks and without, and the words that end them."""

    marked: frozenset[tuple[str, ...]]
    bare: frozenset[tuple[str, ...]]
    ends: frozenset[str]


def _collect(*phrases: str) -> _Phrases:
    words = [phrase.split() for phrase in phrases]
    marked = frozenset(tuple(map(canonical_spelling, each)) for each in words)
    bare = frozenset(tuple(map(normalize, each)) for each in words)
    return _Phrases(marked, bare, frozenset(normalize(each[-1]) for each in words))


_WORDS = load_json("number_words.json")
_VERBS: list[str] = _WORDS["paying"]
# Verbs that pay only beside or behind a sum.
_BESIDE_A_SUM: list[str] = _WORDS["paying_beside_a_sum"]
_BEHIND_A_SUM: list[str] = _WORDS["paying_behind_a_sum"]
_NAME = "ten"  # "dùng tên"
_EMERGENCY = {"113", "114", "115"}
_NEAR = 10  # words between a sum and the one that goes on from it: "8 triệu, rồi 14, rồi 30"
_BEHIND = frozenset(_WORDS["behind_a_bare_sum"])
_DIGITS = ["con", "so"]  # "15 con số"
_JOINS = {"roi", "voi", "va", "cong", "and", "then"}  # "20 với 25 triệu"
_TURNS = ("lần", "lượt", "đợt", "khoản", "đơn", "lệnh")
_NTHS = ("đầu", "sau", "cuối", "một", "hai", "ba", "tư", "nhất", "là", "1", "2", "3", "4")
_NTH_TURNS = ("lần lượt", *(f"{turn} {nth}" for turn in _TURNS for nth in _NTHS))
_PAYERS = ("tôi", "em", "chị", "anh", "mẹ", "bố", "vợ", "chồng", "ông")  # "chị 25, tôi 30 triệu"
_BETWEEN_ITEMS = {*_JOINS, *map(normalize, (*_TURNS, *_NTHS, *_PAYERS, "thêm", "thứ", "nữa", "là"))}
_ITEMS_APART = 4  # words
_MAX_ITEMS = 100
_ITEMS_UNLIKE = 10  # times the sum at its end: no item of the list
_OF_PAYERS = {*map(normalize, _PAYERS)}
_MIN_COUNT, _MAX_COUNT = 2, 999
_FIGURES = {str(figure) for figure in range(_MIN_COUNT, _MAX_COUNT + 1)}
_MIN_ALONE = 10  # where no sum has its unit
_THOUSANDS_FROM = 100  # "nạp 300 ăn 345, nạp 2tr": thousands beside sums under _SMALL
_SMALL = 10**7
_BILLION, _MILLION, _THOUSAND = 10**9, 10**6, 10**3
# Phrases before a sum: where no other is named, beside one, near after one.
_PAYING = _collect(*_VERBS)
_PAYING_BESIDE = _collect(*_VERBS, *_BESIDE_A_SUM)
_PAYING_BEHIND = _collect(*_VERBS, *_BESIDE_A_SUM, *_BEHIND_A_SUM)
# Phrases before a list of sums.
_LISTED = _collect(*_VERBS, *_NTH_TURNS)
_COUNTED = _collect(*_TURNS)
_SHARED = _collect(*_PAYERS)
_TURNS_NAMED = _collect(*_TURNS, *_NTH_TURNS)


def find_implicit_amounts(
    story: TokenizedText, named: Sequence[MoneyAmount]
) -> Iterator[MoneyAmount]:
    """Yield the sums without a unit, beside those that are *named*."""
    taken = {place for amount in named for place in range(amount.first, amount.last)}
    every = (item for amount in named for item in _items_before(story, amount, taken))
    items = list(islice(every, _MAX_ITEMS))
    yield from items
    sums = [*named, *items]
    taken.update(item.first for item in items)
    at = 1
    while at < len(story.words):
        amount = None if at in taken else _find_bare(story, at, sums)
        if amount and not taken & {*range(amount.first, amount.last + 1)}:
            sums.append(amount)
            yield amount
        at = amount.last if amount else at + 1


def _items_before(
    story: TokenizedText, amount: MoneyAmount, taken: Collection[int]
) -> Iterator[MoneyAmount]:
    """Yield the items of a list whose unit stands at its end: "20 với 20 với 25 triệu"."""
    places, first = list[int](), amount.first
    while len(places) < _MAX_ITEMS and (at := _item_before(story, first, taken)) is not None:
        places.append(at)
        first = at
    if places and not _is_range(story, places, amount) and _begins_list(story, places, taken):
        for at in places:
            yield MoneyAmount(_item_value(int(story.words[at].folded), amount), at, at + 1)


def _item_before(story: TokenizedText, first: int, taken: Collection[int]) -> int | None:
    """Return the place of the bare number listed just before word *first*, or None."""
    words, at = story.words, first - 1
    while at > max(0, first - _ITEMS_APART) and words[at].folded in _BETWEEN_ITEMS:
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


def _begins_list(story: TokenizedText, places: Sequence[int], taken: Collection[int]) -> bool:
    """Return whether the words before the first number of a list speak of sums."""
    words, at = story.words, places[-1]
    behind = words[at + 1].folded
    if not at or words[at - 1].sentence != words[at].sentence:
        return len(places) == 1 and behind in _JOINS
    gap = story.text[words[at - 1].end : words[at].start].strip()
    if gap in (",", ":"):
        return at - 1 in taken or _is_behind(story, at, _TURNS_NAMED, across=True)
    is_counted = behind in _JOINS and _is_behind(story, at, _COUNTED)  # "hai đợt 80 với 44 triệu"
    is_shared = behind in _OF_PAYERS and _is_behind(story, at, _SHARED)
    return is_counted or is_shared or _is_behind(story, at, _LISTED)


def _item_value(figure: int, amount: MoneyAmount) -> int:
    """Return an item in its list's unit; hundreds before a few millions are thousands."""
    most = amount.value * _ITEMS_UNLIKE
    for unit in (_BILLION, _unit(figure, [amount]), _THOUSAND):
        fits = amount.value >= unit and figure * unit < most
        if fits and (unit != _THOUSAND or figure >= _THOUSANDS_FROM or amount.value < _MILLION):
            return figure * unit
    return figure * _unit(figure, [amount])


def _find_bare(story: TokenizedText, at: int, named: Sequence[MoneyAmount]) -> MoneyAmount | None:
    if story.words[at - 1].folded not in _PAYING_BEHIND.ends:  # before the walk over all sums
        return None
    near = any(at - _NEAR <= amount.last <= at for amount in named)
    phrases = (_PAYING_BEHIND if near else _PAYING_BESIDE) if named else _PAYING
    figure, last = (_is_behind(story, at, phrases) and number_at(story, at)) or (None, at)
    if figure is None or not _ends(story, last):
        return None
    first_word = story.words[at].folded
    least = _MIN_COUNT if first_word.isdecimal() and named else _MIN_ALONE
    fits = least <= figure <= _MAX_COUNT and figure.denominator == 1
    if not fits or first_word == _NAME or first_word in _EMERGENCY:
        return None
    return MoneyAmount(int(figure) * _unit(int(figure), named), at, last)


def _unit(figure: int, named: Sequence[MoneyAmount]) -> int:
    """Return a million; a thousand for hundreds beside small sums, or beside only small sums."""
    most = max((amount.value for amount in named), default=_SMALL)
    small = most < _MILLION or (figure >= _THOUSANDS_FROM and most < _SMALL)
    return _THOUSAND if small else _MILLION


def _is_behind(story: TokenizedText, at: int, phrases: _Phrases, across: bool = False) -> bool:
    """Return whether a phrase ends just before word *at*, in its clause, or *across* its stop."""
    if story.words[at - 1].folded not in phrases.ends:
        return False
    clause = story.words[at - across].clause
    for count in (1, 2):
        before = story.words[max(0, at - count) : at]
        if len(before) < count or before[0].clause != clause:
            return False
        unmarked = not story.marked and all(word.folded == word.spelled for word in before)
        if tuple(word.spelled for word in before) in phrases.marked:
            return True
        if unmarked and tuple(word.folded for word in before) in phrases.bare:
            return True
    return False


def _ends(story: TokenizedText, at: int) -> bool:
    """Return whether nothing countable follows the number: "15", not "15 cái"."""
    if at >= len(story.words):
        return True
    gap = story.text[story.words[at - 1].end : story.words[at].start]
    if gap.strip():
        return gap.strip()[0] in ",;.!?)\"'”\n" or "\n" in gap
    behind = [word.folded for word in story.words[at : at + 2]]
    return behind[0] in _BEHIND and behind != _DIGITS
