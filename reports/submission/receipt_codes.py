"""Receipt codes: derive, format, parse and look them up; and who guesses them or one-time words.

A code has four groups of three random characters (29^12 > 2^58) and a check character, which locates a slip.
It is derived from the submission, so the same form sent again shows the same code; only its keyed
hash is stored. Each visitor who guesses waits, and all wrong codes are slowed.
"""

import secrets
from dataclasses import dataclass
from threading import BoundedSemaphore
from time import sleep

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils.translation import get_language

from core import rate_limits
from core.keys import FieldKey, field_keys, key_by_id, newest_key
from core.rate_limits import Window
from core.text import fold_code
from reports.models import Followup, Receipt, Report
from reports.models.report import ALPHABET

log = structlog.get_logger(__name__)

GROUPS = 4
WORD_GROUPS = 2
_BASE = len(ALPHABET)
MAX_COUNT = _BASE ** (3 * GROUPS)  # small numbers divide faster

# How to say each character over the telephone.
_SPOKEN = (
    "hai, ba, bốn, năm, sáu, bảy, tám, chín, B bò, C cá, D dừa, F ép, G gà, H hoa, J gi, K kéo, L lá,"
    " M mèo, N nón, P pin, Q quạt, R rổ, S sông, T tôm, V voi, W vê kép, X xe, Y y dài, Z dét"
)
_SPOKEN_EN = (
    "two, three, four, five, six, seven, eight, nine, B boy, C cat, D dog, F fish, G goat, H hat, J jam,"
    " K king, L lamp, M moon, N nose, P pig, Q queen, R rain, S sun, T tree, V van, W water, X x-ray,"
    " Y yes, Z zebra"
)
SPOKEN = dict(zip(ALPHABET, _SPOKEN.split(", "), strict=True))
SPOKEN_EN = dict(zip(ALPHABET, _SPOKEN_EN.split(", "), strict=True))


@dataclass(frozen=True)
class InvalidCodeGroup:
    """A wrong group of a code: its number (1 to 4), and what was typed."""

    number: int
    typed: str


def derive_code(submission_key: str, content_digest: bytes, key: FieldKey) -> str:
    """Return the code of a submission: sixteen characters without spaces."""
    number = int.from_bytes(key.mac("receipt code", submission_key.encode() + content_digest))
    return _spell(number % MAX_COUNT, GROUPS)


def generate_code() -> str:
    return _spell(secrets.randbelow(MAX_COUNT), GROUPS)


def generate_one_time_word() -> str:
    """Return a random one-time word: two groups, each with its check."""
    return _spell(secrets.randbelow(_BASE ** (3 * WORD_GROUPS)), WORD_GROUPS)


def _spell(number: int, groups: int) -> str:
    code = ""
    for group in range(groups):
        places = []
        for _ in range(3):
            number, place = divmod(number, _BASE)
            places.append(place)
        code += "".join(map(ALPHABET.__getitem__, (*places, _check(group, places))))
    return code


def _check(group: int, places: list[int]) -> int:
    """Return a group's check: it reveals one wrong character, a swap of neighbours or of groups."""
    first, second, third = places
    return (7 * (group + 1) + 2 * first + 3 * second + 4 * third) % _BASE


def parse_code(typed: str, groups: int = GROUPS) -> str | InvalidCodeGroup:
    """Return a typed code of *groups* groups, or its first wrong group."""
    chars = fold_code(typed)
    for group in range(groups):
        part = chars[4 * group : 4 * group + 4]
        places = [ALPHABET.find(char) for char in part]
        if len(part) < 4 or -1 in places or places[3] != _check(group, places[:3]):
            return InvalidCodeGroup(group + 1, part)
    return chars if len(chars) == 4 * groups else InvalidCodeGroup(groups, chars[4 * groups - 4 :])


def format_code(code: str) -> list[str]:
    return [code[start : start + 4] for start in range(0, len(code), 4)]


def phonetic_group(group: str) -> str:
    """Return how to say a group, in the language of the page; no line break within a character."""
    words = SPOKEN_EN if get_language() == "en" else SPOKEN
    return ", ".join(words[char].replace(" ", "\u00a0") for char in group)


def spoken_groups(code: str) -> list[tuple[str, str]]:
    return [(group, phonetic_group(group)) for group in format_code(code)]


def recover_code(report: Report) -> str | None:
    """Return the code of a report sent again; None without its key, or if replaced."""
    key = key_by_id(report.receipt.derived_with)
    if key is None or report.receipt.replaced_at is not None:
        return None
    return derive_code(report.submission_key, bytes(report.content_digest), key)


def report_for_code(code: str) -> Report | None:
    """Return the report of a code or None; rehash the code if its key is older."""
    report = _find_by_hash([code_hash(code, key) for key in field_keys()])
    if report is not None and report.receipt.hashed_with != newest_key().id:
        _rehash(report.receipt, code)
    return report


def _find_by_hash(hashes: list[bytes]) -> Report | None:
    """Return the report with its receipt and `has_followups`, in one query for all keys."""
    later = Exists(Followup.objects.filter(report=OuterRef("pk")))
    reports = Report.objects.select_related("receipt", "flood_sample").annotate(has_followups=later)
    return reports.filter(receipt__code_hash__in=hashes).first()


def _rehash(receipt: Receipt, code: str) -> bool:
    # Filter by the old hash: a code replaced meanwhile must not come back.
    same = Receipt.objects.filter(pk=receipt.pk, code_hash=bytes(receipt.code_hash))
    newest = newest_key()
    return bool(same.update(hashed_with=newest.id, code_hash=code_hash(code, newest)))


def rehash(receipt: Receipt) -> bool:
    """Hash a derived code under the newest key, without its holder; return whether it was done."""
    derived, hashed = key_by_id(receipt.derived_with), key_by_id(receipt.hashed_with)
    if derived is None or hashed is None:
        return False
    report = receipt.report
    code = derive_code(report.submission_key, bytes(report.content_digest), derived)
    is_derived = code_hash(code, hashed) == bytes(receipt.code_hash)
    return is_derived and _rehash(receipt, code)


def code_hash(code: str, key: FieldKey) -> bytes:
    """Return what is stored in place of a code."""
    return key.mac("receipt hash", code.encode())


# --- guesses

CODE_GUESSES = Window("code", 10)  # wrong ones; right ones cost nothing
WORD_GUESSES = Window("word", 5)  # wrong ones for one report
ALL_GUESSES = Window("all_wrong", 300, minutes=1)  # of everybody together
DELAY_SECONDS = 0.3  # that a wrong code waits while there are more than that
WRONG_CODES = "portal:wrong-codes"
# A few may wait, never all threads of a process.
_waiting = BoundedSemaphore(2)


def record_wrong_code(request: HttpRequest) -> None:
    """Count a code that opens nothing: for this visitor, for everybody, for /metrics."""
    rate_limits.consume(CODE_GUESSES, request)
    _count_wrong()


def record_wrong_word(request: HttpRequest, public_number: str) -> None:
    """Count a one-time word that is not this report's, as a wrong code."""
    rate_limits.consume(WORD_GUESSES, request, public_number)
    _count_wrong()


def _count_wrong() -> None:
    total = rate_limits.increment(WRONG_CODES)
    if total == 1 or (total and total % 100 == 0):
        log.warning("codes.guessed", wrong=total)
    if not rate_limits.consume_key(ALL_GUESSES, "everybody"):
        _slow_down()


def _slow_down() -> None:
    """Delay the answer to a wrong code, in two threads at most; no visitor is refused for others' guesses."""
    if settings.RATE_LIMITS != "count" and _waiting.acquire(blocking=False):
        try:
            sleep(DELAY_SECONDS)
        finally:
            _waiting.release()


def wrong_codes() -> int | None:
    """Return how many wrong codes were counted so far; None while Valkey does not answer."""
    return next(iter(rate_limits.counters([WRONG_CODES])), None)
