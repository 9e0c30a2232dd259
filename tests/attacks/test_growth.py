"""Work in proportion to the text: whatever reads a stranger's words takes twice as long for twice as many."""

from collections.abc import Callable, Iterator
from functools import reduce
from statistics import median
from xml.etree.ElementTree import Element

import pytest
from django.core.mail import EmailMessage
from django.utils.datastructures import MultiValueDict

from alerts.formats.xml import add_child, serialize
from core import text
from core.spreadsheets import escape_formula
from reports.campaigns.script_fingerprint import fingerprint_script
from reports.cases.official_documents import replace_missing_glyphs
from reports.cases.replies import tells_to_pay
from reports.extraction import phones, redaction
from reports.extraction.bank_accounts_and_links import find_bank_accounts, mask_cards
from reports.extraction.language import amounts
from reports.extraction.language.parsed_story import parse_story
from reports.extraction.story_reader import extract_from_story
from reports.facts.contact_index import blind_index
from reports.numbers import publishable_texts
from reports.numbers.subjects import find_account_or_link
from reports.public import link_hosts
from reports.public.call_signs import find_signs
from reports.reference import gazetteer
from reports.submission.call_details import CallDetailsParser
from tests.support.cpu_time import measure_cpu_seconds

MAX_GROWTH = 2.3  # of the time, when the text doubles
MIN_SECONDS = 0.01  # of the shorter text: less says nothing on a machine that others use
MAX_CHARS = 100_000  # of the shorter text
MAIL, NUMBER = "a@b.cd", "0550000123"
PIECES = (
    f"{MAIL} ", f"{NUMBER} ", "+84 ", "stk 001099012345 ", "0123456789012 MB Lê Văn B ", "tôi ở xã ", "4111 1111 1111 1111 ", "chuyển 5 triệu ",
    "http://a.example/ ", "a.", "1", "O0l1", "\n", "漢", "c ô n g  ", "1\u200bａ", "\u0315\u0300",
)  # fmt: skip
DEMANDS = extract_from_story("bảo chuyển tiền, đọc mã otp, cài app, bấm link, giữ bí mật")
WORK: dict[str, Callable[[str], object]] = {
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
    "mask cards that are shown again": mask_cards,
    "read a subject": find_account_or_link,
    "find phones": phones.find_in_text,
    "find a home": lambda words: gazetteer.find_home(words, ()),
    "read a story": extract_from_story,
    "fingerprint a script": lambda words: fingerprint_script("công an", words, set()),
    "look for a demand to pay": tells_to_pay,
    "normalize": text.normalize,
    "write a cell of an export": escape_formula,
    "write a line of a paper": replace_missing_glyphs,
    "write an entry of a feed": lambda words: serialize(add_child(Element("a"), "b", words)),
    "write a letter": lambda words: EmailMessage("tin", words).message().as_bytes(),
    "normalize with offsets": text.normalize_with_offsets,
    "read as meant": text.reading_copy,
    "read the lines of a form": lambda words: CallDetailsParser(
        MultiValueDict({"accounts": [words]})
    ).split_lines("accounts"),
    "say whom a host poses as": link_hosts.poses_as_state,
    "find the signs of a call": lambda words: find_signs(parse_story(words), DEMANDS),
    "look for strangers' numbers": lambda words: list(publishable_texts._iter_mobiles(words)),
}


def iter_growths(piece: str, work: Callable[[str], object]) -> Iterator[float]:
    """Yield how many times as long twice the text takes, of one that takes MIN_SECONDS."""
    words, once, times = "a" + piece * (2000 // len(piece)), 0.0, 2
    while len(words) < MAX_CHARS and once < MIN_SECONDS:
        words *= times
        once = measure_cpu_seconds(work, words)
        missing = min(1.25 * MIN_SECONDS / once, MAX_CHARS / len(words))
        times = max(2, round(missing))  # the way there costs less than the place
    for turn in range(12):
        twice = measure_cpu_seconds(work, words * 2 + "." * turn)
        yield twice / once if twice > MIN_SECONDS else 0.0
        once = measure_cpu_seconds(work, words + "." * (turn + 1))


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
@pytest.mark.parametrize("name", WORK)
def test_twice_the_text_takes_twice_the_time(name: str, piece: str) -> None:
    assert any(growth <= MAX_GROWTH for growth in iter_growths(piece, WORK[name]))


def test_a_careless_loop_is_noticed() -> None:
    growths = iter_growths("a@b.cd ", lambda words: reduce(lambda a, b: b + a, words.split()))
    assert median(growths) > MAX_GROWTH
