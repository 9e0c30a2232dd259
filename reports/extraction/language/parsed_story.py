"""A story parsed once: words, cues, sums, payment actions and their features. Pure: no Django.

A feature is a word, a pair of words, or a family of words (data/concepts.json). A payment action is
a verb of paying or obeying with its state: "Nó bảo nộp, tôi không nộp" has one asked, one refused.
Its words are cues.json, "phrases" › "deeds".
A list may have its unit at its end: "chuyển 20 với 25 triệu".
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

from core.text import normalize
from reports.data.loader import load_json
from reports.extraction.language.amounts import MoneyAmount, find_amounts
from reports.extraction.language.cue_matcher import (
    PhraseMatch,
    PhraseTrie,
    TokenizedText,
    cue_tables,
    inside,
    matches_between,
    tokenize,
    word_set,
)
from reports.extraction.language.scoring import Feature

_JOINS = {"roi", "voi", "va", "cong", "and", "then"}  # "20 với 25 triệu"
_TURNS = ("lần", "lượt", "đợt", "khoản", "đơn", "lệnh")
_NTHS = ("đầu", "sau", "cuối", "một", "hai", "ba", "tư", "nhất", "là", "1", "2", "3", "4")
_PAYERS = ("tôi", "em", "chị", "anh", "mẹ", "bố", "vợ", "chồng", "ông")  # "chị 25, tôi 30 triệu"
_BETWEEN = {*_JOINS, *map(normalize, (*_TURNS, *_NTHS, *_PAYERS, "thêm", "thứ", "nữa", "là"))}
_OF_PAYERS = {*map(normalize, _PAYERS)}
_BEFORE_LIST = {
    *(normalize(verb) for verb in load_json("number_words.json")["paying"] if " " not in verb),
    *map(normalize, _TURNS),
}
_OF_TURNS = ({*map(normalize, _TURNS)}, {*map(normalize, _NTHS)})  # "đợt sau"
_ITEMS_APART = 4  # words
_MAX_ITEMS = 100
_ITEMS_UNLIKE = 10  # times the sum at its end: then an item has a smaller unit
_FIGURES = {str(figure) for figure in range(2, 1000)}
_THOUSANDS_FROM, _SMALL = 100, 10**7  # "nạp 300, rồi 2tr": hundreds beside small sums are thousands
_UNITS = (10**9, 10**6)


def find_implicit_amounts(
    story: TokenizedText, named: Sequence[MoneyAmount]
) -> Iterator[MoneyAmount]:
    """Yield the items of lists that end with one of the *named* sums."""
    taken = {place for amount in named for place in range(amount.first, amount.last)}
    items = (item for amount in named for item in _items_before(story, amount, taken))
    yield from islice(items, _MAX_ITEMS)


def _items_before(
    story: TokenizedText, amount: MoneyAmount, taken: Collection[int]
) -> Iterator[MoneyAmount]:
    """Yield the items of a list that ends with an amount, the last first."""
    places, first = list[int](), amount.first
    while len(places) < _MAX_ITEMS and (at := _item_before(story, first, taken)) is not None:
        places.append(at)
        first = at
    if places and not _is_range(story, places, amount) and _is_of_sums(story, places, taken):
        for at in places:
            yield MoneyAmount(_item_value(int(story.words[at].folded), amount), at, at + 1)


def _item_before(story: TokenizedText, first: int, taken: Collection[int]) -> int | None:
    """Return the place of the bare number listed just before word *first*, or None."""
    words, at = story.words, first - 1
    while at > max(0, first - _ITEMS_APART) and words[at].folded in _BETWEEN:
        if _is_item(story, at, first):
            break
        at -= 1
    return at if at >= 0 and at not in taken and _is_item(story, at, first) else None


def _is_item(story: TokenizedText, at: int, first: int) -> bool:
    """Return whether word *at* is a bare number of a list that goes on at word *first*."""
    word, behind = story.words[at : at + 2]
    if word.folded not in _FIGURES or word.sentence != story.words[first].sentence:
        return False
    gap = story.text[word.end : behind.start].strip()
    return gap in (",", ";") or (not gap and behind.folded in _JOINS)


def _is_range(story: TokenizedText, places: Sequence[int], amount: MoneyAmount) -> bool:
    """Return whether "5, 6 triệu" or "20, 30 triệu" is said of one sum."""
    low, high = int(story.words[places[0]].folded), story.words[amount.first].folded
    beside = len(places) == 1 and places[0] + 1 == amount.first
    return beside and high in (str(low + 1), str(low + 10) if low % 10 == 0 else "")


def _is_of_sums(story: TokenizedText, places: Sequence[int], taken: Collection[int]) -> bool:
    """Return whether the word before the first number pays, counts, is a sum, or shares."""
    at = places[-1]
    word, behind = story.words[at : at + 2]
    if not at or story.words[at - 1].sentence != word.sentence:
        return len(places) == 1 and behind.folded in _JOINS
    *former, before = (each.folded for each in story.words[max(0, at - 2) : at])
    is_turn = not _OF_TURNS[0].isdisjoint(former) and before in _OF_TURNS[1]
    is_shared = before in _OF_PAYERS and behind.folded in _OF_PAYERS
    return at - 1 in taken or before in _BEFORE_LIST or is_turn or is_shared


def _item_value(figure: int, amount: MoneyAmount) -> int:
    """Return an item in its list's unit; hundreds before a few millions are thousands."""
    small = amount.value < 10**6 or (figure >= _THOUSANDS_FROM and amount.value < _SMALL)
    fitting = [
        figure * unit
        for unit in _UNITS
        if amount.value >= unit and figure * unit <= amount.value * _ITEMS_UNLIKE
    ]
    rather = 10**3 if figure >= _THOUSANDS_FROM else 10**6
    return figure * 10**3 if small else next(iter(fitting), figure * rather)


MAX_LENGTH = 20_000  # characters; no resident's story is longer
_MAX_SUMS = 100
_SUM = "$"  # any sum of money
_LAST_WORDS = 12  # which have features of their own
_MAX_PHRASE_WORDS = 5  # words of a phrase around a verb
_BEFORE = 6  # words before a verb that say whose action it is
_NOT_WITHIN = 2  # words between "không" and its verb: "không dám chuyển"
_THEN_WITHIN = 3  # "không nộp thì …" is a threat
_SAID_WITHIN = 3  # words between "bảo" and its "không"
OUTCOMES = frozenset({"done", "refused", "nearly"})  # states that are an outcome
_NEVER = -99  # no such word in the clause
_VERBS = ("pay", "heed")
_OTHER = "else"  # words that contain a verb of paying or a teller: "mất sóng", "chung minh"
_IF = {"neu", "he", "keo", "do", "vi", "tai", "if", "so"}
_AND_THEN = word_set("rồi sau xong và nhưng nên then but", unmarked="roi xong nhung then but")
_TELLER = {"toi", "tui", "minh", "i", "we"}
_THEN = {"thi", "la", "se"}


class PaymentAction(NamedTuple):
    """A verb at words [first, last): "pay" or "heed"; asked, done, refused, nearly or bare."""

    kind: str
    state: str
    first: int
    last: int


def find_payment_actions(
    story: TokenizedText, hits: Sequence[PhraseMatch], sums: Sequence[MoneyAmount]
) -> list[PaymentAction]:
    """Return the actions in order of place, none inside a sum ("5 trieu dong")."""
    own = [hit for hit in hits if hit.phrase.kind == "deeds"]
    others = [hit for hit in own if hit.phrase.code == _OTHER]
    covered = {place for hit in others for place in range(hit.first, hit.last)}
    own = [hit for hit in own if hit.phrase.code != "self" or hit.first not in covered]
    taken = {place for amount in sums for place in range(amount.first, amount.last)}
    verbs = [hit for hit in own if hit.phrase.code in (*_VERBS, _OTHER)]
    reach = _MAX_PHRASE_WORDS
    outermost = {
        hit.first: hit
        for hit in verbs
        if hit.phrase.code in _VERBS
        and not inside(hit, matches_between(verbs, hit.first - reach, hit.last + reach))
    }
    return [
        PaymentAction(hit.phrase.code, _action_state(story, own, hit, sums), hit.first, hit.last)
        for hit in outermost.values()
        if hit.first not in taken
    ]


def _action_state(
    story: TokenizedText,
    hits: Sequence[PhraseMatch],
    verb: PhraseMatch,
    sums: Sequence[MoneyAmount],
) -> str:
    start = story.clause_start(verb.first, max(0, verb.first - _BEFORE))
    named = max((amount.last for amount in sums if amount.last < verb.first), default=0)
    if _places(hits, "self", named, min(named + 1 + _is_continued(story, named), verb.first)):
        start = max(start, named)  # "hỏi vay 3 triệu em gửi": the demand ends with its sum

    last = {hit.phrase.code: hit.first for hit in matches_between(hits, start, verb.first)}
    no, asks, did = (last.get(code, _NEVER) for code in ("no", "asks", "did"))
    if _places(hits, "no", verb.last, verb.last + 1) and story.words[verb.last].folded == "nothing":
        return "refused"
    if verb.first - no <= _NOT_WITHIN + 1:
        return "asked" if _is_threat(story, hits, start, no, verb) else "refused"
    if "nearly" in last:
        return "nearly"
    if (
        "asks" in last
        and did < asks
        and not (did == asks - 1 and story.words[asks].folded == "phai")
    ):
        return "asked"
    is_own = "self" in last or "did" in last
    return "done" if is_own or _places(hits, "after", verb.last, verb.last + 2) else "bare"


def _is_continued(story: TokenizedText, at: int) -> bool:
    """Return whether the teller continues there: "đòi 30 triệu rồi tôi chuyển"."""
    joint = story.words[at : at + 2]
    if len(joint) < 2 or joint[1].folded not in _TELLER:
        return False
    return _AND_THEN.has(story, joint[0])


def _places(hits: Sequence[PhraseMatch], code: str, low: int, high: int) -> list[int]:
    """Return where the phrases of *code* within words [low, high) begin, in order."""
    return [hit.first for hit in matches_between(hits, low, high) if hit.phrase.code == code]


def _is_threat(
    story: TokenizedText, hits: Sequence[PhraseMatch], start: int, no: int, verb: PhraseMatch
) -> bool:
    """Return whether a negated verb is a threat: "nếu không nộp", "bảo tôi chưa nộp"."""
    words = story.words
    just_before = [word.folded for word in words[max(start, no - 2) : no]]
    if _IF & {*just_before} or just_before[-1:] == ["ma"]:
        return True
    own = _places(hits, "self", start, no)
    behind = words[verb.last : verb.last + _THEN_WITHIN]
    if not own and any(word.folded in _THEN for word in behind):
        return True
    asks = _places(hits, "asks", max(start, no - _SAID_WITHIN), no)
    return bool(asks) and not min(own, default=no) < asks[-1]


def action_features(actions: Sequence[PaymentAction]) -> Iterator[Feature]:
    """Yield each action but bare ones, and the last outcome again as such."""
    for kind, state, first, last in actions:
        if state != "bare":
            yield Feature(f"@{kind} {state}", first, last)
    outcomes = [action for action in actions if action.state in OUTCOMES]
    for kind, state, first, last in outcomes[-1:]:
        yield Feature(f"…@{kind} {state}", first, last)


def feature_tokens(story: TokenizedText, sums: Sequence[MoneyAmount]) -> list[Feature]:
    """Return the words, each number and each sum as one character."""
    amount_at = {place: amount for amount in sums for place in range(amount.first, amount.last)}
    words: list[Feature] = []
    for place, name in enumerate(story.names):
        amount = amount_at.get(place)
        if amount is None:
            words.append(Feature(name, place, place + 1))
        elif amount.first == place:
            words.append(Feature(_SUM, place, amount.last))
    return words


def pair_features(words: Sequence[Feature]) -> Iterator[Feature]:
    for one, two in pairwise(words):
        yield Feature(f"{one.name} {two.name}", one.first, two.last)


def extract_features(words: Sequence[Feature], hits: Iterable[PhraseMatch]) -> list[Feature]:
    """Return words, pairs and families of a story, a family once at a place."""
    families = dict.fromkeys(
        Feature("=" + hit.phrase.code, hit.first, hit.last)
        for hit in hits
        if hit.phrase.kind == "concepts"
    )
    return [*words, *pair_features(words), *families]


def ending_features(words: Sequence[Feature]) -> list[Feature]:
    last = words[-_LAST_WORDS:]
    return [Feature("…" + name, first, end) for name, first, end in [*last, *pair_features(last)]]


@dataclass(frozen=True, slots=True)
class ParsedStory:
    """The words of a story, the cues, sums and actions in them, and its features."""

    story: TokenizedText
    sums: list[MoneyAmount]
    words: list[Feature]
    grams: list[Feature]
    actions: list[PaymentAction]

    @property
    def outcomes(self) -> list[PaymentAction]:
        return [each for each in self.actions if each.kind == "pay" and each.state in OUTCOMES]


@lru_cache(maxsize=1)
def _phrases() -> PhraseTrie:
    """Return the families of words and the words of payment actions."""
    families, deeds = load_json("concepts.json"), cue_tables()["phrases"]["deeds"]
    tables = {"concepts": families, "deeds": deeds}
    rows = [
        (kind, code, phrase)
        for kind, table in tables.items()
        for code, phrases in table.items()
        if code != "about"
        for phrase in phrases
    ]
    return PhraseTrie(rows, cue_tables()["spelled_only"]["deeds"])


def parse_story(text: str) -> ParsedStory:
    """Parse the first MAX_LENGTH characters of a story. Linear time."""
    story = tokenize(text[:MAX_LENGTH])
    hits = _phrases().find(story)
    sums = list(islice(find_amounts(story), _MAX_SUMS))
    implicit = islice(find_implicit_amounts(story, sums), 2 * _MAX_SUMS)
    sums = sorted([*sums, *implicit], key=lambda amount: amount.first)[:_MAX_SUMS]
    words = feature_tokens(story, sums)
    return ParsedStory(
        story, sums, words, extract_features(words, hits), find_payment_actions(story, hits, sums)
    )
