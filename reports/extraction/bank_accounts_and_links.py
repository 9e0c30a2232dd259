"""Find receiving accounts and links in text (words: data/indicators.json). Pure: no Django."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, islice, takewhile
from typing import TypeVar

from core.text import MappedText, normalize, reading_copy, to_ascii_digits
from reports.data.loader import load_json
from reports.extraction.numbering_plan import GROUPS, MAX_FOUND

_LOOK_BACK = 60  # characters before a number whose words can say what it is

# Groups of digits with a space, a dot or a hyphen between them, as one number.
CHAINS = re.compile(r"(?<![0-9])[0-9]++(?:[ \u00a0.\-–]{1,2}[0-9]++)*+")
_MONEY_AFTER = re.compile(
    r"\s?(?:đ|₫|d|vnd|vnđ|đồng|dong(?! [yi])|k|tr|triệu|trieu|nghìn|nghin|ngàn|ngan(?! h)|tỷ|tỉ|ty"
    r"|củ|cu|usd)\b",
    re.IGNORECASE,
)
_SURE_MONEY_AFTER = re.compile(
    r"\s?(?:đồng|vnđ|vnd|₫|triệu|nghìn|tỷ|usd)\b|[dđ](?![^\W\d_])", re.IGNORECASE
)
_LOOK_AHEAD = 30
_WHOLE_LENGTH = 8  # digits of a group that is a number by itself, whatever follows
_MAX_PHONE_LENGTH = 11  # digits at home, the 11 of before 2018 too

MIN_ACCOUNT_DIGITS, MAX_ACCOUNT_DIGITS = 6, 19
_CARD_LENGTH = 16  # digits
_DOUBLED = str.maketrans("0123456789", "0246813579")  # the sum of the digits of its double
ACCOUNT_CUE = "stk "  # before a line of a field for accounts: it is read as one
CARD_MASK = "••••"  # in what is shown again
_DOMESTIC_CARD = "9704"
_REACH = 90  # characters beside an account that say whose it is
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)")
_OWNER_END = re.compile(r"[.!?;](?:\s|$)|\d")
_NAME_WORDS = re.compile(r"[^\W\d_]+|[\n,:(]")
_FIRMS = frozenset({"cty", "cong ty"})
_SHORT_NAME_WORDS, _MAX_NAME_WORDS, _MAX_FIRM_WORDS, _MAX_PHRASE_WORDS = 3, 4, 8, 4

_TOKENS = re.compile(r"[^\s<>\"'()\[\]{}“”]+")
_HOST = re.compile(r"(?:[\w-]{1,63}\.)+[a-z]{2,24}", re.IGNORECASE)
_SCHEME = re.compile(r"(?:h(?:tt|xx)ps?://|www\.)", re.IGNORECASE)
_ODD_HOST = re.compile(r"[\d-]|\..*\.")
_TAIL = ".,;:!?…*"


@lru_cache(maxsize=1)
def tables() -> Mapping[str, frozenset[str]]:
    """Return the lists of folded words by name; an entry may be two words."""
    words = {
        name: frozenset(map(normalize, table["words"]))
        for name, table in load_json("indicators.json").items()
        if name != "about"
    }
    return words | {"banks": words["banks"] | bank_names().keys()}


@lru_cache(maxsize=1)
def bank_names() -> Mapping[str, str]:
    """Return the folded spellings of banks and wallets: vcb -> Vietcombank."""
    names = load_json("indicators.json")["banks"]["names"]
    return {normalize(each): name for name, others in names.items() for each in (name, *others)}


def bank_spellings(bank: str) -> list[str]:
    """Return the folded spellings of a bank by its name, [] for none."""
    return [spelling for spelling, name in bank_names().items() if name == bank]


def words_before(text: str, start: int, floor: int = 0) -> list[str]:
    """Return the folded words just before *start*, none before *floor* or an earlier line."""
    before = text[max(floor, start - _LOOK_BACK) : start]
    return normalize(before.rsplit("\n", 1)[-1]).split()


def previous_word_in(words: Sequence[str], back: int, name: str) -> bool:
    """Return whether the word *back* places from the end, or the pair, is in a list."""
    table = tables()[name]
    return words[-back] in table or " ".join(words[-back - 1 : len(words) - back + 1]) in table


def is_money(text: str, end: int) -> bool:
    """Return whether a currency or money unit follows at *end*."""
    return _MONEY_AFTER.match(text, end) is not None


def is_unambiguous_money(text: str, end: int) -> bool:
    """Return whether a money unit follows that can be no other word."""
    return _SURE_MONEY_AFTER.match(text, end) is not None


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """The digits of a receiving account at text[start:end]; its bank and holder, "" where not told."""

    account: str
    start: int
    end: int
    bank: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A canonical link (lower-case host, no scheme, no www.) at text[start:end]."""

    link: str
    start: int
    end: int


Found = TypeVar("Found", FoundAccount, FoundLink)


def at_original(found: Iterable[Found], copy: MappedText) -> list[Found]:
    """Return what was found in a reading copy with its places in the text itself."""
    spans = ((each, copy.original_span(each.start, each.end)) for each in found)
    return [replace(each, start=start, end=end) for each, (start, end) in spans]


def iter_bank_accounts(text: str) -> Iterator[FoundAccount]:
    """Yield the receiving accounts that a reading copy with ASCII digits names."""
    floor, is_taken = 0, False  # whether the account before has its bank behind it
    for chain in CHAINS.finditer(text):
        start, end = chain.span()
        if len(chain[0]) < MIN_ACCOUNT_DIGITS:
            floor = end
            continue
        digits, end = _first_number(text, chain)
        words = words_before(text, start, floor)
        is_beside = _follows_account_word(words) or _is_beside_bank(text, digits, words, end)
        is_length = MIN_ACCOUNT_DIGITS <= len(digits) <= MAX_ACCOUNT_DIGITS
        if is_beside and is_length and not is_card(digits):
            before = _SENTENCE_END.split(text[max(floor, start - _REACH) : start])[-1]
            after = _OWNER_END.split(text[end : end + _REACH], maxsplit=1)[0]
            bank, is_taken = _find_bank(before, after, skipped=is_taken)
            holder = _holder_behind(after) or _holder_before(before)
            yield FoundAccount(digits, start, end, bank, holder)
        floor = chain.end()


def is_card(digits: str) -> bool:
    """Return whether digits are the number of a payment card: one of this country's, else sixteen with
    a right check digit.
    """
    if digits.startswith(_DOMESTIC_CARD) and len(digits) in {_CARD_LENGTH, MAX_ACCOUNT_DIGITS}:
        return True
    if len(digits) != _CARD_LENGTH:
        return False
    return sum(map(int, digits[1::2] + digits[::2].translate(_DOUBLED))) % 10 == 0


def find_cards(text: str) -> list[tuple[int, int]]:
    """Return where the numbers of payment cards stand in a text. Linear time."""
    copy = reading_copy(text)
    plain = to_ascii_digits(copy.text)
    spans = (span for chain in CHAINS.finditer(plain) for span in _iter_cards(plain, chain))
    return [copy.original_span(*span) for span in spans]


def _iter_cards(plain: str, chain: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the spans of groups of a chain that together are a card, whatever else stands beside."""
    groups = [group.span() for group in GROUPS.finditer(plain, *chain.span())]
    digits = "".join(plain[start:end] for start, end in groups)
    totals = accumulate(end - start for start, end in groups)
    ends = dict(zip(totals, (end for _, end in groups), strict=True))
    at = free = 0  # digits before the group, and before what may begin a card
    for start, end in groups:
        reach = range(at + _CARD_LENGTH, at + MAX_ACCOUNT_DIGITS + 1)
        last = next(filter(ends.__contains__, reach), 0) if at >= free else 0
        if last and is_card(digits[at:last]):
            yield start, ends[last]
            free = last
        at += end - start


def mask_cards(text: str, mask: str = CARD_MASK) -> str:
    """Return a text in which no number of a card can be read. Linear time."""
    parts, done = [], 0
    for start, end in find_cards(text):
        parts += [text[done:start], mask]
        done = end
    return "".join([*parts, text[done:]])


# --- whose account: what stands beside it, up to the next number and the end of the sentence


@lru_cache(maxsize=1)
def _banks() -> re.Pattern[str]:
    longest_first = sorted(bank_names(), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(longest_first)})\b")


def find_bank(text: str) -> str:
    """Return the first bank that a text names, "" for none."""
    match = _banks().search(normalize(text))
    return bank_names()[match[0]] if match else ""


def _find_bank(before: str, after: str, *, skipped: bool) -> tuple[str, bool]:
    """Return the nearest bank and whether it stands behind; those of the same line first.

    `skipped`: the first one before belongs to the account before.
    """
    for ahead, behind in ((before.rpartition("\n")[2], after.partition("\n")[0]), (before, after)):
        folded, named = normalize(ahead), _banks().search(normalize(behind))
        earlier = list(_banks().finditer(folded))[skipped and ahead == before :]
        gap = len(folded) - earlier[-1].end() if earlier else _REACH
        if named and named.start() < gap:
            return bank_names()[named[0]], True
        if earlier:
            return bank_names()[earlier[-1][0]], False
    return "", False


def _holder_behind(after: str) -> str:
    """Return the name that follows an account: past its bank and words that mean nothing, or a label."""
    words, is_near, is_labelled, at = _fold_words(after), True, False, 0
    while at < len(words):
        if size := _size_of_phrase(words, at, tables()["holders"]):
            is_near, is_labelled = True, True
        elif is_near and (name := _name_at(words, at, is_labelled=is_labelled)):
            return name
        else:
            size = _size_of_phrase(words, at, _beside_holder())
            is_near &= size > 0
        at += size or 1
    return ""


def _holder_before(before: str) -> str:
    """Return the name that an account and words that mean nothing follow."""
    words = _fold_words(before)
    while words and words[-1][1] in _beside_holder():
        words.pop()
    for first in range(max(0, len(words) - _MAX_NAME_WORDS), len(words) - 1):
        if name := _name_at(words, first, is_labelled=False):
            return name if len(name.split()) == len(words) - first else ""
    return ""


@lru_cache(maxsize=1)
def _beside_holder() -> frozenset[str]:
    return tables()["beside_holder"] | bank_names().keys() | {""}


Word = tuple[str, str]  # as typed, and folded


def _fold_words(text: str) -> list[Word]:
    """Return the words, and the signs that end a name."""
    return [(word, normalize(word)) for word in _NAME_WORDS.findall(text)]


def _size_of_phrase(words: Sequence[Word], at: int, phrases: frozenset[str]) -> int:
    """Return how many words from there a phrase of the table takes, 0 for none."""
    folded = [word[1] for word in words[at : at + _MAX_PHRASE_WORDS]]
    sizes = range(len(folded), 0, -1)
    return next((size for size in sizes if " ".join(folded[:size]) in phrases), 0)


def _name_at(words: Sequence[Word], at: int, *, is_labelled: bool) -> str:
    """Return the name of a person or firm that begins there, "" for none.

    Its words have capitals; after a label three may do without. Of a run of capitals that is longer
    than a name the first three are one.
    """
    is_firm = _size_of_phrase(words, at, _FIRMS) > 0
    if not is_firm and words[at][1] not in tables()["surnames"]:
        return ""
    ahead = [typed for typed, _ in words[at : at + _MAX_FIRM_WORDS]]
    name = list(takewhile(lambda word: word[0].isupper(), ahead))
    if is_labelled and not name:
        name = list(takewhile(str.isalpha, ahead[:_SHORT_NAME_WORDS]))
    if not is_firm and len(name) > _MAX_NAME_WORDS:
        name = name[:_SHORT_NAME_WORDS]
    return " ".join(name) if len(name) > 1 else ""


def _first_number(text: str, chain: re.Match[str]) -> tuple[str, int]:
    """Return digits and end of a chain's first number; "" for an amount."""
    groups = list(GROUPS.finditer(chain[0]))
    first = chain.start() + groups[0].end()
    if len(groups[0][0]) >= _WHOLE_LENGTH and not is_unambiguous_money(text, first):
        return groups[0][0], first
    if is_money(text, chain.end()):
        return "", chain.end()
    return "".join(group[0] for group in groups), chain.end()


def _follows_account_word(words: list[str]) -> bool:
    """Return whether an account word is at most six words back, nothing else between."""
    for back in range(1, min(len(words), 7) + 1):
        if previous_word_in(words, back, "account_words"):
            return True
        is_filler = previous_word_in(words, back, "between")
        if words[-back] in tables()["not_account"] and not is_filler:
            return False
    return False


def _is_beside_bank(text: str, digits: str, words: list[str], end: int) -> bool:
    """Return whether a bank stands beside digits that are hardly a telephone number."""
    banks, goes_to = tables()["banks"], tables()["goes_to"]
    after = normalize(text[end : end + _LOOK_AHEAD].split("\n", 1)[0]).split()[:2]
    before = words[:-1] if words[-1:] == ["so"] else words
    is_after = not banks.isdisjoint([*after[:1], " ".join(after)])
    if digits.startswith("0") and len(digits) <= _MAX_PHONE_LENGTH:
        return is_after and not goes_to.isdisjoint(before[-1:])
    return is_after or (len(digits) > _WHOLE_LENGTH and not banks.isdisjoint(before[-1:]))


def find_bank_accounts(text: str) -> list[FoundAccount]:
    """Return the receiving accounts that a text names, at most MAX_FOUND."""
    copy = reading_copy(text)
    found = iter_bank_accounts(to_ascii_digits(copy.text))
    return at_original(islice(found, MAX_FOUND), copy)


def defang_link(link: str) -> str:
    """Return a link that nobody can press."""
    return link.replace(".", "[.]")


def canonical_link(raw: str) -> str:
    """Return the canonical form of a typed link, "" for anything else. A host is read as browsers read
    it, which take a backslash for a slash and a Chinese full stop for a dot, and as its letters are shown.
    """
    scheme = _SCHEME.match(raw)
    bare = raw.split("://", 1)[1] if "://" in raw[:8] else raw
    bare = bare.replace("\\", "/").replace("。", ".").lstrip("/")
    place = bare.split("?", 1)[0].split("#", 1)[0].rstrip("/" + _TAIL)
    host, slash, path = place.partition("/")
    host = host.rsplit("@", 1)[-1].split(":", 1)[0].lower().removeprefix("www.").rstrip(".")
    if "xn--" in host:
        with suppress(UnicodeError):
            host = host.encode("ascii").decode("idna")
    if not _HOST.fullmatch(host):
        return ""
    if not scheme and ("@" in raw or not _may_be_bare(host, path)):
        return ""
    return host + slash + path


def _may_be_bare(host: str, path: str) -> bool:
    """Return whether a host without http or www is one, not two sentences without a space."""
    name, _, ending = host.rpartition(".")
    if ending in tables()["short_endings"]:
        return bool(path or _ODD_HOST.search(f"{name}."))
    return ending in tables()["endings"]


def iter_links(text: str) -> Iterator[FoundLink]:
    """Yield the links in a reading copy: with http, with www, or bare with a usual ending."""
    for token in _TOKENS.finditer(text):
        if "." not in token[0]:
            continue
        # "link:abc.vn" and "vào,abc.vn": begin at the scheme, or after the last such character.
        scheme = _SCHEME.search(token[0])
        head = token[0].split("/", 1)[0]
        offset = scheme.start() if scheme else max(head.rfind(char) for char in ":,;") + 1
        raw = token[0][offset:].rstrip(_TAIL)
        if link := canonical_link(raw):
            start = token.start() + offset
            yield FoundLink(link, start, start + len(raw))


def find_links(text: str) -> list[FoundLink]:
    """Return the links in a text, at most MAX_FOUND."""
    copy = reading_copy(text)
    return at_original(islice(iter_links(copy.text), MAX_FOUND), copy)
