"""Find in a story the signs of a scam: what is demanded, what presses, and what calms.

By the table data/call_signs.json, in this order: the phrases of the table are found (`_Scene`); the
words that somebody denies ("không hỏi mật khẩu") or warns of, and the places to come to, are marked;
the rows of the table are found by their phrases, by words that somebody asks for, by verbs of paying
with their sums (`_list_hits`); what is denied, shown or paid at a counter is left out (`is_said`);
of the rest the words are quoted (`_quote`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from textwrap import shorten
from typing import Any

from reports.data.loader import load_json
from reports.extraction.language.cue_matcher import PhraseMatch, PhraseTrie, drop_nested
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.story_reader import StoryReading

MAX_QUOTES = 2  # of a sign
_MAX_QUOTE_CHARS = 60
_ASKED_WITHIN, _NEAR = 5, 8  # words
_QUOTED = 8  # words of a verb and what stands behind it
_TO_WHOM, _OF_FEE = 3, 4  # words between a verb of paying and its sum; behind it what it is for
_GENUINE_MARGIN = 2.5
_OF_PAYING = {"money", "ordered", "fee"}
_DENIALS = ("asked_nothing", "refused", "warned")
_CALMING = ("calm", "owed", "asked_nothing", "warned")
_DECOYS = ("place", "calm", "owed", "else", "fee")
_ASKERS = ("give", "question", "ask")  # of one place the last counts
# Codes that forward calls, or any with a telephone number.
_FORWARDS = re.compile(r"[*#]{1,2}(?:21|6[127]|00[24])[*#]\d{0,15}#?|[*#]\d{1,4}[*#]\d{9,15}#?")
Hit = tuple[str, int, int]  # a row of the table at words [first, last)


def table() -> dict[str, Any]:
    return load_json("call_signs.json")


@lru_cache(maxsize=1)
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return {row["code"]: row for row in table()["rows"]}


@lru_cache(maxsize=1)
def _phrases() -> PhraseTrie:
    stages = {
        stage["code"]: [text for text in stage["phrases"] if text not in table()["everyday"]]
        for stage in load_json("stages.json")["stages"]
    }
    listed = [(kind, "", text) for kind, texts in table()["words"].items() for text in texts]
    listed += [("else", "", text) for text in load_json("stages.json")["never"]]
    for each in table()["products"]:
        kind, code = each["kind"], each.get("code", "")
        listed += [(kind, code, " ".join(parts)) for parts in product(*each["parts"])]
    for code, row in _rows().items():
        told = stages.get(row.get("stage"), ())
        listed += [("row", code, text) for text in (*row["phrases"], *told)]
    need_marks = [text for _, _, text in listed if text.split()[0] in table()["spelled"]]
    return PhraseTrie(listed, need_marks)


def find_signs(parsed: ParsedStory, reading: StoryReading) -> tuple[dict[str, list[str]], bool]:
    """Return the quotes of each row, and whether an office that hides nothing speaks. Linear time."""
    scene = _Scene(parsed)
    quotes = defaultdict[str, list[Hit]](list)
    for hit in filter(scene.is_said, _list_hits(scene, set(reading.actions))):
        quotes[hit[0]].append(hit)
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
        self.at = defaultdict[str, set[int]](set)
        for match in drop_nested(_phrases().find(parsed.story)):
            self.of[match.phrase.kind].append(match)
            self.at[match.phrase.kind].add(match.first)
        self.families = defaultdict[str, list[tuple[int, int]]](list)
        for gram in parsed.grams:
            self.families[gram.name].append((gram.first, gram.last))
        self.sums = {amount.first: amount.last for amount in parsed.sums}
        self.askers = {m.last: (m.first, kind) for kind in _ASKERS for m in self.of[kind]}
        self.decoys = {at for kind in _DECOYS for m in self.of[kind] for at in range(*m[1:])}
        self.denied = set(self._list_denied())
        self.places = self._find_behind("place", "bid", "ask", "question") - self.denied
        self.visits = {self.words[at].sentence for at in self.places}
        self.is_calm = bool(self.places) or any(self.of[kind] for kind in _CALMING)

    def fold(self, first: int, last: int) -> str:
        return " ".join(word.folded for word in self.words[first:last])

    def is_joined(self, at: int) -> bool:
        """Return whether a word and the one before it are of one clause."""
        return 0 < at < len(self.words) and self.words[at].clause == self.words[at - 1].clause

    def _find_behind(self, kind: str, *kinds: str) -> set[int]:
        """Return the places of a kind that stand behind one of *kinds* in their sentence."""
        firsts = sorted((m.first for each in kinds for m in self.of[each]), reverse=True)
        first_in = {self.words[at].sentence: at for at in firsts}
        return {at for at in self.at[kind] if first_in.get(self.words[at].sentence, at) < at}

    def _list_denied(self) -> Iterator[int]:
        """Yield the words denied up to a "but" or a demand, or warned of up to a turn to the reader."""
        turns, kind, sentence = self._find_turns(), "", 0
        for at, word in enumerate(self.words):
            kind = kind if word.sentence == sentence else ""
            sentence, turn = word.sentence, turns.get(at, kind)
            kind = turn if kind != "warned" or turn == "turn" else kind
            if kind in _DENIALS:
                yield at

    def _find_turns(self) -> dict[int, str]:
        """Return where denials and warnings begin and end; what the caller warns of is no warning."""
        kinds = ("asked_nothing", "refused", "but", "ask", "own", "turn")
        warned = self.at["warned"] - self._find_behind("warned", "them")
        turns = dict.fromkeys(warned, "warned")
        turns |= {at: kind for kind in kinds for at in self.at[kind]}
        turns |= {m.first: "turn" for m in self.of["ask"] if m.last in self.at["teller"]}
        own = {m.last for m in self.of["teller"]}
        for at in self.at["refused"] | {at - 1 for at in self.at["row"] if at}:
            if self.words[at].folded in table()["not"]:
                turns[at] = "own" if at in own else "refused"
        return turns

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
        code, first, last = hit
        if code == "isolation":
            return True  # its own words are a "not"
        if first in self.denied or (code == "fee" and self.of["payee"]):
            return False
        if code in table()["by_place"]:
            return self.words[first].sentence not in self.visits
        if code not in _OF_PAYING or self.words[first].folded not in table()["counter"]:
            return True
        near = range(first - _NEAR, last + _NEAR)
        return not self.of["owed"] and self.places.isdisjoint(near)


def _list_hits(scene: _Scene, actions: set[str]) -> Iterator[Hit]:
    """Yield the phrases of the rows, and words of their families that the reader or a verb makes demands."""
    for match in scene.of["row"]:
        yield match.phrase.code, match.first, match.last
    for code, row in _rows().items():
        is_found = not actions.isdisjoint(row.get("actions", ()))
        for first, last in (at for each in row.get("families", ()) for at in scene.families[each]):
            is_mild = scene.fold(first, last) in table()["milder"]
            is_asked = scene.asked_from(first, code) is not None
            is_enough = is_asked or (is_found and not row.get("asked"))
            if first not in scene.decoys and is_enough and (not is_mild or is_found is is_asked):
                yield code, first, last
    is_found = not actions.isdisjoint(_rows()["money"]["actions"]) and not scene.of["balance"]
    yield from _list_payments(scene, is_found=is_found)


def _list_payments(scene: _Scene, *, is_found: bool) -> Iterator[Hit]:
    """Yield verbs of paying with their sums, and sums that somebody asks for."""
    for kind, state, first, last in scene.parsed.actions:
        if kind != "pay" or first in scene.decoys:
            continue
        start = _find_sum(scene, last)
        end = scene.sums.get(start, last)
        is_asked = state == "asked" and scene.asked_from(first, "money") is not None
        is_bare = end == last and scene.fold(first, last) in table()["bare"]
        is_theirs = not scene.at["them"].isdisjoint(range(last, start))
        if is_theirs or (not is_bare and (is_found or is_asked)):
            yield _name_payment(scene, first, end), first, end
    for first, last in scene.sums.items():
        asked = scene.asked_from(first, "money")
        if asked is not None and first - asked <= 2:
            yield _name_payment(scene, first, last), first, last


def _find_sum(scene: _Scene, at: int) -> int:
    """Return where the sum of a verb begins, past one word or whom it is for ("gửi cho nó 3 củ")."""
    for start in sorted(scene.sums.keys() & {*range(at, at + _TO_WHOM + 1)}):
        if all(word.folded in table()["to_whom"] for word in scene.words[at + 1 : start]):
            return start
    return at


def _name_payment(scene: _Scene, first: int, last: int) -> str:
    """Return the row of a payment: of what is ordered, of a known small fee, of any other."""
    if scene.of["owed"]:
        return "ordered"
    return "money" if scene.at["fee"].isdisjoint(range(first, last + _OF_FEE)) else "fee"


def _quote(scene: _Scene, hits: Iterable[Hit]) -> Iterator[str]:
    """Yield the longest words in order, those that touch as one quotation."""
    spans: list[tuple[int, int]] = []
    for first, last in sorted(_reach(scene, hit) for hit in hits):
        if spans and first <= spans[-1][1] and scene.is_joined(first):
            spans[-1] = spans[-1][0], max(last, spans[-1][1])
        else:
            spans.append((first, last))
    for span in sorted(sorted(spans, key=lambda span: span[0] - span[1])[:MAX_QUOTES]):
        yield shorten(scene.parsed.story.quote(*span)[0], _MAX_QUOTE_CHARS, placeholder="…")


def _reach(scene: _Scene, hit: Hit) -> tuple[int, int]:
    """Return the words of a hit with what asks for them, and of a bare one those beside it."""
    code, first, last = hit
    is_demand = code != "isolation" and "actions" in _rows()[code]
    asked = scene.asked_from(first, code) if is_demand else None
    is_unpaid = code in _OF_PAYING and scene.sums.keys().isdisjoint(range(first, last))
    if code not in table()["nouns"] and (last == first + 1 or is_unpaid):
        last = _stretch(scene, first, last)
    if asked is None and last == first + 1 and code != "claim" and scene.is_joined(first):
        asked = first - 1
    return first if asked is None else asked, last


def _stretch(scene: _Scene, first: int, last: int) -> int:
    """Return where the words behind a verb end: with a sum, the clause, or a joint."""
    while last < first + _QUOTED and scene.is_joined(last) and last not in scene.sums:
        if scene.words[last].folded in table()["joints"]:
            return last
        last += 1
    return scene.sums.get(last, last) if scene.is_joined(last) else last
