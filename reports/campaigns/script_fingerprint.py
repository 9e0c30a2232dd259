"""Similarity of two stories that tell one script in other words. Pure: no Django. Retellings share
rare words: a claimed name, a file number, a sum, a pretext (word_rarity.py).
"""

import hashlib
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from math import log, sqrt
from typing import NamedTuple

from reports.campaigns.shared_identifiers import stop_list
from reports.campaigns.word_rarity import (
    DocumentFrequencies,
    ScriptToken,
    claimed_names,
    document_frequencies,
    has_marks,
    join_compounds,
    sentences,
)

MAX_TERMS = 60  # of one story, the rarest
MAX_KEYS = 16  # by which stories find each other
_PAIR_LATER = 3.0  # pairs are rare more easily than words, so words are chosen first
_MARKS_TELL = 0.5  # how much rarer a word with its marks must be to be a key of its own
_RARE_WORD, _RARE_PAIR = 2.5, 4.5  # minimum weights
_RARE_NAME = 4.5

# The similarity of two stories is the sum of their shared words' weights, each less what chance
# gives: long stories share more by chance.
_CHANCE = 1.6
_USUAL_LENGTH = 30  # different words of a story
_BY_LENGTH = 0.08
_RUN_DECAY = 0.4  # factor for each further word of a run; the heaviest counts whole


class RareTerm(NamedTuple):
    """A rare word (`second` is 0) or two adjacent words, as hashes. `spelled`: 0 where the writer
    uses no marks; between two who do, marks have to agree, and the weight may be higher.
    """

    first: int
    second: int
    spelled: int
    weight: float
    weight_spelled: float

    @property
    def key(self) -> int:
        return self.first ^ (self.second * 3 & _MASK) if self.second else self.first


class SharedTerm(NamedTuple):
    """The key of a term that two stories share, and its weight."""

    key: int
    term_weights: float


_MASK = (1 << 64) - 1
_PACKED = struct.Struct("<QQQHH")
_HEAD = struct.Struct("<H")


@dataclass(frozen=True)
class ScriptFingerprint:
    """The rare terms of a story, the rarest first, and its number of different words. `shown`: key
    -> the term's words, for reasons; not stored.
    """

    terms: tuple[RareTerm, ...]
    length: int
    shown: Mapping[int, str]

    @cached_property
    def by_key(self) -> dict[int, RareTerm]:
        return {term.key: term for term in self.terms}

    @cached_property
    def term_weights(self) -> dict[int, float]:
        """Return key -> the most that a shared term weighs."""
        return {
            key: max(term.weight, term.weight_spelled, _CHANCE) - _CHANCE
            for key, term in self.by_key.items()
        }

    @cached_property
    def keys(self) -> frozenset[int]:
        rarest = sorted((row for term in self.terms for row in _iter_keys(term)), reverse=True)
        return frozenset(key for _, key in rarest[:MAX_KEYS])

    def to_bytes(self) -> bytes:
        """Return bytes for `from_bytes`: hashes, no words."""
        body = (
            _PACKED.pack(*term[:3], round(term.weight * 100), round(term.weight_spelled * 100))
            for term in self.terms
        )
        return _HEAD.pack(min(self.length, 0xFFFF)) + b"".join(body)


def _iter_keys(term: RareTerm) -> Iterator[tuple[float, int]]:
    """Yield rarity and key of a term, and of its spelling with marks where that is rarer."""
    yield term.weight - (_PAIR_LATER if term.second else 0), term.key
    if term.spelled and term.weight_spelled > term.weight + _MARKS_TELL:
        yield term.weight_spelled, term.spelled


def from_bytes(data: bytes) -> ScriptFingerprint:
    """Return the fingerprint of `to_bytes`. Raises struct.error for anything else."""
    (length,) = _HEAD.unpack_from(data)
    terms = tuple(
        RareTerm(first, second, own, weight / 100, spelled / 100)
        for first, second, own, weight, spelled in _PACKED.iter_unpack(data[_HEAD.size :])
    )
    return ScriptFingerprint(terms, length, {})


def to_signed_64(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


# --- from words to terms


def fingerprint_script(
    claimed_to_be: str, text: str, sites: Iterable[str] = ()
) -> ScriptFingerprint:
    """Return the fingerprint of a claimed role, a story and the hosts that it names."""
    table = document_frequencies()
    common = stop_list()["claims"]
    claims = (
        [t for t in tokens if t.folded not in common] for tokens in sentences([claimed_to_be])
    )
    statements = [*claims, *sentences([text])]
    sentences_found = [join_compounds(sentence, table.compounds) for sentence in statements]
    sentences_found += [_split_host(site, table) for site in sorted(sites)]
    tokens = [token for sentence in sentences_found for token in sentence]
    marked = has_marks(tokens)
    terms: dict[int, tuple[RareTerm, str]] = {}
    for sentence in sentences_found:
        for term, words in _iter_terms(sentence, table, marked=marked):
            terms.setdefault(term.key, (term, words))
    rarest = sorted(terms.values(), key=lambda row: (-row[0].weight, row[0].key))[:MAX_TERMS]
    return ScriptFingerprint(
        tuple(term for term, _ in rarest),
        len({token.folded for token in tokens}),
        {term.key: words for term, words in rarest},
    )


def _iter_terms(
    sentence: Sequence[ScriptToken], table: DocumentFrequencies, *, marked: bool
) -> Iterator[tuple[RareTerm, str]]:
    weights = [table.word(token.folded) for token in sentence]
    for token, alone in zip(sentence, weights, strict=True):
        spelled = table.word_with_marks(token) if marked else alone
        if max(alone, spelled) >= _RARE_WORD:
            own = _hash(token.spelled) if marked else 0
            yield RareTerm(_hash(token.folded), 0, own, alone, spelled), token.shown
    yield from _iter_names(sentence, table)
    for (one, two), most in zip(pairwise(sentence), map(sum, pairwise(weights)), strict=True):
        if most < _RARE_PAIR or one.folded[0] == "$" or two.folded[0] == "$":
            continue
        weight = table.pair(one.folded, two.folded)
        if weight >= _RARE_PAIR:
            own = _hash(f"{one.spelled} {two.spelled}") if marked else 0
            term = RareTerm(_hash(one.folded), _hash(two.folded), own, weight, weight)
            yield term, f"{one.shown} {two.shown}"


def _iter_names(
    sentence: Sequence[ScriptToken], table: DocumentFrequencies
) -> Iterator[tuple[RareTerm, str]]:
    for name in claimed_names(sentence):
        weight = table.word(name.folded)
        if weight >= _RARE_NAME:
            yield RareTerm(_hash(name.folded), 0, 0, weight, weight), name.shown


def _split_host(site: str, table: DocumentFrequencies) -> list[ScriptToken]:
    """Return the words in a host's name: vangtoancau.example is about "vang toan cau"."""
    label = site.partition(".")[0]
    parts = [] if "-" in label else _split_syllables(label, table)
    return [ScriptToken(part, part, part) for part in parts]


def _split_syllables(piece: str, table: DocumentFrequencies) -> list[str]:
    """Return the fewest known syllables that make up the piece, else the piece."""
    best: list[list[str] | None] = [[]]
    for end in range(1, len(piece) + 1):
        ways = [
            [*before, piece[start:end]]
            for start in range(max(0, end - 7), end - 1)
            if (before := best[start]) is not None and table.words.get(piece[start:end], 0) > 2
        ]
        best.append(min(ways, key=len, default=None))
    return best[-1] or [piece]


@lru_cache(maxsize=8192)
def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


# --- likeness


def list_shared_terms(one: ScriptFingerprint, other: ScriptFingerprint) -> list[SharedTerm]:
    """Return the rare words that both have, the heaviest first, no word twice."""
    chance = _CHANCE + log(max(1.0, _mean_length(one, other) / _USUAL_LENGTH))
    both = [
        (points, term)
        for key in one.by_key.keys() & other.by_key.keys()
        if (points := _weight(term := one.by_key[key], other.by_key[key]) - chance) > 0
    ]
    runs = _find_runs(term for _, term in both)
    used: set[int] = set()
    run_counts: Counter[int] = Counter()
    shared: list[SharedTerm] = []
    for points, term in sorted(both, key=lambda row: (-row[0], not row[1].second, row[1].key)):
        parts = {term.first, term.second} - {0}
        if used.isdisjoint(parts):
            used |= parts
            run = runs.get(term.first, term.first)
            shared.append(SharedTerm(term.key, points * _RUN_DECAY ** run_counts[run]))
            run_counts[run] += 1
    return shared


def _find_runs(terms: Iterable[RareTerm]) -> dict[int, int]:
    """Return word -> run: words joined by shared pairs count as one statement."""
    runs: dict[int, int] = {}
    for term in terms:
        if term.second:
            one, two = (runs.get(word, word) for word in (term.first, term.second))
            if one != two:
                runs |= {word: one for word, run in runs.items() if run == two}
            runs |= {term.first: one, term.second: one}
    return runs


def similarity(one: ScriptFingerprint, other: ScriptFingerprint, least: float = 0.0) -> float:
    """Return the likelihood of one script, symmetric; 0 for surely less than *least*."""
    if not _may_share(one, other, least) or one.keys.isdisjoint(other.keys):
        return 0.0
    shared = list_shared_terms(one, other)
    if len(shared) < 2:  # one word, however rare, may be anything
        return 0.0
    too_long = max(0.0, _mean_length(one, other) - _USUAL_LENGTH)
    return sum(each.term_weights for each in shared) - _BY_LENGTH * too_long


def _may_share(one: ScriptFingerprint, other: ScriptFingerprint, least: float) -> bool:
    """Return whether shared terms can reach *least*: a cheap test that most pairs fail."""
    both = one.by_key.keys() & other.by_key.keys()
    return len(both) > 1 and sum(one.term_weights[key] for key in both) >= least


def _mean_length(one: ScriptFingerprint, other: ScriptFingerprint) -> float:
    return sqrt(one.length * other.length)


def _weight(one: RareTerm, other: RareTerm) -> float:
    """Return the weight of a shared term; 0 where the marks differ."""
    if not one.spelled or not other.spelled:
        return one.weight
    return one.weight_spelled if one.spelled == other.spelled else 0.0
