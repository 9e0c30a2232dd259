"""Bar "phones": every case that is kept as data, and 200,000 strings that nobody meant well with.

The strings are pieces of what stands in number fields, mixed by lot with signs of every script; the
seed is printed, so that a string which raises is found again.
"""

import csv
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

from bench.harness import Result
from bench.servers import Ground
from reports.extraction import accounts_and_links, phones

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
STRINGS = 200_000
SLOWEST = 50.0  # milliseconds that one string of up to 300 signs may take on a busy machine
PIECES = (
    "0550000123", "0992 000 456", "+44 7700 900123", "+84", "0084", "084", "0", "O", "l", "I", "x",
    "xxx", "*", "…", "...", "/", ",", ";", "|", "\n", "\t", " ", "-", "–", "(", ")", "(0)", "+", "#",
    "tel:", "máy lẻ 12", "ext.", "số", "sđt", "stk", "zalo.me/", "https://", "@", ".vn", "1900", "1800",
    "069", "113", "đồng", "k", "2/11/2026", "9h30", "０９", "٠٩", "\u200b", "\u00a0", "\0", "\ud800",
    "²", "½", "Ⅷ", "一", "😀", "VIETCOMBANK", "số ẩn", "Zalo", "a", "QĐ", "PA",
)  # fmt: skip


def held(_: Ground) -> Iterator[Result]:
    """The cases passed, the strings that raise, the slowest of them."""
    for name, passed, total in (_fields("phone_cases.csv", "e164_or_blank"),
                                _fields("field_numbers.csv", "key"), _sentences()):  # fmt: skip
        yield Result("phones", f"of {total} cases of {name} read", passed, least=total, most=total)
    raised, slowest = _fuzzed(seed := random.SystemRandom().randrange(10**9))
    detail: dict[str, object] = {"seed": seed, "raised": raised[:5]}
    what = f"exceptions in {STRINGS:,} strings (seed {seed})"
    yield Result("phones", what, len(raised), most=0, detail=detail)
    yield Result("phones", "the slowest string", 1000 * slowest, "ms", most=SLOWEST)


def _fields(name: str, key: str) -> tuple[str, int, int]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        cases = list(csv.DictReader(lines))
    read = [(phones.parse(case["raw"]), case) for case in cases]
    return (
        name,
        sum((one.kind, one.key) == (case["kind"], case[key]) for one, case in read),
        len(cases),
    )


def _sentences() -> tuple[str, int, int]:
    name = "text_numbers.jsonl"
    cases = [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
    return name, sum(map(_is_found, cases)), len(cases)


def _is_found(case: dict[str, object]) -> bool:
    text = str(case["text"])
    found = (
        [one.phone.key for one in phones.find_in_text(text)],
        [one.account for one in accounts_and_links.find_bank_accounts(text)],
        [one.link for one in accounts_and_links.find_links(text)],
    )
    return found == (case["phones"], case["accounts"], case["links"])


def _fuzzed(seed: int) -> tuple[list[str], float]:
    """The strings that raise or whose key does not read as itself, and the longest time of one."""
    chance = random.Random(seed)  # noqa: S311
    wrong: list[str] = []
    slowest = 0.0
    for text in (_drawn(chance) for _ in range(STRINGS)):
        started = time.process_time()
        try:
            if not _is_sound(text):
                wrong.append(f"{text!r}: its key reads otherwise")
        except Exception as error:  # noqa: BLE001  # any at all is what is counted
            wrong.append(f"{text!r}: {error!r}")
        slowest = max(slowest, time.process_time() - started)
    return wrong, slowest


def _drawn(chance: random.Random) -> str:
    pieces = chance.choices(PIECES, k=chance.randrange(1, 12))
    signs = [chr(chance.randrange(0x110000)) for _ in range(chance.randrange(3))]
    mixed = [*pieces, *signs, *(str(chance.randrange(10)) for _ in range(chance.randrange(12)))]
    chance.shuffle(mixed)
    return "".join(mixed)[:300]


def _is_sound(text: str) -> bool:
    found = [*phones.parse_many(text), *(one.phone for one in phones.find_in_text(text))]
    accounts_and_links.find_bank_accounts(text), accounts_and_links.find_links(text)
    return all(phones.parse(one.key).key == one.key for one in found if one.key)
