"""Parse a typed or displayed caller, and find phone numbers in a story. Pure: no Django.

Nothing is refused or guessed: the raw text stays, what cannot be parsed is ``invalid`` with a flag
for the reason, and no number is repaired into another range.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from core.text import MappedText, normalize, reading_copy, to_ascii_digits
from reports.extraction.bank_accounts_and_links import (
    FoundAccount,
    FoundLink,
    at_original,
    find_links,
    is_money,
    is_unambiguous_money,
    iter_bank_accounts,
    iter_links,
    previous_word_in,
    tables,
    words_before,
)
from reports.extraction.numbering_plan import (
    GROUPS,
    MAX_FOUND,
    DigitRun,
    ParsedNumber,
    find_digit_runs,
    format_international,
    has_plus,
    invalid_reason,
    is_listed,
    is_masked,
    letters_to_digits,
    normalize_digits,
    parse_digits,
    plan_phrases,
    plan_table,
    plan_words,
    split_extension,
)

FLAG_REASONS_VI = plan_table("flags")
_CHAT_HOSTS = ("zalo.me/", "wa.me/", "viber.click/", "t.me/")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._\-]{1,19}")
_IN_TEXT = frozenset({"mobile", "landline", "tollfree", "premium", "international"})
_MORE_DIGITS = re.compile(r"[\s.\-–]{1,3}[0-9]")
# As bank_accounts_and_links.CHAINS, and with the brackets of (+84)912 345 678.
_CHAINS = re.compile(r"(?<![0-9])[0-9]++(?:(?:[ \u00a0.\-–‐]{1,3}|\) ?| ?\()[0-9]++)*+")
_CLAUSE = re.compile(r"[,;!?\n]")
_LOOK_BACK = 60
_CODE_LENGTH = 6  # digits
_ATTACHED = re.compile(r"[A-ZĐ]{1,4}$|#$")
_CASE_AFTER = re.compile(
    r"\s?/\s?(?:[0-9]{4}\s?/\s?)?(?:QĐ|QD|HS|CV|GM|GT|KL|LB|BB|TB|LA|VA)(?:ST|PT)?(?![^\W_])",
    re.IGNORECASE,
)
_WITHOUT_ZERO = ("1800", "1900")


@dataclass(frozen=True, slots=True)
class ParsedCaller:
    """A caller as written: ``raw`` untouched, ``key`` canonical or "" (E.164 shape)."""

    raw: str
    kind: str
    key: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundPhone:
    """A number at text[start:end]."""

    phone: ParsedCaller
    start: int
    end: int


def parse(raw: str) -> ParsedCaller:
    """Parse one caller as typed. Never raises; the key parses to itself."""
    text = normalize_digits(raw)
    if not text:
        return _invalid(raw, "empty")
    if is_masked(text):
        return _invalid(raw, "masked")
    return (
        _parse_link(raw, text)
        or _parse_number(raw, text)
        or _parse_words(raw, text)
        or _explain_invalid(raw, text)
    )


def parse_many(raw: str) -> tuple[ParsedCaller, ...]:
    """Return every number of a field, or the one caller of `parse`."""
    phone = parse(raw)
    if "several" not in phone.flags:
        return (phone,)
    runs = _find_runs(letters_to_digits(normalize_digits(raw)))
    return tuple(_caller(raw, run.number) for run in runs)


def format_dialled(key: str) -> str:
    """Return a number as it is dialled in Vietnam: 1900… as it is, a foreign one with its +."""
    national = key.removeprefix("+84")
    return national if national == key or national.startswith(_WITHOUT_ZERO) else f"0{national}"


def _caller(raw: str, number: ParsedNumber, *flags: str) -> ParsedCaller:
    return ParsedCaller(raw, number.kind, number.key, (*number.flags, *flags))


def _invalid(raw: str, flag: str) -> ParsedCaller:
    return ParsedCaller(raw, "invalid", "", (flag,))


def _parse_link(raw: str, text: str) -> ParsedCaller | None:
    """Parse a chat link whose path is a number; any other link or e-mail is invalid."""
    links = find_links(text)
    for link in links:
        if link.link.startswith(_CHAT_HOSTS):
            runs = find_digit_runs(link.link.split("/", 1)[1])
            if len(runs) == 1 and runs[0].number.key:
                return _caller(raw, runs[0].number, "from_link")
    if links:
        return _invalid(raw, "link")
    return _invalid(raw, "email") if "@" in text else None


def _parse_words(raw: str, text: str) -> ParsedCaller | None:
    """Parse a hidden caller, a call through an app, or a display name."""
    folded = normalize(text)
    words = folded.split()
    if _is_hidden(folded, words):
        return ParsedCaller(raw, "hidden", "", ("hidden",))
    if _is_app(words):
        return ParsedCaller(raw, "hidden", "", ("app_call",))
    return ParsedCaller(raw, "brandname", "", ("display_name",)) if _is_name(text, folded) else None


def _is_hidden(folded: str, words: list[str]) -> bool:
    """Return whether the words say that no number was displayed: "ko hien so dt"."""
    expanded = (normalize(plan_table("short_words").get(word, word)) for word in words)
    plain = " ".join(word for word in expanded if word not in plan_words("small_words"))
    return not plan_phrases("hidden").isdisjoint({folded, plain})


def _is_app(words: list[str]) -> bool:
    """Return whether words name only an app, or begin with it: "nick facebook Trần Thu"."""
    apps = plan_phrases("apps")
    app_words = apps | plan_words("app_words")
    words = [word for word in words if word not in plan_words("small_words") or word in app_words]
    if apps.isdisjoint(words):
        return False
    return app_words.issuperset(words) or (words[0] in app_words and not apps.isdisjoint(words[:4]))


def _is_name(text: str, folded: str) -> bool:
    letters = sum(sign.isalpha() for sign in text)
    if folded in plan_phrases("not_names") or letters < 3 or len(text) - letters > letters:
        return False
    is_brand = any(f" {name} " in f" {folded} " for name in plan_phrases("names"))
    return (is_brand and len(folded) <= 20) or bool(_NAME.fullmatch(text) and text == text.upper())


def _parse_number(raw: str, text: str) -> ParsedCaller | None:
    digits = letters_to_digits(text)
    body, has_extension = split_extension(digits)
    runs = _find_runs(body)
    if len(runs) > 1:
        return _invalid(raw, "several")
    if not runs:
        return None
    number, rest = runs[0].number, body.removeprefix("tel:")
    has_words = any(map(str.isalpha, rest)) or sum(map(str.isdecimal, rest)) > runs[0].digits
    flags = {
        "extension": has_extension,
        "letters_for_digits": digits != text,
        "words_around": has_words,
        "unlisted_range": number.kind == "mobile" and not is_listed(number.key),
    }
    return _caller(raw, number, *(flag for flag, is_set in flags.items() if is_set))


def _find_runs(text: str) -> list[DigitRun]:
    """Return all numbers of a field; amid dates or counts, those found as in a story."""
    if runs := find_digit_runs(text):
        return runs
    by_key: dict[str, DigitRun] = {}
    for match in find_in_text(text):
        phone = match.phone
        is_whole = len(GROUPS.findall(phone.raw)) == 1
        if is_whole or not _MORE_DIGITS.match(text, match.end):
            number = ParsedNumber(phone.kind, phone.key, phone.flags)
            by_key.setdefault(phone.key, DigitRun(number, sum(map(str.isdecimal, phone.raw))))
    return list(by_key.values())


def _explain_invalid(raw: str, text: str) -> ParsedCaller:
    digits = "".join(GROUPS.findall(text))
    return _invalid(raw, invalid_reason(digits, plus="+" in text) if digits else "words")


# --- in running text, where only the sure shapes count


@dataclass(frozen=True, slots=True)
class Mentions:
    """A text, its reading copy with ASCII digits, and what it names: at most MAX_FOUND of a kind."""

    typed: str
    plain: str
    phones: Sequence[FoundPhone]
    accounts: Sequence[FoundAccount]
    links: Sequence[FoundLink]


def find_mentions(typed: str, copy: MappedText) -> Mentions:
    """Return what a text with this reading copy names; no money, IDs, cards or OTPs as phones."""
    plain = to_ascii_digits(copy.text)
    links = list(islice(iter_links(copy.text), MAX_FOUND))
    accounts = list(islice(iter_bank_accounts(plain), MAX_FOUND))
    others = [link for link in links if not link.link.startswith(_CHAT_HOSTS)]
    named: list[FoundAccount | FoundLink] = [*accounts, *others]
    taken = sorted((each.start, each.end) for each in named)
    phones = islice(_iter_phones(typed, copy, plain, taken), MAX_FOUND)
    return Mentions(
        typed, plain, list(phones), at_original(accounts, copy), at_original(links, copy)
    )


def find_in_text(text: str) -> Sequence[FoundPhone]:
    """Return the phone numbers in a text."""
    return find_mentions(text, reading_copy(text)).phones


def _iter_phones(
    raw: str, copy: MappedText, plain: str, taken: list[tuple[int, int]]
) -> Iterator[FoundPhone]:
    text, floor = letters_to_digits(plain), 0
    for chain in _CHAINS.finditer(text):
        groups = _candidate_groups(text, chain, floor)
        floor = chain.end()
        free = [group for group in groups if not _is_inside(group, taken)]
        for number, first, last in _find_in_chain(text, free, chain.end()):
            begin = text.rfind("+", max(0, first - 2), first) if has_plus(text, first) else first
            flags = ["letters_for_digits"] * (plain[begin:last] != text[begin:last])
            start, end = copy.original_span(begin, last)
            yield FoundPhone(_caller(raw[start:end], number, *flags), start, end)


def _candidate_groups(text: str, chain: re.Match[str], floor: int) -> list[tuple[int, int]]:
    """Return the digit groups of a chain that the words before allow as a caller's."""
    start = chain.start()
    groups = [(start + group.start(), start + group.end()) for group in GROUPS.finditer(chain[0])]
    clause = text[max(floor, start - _LOOK_BACK) : start]
    words = words_before(text, start, start - len(_CLAUSE.split(clause)[-1]))
    if not _is_other_number(words):
        return groups
    return groups[1:] if groups[0][1] - groups[0][0] >= _CODE_LENGTH else []


def _is_other_number(words: list[str]) -> bool:
    """Return whether the words before digits say that they are no phone number."""
    for back in range(1, min(len(words), 4) + 1):
        if previous_word_in(words, back, "callers"):
            return False
        if previous_word_in(words, back, "no_caller"):
            return True
    return False


def _is_inside(group: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    """Return whether a group of digits lies in one of the sorted spans."""
    before = bisect_right(taken, (group[0], math.inf))
    return before > 0 and group[0] < taken[before - 1][1]


def _find_in_chain(
    text: str, groups: list[tuple[int, int]], end: int
) -> Iterator[tuple[ParsedNumber, int, int]]:
    """Yield the numbers in groups of digits, the longest first at each place; no amounts."""
    at = 0
    while at < len(groups):
        start = groups[at][0]
        longest = min(at + 5, len(groups) - 1) if _may_begin(text, start) else at - 1
        for last in range(longest, at - 1, -1):
            stop = groups[last][1]
            number = _parse_in_text(text, start, stop)
            if number and not (stop == end and _is_amount(text, start, end)):
                if not _is_code(text, start, stop):
                    yield number, start, stop
                at = last
                break
        at += 1


def _may_begin(text: str, start: int) -> bool:
    """Return whether a number may begin here, a cheap check before parsing."""
    return text[start] == "0" or text.startswith(("84", "18", "19"), start) or has_plus(text, start)


def _parse_in_text(text: str, start: int, end: int) -> ParsedNumber | None:
    digits = "".join(GROUPS.findall(text[start:end]))
    plus = has_plus(text, start)
    service = digits[:4] in {"1800", "1900"} and not digits.endswith("000")
    if not (plus or service or digits[:1] == "0" or (digits[:2] == "84" and len(digits) >= 11)):
        return None
    number = parse_digits(digits, plus=plus)
    return number if number and number.kind in _IN_TEXT else None


def _is_amount(text: str, start: int, end: int) -> bool:
    """Return whether a money unit follows; an unambiguous one after 0 or +."""
    is_plain = text[start] != "0" and not has_plus(text, start)
    return is_money(text, end) if is_plain else is_unambiguous_money(text, end)


def _is_code(text: str, start: int, end: int) -> bool:
    """Return whether the digits are of a case (…/QĐ-CSĐT) or a customer code (PA0912…)."""
    before = _ATTACHED.search(text[max(0, start - 4) : start])
    is_label = before and normalize(before[0]) in tables()["callers"] | {"so"}
    return bool((before and not is_label) or _CASE_AFTER.match(text, end))


# --- as the pages print them


def format_raw(phone: ParsedCaller) -> str:
    """Return the caller as typed, on one line: odd spelling reveals a forged number."""
    return " ".join(phone.raw.split())


def format_national(phone: ParsedCaller) -> str:
    """Return a number as written in Vietnam, 0550 000 123; anything else as typed."""
    digits = "0" + phone.key.removeprefix("+84")
    if phone.kind == "international" and "unknown_country" not in phone.flags:
        return format_international(phone.key)
    if not phone.key.startswith("+84"):
        return phone.key or format_raw(phone)
    if phone.kind in {"tollfree", "premium"}:
        return f"{digits[1:5]} {digits[5:]}"
    return f"{digits[:4]} {digits[4:7]} {digits[7:]}" if len(digits) in {10, 11} else digits


@lru_cache(maxsize=256)  # a flood names one number
def group_digits(key: str) -> str:
    """Return a canonical number as written in Vietnam."""
    return format_national(parse(key))
