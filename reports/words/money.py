"""Sums of money in Vietnamese and English: in a story, and in the form's own field. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from reports.folding import fold
from reports.words.cues import Story, Word, cut, spelling

_UNITS = {
    "nghìn": 10**3, "ngàn": 10**3, "k": 10**3, "thousand": 10**3,
    "lít": 10**5, "xị": 10**5,
    "triệu": 10**6, "tr": 10**6, "củ": 10**6, "chai": 10**6, "m": 10**6, "mil": 10**6, "million": 10**6,
    "tỷ": 10**9, "tỉ": 10**9, "tỏi": 10**9, "billion": 10**9, "bn": 10**9,
    "đ": 1, "₫": 1, "vnd": 1, "vnđ": 1, "đồng": 1, "dong": 1, "vietnamese": 1,
}  # fmt: skip
_DIGITS = {
    "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "nhăm": 5, "sáu": 6, "bảy": 7,
    "bẩy": 7, "tám": 8, "chín": 9, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15,
    "thirteen": 13, "fourteen": 14, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "hăm": 20,
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_TENS = frozenset({"mười", "mươi", "chục"})
_BEHIND_TENS = frozenset({"mốt", "tư", "lăm", "nhăm"})  # ba lăm is 35; ba năm may be three to five
_ODD = {"linh", "le"}  # một trăm linh năm
# A number, a letter for a word: d a digit, e one that stands behind tens, t ten and twenty, m mươi,
# h trăm, r rưỡi, o linh.
_SHAPE = re.compile(
    r"(?P<one>[de])"
    r"|(?:(?P<hundreds>[de]?)h)?"
    r"(?:r|o(?P<odd>[de])|(?P<tens>[de]?)m(?P<ones>[de]?)|(?P<high>[de])(?P<low>e)"
    r"|(?P<round>t)(?P<unit>[de]?)|(?<=h)(?P<short>[de]))?"
)
_WEIGHTS = {
    "one": 1, "hundreds": 100, "odd": 1, "tens": 10, "ones": 1, "high": 10, "low": 1, "round": 1,
    "unit": 1, "short": 10,
}  # fmt: skip
_HALF = "nua"
_LEAST_UNSAID = 10**5  # the smallest unit of which there is "nửa", and one without "một"
_SOME_SAID = ("mấy", "vài", "hàng", "bạc", "nhiều", "nhiêu")
_SOME = {
    True: {*map(spelling, _SOME_SAID)},
    False: {*map(fold, _SOME_SAID)},
}  # by whether marks are used
_OF_GOODS = {
    "ngan",
    "khach",
    "don",
    "cua",
    "mua",
    "ban",
    "giao",
    "nhan",
    "dat",
    "cong",
    "lay",
}  # "… hàng"
_OF_HUNDREDS = {
    True: {*map(spelling, ("triệu", "tr", "củ", "tỷ", "tỉ"))}, False: {"trieu", "tr", "ty", "ti"},
}  # fmt: skip
_UNSAID = {"hundreds": 1, "tens": 1, "ones": 0, "unit": 0}  # trăm rưỡi, mười
_SHORT_UNITS = {"k", "tr", "cu", "chai", "m", "lit"}
_OR = {"hay", "hoac", "or"}
_HUNDREDS_FOLDED = {"tram", "hundred"}
_COUNTS = (
    "lần", "lượt", "người", "vợ", "ngày", "tháng", "tuần", "năm", "phút", "giờ", "tiếng", "số", "cái", "times",
)  # fmt: skip
_COUNTS_MARKED = ("đợt", "bận", "đứa")  # without marks each is another word too
_BARE_AMID_MARKS = {"so", "vo"}  # "vô tài khoản", typed without its mark
# What a digit behind a sum counts: "3 triệu 2 lần", "2 triệu hai vợ chồng". By whether marks are used.
_COUNTED = {True: {*map(spelling, _COUNTS + _COUNTS_MARKED)}, False: {*map(fold, _COUNTS)}}
_ABOUT = {(5, 3), (5, 7), (3, 5)}  # "năm ba", "năm bảy", "ba năm": some
_CODE, _ROUND = 10, "00000"  # digits of an account; how a sum that is written out ends
_NUMBERED = {"khoan", "thoai", "thue", "ma", "so", "cuoc", "thu"}
_SPACED = re.compile(r"(?<=[0-9]) (?=[0-9]{3}(?![0-9]))")  # 35 500 000
_FOREIGN = {
    spelling(word) for word in ("đôla", "usd", "usdt", "dollar", "dollars", "euro", "eur", "won")
}
_FOREIGN_GROUPS = {
    tuple(map(spelling, words.split()))
    for words in ("bảng anh", "mỹ kim", "yên nhật", "đài tệ", "nhân dân tệ")
}
_FOREIGN_SIGNS = {"$", "€"}
_DOLLAR, _YUAN = spelling("đô"), spelling("tệ")
_BAD = {"hai", "that", "qua", "hon", "nhat", "lam"}  # "50 triệu tệ thật"
# Without marks "do la" is more often "đó là": a currency behind a small number alone.
_FOREIGN_BARE = {("do", "la"), ("do", "mi"), ("do", "uc")}
_MOST_BARE = 10**5
_DONG = {"dong", "vnd", "d"}
_MOST = 10**15
_LEAST = 500  # in a story; "tư đồng" are no four đồng
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")
_FEW_DIGITS = re.compile(r"[1-9][0-9]{0,2}(?:[.,][0-9]{1,2})?")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}|[1-9][0-9]{3,4}")
_FEW_BILLIONS = 10
_AFTER_LOSS_VERB = {"mat", "bay", "het", "lua"}


class Amount(NamedTuple):
    """A sum in đồng at words[first:last] of a story."""

    value: int
    first: int
    last: int


@lru_cache(maxsize=1)
def _tables() -> tuple[Mapping[str, int], Mapping[str, int], Mapping[str, int], Mapping[str, int]]:
    """Units and digits, by spelling and by folded form."""
    spelled = [{spelling(word): value for word, value in t.items()} for t in (_UNITS, _DIGITS)]
    folded = [{fold(word): value for word, value in t.items()} for t in (_UNITS, _DIGITS)]
    for table, source in zip(folded, (_UNITS, _DIGITS), strict=True):
        table.update({spelling(fold(word)): value for word, value in source.items()})
    return spelled[0], spelled[1], folded[0], folded[1]


def _worth(story: Story, word: Word, which: int) -> int | None:
    """The unit (0) or digit (1) that *word* names; marks decide where there are any."""
    tables = _tables()
    bare = word.folded == word.spelled and not (story.marked and which)
    return tables[which].get(word.spelled) or (tables[which + 2].get(word.folded) if bare else None)


def _figure(text: str) -> Fraction:
    """35.500.000 and 35,500,000 are grouped; 12,5 and 12.5 have a fraction."""
    if len(text) > 19:
        return Fraction(0)
    if _GROUPED.fullmatch(text):
        return Fraction(text.replace(".", "").replace(",", ""))
    whole, _, rest = text.replace(",", ".").partition(".")
    return Fraction(whole + "." + rest) if rest.isdecimal() else Fraction(whole)


def _in_words(story: Story, at: int) -> tuple[Fraction | None, int] | None:
    """Read "hai mươi lăm", "ba lăm", "trăm rưỡi": the value, None where the words are no number
    together ("hai ba"), and the word after them.
    """
    kinds = "".join(_kinds(story, at))
    if not kinds:
        return None
    if _is_vague(story, at):
        return None, at + len(kinds)
    shape = _SHAPE.fullmatch(kinds)
    if not shape:
        return _two_digits(story, at, kinds), at + len(kinds)
    said = {
        name: (_worth(story, story.words[at + shape.start(name)], 1) or 0)
        if kind
        else _UNSAID[name]
        for name, kind in shape.groupdict().items()
        if kind is not None
    }
    value = sum(_WEIGHTS[name] * digit for name, digit in said.items()) + 50 * ("r" in kinds)
    return Fraction(value), at + len(kinds)


def _two_digits(story: Story, at: int, kinds: str) -> Fraction | None:
    """Tens and ones without a word between, before a unit: "năm tám triệu" is 58; "hai ba" is two to
    three, "năm hai" alone the second year.
    """
    behind = at + len(kinds)
    if kinds != "dd" or not story.marked or _unit(story, behind, Fraction(10)) is None:
        return None
    tens, ones = (_worth(story, story.words[place], 1) or 0 for place in (at, at + 1))
    is_range = ones in (tens, tens + 1) or (tens, ones) in _ABOUT
    return None if is_range else Fraction(10 * tens + ones)


def _kinds(story: Story, at: int) -> Iterator[str]:
    """A letter for each word of a number that begins at word *at*."""
    kind, clause = "", story.words[at].clause
    for place in range(at, min(at + 8, len(story.words))):
        kind = _kind(story, place, kind) if story.words[place].clause == clause else ""
        if not kind:
            return
        yield kind


def _kind(story: Story, at: int, before: str) -> str:
    """The letter of a word in `_SHAPE`, "" for a word that is of no number."""
    word = story.words[at]
    digit = _worth(story, word, 1)
    if digit is not None and digit < 10:
        return "e" if word.spelled in _spelled_or_bare(_BEHIND_TENS) else "d"
    if digit is not None:
        return "t"
    if word.folded in {"muoi", "chuc"} and word.spelled in _spelled_or_bare(_TENS):
        return "m"
    if word.folded in _HUNDREDS_FOLDED:
        return "h" if before or _is_half(story, at + 1) or _is_one_hundred(story, at) else ""
    if before == "h":
        return "r" if _is_half(story, at) else "o" * (word.folded in _ODD)
    return ""


def _is_one_hundred(story: Story, at: int) -> bool:
    """Whether "một" goes without saying: "gần trăm triệu", "trăm hai triệu"; "trăm chai", "trăm mét" and
    "phần trăm" are of no sum.
    """
    words = story.words
    counted = at + 1 < len(words) and _worth(story, words[at + 1], 1) is not None
    behind = words[at + 1 : at + 3 + counted]
    if len(behind) <= counted or behind[counted].clause != words[at].clause:
        return False
    unit, follower = behind[counted], behind[counted + 1 :]
    said = unit.spelled if story.marked else unit.folded
    is_ratio = any(word.folded == "le" for word in follower) or (
        at and words[at - 1].folded == "phan"
    )
    is_hundred = not story.marked or words[at].spelled == spelling("trăm")
    return said in _OF_HUNDREDS[story.marked] and is_hundred and not is_ratio


def _is_vague(story: Story, at: int) -> bool:
    """Whether nobody knows how many: "mấy chục triệu", "hàng trăm triệu"; not "ngân hàng mười triệu"."""
    word = story.words[at]
    tens = {spelling("chục"), spelling("mươi")} if story.marked else {"chuc"}
    is_round = (
        word.folded in _HUNDREDS_FOLDED or (word.spelled if story.marked else word.folded) in tens
    )
    if not at or not is_round or not _in_clause(story, at):
        return False
    before = story.words[at - 1]
    said = before.spelled if story.marked else before.folded
    further = story.words[at - 2].folded if at > 1 else ""
    return said in _SOME[story.marked] and not (before.folded == "hang" and further in _OF_GOODS)


def _is_half(story: Story, at: int) -> bool:
    return at < len(story.words) and story.words[at].folded == "ruoi"


@lru_cache(maxsize=2)
def _spelled_or_bare(words: frozenset[str]) -> set[str]:
    return {spelling(word) for word in words} | {fold(word) for word in words}


def _glued(story: Story, at: int) -> bool:
    return 0 < at < len(story.words) and story.words[at - 1].end == story.words[at].start


def _unit(story: Story, at: int, figure: Fraction) -> int | None:
    """The unit at word *at*, unless that word says something else there."""
    if at >= len(story.words) or story.words[at].clause != story.words[at - 1].clause:
        return None
    word = story.words[at]
    unit = _worth(story, word, 0)
    if word.folded in {"toi", "ti", "ty"} and word.spelled == "toi":
        lost = at >= 2 and story.words[at - 2].folded in _AFTER_LOSS_VERB
        # "lua het 15 toi moi biet": that is "tôi"
        is_end = figure < _FEW_BILLIONS or not _in_clause(story, at + 1)
        return unit if lost and is_end and not story.marked and figure < 100 else None
    if word.folded in {"k", "m", "d"} and not _glued(story, at):
        return unit if figure >= 10 and figure % 5 == 0 else None
    return unit


def _tail(story: Story, at: int, unit: int) -> tuple[Fraction | None, int]:
    """What follows a unit: the 9 of 2tr9, the 500 of 2 triệu 500, rưỡi, a smaller unit."""
    if at >= len(story.words) or story.words[at].sentence != story.words[at - 1].sentence:
        return Fraction(0), at
    word = story.words[at]
    if word.folded == "ruoi":
        return Fraction(unit, 2), at + 1
    more = _one(story, at, below=unit)
    if more:
        is_foreign = _is_foreign(story, more[1], round(more[0] or 0))
        return (Fraction(0), at) if is_foreign else more
    if unit < 10**6 or not _in_clause(story, at):
        return Fraction(0), at
    if hundreds := _hundreds_tail(story, at):
        return hundreds[0] * unit / 1000, hundreds[1]
    return _decimals(story, at, unit)


def _decimals(story: Story, at: int, unit: int) -> tuple[Fraction, int]:
    """The 9 of 2tr9, the "chín rưỡi" of "một triệu chín rưỡi"; nothing where it is another word."""
    word = story.words[at].folded
    digits = word if word.isdecimal() else _spoken_tail(story, at)
    if not digits or len(digits) > 3 or not _ends_sum(story, at):
        return Fraction(0), at
    half = len(digits) == 1 and _is_half(story, at + 1)
    return Fraction((2 * int(digits) + half) * unit, 2 * 10 ** len(digits)), at + 1 + half


def _hundreds_tail(story: Story, at: int) -> tuple[Fraction, int] | None:
    """Hundreds in words behind a unit: the "tám trăm rưỡi" of "một triệu tám trăm rưỡi"."""
    figure, last = _in_words(story, at) or (None, at)
    is_whole = figure is not None and 100 < figure < 1000 and not _is_counted(story, last)
    return (figure, last) if figure is not None and is_whole else None


def _spoken_tail(story: Story, at: int) -> str:
    """The digit that word *at* names behind a unit. Behind figures, in a story without marks, it
    is another word: "chuyen 10tr tam ung", "3tr truoc, 5tr sau".
    """
    in_figures = at >= 2 and story.words[at - 2].folded[0].isdecimal()
    return "" if in_figures and not story.marked else str(_worth(story, story.words[at], 1) or "")


def _ends_sum(story: Story, at: int) -> bool:
    """Whether the digit at word *at* belongs to the sum before it: "ba triệu hai", not "ba triệu
    một tháng".
    """
    word = story.words[at]
    if word.spelled == spelling("mốt"):
        return True
    if word.folded == "mot" and (word.spelled == spelling("một") or _in_clause(story, at + 1)):
        return False
    return not _is_counted(story, at + 1) and not _followed_by_number_or_unit(story, at)


def _is_counted(story: Story, at: int) -> bool:
    """Whether what is counted stands there: "lần", "người"."""
    if not _in_clause(story, at):
        return False
    word = story.words[at]
    if not story.marked:
        return word.folded in _COUNTED[False]
    is_bare = word.folded == word.spelled and word.folded not in _BARE_AMID_MARKS
    return word.spelled in _COUNTED[True] or (is_bare and word.folded in _COUNTED[False])


def _in_clause(story: Story, at: int) -> bool:
    """Whether word *at* goes on with the clause of the word before it."""
    return at < len(story.words) and story.words[at].clause == story.words[at - 1].clause


def _followed_by_number_or_unit(story: Story, at: int) -> bool:
    at += 1
    if at >= len(story.words) or story.words[at].clause != story.words[at - 1].clause:
        return False
    return _unit(story, at, Fraction(10)) is not None or number_at(story, at) is not None


def _one(story: Story, at: int, below: int = 10**12) -> tuple[Fraction | None, int] | None:
    """A number with a unit smaller than *below* at word *at*: value, the word after it. The value
    is None where a sum is named and it is not to be told which: "hai ba triệu".
    """
    read = number_at(story, at) or _unsaid(story, at)
    if not read:
        return None
    figure, after = read
    unit = _unit(story, after, figure or Fraction(0))
    if unit is None or unit >= below:
        return None
    rest, last = _tail(story, after + 1, unit)
    if figure is None or rest is None or _is_large_unit(story, after + 1):
        return None, last
    return figure * unit + rest, last


def _unsaid(story: Story, at: int) -> tuple[Fraction, int] | None:
    """Half of a unit, or one of it and a half: "nửa tỷ", "triệu rưỡi"."""
    words = story.words
    if words[at].folded == _HALF and _large(story, at + 1):
        return Fraction(1, 2), at + 1
    return (Fraction(1), at) if _large(story, at) and _is_half(story, at + 1) else None


def _large(story: Story, at: int) -> bool:
    """Whether word *at* is a unit from a hundred thousand on."""
    return at < len(story.words) and (_worth(story, story.words[at], 0) or 0) >= _LEAST_UNSAID


def _is_large_unit(story: Story, at: int) -> bool:
    """Whether a second unit stands there: 900 nghìn tỷ."""
    return (_unit(story, at, Fraction(1)) or 0) >= 10**3


def number_at(story: Story, at: int) -> tuple[Fraction | None, int] | None:
    """A number in figures ("3", "3 trăm") or in words, and the word after it."""
    word = story.words[at]
    if not word.folded[0].isdecimal():
        return _in_words(story, at)
    if word.folded[0] == "0" and word.folded.isdecimal() and len(word.folded) > 1:
        return None  # the digits of a telephone, not of a sum
    figure, after = _figure(word.folded), at + 1
    behind = story.words[after].folded if after < len(story.words) else ""
    if behind in _HUNDREDS_FOLDED:
        half = _is_half(story, after + 1)
        rest = _tens_in_figures(story, after + 1)
        return figure * 100 + 50 * half + rest, after + 1 + half + bool(rest)
    return (figure * 10, after + 1) if behind == "chuc" else (figure, after)


def _tens_in_figures(story: Story, at: int) -> int:
    """The 30 of "1 trăm 30 triệu", else 0."""
    word = story.words[at].folded if _in_clause(story, at) else ""
    tens = len(word) == 2 and word.isdecimal() and word[0] != "0"
    return int(word) if tens and _large(story, at + 1) else 0


def _bare(word: Word) -> int | None:
    """A sum without a unit: 35.500.000, 20000000."""
    text = word.folded
    grouped = text.count(".") + text.count(",") >= 2 and _GROUPED.fullmatch(text)
    whole = text.isdecimal() and 6 <= len(text) <= 12 and text.endswith("000") and text[0] != "0"
    return int(_figure(text)) if grouped or whole else None


@lru_cache(maxsize=1)
def _opening() -> Collection[str]:
    """The words, folded, with which a sum in words can begin."""
    units, digits = _tables()[2:]
    large = {word for word, unit in units.items() if unit >= _LEAST_UNSAID}
    return {*digits, *large, *map(fold, _TENS), *_HUNDREDS_FOLDED, _HALF}


def amounts(story: Story) -> Iterator[Amount]:
    """Every sum of đồng in the story, in order."""
    at, opening = 0, _opening()
    while at < len(story.words):
        word = story.words[at].folded
        one = _one(story, at) if word in opening or word[0].isdecimal() else None
        if one:
            last = one[1]
            while _names_dong(story, last):
                last += 1
            value = round(one[0] or 0)
            if _LEAST <= value <= _MOST and not _is_open(story, at, last, value):
                yield Amount(value, at, last)
            at = last
        else:
            value = _bare(story.words[at]) or 0
            if value and not (_is_foreign(story, at + 1, value) or _is_code(story, at)):
                yield Amount(value, at, at + 1)
            at += 1


def _is_code(story: Story, at: int) -> bool:
    """Whether a bare number is an account, a telephone or a file: "stk: 1030456000", "+84912345000". A
    sum of so many digits ends in more zeros.
    """
    words, number = story.words, story.words[at].folded
    if not number.isdecimal() or len(number) < _CODE or number.endswith(_ROUND):
        return False
    before = [word.folded for word in words[max(0, at - 2) : at]]
    named = before[:-1] if before[-1:] == ["la"] else before[-1:]
    is_called = bool(named) and named[-1] in _NUMBERED
    return is_called or story.text[: words[at].start].endswith("+")


def _names_dong(story: Story, at: int) -> bool:
    """Whether "đồng" closes the sum before word *at*: not "15 triệu, đóng …", not "3tr dong phi"."""
    if not _in_clause(story, at) or story.words[at].folded not in _DONG:
        return False
    word, unit = story.words[at], story.words[at - 1].folded
    bare = word.folded == word.spelled
    return unit not in _SHORT_UNITS if bare else _worth(story, word, 0) == 1


def _is_open(story: Story, first: int, last: int, value: int) -> bool:
    """Whether more is said of the sum: another currency, or another sum that it may be."""
    words = story.words
    if _is_foreign(story, last, value):
        return True
    before = first >= 2 and words[first - 1].folded in _OR and _counts(story, first - 2)
    after = last + 1 < len(words) and words[last].folded in _OR and _counts(story, last + 1)
    return before or after


def _is_foreign(story: Story, at: int, value: int) -> bool:
    """Whether the sum before word *at* is of another currency: "5 nghìn đô", "5k$", "3000 do la"."""
    words, end = story.words, story.words[at - 1].end
    if story.text[end : end + 2].strip()[:1] in _FOREIGN_SIGNS:
        return True
    if words[at - 1].folded in _DONG or not _in_clause(story, at):
        return False
    word, follower = words[at], words[at + 1].folded if _in_clause(story, at + 1) else ""
    if word.spelled == _DOLLAR:
        return story.text[word.start] in "đĐ"  # "dô" is "vô"
    if word.spelled == _YUAN:
        return follower not in _BAD
    spelled = tuple(each.spelled for each in words[at : at + 3])
    named = word.spelled in _FOREIGN or not _FOREIGN_GROUPS.isdisjoint({spelled, spelled[:2]})
    bare = not story.marked and value < _MOST_BARE and (word.folded, follower) in _FOREIGN_BARE
    return named or bare


def _counts(story: Story, at: int) -> bool:
    """Whether the word is a figure, a digit or a unit."""
    word = story.words[at]
    named = _worth(story, word, 0) or _worth(story, word, 1)
    return word.folded[0].isdecimal() or named is not None


# What the form's own money field says.

MONEY_PROBLEMS_VI = {
    "empty": "Chưa ghi số tiền.",
    "no_unit": "Chưa rõ đơn vị: nghìn, triệu hay đồng?",
    "thousands": "Chưa rõ là đồng, hay là nghìn đồng.",
    "several": "Có nhiều số tiền trong một ô.",
    "too_large": "Số tiền lớn quá, xin xem lại.",
    "unreadable": "Chưa đọc được số tiền.",
}


@dataclass(frozen=True, slots=True)
class MoneyRead:
    """A sum in đồng, or None with the problem (a key of ``MONEY_PROBLEMS_VI``)."""

    value: int | None
    problem: str = ""


_NOTHING = frozenset(
    fold(words)
    for words in (
        "0", "không", "không mất", "chưa", "chưa mất", "không có", "không mất gì", "chưa mất gì", "ko", "k",
        "không mất tiền", "chưa mất tiền", "không mất đồng nào", "none", "no", "nothing", "zero", "0 đồng", "0 d", "0d", "0k", "0 vnd",
    )
)  # fmt: skip


def read_money(raw: str) -> MoneyRead:
    """Read the money field: "12 triệu", "2tr9", "35.500.000đ"; "20" lacks its unit."""
    if not raw.strip():
        return MoneyRead(None, "empty")
    if fold(raw) in _NOTHING:
        return MoneyRead(0)
    story = cut(_SPACED.sub(".", raw[:400]))
    found = {amount.value for amount in amounts(story)}
    if len(found) == 1 and "-" not in raw and not _is_choice(story):
        return MoneyRead(found.pop())
    return MoneyRead(None, _problem(raw.strip(), story, len(found)))


def _is_choice(story: Story) -> bool:
    return any(word.folded in _OR for word in story.words)


def _problem(raw: str, story: Story, found: int) -> str:
    """Its unit is asked only of a number that stands by itself."""
    figures = [word.folded for word in story.words if word.folded[0].isdecimal()]
    if raw.startswith("-") or _is_choice(story):
        return "unreadable"
    if found or len(figures) > 1:
        return "several"
    if figures and len(figures[0]) > 15:
        return "too_large"
    if _FEW_DIGITS.fullmatch(raw):
        return "no_unit"
    return "unreadable" if thousands(raw) is None else "thousands"


def thousands(raw: str) -> int | None:
    """The number of a field that holds but 20.000 or 20000: in đồng, or in thousands of them."""
    return int(_figure(raw.strip())) if _THOUSANDS.fullmatch(raw.strip()) else None
