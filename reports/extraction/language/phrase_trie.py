"""Find the phrases of a table in a story. Pure: no Django.

A phrase lies within one clause, and marks must agree; "#" in it is any number. Time is linear in
the story, whatever the size of the table.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from reports.extraction.language.cue_matcher import NUMBER, TokenizedText, tokenize

_MAX_LENGTH = 12  # words of a phrase
_MANY = 3  # words of which one may be mistyped


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
