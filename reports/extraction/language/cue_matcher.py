"""Tokenize a story and find cue phrases in it. Pure: no Django.

A cue is a phrase of data/cues.json or data/concepts.json, within one clause. A word with marks must agree with the cue's; one without matches by its folded form,
unless it is the whole cue. Linear time.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from core.text import MappedText, normalize, normalize_with_offsets, reading_copy
from reports.data.loader import load_json

_STOPS = ".;!?\n"
_WORD = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[^\W\d_]+")
_BEHIND_THOUSAND = re.compile(r" ?(?:[^ a-z]|$)| (?:tien|dong|phi|coc|ship|nua|roi|mua|va|voi)\b")
_MAX_SPELLED = 100  # characters of a word: its marks are put in order, n of them in n² steps
_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
_LAST_Y = re.compile(r"(?<=[bcdghklmnpqrstv])(u?)y$")
ANY_NUMBER = "#"


class Token(NamedTuple):
    """A word of a story: folded, as spelled with its marks, its place in the reading copy, its
    sentence and clause.
    """

    folded: str
    spelled: str
    start: int
    end: int
    sentence: int
    clause: int


class TokenizedText(NamedTuple):
    """The reading copy of a story, cut into words."""

    text: str  # in which words have their places
    words: list[Token]
    marked: bool  # whether its writer uses marks
    typed: str
    copy: MappedText

    def surface_form(self, word: Token) -> str:
        """Return the word with its marks where the writer uses them, else folded."""
        return word.spelled if self.marked else word.folded

    def clause_start(self, at: int, floor: int) -> int:
        """Return the first word of the clause of word *at*, not before *floor*."""
        start = at
        while start > floor and self.words[start - 1].clause == self.words[at].clause:
            start -= 1
        return start

    def char_span(self, first: int, last: int) -> tuple[int, int]:
        """Return where words[first:last] stand in the reading copy."""
        return self.words[first].start, self.words[last - 1].end

    def quote(self, first: int, last: int) -> tuple[str, int, int]:
        """Return words[first:last] as typed, and where they stand there."""
        start, end = self.copy.original_span(*self.char_span(first, last))
        return self.typed[start:end], start, end


@dataclass(frozen=True, slots=True)
class CuePhrase:
    """A phrase that speaks for a code of a family (concepts, deeds …)."""

    family: str
    code: str
    phrase: str
    words: tuple[str, ...]
    spelled: tuple[frozenset[str], ...]  # of each word, in all variants of marks
    needs_marks: bool  # a single word that is another without them: "nỏ", "no"


class CueMatch(NamedTuple):
    """A cue at words[first:last] of a story."""

    cue: CuePhrase
    first: int
    last: int


@lru_cache(maxsize=8192)
def canonical_spelling(word: str) -> str:
    """Return letters with their marks, the tone at the end: hoà = hòa; hỏi and ngã are one."""
    tone, letters = "", []
    for part in unicodedata.normalize("NFD", word.lower().replace("đ", "d")):
        if part in _TONES:
            tone = "\u0309" if part == "\u0303" else part
        else:
            letters.append(part)
    return _LAST_Y.sub(r"\1i", "".join(letters)) + tone


@dataclass(frozen=True, slots=True)
class WordSet:
    """Words by spelling, for writers with marks, and by folded form, for others."""

    spelled: frozenset[str]
    folded: frozenset[str]

    def has(self, story: "TokenizedText", word: Token) -> bool:
        return word.spelled in self.spelled if story.marked else word.folded in self.folded


def word_set(words: str, unmarked: str | None = None) -> WordSet:
    """Return a set of words; *unmarked* replaces the forms that count without marks."""
    folded = map(normalize, words.split()) if unmarked is None else unmarked.split()
    return WordSet(frozenset(map(canonical_spelling, words.split())), frozenset(folded))


@lru_cache(maxsize=8192)
def _fold_y(word: str) -> str:
    return _LAST_Y.sub(r"\1i", word)


def taxonomy() -> dict[str, Any]:
    """Return the scenario and action codes with their labels and weights."""
    return load_json("taxonomy.json")


@lru_cache(maxsize=1)
def code_rows() -> Mapping[str, Mapping[str, Any]]:
    """Return every scenario and action code with its row of the taxonomy and its rank there."""
    rows = [*taxonomy()["scenarios"], *taxonomy()["actions"]]
    return {row["code"]: {**row, "rank": rank} for rank, row in enumerate(rows)}


@lru_cache(maxsize=1)
def scenario_codes() -> tuple[str, ...]:
    """Return the codes of scenarios, in the order of the taxonomy."""
    return tuple(row["code"] for row in taxonomy()["scenarios"])


@lru_cache(maxsize=1)
def action_codes() -> tuple[str, ...]:
    """Return the codes of demanded actions, in the order of the taxonomy."""
    return tuple(row["code"] for row in taxonomy()["actions"])


def cue_tables() -> dict[str, Any]:
    """Return our own cue tables, spelled with marks."""
    return load_json("cues.json")


@lru_cache(maxsize=1)
def abbreviations() -> Mapping[str, tuple[str, ...]]:
    """Return chat spellings with their words ("ko": không, "ck": chuyển khoản)."""
    return {short: tuple(full.split()) for short, full in cue_tables()["short_forms"].items()}


def _expand(word: Token) -> list[Token]:
    full = abbreviations().get(word.folded)
    if full is None or word.folded != word.spelled:
        return [word]
    return [
        word._replace(folded=_fold_y(normalize(part)), spelled=canonical_spelling(part))
        for part in full
    ]


def _is_thousand(figure: str, rest: str) -> bool:
    """Return whether a "k" apart from its figure is thousand ("500 k"), not "không"."""
    whole = figure.isdecimal() and len(figure) < 4 and int(figure) and int(figure) % 50 == 0
    return bool(whole and _BEHIND_THOUSAND.match(rest))


def tokenize(text: str) -> TokenizedText:
    """Return a story cut into words, chat spellings written out."""
    copy = reading_copy(text)
    folded = normalize_with_offsets(copy.text, keep=".,;:!?\n")
    words: list[Token] = []
    sentence = clause = at = 0
    for match in _WORD.finditer(folded.text):
        gap = folded.text[at : match.start()]
        at = match.end()
        if gap != " ":  # as between most words
            sentence += any(stop in gap for stop in _STOPS)
            clause += any(stop in gap for stop in ",:" + _STOPS)
        start, end = folded.original_span(*match.span())
        word = Token(
            _fold_y(match[0]),
            canonical_spelling(copy.text[start:end][:_MAX_SPELLED]),
            start,
            end,
            sentence,
            clause,
        )
        is_unit = False
        if words and words[-1].folded[0].isdecimal():
            is_k = gap == " " and match[0] == "k"
            is_unit = not gap or (is_k and _is_thousand(words[-1].folded, folded.text[at:]))
        words.extend([word] if is_unit else _expand(word))
    marks = sum(word.folded != word.spelled for word in words)
    return TokenizedText(copy.text, words, marks * 5 >= len(words) > 0, text, copy)


def _cue(family: str, code: str, phrase: str) -> CuePhrase:
    spelled = [part for word in phrase.split() for part in abbreviations().get(word, (word,))]
    words = tuple(
        ANY_NUMBER if word == ANY_NUMBER else _fold_y(normalize(word)) for word in spelled
    )
    marked = tuple(frozenset({canonical_spelling(word)}) for word in spelled)
    alone = phrase in cue_tables()["spelled_only"].get(family, ())
    return CuePhrase(family, code, phrase, words, marked, alone and len(words) == 1)


def _list_cues() -> Iterator[CuePhrase]:
    concepts = {code: rows for code, rows in load_json("concepts.json").items() if code != "about"}
    for family, codes in {**cue_tables()["phrases"], "concepts": concepts}.items():
        for code, rows in codes.items():
            yield from (_cue(family, code, phrase) for phrase in rows)


@lru_cache(maxsize=1)
def _index() -> Mapping[str, Mapping[str, tuple[CuePhrase, ...]]]:
    """Return the cues by first and second word ("" for none); variants in marks are joined."""
    index: dict[str, dict[str, dict[tuple[str, str, tuple[str, ...]], CuePhrase]]] = {}
    for cue in _list_cues():
        one, two = (*cue.words, "")[:2]
        same = index.setdefault(one, {}).setdefault(two, {})
        key = (cue.family, cue.code, cue.words)
        twin = same.get(key, cue)
        marks = tuple(own | other for own, other in zip(cue.spelled, twin.spelled, strict=True))
        needs_marks = cue.needs_marks and twin.needs_marks
        same[key] = replace(cue, spelled=marks, needs_marks=needs_marks)
    return {
        one: {two: tuple(cues.values()) for two, cues in seconds.items()}
        for one, seconds in index.items()
    }


def _fits(cue: CuePhrase, story: TokenizedText, first: int) -> bool:
    """Return whether the cue's words stand at *first* and their marks agree (see the module)."""
    words = story.words[first : first + len(cue.words)]
    if len(words) < len(cue.words) or words[0].clause != words[-1].clause:
        return False
    wrong = 0
    for word, folded, spelled in zip(words, cue.words, cue.spelled, strict=True):
        if word.folded != folded:
            if folded == ANY_NUMBER and word.folded[0].isdecimal():
                continue
            return False
        if word.spelled not in spelled:
            wrong += cue.needs_marks or word.folded != word.spelled
    return wrong <= (len(words) >= 3)


def find_cues(story: TokenizedText) -> list[CueMatch]:
    """Return every cue in the story, in order of place; a number also matches ANY_NUMBER."""
    index = _index()
    forms = [
        (word.folded, ANY_NUMBER) if word.folded[0].isdecimal() else (word.folded,)
        for word in story.words
    ]
    return [
        CueMatch(cue, first, first + len(cue.words))
        for first, (here, then) in enumerate(pairwise([*forms, ()]))
        for one in here
        if (seconds := index.get(one))
        for two in ("", *then)
        if (cues := seconds.get(two))
        for cue in cues
        if _fits(cue, story, first)
    ]


def matches_between(hits: Sequence[CueMatch], low: int, high: int) -> list[CueMatch]:
    """Return the *hits*, which are in order of place, within words [low, high)."""
    first = bisect_left(hits, low, key=lambda hit: hit.first)
    last = bisect_left(hits, high, key=lambda hit: hit.first)
    return [hit for hit in hits[first:last] if hit.last <= high]


def inside(hit: CueMatch, others: Iterable[CueMatch]) -> bool:
    """Return whether *hit* lies within one of *others* that is longer."""
    size = hit.last - hit.first
    return any(
        o.first <= hit.first and hit.last <= o.last and o.last - o.first > size for o in others
    )
