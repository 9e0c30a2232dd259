"""Find in a story what was demanded, what pressed and what calms. Pure: no Django.

The table is data/call_signs.json. A demand is words that stand for it where the reader finds the demand
or somebody asks for it; nothing counts that is denied ("không hỏi mật khẩu"), and papers and fees
count for nothing where they are shown or paid at a counter.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from core.text import normalize
from reports.data.loader import load_json
from reports.extraction.language.cue_matcher import Token, TokenizedText, word_set
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.language.phrase_trie import PhraseMatch, PhraseTrie, drop_nested
from reports.extraction.language.scoring import is_remainder
from reports.extraction.story_reader import StoryReading, stage_code

_MAX_QUOTES, _MAX_QUOTE_CHARS = 2, 60
_LEAST_POINTS = 1.5  # of words that say a demand by their weight
_ASKED_WITHIN, _PAID_WITHIN, _DENIED_WITHIN = 5, 8, 4  # words
_FORWARDS = re.compile(r"[*#](?:21|6[127]|00[24])[*#]|[*#]\d{1,4}[*#]\d{9}")
_NOT = word_set(
    "không chưa đừng chớ chẳng chả nỏ hông hổng kg not never don",
    unmarked="khong chua dung kg hong not never don",
)
_NOR_YET = word_set("chưa")
_LACKS = word_set("có")
_ASKS = word_set("đòi hỏi yêu bắt xin thu lấy bảo đề ép ask asks asked")
_GOES = word_set("lên ra đến tới đi về")
_GIVES = word_set(
    "cung đọc cho nói chuyển nộp đóng trả bấm ấn nhấn vào mở cài tải quét chụp gửi đưa làm nghe tin"
    " kết nhập điền khai chia tiết truy click read give send share tell"
)
_ADVISES = word_set(
    "nhắc dặn khuyên cảnh khuyến tuyên đừng chớ nên được giờ phải cần tuyệt tự never don"
)
_TELLER = word_set("tôi tui em mình con cháu mẹ bố vợ chồng i we")
_OTHERS = word_set("họ nó hắn chúng tôi tui em mình biết they")
_BUT = word_set(
    "chỉ mà nhưng thì phải kẻo bảo rồi but only",
    unmarked="chi ma nhung thi phai keo bao roi but only",
)
_AT_COUNTER = word_set("đóng nộp trả thanh thu viện phí lệ tiền pay fee")
_BIDS = word_set("bảo mời gọi hẹn nhắc dặn kêu yêu biểu báo cho để nhờ")
_LOSES = word_set("mất hao tốn sứt thiệt lose lost")
_NO_DEMAND = word_set("chỉ sai hạn", unmarked="sai han")
_QUESTIONS = word_set("hỏi mời muốn asked wanted")  # that ask for an answer alone
_BY_QUESTION = {"secret", "papers", "face"}
_BARE = word_set("gửi đưa trả cho give gave send sent")  # that are paying where a sum is behind
_BY_PLACE = {"install", "papers", "face"}
_BY_ASKING = {"cash", "secret", "papers"}  # of which people speak though nobody asks
_BRINGS = word_set("mang đem cầm theo bring")
_MONEY = word_set("tiền vàng triệu nghìn tỷ thẻ money dong")
_SO = word_set("thì là sẽ bị")


class Hit(NamedTuple):
    """A row of the table at words [first, last)."""

    code: str
    first: int
    last: int


@dataclass(frozen=True)
class FoundSigns:
    """The quotes of each row found, and whether an office that hides nothing seems to speak."""

    quotes: Mapping[str, tuple[str, ...]]
    is_calm: bool
    is_owed: bool


@lru_cache(maxsize=1)
def rows() -> Mapping[str, Mapping[str, Any]]:
    """Return the rows of the table by code."""
    return {row["code"]: row for row in load_json("call_signs.json")["rows"]}


@lru_cache(maxsize=1)
def _phrases() -> PhraseTrie:
    data, stages = load_json("call_signs.json"), load_json("stages.json")
    steps = {stage["code"]: stage["phrases"] for stage in stages["stages"]}
    by_kind = {kind: data[kind] for kind in ("else", "calm", "owed", "place")}
    by_kind["else"] = [*data["else"], *stages["never"]]
    by_kind["place"] = [*data["place"], *map(" ".join, product(data["go"], data["places"]))]
    return PhraseTrie(
        [
            *((kind, "", text) for kind, texts in by_kind.items() for text in texts),
            *(
                ("row", code, text)
                for code, row in rows().items()
                for text in [*row["phrases"], *steps.get(row.get("stage"), ())]
            ),
        ],
        [text for text in by_kind["place"] if text.startswith("tới")],  # "toi" is tôi, too
    )


@lru_cache(maxsize=1)
def _milder() -> frozenset[str]:
    return frozenset(map(normalize, load_json("call_signs.json")["milder"]))


def find_signs(parsed: ParsedStory, reading: StoryReading) -> FoundSigns:
    """Return the rows of the table that a story shows. Linear time."""
    story = parsed.story
    matches = drop_nested(_phrases().find(story))
    denied, is_blank = _find_denied(story)
    scene = _Scene(parsed, matches, denied)
    hits, dropped = dict[str, list[Hit]](), set[str]()
    for hit in [*_list_phrases(matches), *_list_demands(scene, reading)]:
        if scene.is_said(hit) and not scene.is_in_person(hit):
            hits.setdefault(hit.code, []).append(hit)
        else:
            dropped.add(hit.code)
    is_calm = is_blank or bool(scene.places or scene.others["calm"] or scene.others["owed"])
    is_calm = is_calm and "remote" not in hits
    quotes = {code: tuple(_quote(scene, found)) for code, found in hits.items()}
    if not is_calm:
        quotes = {
            code: (why,) for code, why in _list_hints(parsed, reading) if code not in dropped
        } | quotes
    if dialled := _FORWARDS.search(story.typed):
        quotes["dial"] = (dialled[0],)
    return FoundSigns(quotes, is_calm, bool(scene.others["owed"]))


class _Scene:
    """A parsed story with the places where things are done and the words that deny."""

    def __init__(self, parsed: ParsedStory, matches: list[PhraseMatch], denied: set[int]) -> None:
        self.story, self.parsed, self.denied = parsed.story, parsed, denied
        self.others: dict[str, list[PhraseMatch]] = {"else": [], "calm": [], "owed": []}
        self.places: list[PhraseMatch] = []
        for match in matches:
            if match.phrase.kind == "place":
                if match.first in denied or self._is_own_way(match.first):
                    continue
                self.places.append(match)
            elif match.phrase.kind in self.others:
                self.others[match.phrase.kind].append(match)
        self.decoys = {
            at
            for match in [*self.places, *self.others["else"], *self.others["calm"]]
            for at in range(*match[1:])
        }
        families: dict[str, list[tuple[int, int]]] = {}
        for gram in parsed.grams:
            if gram.name.startswith("="):
                families.setdefault(gram.name[1:], []).append((gram.first, gram.last))
        self.families = families
        words = self.story.words
        self.demands = {
            last: first
            for first, last in families.get("demand", ())
            if not _NO_DEMAND.has(self.story, words[first])
            and (first == 0 or f"{words[first - 1].folded} {words[first].folded}" != "co phai")
        }

    def asked_from(self, at: int, code: str) -> int | None:
        """Return the word that asks for what stands at a word of the same clause, undenied."""
        words = self.story.words
        for last in range(at, max(at - _ASKED_WITHIN, 0) - 1, -1):
            first = self.demands.get(last)
            if first is None or words[first].clause != words[at].clause:
                continue
            if code in _BY_QUESTION or not _QUESTIONS.has(self.story, words[first]):
                return None if first in self.denied else first
        return None

    def _is_own_way(self, at: int) -> bool:
        """Return whether the teller went there, unasked: "tôi ra ngân hàng hỏi"."""
        before = self.story.words[self.story.clause_start(at, max(at - 5, 0)) : at]
        is_teller = any(_TELLER.has(self.story, word) for word in before[-1:])
        return is_teller and not any(_BIDS.has(self.story, word) for word in before)

    def is_said(self, hit: Hit) -> bool:
        """Return whether words are neither denied nor advice on secrets: "đừng cho ai biết mã OTP"."""
        if not rows()[hit.code]["demand"] and _NOT.has(self.story, self.story.words[hit.first - 1]):
            return False
        if hit.code != "isolation":
            return hit.first not in self.denied
        clause = self.story.words[hit.first].clause
        secrets = [*self.families.get("otp", ()), *self.families.get("secret_word", ())]
        return not any(self.story.words[first].clause == clause for first, _ in secrets)

    def is_in_person(self, hit: Hit) -> bool:
        """Return whether papers are shown, or fees paid, where the office is; goods, at the door."""
        words = self.story.words
        if hit.code == "papers" and any(
            _BRINGS.has(self.story, word) for word in words[max(hit.first - 3, 0) : hit.first]
        ):
            return True
        if hit.code in _BY_PLACE:
            sentence = words[hit.first].sentence
            return any(words[place.first].sentence == sentence for place in self.places)
        if hit.code != "money" or not _AT_COUNTER.has(self.story, words[hit.first]):
            return False
        near = range(hit.first - _PAID_WITHIN, hit.last + _PAID_WITHIN)
        return bool(self.others["owed"]) or any(place.first in near for place in self.places)


def _list_hints(parsed: ParsedStory, reading: StoryReading) -> Iterator[tuple[str, str]]:
    """Yield for each demand that the reader finds the words that say it most, should none of the table."""
    has_money = parsed.sums or any(_MONEY.has(parsed.story, word) for word in parsed.story.words)
    for code, row in rows().items():
        for action in set(reading.actions).intersection(row["actions"]):
            if code == "money" and not has_money:
                continue
            reasons = [
                why
                for why in reading.reasons
                if why.fact == "actions"
                and stage_code(why) == action
                and not is_remainder(why.rule)
            ]
            best = max(reasons, key=lambda why: why.points, default=None)
            if best and best.points >= _LEAST_POINTS and normalize(best.words) not in _milder():
                yield code, " ".join(best.words.split())


def _list_phrases(matches: Iterable[PhraseMatch]) -> Iterator[Hit]:
    for match in matches:
        if match.phrase.kind == "row":
            yield Hit(match.phrase.code, match.first, match.last)


def _list_demands(scene: _Scene, reading: StoryReading) -> Iterator[Hit]:
    """Yield the words that stand for what the reader finds demanded, or somebody asks for."""
    for code, row in rows().items():
        is_found = not set(reading.actions).isdisjoint(row["actions"])
        for family in row["families"]:
            for first, last in scene.families.get(family, ()):
                if first in scene.decoys:
                    continue
                is_mild = _fold(scene.story.words[first:last]) in _milder()
                is_asked = scene.asked_from(first, code) is not None
                if (
                    is_found
                    and is_asked
                    or (is_asked or is_found and code not in _BY_ASKING)
                    and not is_mild
                ):
                    yield Hit(code, first, last)
    yield from _list_payments(
        scene, not set(reading.actions).isdisjoint(rows()["money"]["actions"])
    )


def _list_payments(scene: _Scene, is_found: bool) -> Iterator[Hit]:
    """Yield verbs of paying and sums that somebody asks for."""
    words, story = scene.story.words, scene.story
    sums = {amount.first: amount.last for amount in scene.parsed.sums}
    for action in scene.parsed.actions:
        first, last = action.first, action.last
        is_theirs = action.state == "done" and not any(
            _TELLER.has(story, word) for word in words[max(first - 3, 0) : first]
        )
        is_loss = _LOSES.has(story, words[first])
        if action.kind != "pay" or first in scene.decoys or is_loss or is_theirs:
            continue
        end = sums.get(last, sums.get(last + 1, last))
        is_bare = end == last == first + 1 and _BARE.has(story, words[first])
        is_asked = action.state == "asked" and scene.asked_from(first, "money") is not None
        if is_asked or (is_found and not (is_bare and not _NOT.has(story, words[first - 1]))):
            yield Hit("money", first, end)
    for first, last in sums.items():
        asked = scene.demands.get(first, scene.demands.get(first - 1))
        if asked is None or asked in scene.denied or _QUESTIONS.has(story, words[asked]):
            continue
        if True:
            yield Hit("money", first, last)


def _fold(words: Iterable[Token]) -> str:
    return " ".join(word.folded for word in words)


def _find_denied(story: TokenizedText) -> tuple[set[int], bool]:
    """Return the words that a "not" denies, and whether it says that nothing was asked for.

    What the teller did not do was demanded all the same; "không được nói" is told by its row.
    """
    denied, is_blank, is_denying = set[int](), False, False
    words = story.words
    for at, word in enumerate(words):
        if at and words[at - 1].clause != word.clause:
            is_denying = is_denying and _continues_list(story, at)
        if _NOT.has(story, word):
            kind = _kind_of_denial(story, at)
            is_denying = is_denying or kind != ""
            is_blank = is_blank or (kind == "asks" and not _NOR_YET.has(story, word))
        elif is_denying and _BUT.has(story, word) and not _NOT.has(story, words[at - 1]):
            is_denying = False
        if is_denying:
            denied.add(at)
    return denied, is_blank


def _continues_list(story: TokenizedText, at: int) -> bool:
    """Return whether a clause goes on with what is denied: "không hỏi mã OTP, mật khẩu"."""
    words = story.words
    if words[at - 1].sentence != words[at].sentence or _is_to_nobody(story, at):
        return words[at - 1].sentence == words[at].sentence
    clause = [word for word in words[at : at + 6] if word.clause == words[at].clause]
    return len(clause) < 6 and not any(
        each.has(story, word) for word in clause for each in (_ASKS, _OTHERS, _BUT, _NOT)
    )


def _kind_of_denial(story: TokenizedText, at: int) -> str:
    """Return "asks" where a "not" says what nobody asks for or warns of it, "lacks" of "không có", else ""."""
    this, behind = story.words[at], story.words[at + 1 : at + 1 + _DENIED_WITHIN]
    words = [word for word in behind if word.clause == this.clause]
    before = story.words[story.clause_start(at, max(0, at - 6)) : at]
    is_advice = any(_ADVISES.has(story, each) for each in [*before, this])
    if any(_TELLER.has(story, each) for each in before[-1:]) and not is_advice:
        return ""
    is_advice = is_advice or _is_to_nobody(story, at)
    for place, word in enumerate(words):
        if any(each.has(story, word) for each in (_OTHERS, _GOES)) or (
            _BUT.has(story, word) and word.folded != "phai"
        ):
            return ""
        if _ASKS.has(story, word):
            return "asks"
        if _LACKS.has(story, word):
            return "lacks"
        if _GIVES.has(story, word):
            is_advice = is_advice or any(_ADVISES.has(story, each) for each in words[:place])
            is_threat = any(_SO.has(story, each) for each in behind[place:])
            return "asks" if is_advice else "" if is_threat else "lacks"
    return ""


def _is_to_nobody(story: TokenizedText, at: int) -> bool:
    """Return whether "to anybody" follows: "không cung cấp mật khẩu cho bất kỳ ai"."""
    words = story.words
    return any(
        word.folded == "ai" and words[place - 1].folded in {"cho", "ki", "voi", "cu"}
        for place, word in enumerate(words[at : at + 12], at)
        if word.sentence == words[at].sentence
    )


def _quote(scene: _Scene, hits: Iterable[Hit]) -> Iterator[str]:
    """Yield the longest words in order, those that touch as one quotation, with what asks for them."""
    spans: list[tuple[int, int]] = []
    for hit in sorted(hits, key=lambda hit: hit.first):
        asked = scene.asked_from(hit.first, hit.code) if rows()[hit.code]["demand"] else None
        first, last = hit.first if asked is None else asked, hit.last
        if spans and first <= spans[-1][1]:
            start, end = spans.pop()
            first, last = start, max(end, last)
        spans.append((first, last))
    longest = sorted(spans, key=lambda span: span[0] - span[1])[:_MAX_QUOTES]
    for span in sorted(longest):
        yield " ".join(scene.story.quote(*span)[0].split())[:_MAX_QUOTE_CHARS]
