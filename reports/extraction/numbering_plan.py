"""The numbering plan (data/numbering.json): find runs of digits and parse them. Pure: no Django.

Where the phonenumbers library errs on Vietnamese numbers the plan decides; foreign numbers are the
library's.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import phonenumbers

from core.province import province
from core.text import normalize, reading_copy, to_ascii_digits
from reports.data.loader import load_json

MAX_FOUND = 200  # of each kind in one text; more is a pasted list
MAX_NUMBER_CHARS_READ = 500
GROUPS = re.compile(r"[0-9]+")
# 069 belongs to the networks of the Ministries of Public Security and of Defence.
_MINISTRIES = "69"
_BIG_CITIES = ("24", "28")
_MAX_LENGTH = 15  # digits of an international number, by ITU-T E.164
_MIN_LENGTH = 7
# Characters for hidden digits: stars, dots, and x outside words.
_MASKS = re.compile(r"[*•?#]+|_{2,}|\.{3,}|(?<![^\W\d_])[xX]+(?![^\W\d_])")
_MIN_BESIDE_MASKS = 3
_RUN = re.compile(r"[0-9][0-9\s._\-‐‒–—−~'’()·\\]*")
_BREAKS = re.compile(r"[/,;|&\n]")
_LOOKALIKES = re.compile(r"(?<![^\W_+])[0-9OoIl+]++(?![^\W_])")
LETTERS_FOR_DIGITS = str.maketrans("OoIl", "0011")
_ALONE_O = re.compile(r"(?<![^\W\d_])[Oo](?=[\s.\-]+[0-9])")
_EXTENSION = re.compile(
    r"(?:\b(?:ext|extension|máy lẻ|may le|nhánh|nhanh|số lẻ|so le)[.:]?|#)\s*[0-9]{1,5}\s*$"
)
_OF_A_SHEET = re.compile(r"([0-9]{9,12})\.0")  # a number typed into a spreadsheet
_MAX_GROUPS = 7  # of one number


@dataclass(frozen=True, slots=True)
class ParsedNumber:
    """A number: its kind, its canonical key ("" for short codes), flags of oddities."""

    kind: str
    key: str
    flags: tuple[str, ...] = ()

    def with_flags(self, *flags: str) -> "ParsedNumber":
        return replace(self, flags=(*self.flags, *flags))


@dataclass(frozen=True, slots=True)
class DigitRun:
    number: ParsedNumber
    digits: int


@cache
def plan_table(name: str) -> Mapping[str, str]:
    """Return a table of the plan: prefixes, numbers, flags or spellings by key."""
    rows = {
        key: value for key, value in load_json("numbering.json")[name].items() if key != "about"
    }
    if name == "mobile":
        return {prefix: owner for owner, prefixes in rows.items() for prefix in prefixes}
    return rows


@cache
def plan_phrases(name: str) -> frozenset[str]:
    """Return a list of phrases of the plan, folded."""
    phrases = load_json("numbering.json")[name]
    return frozenset(map(normalize, phrases["words"] if name == "names" else phrases))


@cache
def plan_words(name: str) -> frozenset[str]:
    """Return the single words of a list of phrases, folded."""
    return frozenset(word for phrase in plan_phrases(name) for word in phrase.split())


def _parse_service(digits: str) -> ParsedNumber | None:
    """Parse 1800 (free) and 1900 (charged), with four or six digits after it."""
    if digits[:4] not in {"1800", "1900"} or len(digits) not in {8, 10}:
        return None
    return ParsedNumber("tollfree" if digits[1] == "8" else "premium", "+84" + digits)


def _parse_mobile(digits: str) -> ParsedNumber | None:
    if len(digits) == 10 and digits[:3] in plan_table("old_mobile"):
        digits = plan_table("old_mobile")[digits[:3]] + digits[3:]
        return ParsedNumber("mobile", "+84" + digits, ("old_prefix",))
    if len(digits) != 9 or digits[:2] not in plan_table("mobile"):
        return None
    number = ParsedNumber("mobile", "+84" + digits)
    is_alike = f"0{digits}" in province.hotline_look_alikes
    return number.with_flags("like_hotline") if is_alike else number


def _parse_landline(digits: str) -> ParsedNumber | None:
    number = ParsedNumber("landline", "+84" + digits)
    if digits[:2] == _MINISTRIES and 7 <= len(digits) <= 9:
        return number.with_flags("ministry_network")
    if digits[:1] != "2" or len(digits) != 10:
        return None
    if digits[:4] in plan_table("reseller_ranges"):
        return number.with_flags("reseller_range")
    is_known_area = digits[:2] in _BIG_CITIES or digits[:3] in plan_table("areas")
    return number if is_known_area else number.with_flags("unknown_area")


def _parse_national(digits: str) -> ParsedNumber | None:
    """Parse the digits that follow the 0 or the +84."""
    return _parse_service(digits) or _parse_mobile(digits) or _parse_landline(digits)


def _parse_after_84(digits: str) -> ParsedNumber | None:
    """Parse the number after 84, with or without a superfluous 0."""
    if digits in plan_table("short"):
        return ParsedNumber("shortcode", "", ("short_with_84",))
    number = _parse_national(digits.lstrip("0"))
    if number is None or not digits.startswith("0"):
        return number
    # Forged calls show +84069…, real ones of the ministry's network +84 69….
    is_forged = "ministry_network" in number.flags
    return number.with_flags("zero_after_84", *(("forged_069",) if is_forged else ()))


def _parse_by_library(digits: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return None


def format_international(key: str) -> str:
    """Return a foreign key in its country's grouping, else the key."""
    parsed = _parse_by_library(key[1:])
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form) if parsed else key


def is_listed(key: str) -> bool:
    """Return whether the library, which lags behind the plan, lists this key."""
    parsed = _parse_by_library(key[1:])
    return parsed is not None and phonenumbers.is_valid_number(parsed)


def _stable_foreign_key(digits: str) -> str:
    """Return the key that parses to itself: each parse removes only one 0."""
    key, before = "+" + digits, ""
    while key != before and (parsed := _parse_by_library(key[1:])):
        before, key = key, phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return key if len(key) > _MIN_LENGTH else "+" + digits


def _parse_foreign(digits: str) -> ParsedNumber | None:
    """Parse country code and number; no foreign number is refused for its range."""
    if not _MIN_LENGTH <= len(digits) <= _MAX_LENGTH or digits.startswith(("0", "84")):
        return None
    parsed = _parse_by_library(digits)
    if parsed is None:
        return ParsedNumber("international", "+" + digits, ("unknown_country",))
    key = _stable_foreign_key(digits)
    flags = [] if phonenumbers.is_valid_number(parsed) else ["unlisted_range"]
    if key.startswith("+1900"):
        flags.append("us_premium")
    if key[1:].startswith(tuple(plan_table("watched_countries"))):
        flags.append("watched_country")
    return ParsedNumber("international", key, tuple(flags))


def _parse_after_plus(digits: str) -> ParsedNumber | None:
    if digits.startswith("84"):
        return _parse_after_84(digits[2:])
    if digits.startswith("0"):
        rest = digits.lstrip("0")
        # +0846900000 is a mobile number of 084, not +84 69…
        number = _parse_mobile(rest) or _parse_bare(rest)
        return number.with_flags("zero_after_plus") if number else None
    service = _parse_service(digits)
    return service.with_flags("plus_before_service") if service else _parse_foreign(digits)


def _parse_after_00(digits: str) -> ParsedNumber | None:
    """Parse the digits after 00: the dialled form of +, or a doubled 0."""
    if digits.startswith("84") and (number := _parse_after_84(digits[2:])):
        return number
    at_home, abroad = _parse_national(digits.lstrip("0")), _parse_foreign(digits)
    # For nine digits of our mobile plan a typing error is far likelier than a call from abroad.
    is_sure = abroad and not {"unlisted_range", "unknown_country"} & set(abroad.flags)
    if at_home and (at_home.kind == "mobile" or not is_sure):
        return at_home.with_flags("zero_doubled")
    return abroad


def _parse_after_0(digits: str) -> ParsedNumber | None:
    number = _parse_national(digits)
    if number:
        return number.with_flags("zero_added") if _parse_service(digits) else number
    # 084 912 345 678: a 0 in the place of the +.
    number = _parse_after_84(digits[2:]) if digits.startswith("84") else None
    return number.with_flags("zero_for_plus") if number else None


def _parse_bare(digits: str) -> ParsedNumber | None:
    """Parse digits without + or 0 before them."""
    if digits in plan_table("short"):
        return ParsedNumber("shortcode", "")
    number = _parse_service(digits)
    if not number and digits.startswith("84") and not _parse_mobile(digits):
        number = _parse_after_84(digits[2:])
    if number:
        return number
    if number := _parse_national(digits):
        return number.with_flags("zero_missing")
    abroad = _parse_foreign(digits)
    if abroad and "watched_country" in abroad.flags and "unlisted_range" not in abroad.flags:
        return abroad.with_flags("plus_missing")
    return None


def parse_digits(digits: str, *, plus: bool = False) -> ParsedNumber | None:
    """Parse ASCII digits as displayed or dialled; return None for no valid number."""
    if plus:
        return _parse_after_plus(digits)
    if digits.startswith("00"):
        return _parse_after_00(digits[2:])
    if digits.startswith("0"):
        return _parse_after_0(digits[1:])
    return _parse_bare(digits)


def invalid_reason(digits: str, *, plus: bool = False) -> str:
    """Return the flag for why `parse_digits` found no number."""
    if not digits.strip("0"):
        return "zeros"
    if digits in {"84", "084", "0084"} or (plus and len(digits) <= 3):
        return "country_only"
    if len(digits) == _MIN_LENGTH and not digits.startswith("0"):
        return "local_number"
    if len(digits) == 10 and digits.startswith(("04", "08")):
        return "old_area_code"
    if len(digits) < 10 or (len(digits) == 10 and digits.startswith("02")):
        return "too_short"
    return "too_long" if len(digits) > 10 else "no_such_range"


def range_owner(key: str) -> str:
    """Return the carrier or area of a Vietnamese key, "" if unknown."""
    digits = key.removeprefix("+84")
    if len(digits) == 9:
        return plan_table("mobile").get(digits[:2], "")
    return plan_table("areas").get(digits[:3]) or plan_table("areas").get(digits[:2]) or ""


def normalize_digits(raw: str) -> str:
    """Return a field with ASCII digits, without invisible characters and odd spaces."""
    signs = reading_copy(raw).text
    text = to_ascii_digits("".join(unicodedata.normalize("NFKC", sign) for sign in signs))
    spaced = (" " if unicodedata.category(sign) == "Cc" and sign != "\n" else sign for sign in text)
    text = "".join(sign for sign in spaced if unicodedata.category(sign) != "Cf").strip()
    return _OF_A_SHEET.sub(r"\1", text) if _OF_A_SHEET.fullmatch(text) else text


def letters_to_digits(text: str) -> str:
    """Return O and l among digits as 0 and 1; the length stays."""
    return _LOOKALIKES.sub(_replace_letters, _ALONE_O.sub("0", text))


def _replace_letters(match: re.Match[str]) -> str:
    digits = sum(sign.isdecimal() for sign in match[0])
    return match[0].translate(LETTERS_FOR_DIGITS) if digits >= 2 else match[0]


def has_plus(text: str, start: int) -> bool:
    """Return whether a + precedes *start*, with at most a bracket or a space between."""
    return "+" in text[max(0, start - 2) : start]


def find_digit_runs(text: str) -> list[DigitRun]:
    """Return all numbers of a field, in order; two spellings of a number are one."""
    by_key: dict[str, DigitRun] = {}
    for part in _BREAKS.split(text):
        for match in _RUN.finditer(part):
            whole = _parse_run(part, *match.span())
            for run in [whole] if whole else _split_run(part, *match.span()):
                by_key.setdefault(run.number.key, run)
        if len(by_key) >= MAX_FOUND:
            break
    if not by_key and _BREAKS.search(text):
        return find_digit_runs(_BREAKS.sub(" ", text))  # 0912,345,678
    return [run for key, run in by_key.items() if key] or list(by_key.values())


def _parse_run(text: str, start: int, end: int) -> DigitRun | None:
    """Parse a run of digits and separators; a + just before it counts."""
    digits = "".join(GROUPS.findall(text[start:end].replace("(0)", "")))
    number = parse_digits(digits, plus=has_plus(text, start))
    return DigitRun(number, sum(map(str.isdecimal, text[start:end]))) if number else None


def _split_run(text: str, start: int, end: int) -> list[DigitRun]:
    """Parse a run as several numbers without remaining digits, else return []."""
    groups = [(start + g.start(), start + g.end()) for g in GROUPS.finditer(text[start:end])]
    runs: list[DigitRun] = []
    at = 0
    while at < len(groups):
        for last in range(min(at + _MAX_GROUPS, len(groups) - 1), at - 1, -1):
            run = _parse_run(text, groups[at][0], groups[last][1])
            if run and run.number.key:
                runs.append(run)
                at = last + 1
                break
        else:
            return []
    return runs


def is_masked(text: str) -> bool:
    """Return whether characters replace digits, with no whole number beside them."""
    parts = _MASKS.split(text)
    masks = len(text) - sum(map(len, parts))
    digits = sum(sign.isdecimal() for sign in text)
    if not masks or digits < _MIN_BESIDE_MASKS > masks:
        return False
    return digits > 0 and not any(run.number.key for part in parts for run in find_digit_runs(part))


def split_extension(text: str) -> tuple[str, bool]:
    """Return the text without an extension, and whether there was one."""
    match = _EXTENSION.search(text.lower())
    if match and len(text) == len(text.lower()) and find_digit_runs(text[: match.start()]):
        return text[: match.start()], True
    return text, False
