"""Words of a story, and the cue phrases found among them. Pure: no Django.

A cue is a phrase from data/taxonomy.json (folded there) or data/cues.json (spelled in full),
within one clause. Where a word of the story has marks, they must agree with the cue's; a word
without marks fits by its folded form, unless it would have to speak for a fact alone. Reading takes time in proportion to the story.
"""

import json
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from core.text import normalize, normalize_with_offsets

_DATA = Path(__file__).parents[2] / "data"
_STOPS = ".;!?\n"
_WORD = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[^\W\d_]+")
_BEHIND_THOUSAND = re.compile(r" ?(?:[^ a-z]|$)| (?:tien|dong|phi|coc|ship|nua|roi|mua|va|voi)\b")
_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
_LAST_Y = re.compile(r"(?<=[bcdghklmnpqrstv])(u?)y$")
ANY_NUMBER = "#"
# Here a single word counts only as spelled: unmarked "qua" and "trung" are too many words.
_SPELLED_ALONE = {"scenarios", "actions"}


class Token(NamedTuple):
    """One word of a story: folded, as spelled with its marks, its place, its sentence."""

    folded: str
    spelled: str
    start: int
    end: int
    sentence: int
    clause: int


class TokenizedText(NamedTuple):
    """A story cut into words."""

    text: str
    words: list[Token]
    marked: bool  # whether its writer uses marks

    def surface_form(self, word: Token) -> str:
        """The word with its marks where the writer uses them, else folded."""
        return word.spelled if self.marked else word.folded

    def char_span(self, first: int, last: int) -> tuple[int, int]:
        """Where words[first:last] stand in the text."""
        return self.words[first].start, self.words[last - 1].end


@dataclass(frozen=True, slots=True)
class CuePhrase:
    """A phrase that speaks for a code of a family (scenario, action, ongoing …)."""

    family: str
    code: str
    phrase: str
    words: tuple[str, ...]
    spelled: tuple[frozenset[str], ...]  # of each word: cues that differ in marks alone are one
    points: float
    needs_marks: bool  # one word that says something else without them: "nỏ" beside "no"


class CueMatch(NamedTuple):
    """A cue at words[first:last] of a story."""

    cue: CuePhrase
    first: int
    last: int


@lru_cache(maxsize=8192)
def canonical_spelling(word: str) -> str:
    """Letters with their marks, the tone at the end: hoà = hòa; hỏi and ngã count as one."""
    tone, letters = "", []
    for part in unicodedata.normalize("NFD", word.lower().replace("đ", "d")):
        if part in _TONES:
            tone = "\u0309" if part == "\u0303" else part
        else:
            letters.append(part)
    return _LAST_Y.sub(r"\1i", "".join(letters)) + tone


@lru_cache(maxsize=8192)
def _plain(word: str) -> str:
    return _LAST_Y.sub(r"\1i", word)


def _load(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((_DATA / name).read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=1)
def taxonomy() -> dict[str, Any]:
    """The scenario and action codes with their labels, weights and cues."""
    return _load("taxonomy.json")


@lru_cache(maxsize=1)
def code_rows() -> Mapping[str, Mapping[str, Any]]:
    """Every scenario and action code with its row of the taxonomy and its rank there."""
    rows = [*taxonomy()["scenarios"], *taxonomy()["actions"]]
    return {row["code"]: {**row, "rank": rank} for rank, row in enumerate(rows)}


@lru_cache(maxsize=1)
def scenario_codes() -> tuple[str, ...]:
    """The codes of scenarios, in the order of the taxonomy."""
    return tuple(row["code"] for row in taxonomy()["scenarios"])


@lru_cache(maxsize=1)
def action_codes() -> tuple[str, ...]:
    """The codes of demanded actions, in the order of the taxonomy."""
    return tuple(row["code"] for row in taxonomy()["actions"])


@lru_cache(maxsize=1)
def cue_tables() -> dict[str, Any]:
    """Our own cue tables, spelled with marks."""
    return _load("cues.json")


@lru_cache(maxsize=1)
def word_families() -> Mapping[str, list[str]]:
    """Families of words that stand for one thing (data/concepts.json)."""
    return {code: rows for code, rows in _load("concepts.json").items() if code != "about"}


@lru_cache(maxsize=1)
def abbreviations() -> Mapping[str, tuple[str, ...]]:
    """Chat spellings -> the words that they stand for ("ko" -> không, "ck" -> chuyển khoản)."""
    return {short: tuple(full.split()) for short, full in cue_tables()["short_forms"].items()}


def _expanded(word: Token) -> Iterator[Token]:
    full = abbreviations().get(word.folded)
    if full is None or word.folded != word.spelled:
        yield word
        return
    for part in full:
        yield word._replace(folded=_plain(normalize(part)), spelled=canonical_spelling(part))


def _is_thousand(figure: str, rest: str) -> bool:
    """Whether a "k" that stands apart is the thousand of "500 k" and no "không": nothing that one does
    follows.
    """
    whole = figure.isdecimal() and len(figure) < 4 and int(figure) and int(figure) % 50 == 0
    return bool(whole and _BEHIND_THOUSAND.match(rest))


@lru_cache(maxsize=8)  # readers of one report ask for the same texts again
def tokenize(text: str) -> TokenizedText:
    """Cut a story into words, chat spellings written out."""
    folded = normalize_with_offsets(text, keep=".,;:!?\n")
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
            _plain(match[0]), canonical_spelling(text[start:end]), start, end, sentence, clause
        )
        behind_figure = bool(words) and words[-1].folded[0].isdecimal()
        is_thousand = (
            behind_figure
            and gap == " "
            and match[0] == "k"
            and _is_thousand(words[-1].folded, folded.text[match.end() :])
        )
        glued = (behind_figure and not gap) or is_thousand
        words.extend([word] if glued else _expanded(word))
    marks = sum(word.folded != word.spelled for word in words)
    return TokenizedText(text, words, marks * 5 >= len(words) > 0)


def _cue(family: str, code: str, phrase: str, points: float | None) -> CuePhrase:
    spelled = [part for word in phrase.split() for part in abbreviations().get(word, (word,))]
    words = tuple(ANY_NUMBER if word == ANY_NUMBER else _plain(normalize(word)) for word in spelled)
    worth = 1 + 0.5 * (len(words) - 1) if points is None else points
    marked = tuple(frozenset({canonical_spelling(word)}) for word in spelled)
    alone = family in _SPELLED_ALONE or phrase in cue_tables()["spelled_only"].get(family, ())
    return CuePhrase(family, code, phrase, words, marked, worth, alone and len(words) == 1)


def _entries(family: str, code: str, rows: Iterable[Any]) -> Iterator[CuePhrase]:
    """A row is a phrase, or [phrase, points] where the usual points would mislead."""
    for row in rows:
        phrase, points = (row, None) if isinstance(row, str) else row
        yield _cue(family, code, phrase, points)


def _all_cues() -> Iterator[CuePhrase]:
    marked, own_points = cue_tables()["marked"], cue_tables()["points"]
    for family in ("scenarios", "actions"):
        for row in taxonomy()[family]:
            phrases = [phrase for phrase in row["cues"] if phrase not in _useless_alone()]
            known = [[marked.get(phrase, phrase), own_points.get(phrase)] for phrase in phrases]
            yield from _entries(family, row["code"], known)
            yield from _entries(family, row["code"], cue_tables()[family].get(row["code"], []))
    for family, codes in cue_tables()["phrases"].items():
        for code, rows in codes.items():
            yield from _entries(family, code, rows)
    for code, rows in word_families().items():
        yield from _entries("concepts", code, [[phrase, 0] for phrase in rows])


@lru_cache(maxsize=1)
def _useless_alone() -> frozenset[str]:
    return frozenset(taxonomy()["never_use_alone"])


_Index = Mapping[str, Mapping[str, tuple[CuePhrase, ...]]]


@lru_cache(maxsize=1)
def _index() -> _Index:
    """The cues by their first word and their second, "" where there is none; the last of equal
    cues wins, and stands for those of its code that differ from it in marks alone ("hỏi", "hối").
    """
    index: dict[str, dict[str, dict[tuple[str, str, tuple[str, ...]], CuePhrase]]] = {}
    for cue in _all_cues():
        one, two = (*cue.words, "")[:2]
        same = index.setdefault(one, {}).setdefault(two, {})
        known = same.get((cue.family, cue.code, cue.words), cue)
        marks = tuple(
            mine | theirs for mine, theirs in zip(cue.spelled, known.spelled, strict=True)
        )
        alone = cue.needs_marks and known.needs_marks
        same[cue.family, cue.code, cue.words] = replace(cue, spelled=marks, needs_marks=alone)
    return {
        one: {two: tuple(cues.values()) for two, cues in seconds.items()}
        for one, seconds in index.items()
    }


def _fits(cue: CuePhrase, story: TokenizedText, first: int) -> bool:
    """Whether the cue's words stand at *first* and their marks agree (see the module)."""
    found = story.words[first : first + len(cue.words)]
    if len(found) < len(cue.words) or found[0].clause != found[-1].clause:
        return False
    wrong = 0
    for word, folded, spelled in zip(found, cue.words, cue.spelled, strict=True):
        if word.folded != folded:
            if folded == ANY_NUMBER and word.folded[0].isdecimal():
                continue
            return False
        if word.spelled not in spelled:
            wrong += cue.needs_marks or word.folded != word.spelled
    return wrong <= (len(found) >= 3)


def find_cues(story: TokenizedText) -> list[CueMatch]:
    """Every cue in the story, in order of place. A number fits as such, or as any."""
    index = _index()
    forms = [_forms(word.folded) for word in story.words]
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


def _forms(word: str) -> tuple[str, ...]:
    return (word, ANY_NUMBER) if word[0].isdecimal() else (word,)


def matches_between(hits: Sequence[CueMatch], low: int, high: int) -> list[CueMatch]:
    """Those of *hits* (in order of place) that lie within words [low, high)."""
    first = bisect_left(hits, low, key=lambda hit: hit.first)
    last = bisect_left(hits, high, key=lambda hit: hit.first)
    return [hit for hit in hits[first:last] if hit.last <= high]


def longest_match_by_token(hits: Iterable[CueMatch]) -> dict[int, CueMatch]:
    """For each word, the hit over it that reaches furthest."""
    over: dict[int, CueMatch] = {}
    for hit in hits:
        for at in range(hit.first, hit.last):
            if at not in over or over[at].last < hit.last:
                over[at] = hit
    return over


def is_covered(hit: CueMatch, over: Mapping[int, CueMatch]) -> bool:
    """Whether *hit* lies within a hit of `longest_match_by_token`, or begins amid one ("báo công an" tỉnh)."""
    longer = over.get(hit.first)
    return longer is not None and (longer.first < hit.first or hit.last <= longer.last)


def inside(hit: CueMatch, others: Iterable[CueMatch]) -> bool:
    """Whether *hit* lies within one of *others* that is longer."""
    size = hit.last - hit.first
    return any(
        o.first <= hit.first and hit.last <= o.last and o.last - o.first > size for o in others
    )
