"""Receipt codes: the one thing a reporter keeps.

A code is four groups of four signs: twelve that cannot be guessed (29^12 > 2^58), and the last
of each group its check, so that a slip names its group. It is derived from what was sent, so
the same form sent again shows the same code, and it is stored nowhere: look-ups go by a keyed
hash.
"""

import secrets
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils.translation import get_language

from core.keys import FieldKey, field_keys, key_by_id, newest_key
from reports.models import Followup, Receipt, Report
from reports.models.report import SIGNS

GROUPS = 4
WORD_GROUPS = 2
_BASE = len(SIGNS)
MAX_COUNT = _BASE ** (3 * GROUPS)  # small numbers divide faster

# How to say each sign over the telephone.
SPOKEN = {
    "2": "hai", "3": "ba", "4": "bốn", "5": "năm", "6": "sáu", "7": "bảy", "8": "tám", "9": "chín",
    "B": "B bò", "C": "C cá", "D": "D dừa", "F": "F ép", "G": "G gà", "H": "H hoa", "J": "J gi",
    "K": "K kéo", "L": "L lá", "M": "M mèo", "N": "N nón", "P": "P pin", "Q": "Q quạt",
    "R": "R rổ", "S": "S sông", "T": "T tôm", "V": "V voi", "W": "W vê kép", "X": "X xe",
    "Y": "Y y dài", "Z": "Z dét",
}  # fmt: skip
SPOKEN_EN = {
    "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven", "8": "eight",
    "9": "nine",
    "B": "B boy", "C": "C cat", "D": "D dog", "F": "F fish", "G": "G goat", "H": "H hat",
    "J": "J jam", "K": "K king", "L": "L lamp", "M": "M moon", "N": "N nose", "P": "P pig",
    "Q": "Q queen", "R": "R rain", "S": "S sun", "T": "T tree", "V": "V van", "W": "W water",
    "X": "X x-ray", "Y": "Y yes", "Z": "Z zebra",
}  # fmt: skip


@dataclass(frozen=True)
class InvalidCodeGroup:
    """A code that cannot be right: which group (1 to 4), and what was typed there."""

    number: int
    typed: str


def derive_code(submission_key: str, content_digest: bytes, key: FieldKey) -> str:
    """The code of a submission: sixteen signs without spaces."""
    number = int.from_bytes(key.mac("receipt code", submission_key.encode() + content_digest))
    return _spelled(number % MAX_COUNT, GROUPS)


def generate_code() -> str:
    """A code of nothing but chance, for who has lost the first one."""
    return _spelled(secrets.randbelow(MAX_COUNT), GROUPS)


def generate_one_time_word() -> str:
    """A one-time word: two groups, each with its check, as in a code."""
    return _spelled(secrets.randbelow(_BASE ** (3 * WORD_GROUPS)), WORD_GROUPS)


def _spelled(number: int, groups: int) -> str:
    code = ""
    for group in range(groups):
        signs = []
        for _ in range(3):
            number, index = divmod(number, _BASE)
            signs.append(index)
        code += "".join(SIGNS[index] for index in (*signs, _check(group, signs)))
    return code


def _check(group: int, signs: list[int]) -> int:
    """Weights differ by place and 29 is prime: any one slip and any swap of neighbours shows.
    The group's own number is in it, so that two groups in the wrong order show as well.
    """
    first, second, third = signs
    return (7 * (group + 1) + 2 * first + 3 * second + 4 * third) % _BASE


def parse_code(typed: str, groups: int = GROUPS) -> str | InvalidCodeGroup:
    """What a person typed as a code of so many groups, or the first group that is wrong.

    Spaces, hyphens and small letters do not matter.
    """
    signs = "".join(sign for sign in typed.upper() if sign.isalnum())
    for group in range(groups):
        part = signs[4 * group : 4 * group + 4]
        places = [SIGNS.find(sign) for sign in part]
        if len(part) < 4 or -1 in places or places[3] != _check(group, places[:3]):
            return InvalidCodeGroup(group + 1, part)
    return signs if len(signs) == 4 * groups else InvalidCodeGroup(groups, signs[4 * groups - 4 :])


def format_code(code: str) -> list[str]:
    """A code as it is shown: four groups of four."""
    return [code[start : start + 4] for start in range(0, len(code), 4)]


def phonetic_group(group: str) -> str:
    """How a group is said, in the language of the page; no line breaks between a sign and its
    word.
    """
    words = SPOKEN_EN if get_language() == "en" else SPOKEN
    return ", ".join(words[sign].replace(" ", "\u00a0") for sign in group)


def recover_code(report: Report) -> str | None:
    """The code of a report sent a second time; None when its key has been taken away, or the
    code replaced by another: it would open nothing.
    """
    key = key_by_id(report.receipt.derived_with)
    if key is None or report.receipt.replaced_at is not None:
        return None
    return derive_code(report.submission_key, bytes(report.content_digest), key)


def report_for_code(code: str) -> Report | None:
    """The report that a code opens; a hash under an older key is replaced on the way."""
    report = _opened_by([code_hash(code, key) for key in field_keys()])
    if report is not None and report.receipt.hashed_with != newest_key().id:
        _hash_anew(report.receipt, code)
    return report


def _opened_by(hashes: list[bytes]) -> Report | None:
    """The report, its receipt, and `was_added_to`: whether its reporter said more later. Asked
    once for all keys: between two questions the hash may be made anew.
    """
    later = Exists(Followup.objects.filter(report=OuterRef("pk")))
    reports = Report.objects.select_related("receipt", "flood_sample").annotate(was_added_to=later)
    return reports.filter(receipt__code_hash__in=hashes).first()


def _hash_anew(receipt: Receipt, code: str) -> bool:
    # The old hash again: a code that was replaced meanwhile must not come back to life.
    same = Receipt.objects.filter(pk=receipt.pk, code_hash=bytes(receipt.code_hash))
    newest = newest_key()
    return bool(same.update(hashed_with=newest.id, code_hash=code_hash(code, newest)))


def rehash(receipt: Receipt) -> bool:
    """Hash its code under the newest key, without its holder: what was derived from the report is
    derived once more. False for a code of chance, and where a key has been taken away.
    """
    derived, hashed = key_by_id(receipt.derived_with), key_by_id(receipt.hashed_with)
    if derived is None or hashed is None:
        return False
    report = receipt.report
    code = derive_code(report.submission_key, bytes(report.content_digest), derived)
    is_its = code_hash(code, hashed) == bytes(receipt.code_hash)
    return is_its and _hash_anew(receipt, code)


def code_hash(code: str, key: FieldKey) -> bytes:
    """What is stored in place of a code."""
    return key.mac("receipt hash", code.encode())
