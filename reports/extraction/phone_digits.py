"""The digits of a field: cleaned, letters read as digits where that is safe, in runs that are one
number or several. Pure: no Django.
"""

import re
import unicodedata
from dataclasses import dataclass

from core.text import to_ascii_digits
from reports.extraction.accounts_and_links import GROUPS, MAX_FOUND
from reports.extraction.numbering_plan import ParsedNumber, parse_digits

# Signs that stand for digits: stars, dots, and x that belongs to no word.
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
_OF_A_SHEET = re.compile(r"([0-9]{9,12})\.0")  # a spreadsheet took it for an amount
_MAX_GROUPS = 7  # of one number


@dataclass(frozen=True, slots=True)
class DigitRun:
    """A number, and how many digits it is written with."""

    number: ParsedNumber
    digits: int


def normalize_digits(raw: str) -> str:
    """Full-width and foreign digits to ASCII, invisible signs out, odd spaces to spaces."""
    text = to_ascii_digits(unicodedata.normalize("NFKC", raw))
    seen = (" " if unicodedata.category(sign) == "Cc" and sign != "\n" else sign for sign in text)
    text = "".join(sign for sign in seen if unicodedata.category(sign) != "Cf").strip()
    return _OF_A_SHEET.sub(r"\1", text) if _OF_A_SHEET.fullmatch(text) else text


def letters_to_digits(text: str) -> str:
    """O and l among digits as 0 and 1, each sign in its old place."""
    return _LOOKALIKES.sub(_swap, _ALONE_O.sub("0", text))


def _swap(match: re.Match[str]) -> str:
    digits = sum(sign.isdecimal() for sign in match[0])
    return match[0].translate(LETTERS_FOR_DIGITS) if digits >= 2 else match[0]


def has_plus(text: str, start: int) -> bool:
    """Whether a + stands right before *start*, a bracket or a space between them at most."""
    return "+" in text[max(0, start - 2) : start]


def find_digit_runs(text: str) -> list[DigitRun]:
    """All numbers of a field, in order; the same number in two spellings stays one."""
    found: dict[str, DigitRun] = {}
    for part in _BREAKS.split(text):
        for run in _RUN.finditer(part):
            whole = _of_run(part, *run.span())
            for one in [whole] if whole else _side_by_side(part, *run.span()):
                found.setdefault(one.number.key, one)
        if len(found) >= MAX_FOUND:
            break
    if not found and _BREAKS.search(text):
        return find_digit_runs(_BREAKS.sub(" ", text))  # 0912,345,678
    keyed = [one for one in found.values() if one.number.key]
    return keyed or list(found.values())


def _of_run(text: str, start: int, end: int) -> DigitRun | None:
    """Read one run of digits and separators; a + just before it counts."""
    digits = "".join(GROUPS.findall(text[start:end].replace("(0)", "")))
    number = parse_digits(digits, plus=has_plus(text, start))
    return DigitRun(number, sum(map(str.isdecimal, text[start:end]))) if number else None


def _side_by_side(text: str, start: int, end: int) -> list[DigitRun]:
    """Read a run as several whole numbers that leave no digit over, else nothing."""
    groups = [(start + g.start(), start + g.end()) for g in GROUPS.finditer(text[start:end])]
    found: list[DigitRun] = []
    at = 0
    while at < len(groups):
        for last in range(min(at + _MAX_GROUPS, len(groups) - 1), at - 1, -1):
            one = _of_run(text, groups[at][0], groups[last][1])
            if one and one.number.key:
                found.append(one)
                at = last + 1
                break
        else:
            return []
    return found


def is_masked(text: str) -> bool:
    """Signs that stand for digits, with no whole number beside them."""
    pieces = _MASKS.split(text)
    hidden = len(text) - sum(map(len, pieces))
    beside = sum(sign.isdecimal() for sign in text)
    if not hidden or beside < _MIN_BESIDE_MASKS > hidden:
        return False
    return beside > 0 and not any(
        one.number.key for piece in pieces for one in find_digit_runs(piece)
    )


def without_extension(text: str) -> tuple[str, bool]:
    """The text without the number of an extension, and whether there was one."""
    match = _EXTENSION.search(text.lower())
    if match and len(text) == len(text.lower()) and find_digit_runs(text[: match.start()]):
        return text[: match.start()], True
    return text, False
