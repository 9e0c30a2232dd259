"""The numbering plan: digits as dialled or displayed -> what they are.

The tables are data/numbering.json, which an officer can read. Where the phonenumbers library
errs on Vietnamese numbers the plan decides; foreign numbers are the library's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import phonenumbers

from core.province import province
from core.text import normalize

_FILE = Path(__file__).parents[1] / "data" / "numbering.json"
# 069 belongs to the networks of the Ministries of Public Security and of Defence.
_MINISTRIES = "69"
_BIG_CITIES = ("24", "28")
_MAX_LENGTH = 15  # digits of an international number, by ITU-T E.164
_MIN_LENGTH = 7


@dataclass(frozen=True, slots=True)
class NumberingPlan:
    """The tables of numbering.json, ready for look-up; words are folded."""

    mobile: Mapping[str, str]
    old_mobile: Mapping[str, str]
    areas: Mapping[str, str]
    short: Mapping[str, str]
    resellers: Mapping[str, str]
    countries: Mapping[str, str]
    hidden: frozenset[str]
    short_words: Mapping[str, str]
    small_words: frozenset[str]
    apps: frozenset[str]
    app_words: frozenset[str]
    names: tuple[str, ...]
    not_names: frozenset[str]
    flags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ParsedNumber:
    """What the digits are: the kind, the canonical key ("" for short codes), what is odd."""

    kind: str
    key: str
    flags: tuple[str, ...] = ()

    def with_flags(self, *flags: str) -> "ParsedNumber":
        """The same number with more flags."""
        return ParsedNumber(self.kind, self.key, (*self.flags, *flags))


def _table(data: Mapping[str, Any], name: str) -> dict[str, str]:
    return {key: value for key, value in data[name].items() if key != "about"}


def _words(data: Mapping[str, Any], name: str) -> frozenset[str]:
    return frozenset(normalize(word) for word in data[name])


@lru_cache(maxsize=1)
def numbering_plan() -> NumberingPlan:
    """The numbering plan, read from the file once."""
    data = json.loads(_FILE.read_text(encoding="utf-8"))
    owners = _table(data, "mobile")
    return NumberingPlan(
        mobile={prefix: owner for owner, prefixes in owners.items() for prefix in prefixes},
        old_mobile=_table(data, "old_mobile"),
        areas=_table(data, "areas"),
        short=_table(data, "short"),
        resellers=_table(data, "reseller_ranges"),
        countries=_table(data, "watched_countries"),
        hidden=_words(data, "hidden"),
        short_words={short: normalize(word) for short, word in _table(data, "short_words").items()},
        small_words=frozenset(
            word for part in data["small_words"] for word in normalize(part).split()
        ),
        apps=_words(data, "apps"),
        app_words=frozenset(word for name in data["app_words"] for word in normalize(name).split()),
        names=tuple(normalize(word) for word in data["names"]["words"]),
        not_names=_words(data, "not_names"),
        flags=_table(data, "flags"),
    )


def _service(digits: str) -> ParsedNumber | None:
    """1800 is free, 1900 is charged; four or six digits follow."""
    if digits[:4] not in {"1800", "1900"} or len(digits) not in {8, 10}:
        return None
    return ParsedNumber("tollfree" if digits[1] == "8" else "premium", "+84" + digits)


def _mobile(digits: str) -> ParsedNumber | None:
    if len(digits) == 10 and digits[:3] in numbering_plan().old_mobile:
        digits = numbering_plan().old_mobile[digits[:3]] + digits[3:]
        return ParsedNumber("mobile", "+84" + digits, ("old_prefix",))
    if len(digits) != 9 or digits[:2] not in numbering_plan().mobile:
        return None
    number = ParsedNumber("mobile", "+84" + digits)
    is_alike = f"0{digits}" in province.hotline_look_alikes
    return number.with_flags("like_hotline") if is_alike else number


def _landline(digits: str) -> ParsedNumber | None:
    number = ParsedNumber("landline", "+84" + digits)
    if digits[:2] == _MINISTRIES and 7 <= len(digits) <= 9:
        return number.with_flags("ministry_network")
    if digits[:1] != "2" or len(digits) != 10:
        return None
    if digits[:4] in numbering_plan().resellers:
        return number.with_flags("reseller_range")
    known = digits[:2] in _BIG_CITIES or digits[:3] in numbering_plan().areas
    return number if known else number.with_flags("unknown_area")


def _national(digits: str) -> ParsedNumber | None:
    """Read the digits that follow the 0 or the +84."""
    return _service(digits) or _mobile(digits) or _landline(digits)


def _after_84(digits: str) -> ParsedNumber | None:
    """Read what follows 84: the number, with or without the 0 that does not belong there."""
    if digits in numbering_plan().short:
        return ParsedNumber("shortcode", "", ("short_with_84",))
    number = _national(digits.lstrip("0"))
    if number is None or not digits.startswith("0"):
        return number
    # +84069… is how forged calls imitate the ministry's network; a real one shows +84 69….
    ministry = "ministry_network" in number.flags
    return number.with_flags("zero_after_84", *(("forged_069",) if ministry else ()))


def _parse(digits: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return None


def format_international(key: str) -> str:
    """A foreign key in the groups in which its country writes it; the key where none are known."""
    parsed = _parse(key[1:])
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form) if parsed else key


def is_listed(key: str) -> bool:
    """Whether the international directory of ranges has this key (it lags behind ours)."""
    parsed = _parse(key[1:])
    return parsed is not None and phonenumbers.is_valid_number(parsed)


def _settled(digits: str) -> str:
    """The key of a foreign number that reads as itself: the library takes away one 0 at a time
    where a country writes one before its numbers.
    """
    key, before = "+" + digits, ""
    while key != before and (parsed := _parse(key[1:])):
        before, key = key, phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return key if len(key) > _MIN_LENGTH else "+" + digits


def _international(digits: str) -> ParsedNumber | None:
    """Read country code and number; a foreign number is never refused for its range."""
    if not _MIN_LENGTH <= len(digits) <= _MAX_LENGTH or digits.startswith(("0", "84")):
        return None
    parsed = _parse(digits)
    if parsed is None:
        return ParsedNumber("international", "+" + digits, ("unknown_country",))
    key = _settled(digits)
    flags = [] if phonenumbers.is_valid_number(parsed) else ["unlisted_range"]
    if key.startswith("+1900"):
        flags.append("us_premium")
    if any(key.startswith("+" + code) for code in numbering_plan().countries):
        flags.append("watched_country")
    return ParsedNumber("international", key, tuple(flags))


def _after_plus(digits: str) -> ParsedNumber | None:
    if digits.startswith("84"):
        return _after_84(digits[2:])
    if digits.startswith("0"):
        rest = digits.lstrip("0")
        number = _mobile(rest) or _bare(rest)  # +0846900000 is a mobile number of 084, not +84 69…
        return number.with_flags("zero_after_plus") if number else None
    service = _service(digits)
    return service.with_flags("plus_before_service") if service else _international(digits)


def _after_00(digits: str) -> ParsedNumber | None:
    """00 is the dialled form of +, or a 0 typed twice."""
    if digits.startswith("84") and (number := _after_84(digits[2:])):
        return number
    at_home, abroad = _national(digits.lstrip("0")), _international(digits)
    # Nine digits that fit our mobile plan: a slip at home is far likelier than a call from abroad.
    known = abroad and not {"unlisted_range", "unknown_country"} & set(abroad.flags)
    if at_home and (at_home.kind == "mobile" or not known):
        return at_home.with_flags("zero_doubled")
    return abroad


def _after_0(digits: str) -> ParsedNumber | None:
    number = _national(digits)
    if number:
        return number.with_flags("zero_added") if _service(digits) else number
    # 084 912 345 678: a 0 in the place of the +.
    number = _after_84(digits[2:]) if digits.startswith("84") else None
    return number.with_flags("zero_for_plus") if number else None


def _bare(digits: str) -> ParsedNumber | None:
    """Read digits that begin with neither + nor 0."""
    if digits in numbering_plan().short:
        return ParsedNumber("shortcode", "")
    number = _service(digits)
    if not number and digits.startswith("84") and not _mobile(digits):
        number = _after_84(digits[2:])
    if number:
        return number
    if number := _national(digits):
        return number.with_flags("zero_missing")
    abroad = _international(digits)
    if abroad and "watched_country" in abroad.flags and "unlisted_range" not in abroad.flags:
        return abroad.with_flags("plus_missing")
    return None


def parse_digits(digits: str, *, plus: bool = False) -> ParsedNumber | None:
    """Read ASCII digits as shown or dialled; None where no plan has such a number."""
    if plus:
        return _after_plus(digits)
    if digits.startswith("00"):
        return _after_00(digits[2:])
    if digits.startswith("0"):
        return _after_0(digits[1:])
    return _bare(digits)


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
    """Whose range a Vietnamese key lies in (carrier or area), or "" when not known."""
    digits = key.removeprefix("+84")
    if len(digits) == 9:
        return numbering_plan().mobile.get(digits[:2], "")
    return numbering_plan().areas.get(digits[:3]) or numbering_plan().areas.get(digits[:2]) or ""
