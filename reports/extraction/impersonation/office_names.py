"""Office names: lexicon, cues, mentions in a story with titles and places. Pure: no Django."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, takewhile, zip_longest

from core.province import province
from core.text import normalize
from reports.data.loader import load_json
from reports.extraction.language.cue_matcher import (
    PhraseMatch,
    PhraseTrie,
    TokenizedText,
    drop_nested,
)

_FILE = "claimed.json"
DECOY = "decoy"  # the kind of words that only look like a name
OTHER_PROVINCE = "cong-an-tinh-khac"
_MAX_NAMES = 60  # of one row
_MAX_NAME_LENGTH = 120

Locate = Callable[[str], tuple[str, ...]]
Row = tuple[str, Sequence[str]]


@dataclass(frozen=True)
class ClaimTable:
    """The lists of data/claimed.json as sets.

    `any_of`: wider name -> narrower; `declared`: answer of the report form -> wider name; `labels`
    of the wider names; `shy`, folded: names that need an explicit claim.
    """

    labels: Mapping[str, str]
    any_of: Mapping[str, tuple[str, ...]]
    declared: Mapping[str, str]
    everyday: frozenset[str]
    of_state: frozenset[str]
    with_unit: frozenset[str]
    shy: frozenset[str]
    capitals: frozenset[str]


@dataclass(frozen=True, eq=False)
class OfficeLexicon:
    """The names of the officers' table, and a function from words to communes."""

    book: PhraseTrie
    locate: Locate


@lru_cache(maxsize=1)
def claim_table() -> ClaimTable:
    """Return the data file but for names and cues."""
    data = load_json(_FILE)
    broad = data["broad"]
    stately = [row["code"] for row in broad if row["of_state"]]
    answers = {answer: row["code"] for row in broad for answer in row["declared"]}
    return ClaimTable(
        labels={row["code"]: row["label"] for row in broad},
        any_of={row["code"]: tuple(row["any_of"]) for row in broad},
        declared=data["declared"] | answers,
        everyday=frozenset(data["everyday"]),
        of_state=frozenset([*data["of_state"], *stately]),
        with_unit=frozenset(data["with_unit"]),
        shy=frozenset(map(normalize, data["shy"])),
        capitals=frozenset(data["capitals"]),
    )


@lru_cache(maxsize=1)
def claim_cues() -> PhraseTrie:
    """Return the cues of a claim, by kind: "claims", "told", "denied", "titles", …"""
    cues = load_json(_FILE)["signs"]
    return PhraseTrie((kind, "", cue) for kind, texts in cues.items() for cue in texts)


def build_lexicon(rows: Iterable[Row], locate: Locate) -> OfficeLexicon:
    """Return the names of rows (codename, names), with those of the data files."""
    decoys = [(DECOY, "", name) for name in load_json(_FILE)["decoys"]]
    offices = [("office", code, name) for code, name in _list_names(rows)]
    return OfficeLexicon(PhraseTrie([*decoys, *offices]), locate)


def _list_names(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    data, local = load_json(_FILE), province.load_json("offices.json")["called"]
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


_MAX_MENTIONS = 200
_MAX_PLACES = 20  # mentions whose place is looked up
_WORDS_OF_PLACE = 8
_MAX_TITLES = 4
# The most words between a cue and the name after it.
_REACHES = {"claims": 6, "openers": 2, "told": 1, "denied": 2}
_FURTHEST = max(_REACHES.values())
_OUT_OF_REACH = 100
_UNITS = {"xa", "phuong", "huyen", "tx", "tp"}
_LONG_UNITS = {"thi xa", "thi tran", "thanh pho"}


@dataclass(frozen=True, slots=True)
class OfficeMention:
    """A name at words [first, last): titles from `start`, its place up to `end`."""

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
    """A story with its cues, by the words where they end and begin."""

    story: TokenizedText
    ending: dict[int, list[PhraseMatch]]
    beginning: dict[int, list[PhraseMatch]]

    def token_distance(self, low: int, high: int) -> int:
        """Return the words between two places; a comma counts two, a stop is out of reach."""
        words = self.story.words
        if not 0 < low <= high < len(words):
            return high - low
        one, other = words[low - 1], words[high]
        if one.sentence != other.sentence:
            return _OUT_OF_REACH
        return high - low + 2 * (one.clause != other.clause)


def mention_context(story: TokenizedText) -> MentionContext:
    ending: dict[int, list[PhraseMatch]] = {}
    beginning: dict[int, list[PhraseMatch]] = {}
    for cue in claim_cues().find(story):
        ending.setdefault(cue.last, []).append(cue)
        beginning.setdefault(cue.first, []).append(cue)
    return MentionContext(story, ending, beginning)


def find_mentions(scene: MentionContext, names: OfficeLexicon) -> list[OfficeMention]:
    """Return the names in a story, in order, the longest of several; no bare title."""
    mentions = list(islice(_list_mentions(scene, names), _MAX_MENTIONS))
    pairs = zip_longest(mentions, mentions[1:])
    plain = [one for one, other in pairs if other is None or one.first < other.start]
    return [
        _with_place(scene.story, mention, names)
        if at < _MAX_PLACES
        else replace(mention, end=mention.last)
        for at, mention in enumerate(plain)
    ]


def _list_mentions(scene: MentionContext, names: OfficeLexicon) -> Iterator[OfficeMention]:
    """Yield each name once, with all offices that it means."""
    by_place: dict[tuple[int, int], list[PhraseMatch]] = {}
    for match in drop_nested(names.book.find(scene.story)):
        if _is_name(scene.story, match):
            by_place.setdefault((match.first, match.last), []).append(match)
    for (first, last), matches in by_place.items():
        offices = tuple(dict.fromkeys(match.phrase.code for match in matches))
        texts = tuple(match.phrase.text for match in matches)
        start = _with_titles(scene, first)
        titled = start < first or _begins_with_title(scene, first, last)
        yield OfficeMention(start, first, last, offices, texts, titled)


def _is_name(story: TokenizedText, match: PhraseMatch) -> bool:
    """Return whether words are a name: no decoy, and capitals where "cat" is another word."""
    start, end = story.char_span(match.first, match.last)
    spelled = match.phrase.text not in claim_table().capitals or story.text[start:end].isupper()
    return spelled and match.phrase.kind != DECOY


def _begins_with_title(scene: MentionContext, first: int, last: int) -> bool:
    """Return whether a name begins with a title: "nhân viên" ngân hàng."""
    cues = scene.beginning.get(first, ())
    return any(cue.phrase.kind == "titles" and cue.last < last for cue in cues)


def _with_titles(scene: MentionContext, first: int) -> int:
    """Return where the titles before a name begin: "cán bộ bên" công an xã."""
    for _ in range(_MAX_TITLES):
        titles = [cue for cue in scene.ending.get(first, ()) if cue.phrase.kind == "titles"]
        if not titles or scene.token_distance(first, first):
            break
        first = min(title.first for title in titles)
    return first


def nearest_cue_before(scene: MentionContext, mention: OfficeMention) -> PhraseMatch | None:
    """Return the nearest cue before a name and its titles, the longest; of equals "told"."""
    adjacent = _nearest_ending(scene, mention.first)
    if adjacent and adjacent.last == mention.first:
        return adjacent
    return _nearest_ending(scene, mention.start)


def _nearest_ending(scene: MentionContext, start: int) -> PhraseMatch | None:
    """Return the cue that ends nearest before a word, within its own reach."""
    for last in range(start, max(start - _FURTHEST, 0) - 1, -1):
        away = scene.token_distance(last, start)
        ending = scene.ending.get(last, ())
        if cues := [cue for cue in ending if away <= _REACHES.get(cue.phrase.kind, -1)]:
            return max(cues, key=lambda cue: (cue.last - cue.first, cue.phrase.kind))
    return None


def has_cue_after(scene: MentionContext, mention: OfficeMention, kind: str, within: int) -> bool:
    return any(
        cue.phrase.kind == kind and scene.token_distance(mention.end, first) <= within
        for first in range(mention.end, mention.end + within + 1)
        for cue in scene.beginning.get(first, ())
    )


def needs_explicit_claim(mention: OfficeMention) -> bool:
    """Return whether a name counts only right after a claim."""
    return claim_table().shy.issuperset(map(normalize, mention.names))


def _with_place(
    story: TokenizedText, mention: OfficeMention, names: OfficeLexicon
) -> OfficeMention:
    """Return a mention with the longest place after it, or after its unit."""
    if not claim_table().with_unit.isdisjoint(mention.offices):
        reach = _reach_of_place(story, mention.last)
        for first in (mention.last - _size_of_unit(story, mention), mention.last):
            for last in range(reach, mention.last, -1):
                start, end = story.char_span(first, last)
                if communes := names.locate(story.text[start:end]):
                    return replace(mention, communes=communes, end=last)
    return replace(mention, end=mention.last)


def _size_of_unit(story: TokenizedText, mention: OfficeMention) -> int:
    """Return how many words at the end of a name are a unit: "xã" one, "thị xã" two."""
    words = [word.folded for word in story.words[mention.first : mention.last]]
    return 2 if " ".join(words[-2:]) in _LONG_UNITS else int(words[-1] in _UNITS)


def _reach_of_place(story: TokenizedText, first: int) -> int:
    """Return the end of the words that may be a place, at most that of the sentence."""
    sentence = story.words[first - 1].sentence
    words = story.words[first : first + _WORDS_OF_PLACE]
    return first + sum(1 for _ in takewhile(lambda word: word.sentence == sentence, words))
