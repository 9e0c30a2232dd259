"""Parse numbers in figures and words with their units; spell sums in words. Pure: no Django.

Marks decide where there are any: "năm" is five, "nấm" is not.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from functools import cache, lru_cache

from core.text import normalize
from reports.data.loader import load_json
from reports.extraction.language.cue_matcher import (
    NUMBER,
    Token,
    TokenizedText,
    canonical_spelling,
    word_set,
)

_UNITS: Mapping[str, int] = load_json("number_words.json")["units"]
_DIGITS: Mapping[str, int] = load_json("number_words.json")["digits"]
_TENS = frozenset({"mười", "mươi", "chục"})
_BEHIND_TENS = frozenset({"mốt", "tư", "lăm", "nhăm"})  # ba lăm is 35; ba năm may be three to five
_ODD = {"linh", "le"}  # một trăm linh năm
# A number with a letter for each word: d a digit, e one that only follows tens, t ten and twenty,
# m mươi, h trăm, r rưỡi, o linh.
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
HALF = "nua"
_MIN_UNSAID = 10**5  # the smallest unit of which there is "nửa", and one without "một"
_SOME = word_set("mấy vài hàng bạc nhiều nhiêu")
_OF_GOODS = {
    "ngan", "khach", "don", "cua", "mua", "ban", "giao", "nhan", "dat", "cong", "lay",
}  # "… hàng"  # fmt: skip
_OF_HUNDREDS = word_set("triệu tr củ tỷ tỉ", unmarked="trieu tr ty ti")
_UNSAID = {"hundreds": 1, "tens": 1, "ones": 0, "unit": 0}  # trăm rưỡi, mười
_HUNDREDS_FOLDED = {"tram", "hundred"}
_ABOUT = {(5, 3), (5, 7), (3, 5)}  # "năm ba", "năm bảy", "ba năm": some
GROUPED = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")
_FEW_BILLIONS = 10
_AFTER_LOSS_VERB = {"mat", "bay", "het", "lua"}


@cache
def _values(which: int) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return the values of units (0) or digits (1), by spelling and by folded form."""
    words = (_UNITS, _DIGITS)[which]
    folded = {normalize(word): value for word, value in words.items()}
    folded |= {canonical_spelling(normalize(word)): value for word, value in words.items()}
    return {canonical_spelling(word): value for word, value in words.items()}, folded


def token_value(story: TokenizedText, word: Token, which: int) -> int | None:
    """Return the unit (0) or digit (1) that *word* names; marks decide where there are any."""
    spelled, folded = _values(which)
    is_bare = word.folded == word.spelled and not (story.marked and which)
    return spelled.get(word.spelled) or (folded.get(word.folded) if is_bare else None)


def number_at(story: TokenizedText, at: int) -> tuple[Fraction | None, int] | None:
    """Return a number in figures ("3", "3 trăm") or in words, and the word after it."""
    word = story.words[at]
    if not word.folded[0].isdecimal():
        return parse_number_words(story, at)
    if word.folded[0] == "0" and word.folded.isdecimal() and len(word.folded) > 1:
        return None  # the digits of a telephone, not of a sum
    figure, after = parse_figure(word.folded), at + 1
    behind = story.words[after].folded if after < len(story.words) else ""
    if behind in _HUNDREDS_FOLDED:
        half = is_half(story, after + 1)
        rest = _tens_in_figures(story, after + 1)
        return figure * 100 + 50 * half + rest, after + 1 + half + bool(rest)
    return (figure * 10, after + 1) if behind == "chuc" else (figure, after)


def parse_figure(text: str) -> Fraction:
    """Return the value of a figure; 35.500.000 and 35,500,000 are grouped, 12,5 and 12.5 not."""
    if len(text) > 19:
        return Fraction(0)
    if GROUPED.fullmatch(text):
        return Fraction(text.replace(".", "").replace(",", ""))
    whole, _, rest = text.replace(",", ".").partition(".")
    return Fraction(whole + "." + rest) if rest.isdecimal() else Fraction(whole)


def parse_number_words(story: TokenizedText, at: int) -> tuple[Fraction | None, int] | None:
    """Parse "hai mươi lăm", "trăm rưỡi": the value (None: "hai ba"), the word after it."""
    kinds = _number_shape(story, at)
    if not kinds:
        return None
    if _is_vague(story, at):
        return None, at + len(kinds)
    shape = _SHAPE.fullmatch(kinds)
    if not shape:
        return _two_digits(story, at, kinds), at + len(kinds)
    digits = {
        name: (token_value(story, story.words[at + shape.start(name)], 1) or 0)
        if kind
        else _UNSAID[name]
        for name, kind in shape.groupdict().items()
        if kind is not None
    }
    value = sum(_WEIGHTS[name] * digit for name, digit in digits.items()) + 50 * ("r" in kinds)
    return Fraction(value), at + len(kinds)


def _two_digits(story: TokenizedText, at: int, kinds: str) -> Fraction | None:
    """Return tens and ones before a unit: "năm tám triệu" is 58; None for "hai ba"."""
    behind = at + len(kinds)
    if kinds != "dd" or not story.marked or unit_at(story, behind, Fraction(10)) is None:
        return None
    tens, ones = (token_value(story, story.words[place], 1) or 0 for place in (at, at + 1))
    is_range = ones in (tens, tens + 1) or (tens, ones) in _ABOUT
    return None if is_range else Fraction(10 * tens + ones)


def _number_shape(story: TokenizedText, at: int) -> str:
    """Return a letter of `_SHAPE` for each word of a number that begins at word *at*."""
    kinds, clause = "", story.words[at].clause
    for place in range(at, min(at + 8, len(story.words))):
        is_same = story.words[place].clause == clause
        kind = _word_kind(story, place, kinds[-1:]) if is_same else ""
        if not kind:
            break
        kinds += kind
    return kinds


def _word_kind(story: TokenizedText, at: int, before: str) -> str:
    """Return the letter of a word in `_SHAPE`, "" for a word of no number."""
    word = story.words[at]
    digit = token_value(story, word, 1)
    if digit is not None and digit < 10:
        return "e" if word.spelled in _forms_of(_BEHIND_TENS) else "d"
    if digit is not None:
        return "t"
    if word.folded in {"muoi", "chuc"} and word.spelled in _forms_of(_TENS):
        return "m"
    if word.folded in _HUNDREDS_FOLDED:
        return "h" if before or is_half(story, at + 1) or _is_one_hundred(story, at) else ""
    if before == "h":
        return "r" if is_half(story, at) else "o" * (word.folded in _ODD)
    return ""


def _is_one_hundred(story: TokenizedText, at: int) -> bool:
    """Return whether "trăm" is one hundred: "gần trăm triệu", not "trăm chai", "phần trăm"."""
    words = story.words
    counted = at + 1 < len(words) and token_value(story, words[at + 1], 1) is not None
    behind = words[at + 1 : at + 3 + counted]
    if len(behind) <= counted or behind[counted].clause != words[at].clause:
        return False
    unit, follower = behind[counted], behind[counted + 1 :]
    is_ratio = any(word.folded == "le" for word in follower) or (
        at and words[at - 1].folded == "phan"
    )
    is_hundred = not story.marked or words[at].spelled == canonical_spelling("trăm")
    is_unit = _OF_HUNDREDS.has(story, unit)
    return is_unit and is_hundred and not is_ratio


def _is_vague(story: TokenizedText, at: int) -> bool:
    """Return whether the number is not known: "mấy chục triệu"; not "ngân hàng mười triệu"."""
    word = story.words[at]
    tens = {canonical_spelling("chục"), canonical_spelling("mươi")} if story.marked else {"chuc"}
    is_round = word.folded in _HUNDREDS_FOLDED or story.surface_form(word) in tens
    if not at or not is_round or not continues_clause(story, at):
        return False
    before = story.words[at - 1]
    further = story.words[at - 2].folded if at > 1 else ""
    is_some = _SOME.has(story, before)
    return is_some and not (before.folded == "hang" and further in _OF_GOODS)


def is_half(story: TokenizedText, at: int) -> bool:
    return at < len(story.words) and story.words[at].folded == "ruoi"


@lru_cache(maxsize=2)
def _forms_of(words: frozenset[str]) -> set[str]:
    return {canonical_spelling(word) for word in words} | {normalize(word) for word in words}


def _tens_in_figures(story: TokenizedText, at: int) -> int:
    """Return the 30 of "1 trăm 30 triệu", else 0."""
    word = story.words[at].folded if continues_clause(story, at) else ""
    tens = len(word) == 2 and word.isdecimal() and word[0] != "0"
    return int(word) if tens and is_large(story, at + 1) else 0


def unit_at(story: TokenizedText, at: int, figure: Fraction) -> int | None:
    """Return the unit at word *at*, unless that word says something else there."""
    if not continues_clause(story, at):
        return None
    word = story.words[at]
    unit = token_value(story, word, 0)
    if word.folded in {"toi", "ti", "ty"} and word.spelled == "toi":
        is_lost = at >= 2 and story.words[at - 2].folded in _AFTER_LOSS_VERB
        # "lua het 15 toi moi biet": that is "tôi"
        is_end = figure < _FEW_BILLIONS or not continues_clause(story, at + 1)
        return unit if is_lost and is_end and not story.marked and figure < 100 else None
    is_glued = at > 0 and story.words[at - 1].end == word.start
    if word.folded in {"k", "m", "d"} and not is_glued:
        return unit if figure >= 10 and figure % 5 == 0 else None
    return unit


def is_large(story: TokenizedText, at: int) -> bool:
    """Return whether word *at* is a unit from a hundred thousand on."""
    return at < len(story.words) and (token_value(story, story.words[at], 0) or 0) >= _MIN_UNSAID


def continues_clause(story: TokenizedText, at: int) -> bool:
    """Return whether word *at* goes on with the clause of the word before it."""
    return at < len(story.words) and story.words[at].clause == story.words[at - 1].clause


@lru_cache(maxsize=1)
def number_start_words() -> Collection[str]:
    """Return the names of the words with which a sum can begin."""
    units, digits = _values(0)[1], _values(1)[1]
    large = {word for word, unit in units.items() if unit >= _MIN_UNSAID}
    return {NUMBER, *digits, *large, *map(normalize, _TENS), *_HUNDREDS_FOLDED, HALF}


# --- sums in words, so that a wrong zero is heard

_DIGIT_WORDS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_VIETNAMESE_POWERS = (("triệu", 10**6), ("nghìn", 10**3), ("", 1))
_BILLION = 10**9
_ENGLISH_ONES: list[str] = load_json("number_words.json")["english_ones"]
_ENGLISH_TENS: list[str] = load_json("number_words.json")["english_tens"]
_ENGLISH_POWERS = (
    ("trillion", 10**12), ("billion", 10**9), ("million", 10**6), ("thousand", 10**3), ("", 1),
)  # fmt: skip


def spell_in_vietnamese(dong: int) -> str:
    """Return 35500000 as "ba mươi lăm triệu năm trăm nghìn"; not negative."""
    return " ".join(_spell_vietnamese(dong, follows=False)) or _DIGIT_WORDS[0]


def _spell_vietnamese(number: int, *, follows: bool) -> Iterator[str]:
    """Yield the words of a number; one that follows a larger unit names its empty places."""
    billions, rest = divmod(number, _BILLION)
    if billions:
        yield from (*_spell_vietnamese(billions, follows=follows), "tỷ")
    follows = follows or bool(billions)
    for unit, worth in _VIETNAMESE_POWERS:
        part, rest = divmod(rest, worth)
        if part:
            yield from (*_spell_hundreds(part, follows=follows), *filter(None, (unit,)))
            follows = True


def _spell_hundreds(number: int, *, follows: bool) -> Iterator[str]:
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    if hundreds or follows:
        yield from (_DIGIT_WORDS[hundreds], "trăm")
    if tens:
        yield from ("mười",) if tens == 1 else (_DIGIT_WORDS[tens], "mươi")
    elif ones and (hundreds or follows):
        yield "linh"
    if ones:
        yield _spell_ones(tens, ones)


def _spell_ones(tens: int, ones: int) -> str:
    if tens and ones == 5:
        return "lăm"
    return "mốt" if tens > 1 and ones == 1 else _DIGIT_WORDS[ones]


def spell_in_english(dong: int) -> str:
    """Return 35500000 as "thirty-five million five hundred thousand"; not negative."""
    words: list[str] = []
    for unit, worth in _ENGLISH_POWERS:
        part, dong = divmod(dong, worth)
        if part:
            words += [*_spell_english(part), *filter(None, (unit,))]
    return " ".join(words) or _ENGLISH_ONES[0]


def _spell_english(number: int) -> Iterator[str]:
    if number >= 1000:
        yield from (*_spell_english(number // 1000), "thousand")
    hundreds, rest = number // 100 % 10, number % 100
    if hundreds:
        yield from (_ENGLISH_ONES[hundreds], "hundred")
    if rest:
        ones = f"-{_ENGLISH_ONES[rest % 10]}" if rest % 10 else ""
        yield _ENGLISH_ONES[rest] if rest < 20 else _ENGLISH_TENS[rest // 10] + ones
