"""Find in a story the signs of a scam: what is demanded, what presses, and what calms.

By the table data/call_signs.json, in this order: the phrases of the table are found (`_Scene`); the
words that somebody denies ("không hỏi mật khẩu") or warns of, and the places to come to, are marked;
the rows of the table are found by their phrases, by words that somebody asks for, by verbs of paying
with their sums (`_list_hits`); what is denied, shown or paid at a counter is left out (`is_said`);
of the rest the words are quoted (`_quote`).
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from reports.data.loader import load_json
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.language.phrase_trie import PhraseMatch, PhraseTrie, drop_nested
from reports.extraction.story_reader import StoryReading

MAX_QUOTES = 2  # of a sign
_MAX_QUOTE_CHARS = 60
_ASKED_WITHIN, _NEAR = 5, 8  # words
_TO_WHOM, _OF_FEE = 3, 4  # words between a verb of paying and its sum; behind it what it is for
_GENUINE_MARGIN = 2.5
_OF_PAYING = {"money", "ordered", "fee"}
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
    need_marks = [text for _, _, text in listed if text.split()[0] in table()["spelled"]]
    return PhraseTrie(listed, need_marks)


def find_signs(parsed: ParsedStory, reading: StoryReading) -> tuple[dict[str, list[str]], bool]:
    """Return the quotes of each row that a story shows, and whether it tells of an office that hides
    nothing. Linear time.
    """
    scene = _Scene(parsed)
    quotes = defaultdict[str, list[Hit]](list)
    for hit in filter(scene.is_said, _list_hits(scene, set(reading.actions))):
        quotes[hit.code].append(hit)
    found = {code: list(_quote(scene, hits)) for code, hits in quotes.items()}
    is_genuine = reading.scenario == "not_scam" and reading.margin >= _GENUINE_MARGIN
    is_calm = (is_genuine or scene.is_calm) and "remote" not in found
    if dialled := _FORWARDS.search(parsed.story.typed):
        found["dial"] = [dialled[0]]
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
        decoys = [m for kind in ("place", "calm", "owed", "else", "fee") for m in self.of[kind]]
        self.decoys = {at for match in decoys for at in range(match.first, match.last)}
        self.sentences = {self.words[at].sentence for at in self.places}
        kinds = ("ask", "question", "give")
        self.askers = {m.last: (m.first, kind) for kind in kinds for m in self.of[kind]}

    def _list_denied(self) -> Iterator[int]:
        """Yield the words that are denied: up to a "but", a demand, the end of the sentence; of a warning,
        unless the caller speaks it, up to where it turns to the reader.
        """
        turns, kind, is_theirs, sentence = self._find_turns(), "", False, 0
        them = {m.first for m in self.of["them"]}
        for at, word in enumerate(self.words):
            if word.sentence != sentence:
                kind, is_theirs, sentence = "", False, word.sentence
            turn, is_theirs = turns.get(at, ""), is_theirs or at in them
            if (
                turn
                and not (turn == "warned" and is_theirs)
                and (kind != "warned" or turn == "turn")
            ):
                kind = turn
            if kind in _DENIALS:
                yield at

    def _find_turns(self) -> dict[int, str]:
        """Return where a denial or a warning begins or ends."""
        kinds = (*_DENIALS, "but", "ask", "own", "turn")
        turns = {m.first: kind for kind in kinds for m in self.of[kind]}
        nots = {m.first for m in self.of["refused"]} | {m.first - 1 for m in self.of["row"]}
        tellers = {m.first: m.last for m in self.of["teller"]}
        turns |= {m.first: "turn" for m in self.of["ask"] if m.last in tellers}
        for at in nots - {-1}:
            if self.words[at].folded in table()["not"]:
                turns[at] = "own" if at in tellers.values() else "refused"
        return turns

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
        if hit.code == "fee" and self.of["payee"]:
            return False
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
    """Yield verbs of paying with their sums, and sums that somebody asks for."""
    sums = {amount.first: amount.last for amount in scene.parsed.sums}
    for kind, state, first, last in scene.parsed.actions:
        if kind != "pay" or first in scene.decoys:
            continue
        start = _find_sum(scene, last, sums)
        end = sums.get(start, last)
        is_theirs = state in ("asked", "bare") and any(
            m.first in range(last, start) for m in scene.of["them"]
        )
        is_bare = end == last and _fold(scene, first, last) in table()["bare"]
        is_asked = state == "asked" and scene.asked_from(first, "money") is not None
        if is_theirs or (not is_bare and (is_found or is_asked)):
            yield Hit(_name_payment(scene, first, end), first, end)
    for first, last in sums.items():
        asked = scene.asked_from(first, "money")
        if asked is not None and first - asked <= 2:
            yield Hit(_name_payment(scene, first, last), first, last)


def _find_sum(scene: _Scene, at: int, sums: Container[int]) -> int:
    """Return where the sum of a verb begins, past one word or whom it is for ("gửi cho nó 3 củ")."""
    to_whom = {*table()["to_whom"]}
    for start in range(at, min(at + _TO_WHOM, len(scene.words)) + 1):
        between = {word.folded for word in scene.words[at:start]}
        if start in sums and (start <= at + 1 or between <= to_whom):
            return start
    return at


def _name_payment(scene: _Scene, first: int, last: int) -> str:
    """Return the row of a payment: of what is ordered, of a known small fee, of any other."""
    if scene.of["owed"]:
        return "ordered"
    is_fee = any(match.first in range(first, last + _OF_FEE) for match in scene.of["fee"])
    return "fee" if is_fee else "money"


def _quote(scene: _Scene, hits: Iterable[Hit]) -> Iterator[str]:
    """Yield the longest words in order, those that touch as one quotation, with what asks for them."""
    spans: list[tuple[int, int]] = []
    for hit in sorted(hits, key=lambda hit: hit.first):
        is_action = hit.code in _OF_PAYING or (
            hit.code != "isolation" and "actions" in _rows()[hit.code]
        )
        asked = scene.asked_from(hit.first, hit.code) if is_action else None
        first, last = hit.first if asked is None else asked, hit.last
        if spans and first <= spans[-1][1]:
            start, end = spans.pop()
            first, last = min(start, first), max(end, last)
        spans.append((first, last))
    for span in sorted(sorted(spans, key=lambda span: span[0] - span[1])[:MAX_QUOTES]):
        yield " ".join(scene.parsed.story.quote(*span)[0].split())[:_MAX_QUOTE_CHARS]
