"""One typed or displayed caller -> kind, canonical key and flags. Pure: no Django.

Nothing is refused and nothing is guessed: the raw string stays, what cannot be read is
``invalid`` with a flag that says why, and no number is ever repaired into another range.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from core.text import normalize, to_ascii_digits
from reports.extraction.accounts_and_links import (
    GROUPS,
    MAX_FOUND,
    find_bank_accounts,
    find_links,
    is_money,
    is_unambiguous_money,
    previous_word_in,
    tables,
    words_before,
)
from reports.extraction.numbering_plan import (
    ParsedNumber,
    format_international,
    invalid_reason,
    is_listed,
    numbering_plan,
    parse_digits,
)
from reports.extraction.phone_digits import (
    DigitRun,
    find_digit_runs,
    has_plus,
    is_masked,
    letters_to_digits,
    normalize_digits,
    without_extension,
)

FLAG_REASONS_VI = numbering_plan().flags
_CHAT_HOSTS = ("zalo.me/", "wa.me/", "viber.click/", "t.me/")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._\-]{1,19}")
_IN_TEXT = frozenset({"mobile", "landline", "tollfree", "premium", "international"})
_MORE_DIGITS = re.compile(r"[\s.\-–]{1,3}[0-9]")
# As accounts_and_links.CHAINS, and with the brackets of (+84)912 345 678.
_CHAINS = re.compile(r"(?<![0-9])[0-9]++(?:(?:[ \u00a0.\-–‐]{1,3}|\) ?| ?\()[0-9]++)*+")
_CLAUSE = re.compile(r"[,;!?\n]")
_LOOK_BACK = 60
_A_CODE = 6  # digits
_ATTACHED = re.compile(r"[A-ZĐ]{1,4}$|#$")
_CASE_AFTER = re.compile(
    r"\s?/\s?(?:[0-9]{4}\s?/\s?)?(?:QĐ|QD|HS|CV|GM|GT|KL|LB|BB|TB|LA|VA)(?:ST|PT)?(?![^\W_])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ParsedCaller:
    """One caller as written: ``raw`` untouched, ``key`` canonical or "" (E.164 shape)."""

    raw: str
    kind: str
    key: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundPhone:
    """A number inside free text, at text[start:end]."""

    phone: ParsedCaller
    start: int
    end: int


def _invalid(raw: str, flag: str) -> ParsedCaller:
    return ParsedCaller(raw, "invalid", "", (flag,))


def _from_link(raw: str, text: str) -> ParsedCaller | None:
    """A chat link carries the number in its path; any other link or e-mail is no phone."""
    links = find_links(text)
    for link in links:
        if link.link.startswith(_CHAT_HOSTS):
            runs = find_digit_runs(link.link.split("/", 1)[1])
            if len(runs) == 1 and runs[0].number.key:
                number = runs[0].number.with_flags("from_link")
                return ParsedCaller(raw, number.kind, number.key, number.flags)
    if links:
        return _invalid(raw, "link")
    return _invalid(raw, "email") if "@" in text else None


def _from_words(raw: str, text: str) -> ParsedCaller | None:
    """Hidden callers, calls through an app, display names."""
    folded = normalize(text)
    words = folded.split()
    if _is_hidden(folded, words):
        return ParsedCaller(raw, "hidden", "", ("hidden",))
    if _is_app(words):
        return ParsedCaller(raw, "hidden", "", ("app_call",))
    return ParsedCaller(raw, "brandname", "", ("display_name",)) if _is_name(text, folded) else None


def _is_hidden(folded: str, words: list[str]) -> bool:
    """Whether the words say that no number was shown, long or short: "ko hien so dt"."""
    long = (numbering_plan().short_words.get(word, word) for word in words)
    plain = " ".join(word for word in long if word not in numbering_plan().small_words)
    return folded in numbering_plan().hidden or plain in numbering_plan().hidden


def _is_app(words: list[str]) -> bool:
    """Whether the words name an app and nothing else, or begin with it: "nick facebook Trần Thu"."""
    known = numbering_plan().apps | numbering_plan().app_words
    words = [word for word in words if word not in numbering_plan().small_words or word in known]
    if numbering_plan().apps.isdisjoint(words):
        return False
    return known.issuperset(words) or (
        words[0] in known and not numbering_plan().apps.isdisjoint(words[:4])
    )


def _is_name(text: str, folded: str) -> bool:
    letters = sum(sign.isalpha() for sign in text)
    if folded in numbering_plan().not_names or letters < 3 or len(text) - letters > letters:
        return False
    known = any(f" {name} " in f" {folded} " for name in numbering_plan().names)
    return (known and len(folded) <= 20) or bool(_NAME.fullmatch(text) and text == text.upper())


def _from_digits(raw: str, text: str) -> ParsedCaller | None:
    """The number in *text*, however it is dressed; None when there is none or several."""
    spelled = letters_to_digits(text)
    body, has_extension = without_extension(spelled)
    runs = _runs_of(body)
    if len(runs) > 1:
        return _invalid(raw, "several")
    if not runs:
        return None
    number = runs[0].number
    odd = {
        "extension": has_extension,
        "letters_for_digits": spelled != text,
        "words_around": _is_dressed(body.removeprefix("tel:"), runs[0]),
        "unlisted_range": number.kind == "mobile" and not is_listed(number.key),
    }
    extra = [flag for flag, holds in odd.items() if holds]
    return ParsedCaller(raw, number.kind, number.key, (*number.flags, *extra))


def _runs_of(text: str) -> list[DigitRun]:
    """All numbers of a field; where dates, times or counts stand beside them as in a story."""
    found = find_digit_runs(text)
    if found:
        return found
    by_key: dict[str, DigitRun] = {}
    for one in find_in_text(text):
        digits = sum(map(str.isdecimal, one.phone.raw))
        is_whole = len(GROUPS.findall(one.phone.raw)) == 1
        if is_whole or not _MORE_DIGITS.match(text, one.end):
            number = ParsedNumber(one.phone.kind, one.phone.key, one.phone.flags)
            by_key.setdefault(number.key, DigitRun(number, digits))
    return list(by_key.values())


def _is_dressed(body: str, run: DigitRun) -> bool:
    return any(map(str.isalpha, body)) or sum(map(str.isdecimal, body)) > run.digits


def _unread(raw: str, text: str) -> ParsedCaller:
    digits = "".join(GROUPS.findall(text))
    return _invalid(raw, invalid_reason(digits, plus="+" in text) if digits else "words")


def parse(raw: str) -> ParsedCaller:
    """Read one caller as typed. Never raises; reading the key again gives the key."""
    text = normalize_digits(raw)
    if not text:
        return _invalid(raw, "empty")
    if is_masked(text):
        return _invalid(raw, "masked")
    return (
        _from_link(raw, text)
        or _from_digits(raw, text)
        or _from_words(raw, text)
        or _unread(raw, text)
    )


def parse_many(raw: str) -> tuple[ParsedCaller, ...]:
    """Return every number of a field; the one parsed caller where it holds no more."""
    phone = parse(raw)
    if "several" not in phone.flags:
        return (phone,)
    numbers = [run.number for run in _runs_of(letters_to_digits(normalize_digits(raw)))]
    return tuple(ParsedCaller(raw, number.kind, number.key, number.flags) for number in numbers)


# --- in running text, where only the sure shapes count


def _is_other(words: list[str]) -> bool:
    """Whether the words just before some digits say that they are no phone number."""
    for back in range(1, min(len(words), 4) + 1):
        if previous_word_in(words, back, "callers"):
            return False
        if previous_word_in(words, back, "no_caller"):
            return True
    return False


def _is_code(text: str, start: int, end: int) -> bool:
    """Whether the digits are part of a code: of a case (…/QĐ-CSĐT), of a customer (PA0912…)."""
    before = _ATTACHED.search(text[max(0, start - 4) : start])
    is_label = before and normalize(before[0]) in tables()["callers"] | {"so"}
    return bool((before and not is_label) or _CASE_AFTER.match(text, end))


def _spoken(text: str, start: int, end: int) -> ParsedNumber | None:
    digits = "".join(GROUPS.findall(text[start:end]))
    plus = has_plus(text, start)
    service = digits[:4] in {"1800", "1900"} and not digits.endswith("000")
    if not (plus or service or digits[:1] == "0" or (digits[:2] == "84" and len(digits) >= 11)):
        return None
    number = parse_digits(digits, plus=plus)
    return number if number and number.kind in _IN_TEXT else None


def _may_begin(text: str, start: int) -> bool:
    """Whether a number in a story may begin here: a long chain has many places where none does."""
    return text[start] == "0" or text.startswith(("84", "18", "19"), start) or has_plus(text, start)


def _in_chain(
    text: str, groups: list[tuple[int, int]], end: int
) -> Iterator[tuple[ParsedNumber, int, int]]:
    """The numbers in groups of digits, the longest first at each place; no amounts, no codes."""
    at = 0
    while at < len(groups):
        begin = groups[at][0]
        longest = min(at + 5, len(groups) - 1) if _may_begin(text, begin) else at - 1
        for last in range(longest, at - 1, -1):
            stop = groups[last][1]
            number = _spoken(text, begin, stop)
            if number and not (stop == end and _is_amount(text, begin, end)):
                if not _is_code(text, begin, stop):
                    yield number, begin, stop
                at = last
                break
        at += 1


def _is_amount(text: str, start: int, end: int) -> bool:
    """No amount begins with 0 or +, so there only a sure unit counts."""
    is_plain = text[start] != "0" and not has_plus(text, start)
    return is_money(text, end) if is_plain else is_unambiguous_money(text, end)


def _groups_of(text: str, chain: re.Match[str], floor: int) -> list[tuple[int, int]]:
    """The groups of a chain that may be callers: none after a word that says otherwise, or the rest
    of them where the first is long enough to be all that the word speaks of.
    """
    start = chain.start()
    groups = [(start + group.start(), start + group.end()) for group in GROUPS.finditer(chain[0])]
    clause = text[max(floor, start - _LOOK_BACK) : start]
    words = words_before(text, start, start - len(_CLAUSE.split(clause)[-1]))
    if not _is_other(words):
        return groups
    return groups[1:] if groups[0][1] - groups[0][0] >= _A_CODE else []


def _iter_phones(raw: str) -> Iterator[FoundPhone]:
    text = letters_to_digits(to_ascii_digits(raw))
    links = [link for link in find_links(raw) if not link.link.startswith(_CHAT_HOSTS)]
    accounts = [(found.start, found.end) for found in find_bank_accounts(raw)]
    taken = sorted([*accounts, *((link.start, link.end) for link in links)])
    floor = 0
    for chain in _CHAINS.finditer(text):
        groups = _groups_of(text, chain, floor)
        floor = chain.end()
        free = [group for group in groups if not _is_in(group, taken)]
        for number, first, last in _in_chain(text, free, chain.end()):
            yield _as_found(raw, text, number, first, last)


def _is_in(group: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    """Whether a group of digits belongs to an account or a link; these are in order."""
    before = bisect_right(taken, (group[0], math.inf))
    return before > 0 and group[0] < taken[before - 1][1]


def _as_found(raw: str, text: str, number: ParsedNumber, first: int, last: int) -> FoundPhone:
    begin = text.rfind("+", max(0, first - 2), first) if has_plus(text, first) else first
    typed = raw[begin:last]
    swapped = to_ascii_digits(typed) != text[begin:last]
    flags = (*number.flags, *(["letters_for_digits"] if swapped else []))
    return FoundPhone(ParsedCaller(typed, number.kind, number.key, flags), begin, last)


def find_in_text(text: str) -> list[FoundPhone]:
    """Return the phone numbers in a story, at most MAX_FOUND; no money, IDs, cards or OTPs."""
    return [found for found, _ in zip(_iter_phones(text), range(MAX_FOUND), strict=False)]


def format_raw(phone: ParsedCaller) -> str:
    """Nothing repaired: a forged number shows itself by how it is written."""
    return " ".join(phone.raw.split())


def format_national(phone: ParsedCaller) -> str:
    """A number as people write it, 0550 000 123; what is no number as it was typed."""
    digits = "0" + phone.key.removeprefix("+84")
    if phone.kind == "international" and "unknown_country" not in phone.flags:
        return format_international(phone.key)
    if not phone.key.startswith("+84"):
        return phone.key or format_raw(phone)
    if phone.kind in {"tollfree", "premium"}:
        return f"{digits[1:5]} {digits[5:]}"
    return f"{digits[:4]} {digits[4:7]} {digits[7:]}" if len(digits) in {10, 11} else digits


def group_digits(key: str) -> str:
    """A canonical number as people write it."""
    return format_national(parse(key))
