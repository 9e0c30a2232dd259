"""Find sums of money, Vietnamese and English, in stories and the form field. Pure: no Django."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from core.text import normalize
from reports.data.loader import load_json
from reports.extraction.language.cue_matcher import (
    Token,
    TokenizedText,
    canonical_spelling,
    tokenize,
)
from reports.extraction.language.numerals import (
    GROUPED,
    HALF,
    continues_clause,
    is_half,
    is_large,
    number_at,
    number_start_words,
    parse_figure,
    parse_number_words,
    token_value,
    unit_at,
)

_SHORT_UNITS = {"k", "tr", "cu", "chai", "m", "lit"}
_OR = {"hay", "hoac", "or"}
_WRITTEN_OUT = {
    "bang",
    "chu",
    "viet",
    "ghi",
    "so",
    "tien",
    "tuc",
    "la",
    "in",
    "words",
}  # "bằng chữ: …"
_COUNTS: list[str] = load_json("number_words.json")["counted"]
_COUNTS_MARKED = ("đợt", "bận", "đứa")  # without marks each is another word too
_BARE_AMID_MARKS = {"so", "vo"}  # "vô tài khoản", typed without its mark
# What a digit behind a sum counts: "3 triệu 2 lần", "2 triệu hai vợ chồng". By whether marks are used.
_COUNTED = {
    True: {*map(canonical_spelling, (*_COUNTS, *_COUNTS_MARKED))},
    False: {*map(normalize, _COUNTS)},
}
_CODE, _ROUND = 10, "00000"  # digits of an account; the end of a round sum
_NUMBERED = {"khoan", "thoai", "thue", "ma", "so", "cuoc", "thu"}
_MAX_FIELD_CHARS = 400  # of the form's field; more is no sum
_SPACED = re.compile(r"(?<=[0-9]) (?=[0-9]{3}(?![0-9]))")  # 35 500 000
_FOREIGN = {
    canonical_spelling(word)
    for word in ("đôla", "usd", "usdt", "dollar", "dollars", "euro", "eur", "won")
}
_FOREIGN_GROUPS = {
    tuple(map(canonical_spelling, words.split()))
    for words in ("bảng anh", "mỹ kim", "yên nhật", "đài tệ", "nhân dân tệ")
}
_FOREIGN_SIGNS = {"$", "€"}
_DOLLAR, _YUAN = canonical_spelling("đô"), canonical_spelling("tệ")
_BAD = {"hai", "that", "qua", "hon", "nhat", "lam"}  # "50 triệu tệ thật"
# Without marks "do la" is mostly "đó là": a currency only behind a small number.
_FOREIGN_BARE = {("do", "la"), ("do", "mi"), ("do", "uc")}
_MAX_BARE = 10**5
_DONG = {"dong", "vnd", "d"}
_MAX_COUNT = 10**15
_MIN_COUNT = 500  # in a story; "tư đồng" are no four đồng
_FEW_DIGITS = re.compile(r"[1-9][0-9]{0,2}(?:[.,][0-9]{1,2})?")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}|[1-9][0-9]{3,4}")


class MoneyAmount(NamedTuple):
    """A sum in đồng at words[first:last] of a story."""

    value: int
    first: int
    last: int


def _tail(story: TokenizedText, at: int, unit: int) -> tuple[Fraction | None, int]:
    """Return what follows a unit: the 9 of 2tr9, the 500 of 2 triệu 500, rưỡi, a smaller unit."""
    if at >= len(story.words) or story.words[at].sentence != story.words[at - 1].sentence:
        return Fraction(0), at
    word = story.words[at]
    if word.folded == "ruoi":
        return Fraction(unit, 2), at + 1
    more = _parse_amount(story, at, below=unit)
    if more:
        is_foreign = _is_foreign(story, more[1], round(more[0] or 0))
        return (Fraction(0), at) if is_foreign else more
    if unit < 10**6 or not continues_clause(story, at):
        return Fraction(0), at
    if hundreds := _hundreds_tail(story, at):
        return hundreds[0] * unit / 1000, hundreds[1]
    return _decimals(story, at, unit)


def _decimals(story: TokenizedText, at: int, unit: int) -> tuple[Fraction, int]:
    """Return the 9 of 2tr9, the "chín rưỡi" of "một triệu chín rưỡi", or 0."""
    word = story.words[at].folded
    digits = word if word.isdecimal() else _spoken_tail(story, at)
    if not digits or len(digits) > 3 or not _ends_sum(story, at):
        return Fraction(0), at
    half = len(digits) == 1 and is_half(story, at + 1)
    return Fraction((2 * int(digits) + half) * unit, 2 * 10 ** len(digits)), at + 1 + half


def _hundreds_tail(story: TokenizedText, at: int) -> tuple[Fraction, int] | None:
    """Return hundreds in words behind a unit: "một triệu tám trăm rưỡi"."""
    figure, last = parse_number_words(story, at) or (None, at)
    is_whole = figure is not None and 100 < figure < 1000 and not _is_counted(story, last)
    return (figure, last) if figure is not None and is_whole else None


def _spoken_tail(story: TokenizedText, at: int) -> str:
    """Return the digit that word *at* names behind a unit; "" in "chuyen 10tr tam ung"."""
    if at >= 2 and story.words[at - 2].folded[0].isdecimal() and not story.marked:
        return ""
    return str(token_value(story, story.words[at], 1) or "")


def _ends_sum(story: TokenizedText, at: int) -> bool:
    """Return whether the digit at *at* belongs to the sum before it: not "ba triệu một tháng"."""
    word = story.words[at]
    if word.spelled == canonical_spelling("mốt"):
        return True
    goes_on = continues_clause(story, at + 1)
    if word.folded == "mot" and (word.spelled == canonical_spelling("một") or goes_on):
        return False
    is_of_next = goes_on and (
        unit_at(story, at + 1, Fraction(10)) is not None or number_at(story, at + 1) is not None
    )
    return not is_of_next and not _is_counted(story, at + 1)


def _is_counted(story: TokenizedText, at: int) -> bool:
    """Return whether the word at *at* is what is counted: "lần", "người"."""
    if not continues_clause(story, at):
        return False
    word = story.words[at]
    if not story.marked:
        return word.folded in _COUNTED[False]
    is_bare = word.folded == word.spelled and word.folded not in _BARE_AMID_MARKS
    return word.spelled in _COUNTED[True] or (is_bare and word.folded in _COUNTED[False])


def _parse_amount(
    story: TokenizedText, at: int, below: int = 10**12
) -> tuple[Fraction | None, int] | None:
    """Return a value with a unit below *below* (None: "hai ba triệu"), and the word after it."""
    number = number_at(story, at) or _implied_number(story, at)
    if not number:
        return None
    figure, after = number
    unit = unit_at(story, after, figure or Fraction(0))
    if unit is None or unit >= below:
        return None
    rest, last = _tail(story, after + 1, unit)
    has_second_unit = (unit_at(story, after + 1, Fraction(1)) or 0) >= 10**3  # 900 nghìn tỷ
    if figure is None or rest is None or has_second_unit:
        return None, last
    return figure * unit + rest, last


def _implied_number(story: TokenizedText, at: int) -> tuple[Fraction, int] | None:
    """Return half of a unit, or one of it and a half: "nửa tỷ", "triệu rưỡi"."""
    words = story.words
    if words[at].folded == HALF and is_large(story, at + 1):
        return Fraction(1, 2), at + 1
    return (Fraction(1), at) if is_large(story, at) and is_half(story, at + 1) else None


def _parse_bare_sum(word: Token) -> int | None:
    """Return a sum without a unit: 35.500.000, 20000000."""
    text = word.folded
    grouped = text.count(".") + text.count(",") >= 2 and GROUPED.fullmatch(text)
    whole = text.isdecimal() and 6 <= len(text) <= 12 and text.endswith("000") and text[0] != "0"
    return int(parse_figure(text)) if grouped or whole else None


def find_amounts(story: TokenizedText) -> Iterator[MoneyAmount]:
    """Yield every sum of đồng in the story, in order; one in figures and again in words is one."""
    held: MoneyAmount | None = None
    for amount in _list_amounts(story):
        if held and _repeats(story, held, amount):
            held = held._replace(last=amount.last)
            continue
        if held:
            yield held
        held = amount
    if held:
        yield held


def _repeats(story: TokenizedText, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Return whether two writes out one: "35tr (ba mươi lăm triệu)", "bằng chữ: …"."""
    words = story.words
    between = {word.folded for word in words[one.last : two.first]}
    in_figures = [words[each.first].folded[0].isdecimal() for each in (one, two)]
    is_both = in_figures[0] != in_figures[1]
    return one.value == two.value and is_both and between <= _WRITTEN_OUT


def _list_amounts(story: TokenizedText) -> Iterator[MoneyAmount]:
    at, begin = 0, number_start_words()
    while at < len(story.words):
        if story.names[at] not in begin:
            at += 1
            continue
        amount = _parse_amount(story, at)
        if amount:
            last = amount[1]
            while _names_dong(story, last):
                last += 1
            value = round(amount[0] or 0)
            if _MIN_COUNT <= value <= _MAX_COUNT and not _is_open(story, at, last, value):
                yield MoneyAmount(value, at, last)
            at = last
        else:
            value = _parse_bare_sum(story.words[at]) or 0
            if value and not (_is_foreign(story, at + 1, value) or _is_code(story, at)):
                yield MoneyAmount(value, at, at + 1)
            at += 1


def _is_code(story: TokenizedText, at: int) -> bool:
    """Return whether a bare number is of an account, a telephone or a case; a round one is not."""
    words, number = story.words, story.words[at].folded
    if not number.isdecimal() or len(number) < _CODE or number.endswith(_ROUND):
        return False
    before = [word.folded for word in words[max(0, at - 2) : at]]
    label = before[:-1] if before[-1:] == ["la"] else before[-1:]
    is_labelled = bool(label) and label[-1] in _NUMBERED
    return is_labelled or story.text[: words[at].start].endswith("+")


def _names_dong(story: TokenizedText, at: int) -> bool:
    """Return whether "đồng" closes the sum before word *at*: not "15 triệu, đóng …"."""
    if not continues_clause(story, at) or story.words[at].folded not in _DONG:
        return False
    word, unit = story.words[at], story.words[at - 1].folded
    bare = word.folded == word.spelled
    return unit not in _SHORT_UNITS if bare else token_value(story, word, 0) == 1


def _is_open(story: TokenizedText, first: int, last: int, value: int) -> bool:
    """Return whether another currency or an alternative sum is named."""
    words = story.words
    if _is_foreign(story, last, value):
        return True
    before = first >= 2 and words[first - 1].folded in _OR and _is_numeral(story, first - 2)
    after = last + 1 < len(words) and words[last].folded in _OR and _is_numeral(story, last + 1)
    return before or after


def _is_foreign(story: TokenizedText, at: int, value: int) -> bool:
    """Return whether the sum before word *at* is of another currency: "5 nghìn đô", "5k$"."""
    words, end = story.words, story.words[at - 1].end
    if story.text[end : end + 2].strip()[:1] in _FOREIGN_SIGNS:
        return True
    if words[at - 1].folded in _DONG or not continues_clause(story, at):
        return False
    word, follower = words[at], words[at + 1].folded if continues_clause(story, at + 1) else ""
    if word.spelled == _DOLLAR:
        return story.text[word.start] in "đĐ"  # "dô" is "vô"
    if word.spelled == _YUAN:
        return follower not in _BAD
    spelled = tuple(each.spelled for each in words[at : at + 3])
    named = word.spelled in _FOREIGN or not _FOREIGN_GROUPS.isdisjoint({spelled, spelled[:2]})
    bare = not story.marked and value < _MAX_BARE and (word.folded, follower) in _FOREIGN_BARE
    return named or bare


def _is_numeral(story: TokenizedText, at: int) -> bool:
    """Return whether the word is a figure, a digit or a unit."""
    word = story.words[at]
    value = token_value(story, word, 0) or token_value(story, word, 1)
    return word.folded[0].isdecimal() or value is not None


# --- the money field of the form


@dataclass(frozen=True, slots=True)
class ParsedMoney:
    """A sum in đồng, or None with the problem: empty, no_unit, thousands, several, too_large, unreadable."""

    value: int | None
    problem: str = ""


_NOTHING = frozenset(map(normalize, load_json("number_words.json")["nothing_lost"]))


def parse_money_field(raw: str) -> ParsedMoney:
    """Parse the money field: "12 triệu", "2tr9", "35.500.000đ"; "20" lacks its unit."""
    raw = raw.strip()[:_MAX_FIELD_CHARS]
    if not raw:
        return ParsedMoney(None, "empty")
    if normalize(raw) in _NOTHING:
        return ParsedMoney(0)
    story = tokenize(_SPACED.sub(".", raw))
    values = {amount.value for amount in find_amounts(story)}
    is_choice = any(word.folded in _OR for word in story.words)
    if len(values) == 1 and "-" not in raw and not is_choice:
        return ParsedMoney(values.pop())
    if raw.startswith("-") or is_choice:
        return ParsedMoney(None, "unreadable")
    return ParsedMoney(None, _find_problem(raw, story, has_sum=bool(values)))


def _find_problem(raw: str, story: TokenizedText, *, has_sum: bool) -> str:
    """Return the problem; a unit is asked only of a single number."""
    figures = [word.folded for word in story.words if word.folded[0].isdecimal()]
    if has_sum or len(figures) > 1:
        return "several"
    if figures and len(figures[0]) > 15:
        return "too_large"
    if _FEW_DIGITS.fullmatch(raw):
        return "no_unit"
    return "unreadable" if parse_bare_number(raw) is None else "thousands"


def parse_bare_number(raw: str) -> int | None:
    """Return the number of a field that is only 20.000 or 20000: đồng or thousands."""
    return int(parse_figure(raw.strip())) if _THOUSANDS.fullmatch(raw.strip()) else None
