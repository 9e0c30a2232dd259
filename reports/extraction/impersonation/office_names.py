"""Names of offices: the lexicon of names and cues, and their mentions in a story with titles and places.
Pure: no Django.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from core.province import province
from core.text import normalize
from reports.extraction.language.cue_matcher import TokenizedText
from reports.extraction.language.phrase_trie import PhraseMatch, PhraseTrie, drop_nested

_FILE = Path(__file__).parents[2] / "data" / "claimed.json"
DECOY = "decoy"  # the kind of words that look like a name and are none
OTHER_PROVINCE = "cong-an-tinh-khac"
_MAX_NAMES = 60  # of one row
_MAX_NAME_LENGTH = 120

Locate = Callable[[str], tuple[str, ...]]
Row = tuple[str, Sequence[str]]


@dataclass(frozen=True)
class ClaimTable:
    """data/claimed.json, its lists as sets. `any_of`: a wider name -> what it may be;
    `declared`: an answer of the report page -> the wider name; `labels` of the wider names;
    `shy` folded.
    """

    labels: Mapping[str, str]
    any_of: Mapping[str, frozenset[str]]
    declared: Mapping[str, str]
    everyday: frozenset[str]
    of_state: frozenset[str]
    with_unit: frozenset[str]
    shy: frozenset[str]
    capitals: frozenset[str]


@dataclass(frozen=True, eq=False)
class OfficeLexicon:
    """The names of the officers' table, and who knows the communes that words may mean."""

    book: PhraseTrie
    locate: Locate


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=1)
def claim_table() -> ClaimTable:
    """What the data file says beside the names and the signs."""
    data = _data()
    broad = data["broad"]
    stately = [row["code"] for row in broad if row["of_state"]]
    answers = {answer: row["code"] for row in broad for answer in row["declared"]}
    return ClaimTable(
        labels={row["code"]: row["label"] for row in broad},
        any_of={row["code"]: frozenset(row["any_of"]) for row in broad},
        declared=data["declared"] | answers,
        everyday=frozenset(data["everyday"]),
        of_state=frozenset([*data["of_state"], *stately]),
        with_unit=frozenset(data["with_unit"]),
        shy=frozenset(map(normalize, data["shy"])),
        capitals=frozenset(data["capitals"]),
    )


@lru_cache(maxsize=1)
def claim_cues() -> PhraseTrie:
    """The signs of a claim: "claims", "told", "denied", "titles", "calls", "says", "warned"."""
    return PhraseTrie(
        (kind, "", sign) for kind, signs in _data()["signs"].items() for sign in signs
    )


def build_lexicon(rows: Iterable[Row], locate: Locate) -> OfficeLexicon:
    """The names of rows (codename, names) with the file's other names of them and its wider ones.
    `locate` gives the communes that words may mean, () for none.
    """
    decoys = [(DECOY, "", name) for name in _data()["decoys"]]
    return OfficeLexicon(
        PhraseTrie([*decoys, *(("office", code, name) for code, name in _names(rows))]), locate
    )


def _names(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    data, local = _data(), province.load_json("offices.json")["called"]
    for code, named in rows:
        if code not in data["never"]:
            for name in [*named[:_MAX_NAMES], *data["offices"].get(code, ()), *local.get(code, ())]:
                yield code, name[:_MAX_NAME_LENGTH]
    for row in data["broad"]:
        code = row["code"]
        yield from ((code, name) for name in [*row["names"], *local.get(code, ())])
    others = [name for name in data["provinces"] if name != province.name]
    for police in data["police_of_a_province"]:
        yield from ((OTHER_PROVINCE, f"{police} {name}") for name in others)


_MAX_MENTIONS = 200  # mentions that are looked at
_MAX_PLACES = 20  # mentions whose place is looked up
_WORDS_OF_PLACE = 8
_MAX_TITLES = 4
# How many words may lie between a sign and the name after it.
_REACHES = {"claims": 6, "openers": 2, "told": 1, "denied": 2}
_FURTHEST = max(_REACHES.values())
_OUT_OF_REACH = 100
_UNITS = {"xa", "phuong", "huyen", "tx", "tp"}
_LONG_UNITS = {"thi xa", "thi tran", "thanh pho"}


@dataclass(frozen=True, slots=True)
class OfficeMention:
    """A name at words [first, last), its titles from `start` on, the offices that it means; its
    place up to `end`, and the communes which that may be.
    """

    start: int
    first: int
    last: int
    offices: tuple[str, ...]
    names: tuple[str, ...]
    titled: bool
    communes: tuple[str, ...] = ()
    end: int = 0


@dataclass(frozen=True, slots=True)
class MentionContext:
    """A story with its signs: by the word where they end, and by the word where they begin."""

    story: TokenizedText
    ending: dict[int, list[PhraseMatch]]
    beginning: dict[int, list[PhraseMatch]]

    def token_distance(self, low: int, high: int) -> int:
        """The words between two places, a comma counting two; beyond all reach over a full stop."""
        words = self.story.words
        if not 0 < low <= high < len(words):
            return high - low
        one, other = words[low - 1], words[high]
        same = one.sentence == other.sentence
        return high - low + 2 * (one.clause != other.clause) if same else _OUT_OF_REACH


def mention_context(story: TokenizedText) -> MentionContext:
    """A story with the signs of claims in it."""
    ending: dict[int, list[PhraseMatch]] = {}
    beginning: dict[int, list[PhraseMatch]] = {}
    for sign in claim_cues().find(story):
        ending.setdefault(sign.last, []).append(sign)
        beginning.setdefault(sign.first, []).append(sign)
    return MentionContext(story, ending, beginning)


def find_mentions(scene: MentionContext, names: OfficeLexicon) -> list[OfficeMention]:
    """The names in a story, in order, the longest where several stand; none that is but a title."""
    found = list(islice(_named(scene, names), _MAX_MENTIONS))
    pairs = zip_longest(found, found[1:])
    plain = [one for one, other in pairs if other is None or one.first < other.start]
    return [
        _placed(scene.story, mention, names)
        if at < _MAX_PLACES
        else replace(mention, end=mention.last)
        for at, mention in enumerate(plain)
    ]


def _named(scene: MentionContext, names: OfficeLexicon) -> Iterator[OfficeMention]:
    """Each name once, with all offices that it means."""
    by_place: dict[tuple[int, int], list[PhraseMatch]] = {}
    for match in drop_nested(names.book.find(scene.story)):
        if _is_name(scene.story, match):
            by_place.setdefault((match.first, match.last), []).append(match)
    for (first, last), matches in by_place.items():
        offices = tuple(dict.fromkeys(match.phrase.code for match in matches))
        texts = tuple(match.phrase.text for match in matches)
        start = _with_titles(scene, first)
        titled = start < first or _opens(scene, first, last)
        yield OfficeMention(start, first, last, offices, texts, titled)


def _is_name(story: TokenizedText, match: PhraseMatch) -> bool:
    """Whether words are a name: no decoy, and in capitals where "cat" would be another word."""
    start, end = story.char_span(match.first, match.last)
    spelled = match.phrase.text not in claim_table().capitals or story.text[start:end].isupper()
    return spelled and match.phrase.kind != DECOY


def _opens(scene: MentionContext, first: int, last: int) -> bool:
    """Whether a name begins with a title: "nhân viên" ngân hàng."""
    signs = scene.beginning.get(first, ())
    return any(sign.phrase.kind == "titles" and sign.last < last for sign in signs)


def _with_titles(scene: MentionContext, first: int) -> int:
    """Where the titles before a name begin: "cán bộ bên" công an xã."""
    for _ in range(_MAX_TITLES):
        titles = [sign for sign in scene.ending.get(first, ()) if sign.phrase.kind == "titles"]
        if not titles or scene.token_distance(first, first):
            break
        first = min(title.first for title in titles)
    return first


def nearest_cue_before(scene: MentionContext, mention: OfficeMention) -> PhraseMatch | None:
    """The nearest sign before a name and its titles, the longest of those; of equals "told"."""
    adjacent = _nearest(scene, mention.first)
    if adjacent and adjacent.last == mention.first:
        return adjacent
    return _nearest(scene, mention.start)


def _nearest(scene: MentionContext, start: int) -> PhraseMatch | None:
    """The sign that ends nearest before a word, within its own reach."""
    for last in range(start, max(start - _FURTHEST, 0) - 1, -1):
        away = scene.token_distance(last, start)
        signs = [
            sign
            for sign in scene.ending.get(last, ())
            if away <= _REACHES.get(sign.phrase.kind, -1)
        ]
        if signs:
            return max(signs, key=lambda sign: (sign.last - sign.first, sign.phrase.kind))
    return None


def has_cue_after(scene: MentionContext, mention: OfficeMention, kind: str, within: int) -> bool:
    """Whether a sign of this kind follows a name, its place between them or not."""
    return any(
        sign.phrase.kind == kind and scene.token_distance(mention.end, first) <= within
        for first in range(mention.end, mention.end + within + 1)
        for sign in scene.beginning.get(first, ())
    )


def needs_explicit_claim(mention: OfficeMention) -> bool:
    """Whether a name counts only right after a claim."""
    return claim_table().shy.issuperset(map(normalize, mention.names))


def _placed(story: TokenizedText, mention: OfficeMention, names: OfficeLexicon) -> OfficeMention:
    """A mention with the longest words after it that may be a place, its own unit before them."""
    if not claim_table().with_unit.isdisjoint(mention.offices):
        reach = _reach_of_place(story, mention.last)
        for first in (mention.last - _size_of_unit(story, mention), mention.last):
            for last in range(reach, mention.last, -1):
                start, end = story.char_span(first, last)
                if communes := names.locate(story.text[start:end]):
                    return replace(mention, communes=communes, end=last)
    return replace(mention, end=mention.last)


def _size_of_unit(story: TokenizedText, mention: OfficeMention) -> int:
    """How many words at the end of a name are a unit: "xã" one, "thị xã" two."""
    words = [word.folded for word in story.words[mention.first : mention.last]]
    return 2 if " ".join(words[-2:]) in _LONG_UNITS else int(words[-1] in _UNITS)


def _reach_of_place(story: TokenizedText, first: int) -> int:
    """Where the words that may be a place end: with their sentence."""
    last = first
    sentence = story.words[first - 1].sentence
    for word in story.words[first : first + _WORDS_OF_PLACE]:
        if word.sentence != sentence:
            break
        last += 1
    return last
