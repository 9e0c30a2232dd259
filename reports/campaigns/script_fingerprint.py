"""Likeness of two stories that tell one script in other words. Pure: no Django. Retellings share
rare words: a claimed name, a file number, a sum, a pretext (word_rarity.py).
"""

import hashlib
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from math import log, sqrt
from typing import NamedTuple

from core.text import normalize
from reports.campaigns.shared_identifiers import stop_list
from reports.campaigns.word_rarity import (
    ScriptToken,
    WordShares,
    claimed_names,
    has_marks,
    join_compounds,
    sentences,
    word_shares,
)

MAX_TERMS = 60  # of one story, the rarest
MAX_KEYS = 16  # by which stories find each other
_MAX_PHRASES = 300  # of three words
_PAIR_LATER = 3.0  # pairs are rare more easily than words, so words are chosen first
_RARE_WORD, _RARE_PAIR = 2.5, 3.5  # minimum weights

# A shared word weighs what it is rare, less what chance gives: long stories share more by chance.
_CHANCE = 1.6
_USUAL_LENGTH = 30  # different words of a story
_COPIED = 0.4  # factor for each further word of a passage; the heaviest counts whole
_MAX_OF_PASSAGE = 5.6  # a passage that both have may be anybody's template: it ties nobody alone

_PHRASE_WORDS = 3  # at least, of what a reason quotes
_MAX_QUOTED, _MAX_QUOTED_WORDS = 3, 12


class RareTerm(NamedTuple):
    """A rare word (`second` is 0) or two adjacent words, as hashes. `spelled`: 0 where the writer
    uses no marks; between two who do, marks have to agree.
    """

    first: int
    second: int
    spelled: int
    weight: float
    position: int

    @property
    def key(self) -> int:
        return self.first ^ (self.second * 3 & _MASK) if self.second else self.first


class SharedTerm(NamedTuple):
    """A term that two stories share, its weight, and the passage: how far apart it stands in them.
    All words of a copied sentence stand equally far apart.
    """

    term: RareTerm
    weight: float
    passage: int


_MASK = (1 << 64) - 1
_PACKED = struct.Struct("<QQQHH")
_HEAD = struct.Struct("<HH")


@dataclass(frozen=True)
class ScriptFingerprint:
    """The rare terms of a story, the rarest first, its number of different words, and each three
    adjacent words as a hash. `typed`: its sentences, for reasons; not stored.
    """

    terms: tuple[RareTerm, ...]
    length: int
    phrases: frozenset[int] = frozenset()
    typed: tuple[tuple[str, ...], ...] = field(default=(), compare=False)

    def __hash__(self) -> int:
        return hash((self.length, self.terms[:1]))  # all terms would cost as much as a comparison

    @cached_property
    def by_key(self) -> dict[int, RareTerm]:
        return {term.key: term for term in self.terms}

    @cached_property
    def keys(self) -> frozenset[int]:
        rarest = sorted(
            ((term.weight - (_PAIR_LATER if term.second else 0), term.key) for term in self.terms),
            reverse=True,
        )
        return frozenset(key for _, key in rarest[:MAX_KEYS])

    def to_bytes(self) -> bytes:
        """Return bytes for `from_bytes`: hashes, no words."""
        head = _HEAD.pack(self.length, len(self.phrases))
        phrases = struct.pack(f"<{len(self.phrases)}I", *sorted(self.phrases))
        terms = (_PACKED.pack(*term[:3], round(term.weight * 100), term[4]) for term in self.terms)
        return head + phrases + b"".join(terms)


def from_bytes(data: bytes) -> ScriptFingerprint:
    """Return the fingerprint of `to_bytes`. Raises struct.error for anything else."""
    length, many = _HEAD.unpack_from(data)
    body = _HEAD.size + 4 * many
    terms = tuple(
        RareTerm(first, second, spelled, weight / 100, position)
        for first, second, spelled, weight, position in _PACKED.iter_unpack(data[body:])
    )
    phrases = struct.unpack_from(f"<{many}I", data, _HEAD.size)
    return ScriptFingerprint(terms, length, frozenset(phrases))


def to_signed_64(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


# --- from words to terms


def fingerprint_script(
    claimed_to_be: str, text: str, sites: Iterable[str] = ()
) -> ScriptFingerprint:
    """Return the fingerprint of a claimed role, a story and the hosts that it names."""
    table, common = word_shares(), stop_list()["claims"]
    claims = list(sentences(claimed_to_be))
    statements = [[token for token in claim if token.folded not in common] for claim in claims]
    told = list(sentences(text))
    hosts = [_split_host(site, table) for site in sorted(sites)]
    joined = [join_compounds(each, table.compounds) for each in [*statements, *told, *hosts]]
    tokens = [token for sentence in joined for token in sentence]
    marked, terms, start = has_marks(tokens), dict[int, RareTerm](), 0
    for sentence in joined:
        for term in _iter_terms(sentence, table, start, marked=marked):
            terms.setdefault(term.key, term)
        start += len(sentence) + 1
    rarest = sorted(terms.values(), key=lambda term: (-term.weight, term.key))[:MAX_TERMS]
    typed = tuple(_list_words(sentence) for sentence in [*claims, *told])
    phrases = dict.fromkeys(each for words in typed for each in _hash_phrases(words))
    return ScriptFingerprint(
        tuple(rarest),
        len({token.folded for token in tokens}),
        frozenset(list(phrases)[:_MAX_PHRASES]),
        typed,
    )


def _iter_terms(
    sentence: Sequence[ScriptToken], table: WordShares, start: int, *, marked: bool
) -> Iterator[RareTerm]:
    weigh = table.word_with_marks if marked else lambda token: table.word(token.folded)
    names = {name.folded[1:]: table.word(name.folded) for name in claimed_names(sentence)}
    weights = [max(weigh(token), names.get(token.folded, 0.0)) for token in sentence]
    for place, (token, weight) in enumerate(zip(sentence, weights, strict=True), start):
        if weight >= _RARE_WORD:
            spelled = _hash(token.spelled) if marked else 0
            yield RareTerm(_hash(token.folded), 0, spelled, weight, place)
    pairs = zip(pairwise(sentence), map(sum, pairwise(weights)), strict=True)
    for place, ((one, two), most) in enumerate(pairs, start):
        if most < _RARE_PAIR or "$" in (one.folded[0], two.folded[0]):
            continue
        if (weight := min(table.pair(one.folded, two.folded), most)) >= _RARE_PAIR:
            spelled = _hash(f"{one.spelled} {two.spelled}") if marked else 0
            yield RareTerm(_hash(one.folded), _hash(two.folded), spelled, weight, place)


def _split_host(site: str, table: WordShares) -> list[ScriptToken]:
    """Return the words in a host's name: vangtoancau.example is about "vang toan cau"."""
    label = site.partition(".")[0]
    parts = [] if "-" in label else _split_syllables(label, table)
    return [ScriptToken(part, part, part) for part in parts]


def _split_syllables(piece: str, table: WordShares) -> list[str]:
    """Return the fewest known syllables that make up the piece, else the piece."""
    best: list[list[str] | None] = [[]]
    for end in range(1, len(piece) + 1):
        ways = [
            [*before, piece[start:end]]
            for start in range(max(0, end - 7), end - 1)
            if (before := best[start]) is not None and piece[start:end] in table.words
        ]
        best.append(min(ways, key=len, default=None))
    return best[-1] or [piece]


@lru_cache(maxsize=8192)
def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


# --- likeness


def list_shared_terms(one: ScriptFingerprint, other: ScriptFingerprint) -> list[SharedTerm]:
    """Return the rare terms that both have, with what they weigh above chance."""
    chance = _CHANCE + log(max(1.0, sqrt(one.length * other.length) / _USUAL_LENGTH))
    return [
        SharedTerm(mine, weight, mine.position - its.position)
        for key in one.by_key.keys() & other.by_key.keys()
        if (weight := _weigh(mine := one.by_key[key], its := other.by_key[key]) - chance) > 0
    ]


def _weigh(one: RareTerm, other: RareTerm) -> float:
    """Return the weight of a shared term; 0 where the marks differ."""
    is_same = not one.spelled or not other.spelled or one.spelled == other.spelled
    return min(one.weight, other.weight) if is_same else 0.0


def weigh(shared: Iterable[SharedTerm]) -> float:
    """Return how likely the terms make one script, no word counted twice."""
    used: set[int] = set()
    counts: Counter[int] = Counter()
    passages: dict[int, float] = {}
    for each in sorted(shared, key=lambda row: (-row.weight, not row.term.second, row.term.key)):
        parts = {each.term.first, each.term.second} - {0}
        if used.isdisjoint(parts):
            used |= parts
            weight = each.weight * _COPIED ** counts[each.passage]
            passages[each.passage] = passages.get(each.passage, 0.0) + weight
            counts[each.passage] += 1
    return sum(min(weight, _MAX_OF_PASSAGE) for weight in passages.values())


# --- what a reason quotes


def _list_words(sentence: Iterable[ScriptToken]) -> tuple[str, ...]:
    """Return the words of a sentence as they are typed."""
    words: list[str] = []
    for token in sentence:
        if token.is_glued:
            words[-1] += token.shown
        else:
            words += token.shown.split()
    return tuple(words)


def _hash_phrases(words: Sequence[str]) -> list[int]:
    folded = list(map(normalize, words))
    last = len(folded) - _PHRASE_WORDS + 1
    return [_hash(" ".join(folded[at : at + _PHRASE_WORDS])) & 0xFFFFFFFF for at in range(last)]


def shared_phrases(told: ScriptFingerprint, both: frozenset[int]) -> tuple[str, ...]:
    """Return the rarest phrases of three words or more that *both* hold, as *told* has them typed."""
    found: dict[str, float] = {}
    for words in told.typed if both else ():
        for phrase in _iter_runs(words, both):
            found.setdefault(" ".join(phrase[:_MAX_QUOTED_WORDS]), _compute_rarity(phrase))
    quoted: dict[str, str] = {}
    for phrase in sorted(found, key=lambda phrase: (-found[phrase], -len(phrase))):
        folded = normalize(phrase)
        if found[phrase] >= _RARE_PAIR and not any(folded in known for known in quoted):
            quoted[folded] = phrase
    return tuple(quoted.values())[:_MAX_QUOTED]


def _iter_runs(words: Sequence[str], both: frozenset[int]) -> Iterator[Sequence[str]]:
    """Yield the longest runs of words of which each three adjacent ones are among *both*."""
    start = None
    for at, phrase in enumerate([*_hash_phrases(words), 0]):
        if phrase in both:
            start = at if start is None else start
        elif start is not None:
            yield words[start : at - 1 + _PHRASE_WORDS]
            start = None


def _compute_rarity(phrase: Iterable[str]) -> float:
    table = word_shares()
    return max(table.pair(*pair) for pair in pairwise(map(normalize, phrase)) if all(pair))
