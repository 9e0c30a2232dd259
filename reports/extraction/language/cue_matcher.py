"""Cut a story into words, find the phrases of a table in them, and know the codes of the taxonomy. Pure: no Django.

A phrase lies within one clause, and marks must agree; "#" in it is any number. Time is linear in
the story, whatever the size of the table.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from core.text import MappedText, normalize, normalize_with_offsets, reading_copy
from reports.data.loader import load_json

NUMBER = "#"  # the name of every number
_STOPS = ".;!?\n"
_WORD = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[^\W\d_]+")
_BEHIND_THOUSAND = re.compile(r" ?(?:[^ a-z]|$)| (?:tien|dong|phi|coc|ship|nua|roi|mua|va|voi)\b")
_MAX_SPELLED = 100  # characters of a word: its marks are put in order, n of them in n² steps
_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
_LAST_Y = re.compile(r"(?<=[bcdghklmnpqrstv])(u?)y$")
_MAX_LENGTH = 12  # words of a phrase
_MANY = 3  # words of which one may be mistyped


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
    names: list[str]  # the words, folded, every number as NUMBER
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
def _short_forms() -> Mapping[str, list[tuple[str, str]]]:
    """Return chat spellings ("ko": không, "ck": chuyển khoản) with their words, folded and spelled."""
    return {
        short: [(_fold_y(normalize(word)), canonical_spelling(word)) for word in full.split()]
        for short, full in cue_tables()["short_forms"].items()
    }


def _is_unit(figure: str, gap: str, word: str, rest: str) -> bool:
    """Return whether a word is the unit of the figure before: "500k", and "500 k", which is no "không"."""
    if not figure[0].isdecimal():
        return False
    is_round = figure.isdecimal() and len(figure) < 4 and int(figure) and int(figure) % 50 == 0
    is_thousand = gap == " " and word == "k" and is_round and _BEHIND_THOUSAND.match(rest)
    return not gap or bool(is_thousand)


def tokenize(text: str) -> TokenizedText:
    """Return a story cut into words, chat spellings written out."""
    copy = reading_copy(text)
    folded = normalize_with_offsets(copy.text, keep=".,;:!?\n")
    short_forms, words = _short_forms(), list[Token]()
    sentence = clause = at = 0
    for match in _WORD.finditer(folded.text):
        first, last = match.span()
        gap, at = folded.text[at:first], last
        if gap != " ":  # as between most words
            sentence += any(stop in gap for stop in _STOPS)
            clause += any(stop in gap for stop in ",:" + _STOPS)
        start, end = folded.starts[first], folded.ends[last - 1]
        word, spelled = _fold_y(match[0]), canonical_spelling(copy.text[start:end][:_MAX_SPELLED])
        full = short_forms.get(word) if word == spelled else None
        if full and not (words and _is_unit(words[-1].folded, gap, word, folded.text[at:])):
            words += [Token(*each, start, end, sentence, clause) for each in full]
        else:
            words.append(Token(word, spelled, start, end, sentence, clause))
    names = [NUMBER if word.folded[0].isdecimal() else word.folded for word in words]
    marks = sum(word.folded != word.spelled for word in words)
    return TokenizedText(copy.text, words, names, marks * 5 >= len(words) > 0, text, copy)


class Phrase(NamedTuple):
    """A phrase as it is written, its kind and code, and its words as `tokenize` spells them."""

    kind: str
    code: str
    text: str
    spelled: tuple[str, ...]
    needs_marks: bool = False  # a single word that is another without them: "nỏ", "no"


class PhraseMatch(NamedTuple):
    """A phrase at words [first, last) of a story."""

    phrase: Phrase
    first: int
    last: int


@dataclass(slots=True)
class _Node:
    """The phrases that end here, and the next nodes by folded word."""

    phrases: dict[Phrase, None] = field(default_factory=dict)
    following: dict[str, "_Node"] = field(default_factory=dict)


class PhraseTrie:
    """A table of (kind, code, phrase); a phrase without words is left out.

    `need_marks`: single words that count only as spelled.
    """

    def __init__(
        self, rows: Iterable[tuple[str, str, str]], need_marks: Collection[str] = ()
    ) -> None:
        self._root = _Node()
        for kind, code, text in rows:
            phrase, node = tokenize(text.replace(NUMBER, "0")), self._root
            words = phrase.words[:_MAX_LENGTH]
            for name in phrase.names[:_MAX_LENGTH]:
                node = node.following.setdefault(name, _Node())
            if words:
                spelled = tuple(
                    NUMBER if word.spelled == "0" and NUMBER in text else word.spelled
                    for word in words
                )
                node.phrases[Phrase(kind, code, text, spelled, text in need_marks)] = None

    def find(self, story: TokenizedText) -> list[PhraseMatch]:
        """Return every phrase in the story, in order of place, shorter ones first."""
        words, names, end = story.words, story.names, len(story.words)
        matches: list[PhraseMatch] = []
        for first, name in enumerate(names):
            node, last = self._root.following.get(name), first
            while node is not None:
                last += 1
                matches += [
                    PhraseMatch(phrase, first, last)
                    for phrase in node.phrases
                    if _agree(story, first, phrase)
                ]
                if last == end or words[last].clause != words[first].clause:
                    break
                node = node.following.get(names[last])
        return matches


def _agree(story: TokenizedText, first: int, phrase: Phrase) -> bool:
    """Return whether the marks agree; of three words or more one may be mistyped.

    Marks may be missing, but not on some words alone, nor on a single word of a writer with marks.
    """
    many = len(phrase.spelled)
    marked = phrase.needs_marks or (story.marked and many == 1)
    wrong = lacking = 0
    for word, right in zip(story.words[first : first + many], phrase.spelled, strict=True):
        if right == NUMBER:
            continue
        is_bare = word.spelled == word.folded
        marked = marked or not is_bare
        if word.spelled != right:
            wrong += not is_bare
            lacking += is_bare
    return wrong + lacking * marked <= (many >= _MANY)


def matches_between(matches: Sequence[PhraseMatch], low: int, high: int) -> list[PhraseMatch]:
    """Return the *matches*, which are in order of place, within words [low, high)."""
    first = bisect_left(matches, low, key=lambda match: match.first)
    last = bisect_left(matches, high, key=lambda match: match.first)
    return [match for match in matches[first:last] if match.last <= high]


def inside(match: PhraseMatch, others: Iterable[PhraseMatch]) -> bool:
    """Return whether a match lies within one of *others* that is longer."""
    size = match.last - match.first
    return any(
        o.first <= match.first and match.last <= o.last and o.last - o.first > size for o in others
    )


def drop_nested(matches: Iterable[PhraseMatch]) -> list[PhraseMatch]:
    """Return the matches that overlap no longer one, in order of place.

    Of two as long the first stays; phrases at the very same words all stay.
    """
    outermost: list[PhraseMatch] = []
    taken: dict[int, tuple[int, int]] = {}
    for match in sorted(matches, key=lambda each: (each.first - each.last, each.first)):
        place = (match.first, match.last)
        if all(taken.get(at, place) == place for at in range(*place)):
            taken |= dict.fromkeys(range(*place), place)
            outermost.append(match)
    return sorted(outermost, key=lambda each: each[1:])
