"""Work in proportion to the text: whatever reads a stranger's words takes twice as long for twice as many."""

import gc
import time
from collections.abc import Callable, Iterator

import pytest

from core import spreadsheets, text
from core.form_data import sanitize_text
from reports.campaigns.script_fingerprint import fingerprint_script
from reports.extraction import phones, redaction
from reports.extraction.bank_accounts_and_links import find_bank_accounts, find_links
from reports.extraction.language import amounts
from reports.extraction.story_reader import extract_from_story
from reports.facts.contact_index import blind_index

Work = Callable[[str], object]

MAX_GROWTH = 2.3  # of the time, when the text doubles
MIN_SECONDS = 0.02  # of the shorter text: less says nothing on a machine that others use
MAX_CHARS = 600_000  # of the shorter text
TRIES = 6
MAIL, NUMBER = "a@b.cd", "0550000123"
PIECES = (
    f"{MAIL} ", f"{NUMBER} ", "+84 ", "stk 001099012345 ", "4111 1111 1111 1111 ", "chuyển 5 triệu ",
    "http://a.example/ ", "a.", "1", "O0l1", "\n", "漢",
)  # fmt: skip
WORK: dict[str, Work] = {
    "mask cards and papers": redaction.redact,
    "mask a number": lambda words: redaction.redact(words, NUMBER),
    "mask an address": lambda words: redaction.redact(words, MAIL),
    "mask the contacts of a field": lambda words: redaction.redact(f"{MAIL} {NUMBER}" * 99, words),
    "list what names a reporter": lambda words: list(redaction.identifying_strings(words)),
    "strip a number": lambda words: redaction.strip_strings(words, NUMBER[1:], "x"),
    "index a contact": blind_index,
    "parse numbers": phones.parse_many,
    "parse a caller": phones.parse,
    "parse a sum": amounts.parse_money_field,
    "find accounts": find_bank_accounts,
    "find links": find_links,
    "read a story": extract_from_story,
    "fingerprint a script": lambda words: fingerprint_script("công an", words, set()),
    "normalize": text.normalize,
    "normalize with offsets": text.normalize_with_offsets,
    "sanitize": sanitize_text,
    "write a cell": spreadsheets.escape_formula,
}


def measure(work: Work, words: str) -> float:
    """Return the seconds of the processor; `words` differ each time, so that nothing is remembered."""
    started = time.process_time()
    work(words)
    return time.process_time() - started


def grow(piece: str, work: Work) -> str:
    """Return the shortest repetition of a piece, up to MAX_CHARS, that takes MIN_SECONDS."""
    words = piece * (2000 // len(piece))
    while len(words) < MAX_CHARS and measure(work, words) < MIN_SECONDS:
        words += words
    return words


def iter_growths(piece: str, work: Work) -> Iterator[float]:
    words = grow(piece, work)
    for turn in range(TRIES):
        once = measure(work, words + "." * turn)
        twice = measure(work, words * 2 + "." * turn)
        yield twice / once if twice > MIN_SECONDS else 0.0


@pytest.fixture(autouse=True)
def _no_garbage_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
@pytest.mark.parametrize("name", WORK)
def test_twice_the_text_takes_twice_the_time(name: str, piece: str) -> None:
    assert any(growth <= MAX_GROWTH for growth in iter_growths(piece, WORK[name]))


def test_a_careless_loop_is_noticed() -> None:
    def concatenate(words: str) -> str:
        kept = ""
        for word in words.split():
            kept = word + kept
        return kept

    assert min(iter_growths("a@b.cd ", concatenate)) > MAX_GROWTH
