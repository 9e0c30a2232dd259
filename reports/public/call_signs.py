"""Find in a story the signs of a scam: what is demanded, what presses, and what calms.

By the table data/call_signs.json. Words count for nothing where they are denied ("không hỏi mật khẩu"),
papers and fees where they are shown or paid at a counter.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from core.text import normalize
from reports.data.loader import load_json
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.language.phrase_trie import PhraseMatch, PhraseTrie, drop_nested
from reports.extraction.language.scoring import is_remainder
from reports.extraction.story_reader import StoryReading, stage_code

MAX_QUOTES = 2  # of a sign
_MAX_QUOTE_CHARS = 60
_ASKED_WITHIN, _NEAR = 5, 8  # words
_LEAST_POINTS = 1.5  # of words that say a demand by their weight
_GENUINE_MARGIN = 2.5
_OF_PAYING = {"money", "ordered"}
_DENIALS = ("asked_nothing", "refused", "warned")
# Codes that forward calls, or any with a telephone number.
_FORWARDS = re.compile(r"[*#]{1,2}(?:21|6[127]|00[24])[*#]\d{0,15}#?|[*#]\d{1,4}[*#]\d{9,15}#?")


class Hit(NamedTuple):
    """A row of the table at words [first, last)."""

    code: str
    first: int
    last: int


def table() -> dict[str, Any]:
    return load_json("call_signs.json")


@lru_cache(maxsize=1)
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return {row["code"]: row for row in table()["rows"]}


@lru_cache(maxsize=1)
def _phrases() -> PhraseTrie:
    stages = {stage["code"]: stage["phrases"] for stage in load_json("stages.json")["stages"]}
    listed = [(kind, "", text) for kind, texts in table()["words"].items() for text in texts]
    listed += [("else", "", text) for text in load_json("stages.json")["never"]]
    for each in table()["products"]:
        listed += [(each["kind"], "", " ".join(parts)) for parts in product(*each["parts"])]
    for code, row in _rows().items():
        told = [
            text for text in stages.get(row.get("stage"), ()) if text not in table()["everyday"]
        ]
        listed += [("row", code, text) for text in [*row["phrases"], *told]]
    return PhraseTrie(listed, [text for _, _, text in listed if text.startswith("tới ")])


def find_signs(parsed: ParsedStory, reading: StoryReading) -> tuple[dict[str, list[str]], bool]:
    """Return the quotes of each row that a story shows, and whether it tells of an office that hides
    nothing. Linear time.
    """
    scene = _Scene(parsed)
    quotes, dropped = defaultdict[str, list[Hit]](list), set[str]()
    for hit in _list_hits(scene, set(reading.actions)):
        if scene.is_said(hit):
            quotes[hit.code].append(hit)
        dropped.add(hit.code)
    found = {code: list(_quote(scene, hits)) for code, hits in quotes.items()}
    is_genuine = reading.scenario == "not_scam" and reading.margin >= _GENUINE_MARGIN
    is_calm = (is_genuine or scene.is_calm) and "remote" not in found
    if dialled := _FORWARDS.search(parsed.story.typed):
        found["dial"] = [dialled[0]]
    if not is_calm:
        hints = _list_hints(parsed, reading)
        found |= {code: [words] for code, words in hints if code not in dropped}
    return found, is_calm


class _Scene:
    """A parsed story with the phrases of the table, by kind, and the words that are denied."""

    def __init__(self, parsed: ParsedStory) -> None:
        self.parsed, self.words = parsed, parsed.story.words
        self.of = defaultdict[str, list[PhraseMatch]](list)
        for match in drop_nested(_phrases().find(parsed.story)):
            self.of[match.phrase.kind].append(match)
        self.families = defaultdict[str, list[tuple[int, int]]](list)
        for gram in parsed.grams:
            self.families[gram.name].append((gram.first, gram.last))
        self.denied = set(self._list_denied())
        self.places = set(self._list_places()) - self.denied
        calming = ("calm", "owed", "asked_nothing", "warned")
        self.is_calm = bool(self.places) or any(self.of[kind] for kind in calming)
        decoys = [match for kind in ("place", "calm", "owed", "else") for match in self.of[kind]]
        self.decoys = {at for match in decoys for at in range(match.first, match.last)}
        self.sentences = {self.words[at].sentence for at in self.places}
        kinds = ("ask", "question", "give")
        self.askers = {m.last: (m.first, kind) for kind in kinds for m in self.of[kind]}

    def _list_denied(self) -> Iterator[int]:
        """Yield the words that are denied: up to a "but", a demand, the end of the sentence."""
        turns = {m.first: kind for kind in (*_DENIALS, "but", "ask", "own") for m in self.of[kind]}
        nots = {m.first for m in self.of["refused"]} | {m.first - 1 for m in self.of["row"]}
        for at in nots - {-1}:
            if self.words[at].folded in table()["not"]:
                is_own = at > 0 and self.words[at - 1].folded in table()["teller"]
                turns[at] = "own" if is_own else "refused"
        kind, sentence = "", 0
        for at, word in enumerate(self.words):
            is_same, sentence = word.sentence == sentence, word.sentence
            if kind != "warned" or not is_same:
                kind = turns.get(at, kind if is_same else "")
            if kind in _DENIALS:
                yield at

    def _list_places(self) -> Iterator[int]:
        """Yield where places stand that somebody names after a call or a demand in the same sentence."""
        told = [match.first for kind in ("bid", "ask", "question") for match in self.of[kind]]
        first_told = {self.words[at].sentence: at for at in sorted(told, reverse=True)}
        for match in self.of["place"]:
            if first_told.get(self.words[match.first].sentence, match.first) < match.first:
                yield match.first

    def asked_from(self, at: int, code: str) -> int | None:
        """Return the word of the same clause that asks for what stands at a word, undenied."""
        for last in range(at, max(at - _ASKED_WITHIN, 0) - 1, -1):
            first, kind = self.askers.get(last, (at, ""))
            is_near = kind and self.words[first].clause == self.words[at].clause
            if is_near and (kind == "ask" or code in table()["by_question"]):
                return None if first in self.denied else first
        return None

    def is_said(self, hit: Hit) -> bool:
        """Return whether words are not denied, nor papers to bring, fees to pay at a counter, goods at the door."""
        words, first = self.words, hit.first
        if hit.code == "isolation":
            return True  # its own words are a "not"
        if first in self.denied:
            return False
        if hit.code in table()["by_place"]:
            return words[first].sentence not in self.sentences
        if hit.code not in _OF_PAYING or words[first].folded not in table()["counter"]:
            return True
        near = range(first - _NEAR, hit.last + _NEAR)
        return not self.of["owed"] and self.places.isdisjoint(near)


def _fold(scene: _Scene, first: int, last: int) -> str:
    return " ".join(word.folded for word in scene.words[first:last])


def _list_hits(scene: _Scene, actions: set[str]) -> Iterator[Hit]:
    """Yield the phrases of the rows, and words of their families that the reader or a verb makes demands."""
    for match in scene.of["row"]:
        yield Hit(match.phrase.code, match.first, match.last)
    for code, row in _rows().items():
        is_found = not actions.isdisjoint(row.get("actions", ()))
        for first, last in (at for each in row.get("families", ()) for at in scene.families[each]):
            is_mild = _fold(scene, first, last) in table()["milder"]
            is_asked = scene.asked_from(first, code) is not None or first in scene.denied
            is_enough = is_asked or (is_found and not row.get("asked"))
            if first not in scene.decoys and is_enough and (not is_mild or is_found is is_asked):
                yield Hit(code, first, last)
    yield from _list_payments(scene, is_found=not actions.isdisjoint(_rows()["money"]["actions"]))


def _list_payments(scene: _Scene, *, is_found: bool) -> Iterator[Hit]:
    """Yield verbs of paying and sums that somebody asks for."""
    code = "ordered" if scene.of["owed"] else "money"
    sums = {amount.first: amount.last for amount in scene.parsed.sums}
    verbs = [action for action in scene.parsed.actions if action.kind == "pay"]
    for _, state, first, last in verbs:
        end = sums.get(last, sums.get(last + 1, last))
        is_bare = end == last and _fold(scene, first, last) in table()["bare"]
        is_asked = state == "asked" and scene.asked_from(first, code) is not None
        if first not in scene.decoys and not is_bare and (is_found or is_asked):
            yield Hit(code, first, end)
    for first, last in sums.items():
        asked = scene.asked_from(first, code)
        if asked is not None and first - asked <= 2:
            yield Hit(code, first, last)


def _list_hints(parsed: ParsedStory, reading: StoryReading) -> Iterator[tuple[str, str]]:
    """Yield for each demand that the reader finds the words that say it most, should none of the table."""
    code_of = {action: code for code, row in _rows().items() for action in row.get("actions", ())}
    has_money = parsed.sums or any(word.folded in table()["money"] for word in parsed.story.words)
    for why in sorted(reading.reasons, key=lambda why: why.points):
        code = code_of.get(stage_code(why), "") if why.fact == "actions" else ""
        is_plain = why.points >= _LEAST_POINTS and not is_remainder(why.rule)
        is_mild = " " not in why.words or normalize(why.words) in table()["milder"]
        if code and is_plain and not is_mild and (has_money or _rows()[code]["sign"] != "money"):
            yield code, " ".join(why.words.split())


def _quote(scene: _Scene, hits: Iterable[Hit]) -> Iterator[str]:
    """Yield the longest words in order, those that touch as one quotation, with what asks for them."""
    spans: list[tuple[int, int]] = []
    for hit in sorted(hits, key=lambda hit: hit.first):
        is_action = hit.code != "isolation" and "actions" in _rows()[hit.code]
        asked = scene.asked_from(hit.first, hit.code) if is_action else None
        first, last = hit.first if asked is None else asked, hit.last
        if spans and first <= spans[-1][1]:
            start, end = spans.pop()
            first, last = min(start, first), max(end, last)
        spans.append((first, last))
    for span in sorted(sorted(spans, key=lambda span: span[0] - span[1])[:MAX_QUOTES]):
        yield " ".join(scene.parsed.story.quote(*span)[0].split())[:_MAX_QUOTE_CHARS]
