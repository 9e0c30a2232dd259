"""Links between two reports and their strength. Pure: no Django.

A link depends on the two reports, or on a third that tells a script's missing part, never on the
order of arrival: more reports add links and remove none. Reports of different kinds of scam tie only
by a shared number, account or site. Only an account told without its bank waits for others to agree.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import NamedTuple, TypeVar

from reports.campaigns.script_fingerprint import (
    RareTerm,
    ScriptFingerprint,
    SharedTerm,
    list_shared_terms,
    shared_phrases,
    weigh,
)
from reports.campaigns.shared_identifiers import (
    NEIGHBOUR_HOURS,
    NEIGHBOURS,
    SharedIdentifier,
    shared_keys,
)
from reports.extraction.language.cue_matcher import code_rows
from reports.extraction.phones import group_digits
from reports.extraction.story_reader import StoryReading

SCRIPT_DAYS = 21  # a script is told in waves
_WAVE = SCRIPT_DAYS * 86_400.0
_LOSS_OF_UNSURE = 1.7  # of likeness where the kind of scam of one is not sure
MIN_SURE = 5.8  # likeness that links two reports, or one and two that are linked
_MIN_NEAR = 1.5
_MAX_THIRDS = 3  # that may support a link, the most alike
_NEAR_STRENGTH = 0.7
_NO_KINDS = {"nuisance", "other", "triage"}  # groups of the taxonomy: no scam of their own
SURE_MARGIN = 3.5  # the reader's, of a kind that parts reports


@dataclass(frozen=True)
class FingerprintData:
    """What may link a report to others; `at`: seconds since 1970, None where unknown; `kind`: of
    scam, "" where it is not sure.
    """

    keys: frozenset[SharedIdentifier]
    script: ScriptFingerprint
    at: float | None = None
    kind: str = ""


class Link(NamedTuple):
    """Why two reports belong together; `words`: phrases that their scripts share, else ()."""

    kind: str
    value: str
    strength: float
    reason: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Likeness:
    """What two scripts share, and what speaks against it."""

    shared: tuple[SharedTerm, ...]
    against: float

    @cached_property
    def score(self) -> float:
        return weigh(self.shared) - self.against

    @cached_property
    def by_key(self) -> dict[int, SharedTerm]:
        return {each.term.key: each for each in self.shared}

    def add(self, more: "Likeness") -> "Likeness":
        """Return the likeness to two reports together; what both share counts once."""
        best = self.by_key
        heavier = {
            key: each._replace(passage=each.passage + _ELSEWHERE)
            for key, each in more.by_key.items()
            if key not in best or best[key].weight < each.weight
        }
        if not heavier and more.against <= self.against:
            return self  # whose score is known
        return Likeness(tuple((best | heavier).values()), max(self.against, more.against))


_ELSEWHERE = 1 << 20  # further than two words of one story are apart
Name = TypeVar("Name", bound=Hashable)
Similar = Mapping[Name, Mapping[Name, Likeness]]  # name -> similar others


def key_link(key: SharedIdentifier) -> Link:
    return Link(key.kind, key.value, key.strength, key.reason)


def without_unsure_accounts(
    fingerprints: Mapping[Name, FingerprintData],
) -> dict[Name, FingerprintData]:
    """Return the fingerprints; a number that some have at several banks is none's without a bank."""
    told = {(key, key.bank) for each in fingerprints.values() for key in each.keys if key.bank}
    unsure = {key for key, count in Counter(key for key, _ in told).items() if count > 1}
    if not unsure:
        return dict(fingerprints)
    return {
        name: replace(
            each, keys=frozenset(key for key in each.keys if key.bank or key not in unsure)
        )
        for name, each in fingerprints.items()
    }


def exact_link(one: FingerprintData, other: FingerprintData) -> Link | None:
    """Return the strongest shared identifier, else neighbouring numbers within two days."""
    if common := shared_keys(one.keys, other.keys):
        return key_link(max(common, key=lambda key: (key.strength, key)))
    value = find_neighbour(one, other) if may_neighbour(one, other) else ""
    return neighbour_link(value) if value else None


def sure_kind(reading: StoryReading) -> str:
    """Return the kind of scam, "" where the reader is not sure or it is none."""
    is_kind = code_rows()[reading.scenario]["group"] not in _NO_KINDS
    return reading.scenario if is_kind and reading.margin >= SURE_MARGIN else ""


def are_different(one: FingerprintData, other: FingerprintData) -> bool:
    """Return whether the reports surely tell two kinds of scam."""
    return bool(one.kind and other.kind and one.kind != other.kind)


def may_neighbour(one: FingerprintData, other: FingerprintData) -> bool:
    """Return whether neighbouring numbers would tie them: both times known, within two days."""
    if one.at is None or other.at is None or are_different(one, other):
        return False
    return abs(one.at - other.at) <= NEIGHBOUR_HOURS * 3600


def are_neighbours(one: str, other: str) -> bool:
    """Return whether two canonical numbers are of one length and at most nine apart."""
    return (
        len(one) == len(other)
        and one[1:].isdecimal()
        and other[1:].isdecimal()
        and 0 < abs(int(one[1:]) - int(other[1:])) <= NEIGHBOURS
    )


def neighbour_link(value: str) -> Link:
    reason = f"Số gọi liền kề {group_digits(value)}, trong vòng {NEIGHBOUR_HOURS} giờ"
    return Link("near_number", value, _NEAR_STRENGTH, reason)


def find_neighbour(one: FingerprintData, other: FingerprintData) -> str:
    """Return the least number of the other that neighbours one of the first, "" for none."""
    here, there = (
        [key.value for key in each.keys if key.kind == "same_number"] for each in (one, other)
    )
    near = (value for value in there if any(are_neighbours(number, value) for number in here))
    return min(near, default="")


# --- scripts

# A number beside the other's, later than two days after, speaks for one gang as a rare word does.
_NEAR = SharedTerm(RareTerm(1, 0, 0, 4.0, 0), 4.0, -_ELSEWHERE)


def _liken(
    one: ScriptFingerprint, other: ScriptFingerprint, near: bool, against: float
) -> Likeness:
    return Likeness((*list_shared_terms(one, other), *([_NEAR] if near else ())), against)


def compare(
    one: FingerprintData, other: FingerprintData, liken: Callable[..., Likeness] = _liken
) -> Likeness | None:
    """Return the likeness of two scripts; None for little, of two waves or two kinds of scam."""
    is_late = one.at is not None and other.at is not None and abs(one.at - other.at) > _WAVE
    if is_late or are_different(one, other):
        return None
    against = 0.0 if one.kind and other.kind else _LOSS_OF_UNSURE
    likeness = liken(one.script, other.script, bool(find_neighbour(one, other)), against)
    return likeness if likeness.score >= _MIN_NEAR else None


def similar_pairs(
    fingerprints: Mapping[Name, FingerprintData],
    pairs: Iterable[tuple[Name, Name]],
    known: dict[tuple[Name, Name], Likeness | None] | None = None,
) -> dict[Name, dict[Name, Likeness]]:
    """Return those of the pairs that are similar, both ways; `known`: pairs compared before."""
    similar: dict[Name, dict[Name, Likeness]] = {}
    known = {} if known is None else known
    liken = cache(_liken)  # a flood repeats one text: compared anew it took half of triage's time
    for one, other in pairs:
        if (one, other) not in known:
            known[one, other] = compare(fingerprints[one], fingerprints[other], liken)
        if likeness := known[one, other]:
            similar.setdefault(one, {})[other] = likeness
            similar.setdefault(other, {})[one] = likeness
    return similar


def script_pairs(
    fingerprints: Mapping[Name, FingerprintData], similar: Similar[Name], own: Name | None = None
) -> Iterator[tuple[Name, Name, float]]:
    """Yield the pairs that share a script, each once, with their likeness; a third speaks for pairs of
    *own* alone where it is given: those of others were judged when they came.
    """
    nearest = {name: _list_nearest(others) for name, others in similar.items()}
    done: set[Name] = set()
    for one, others in similar.items():
        done.add(one)
        for other, likeness in others.items():
            if other in done:
                continue
            score = likeness.score
            if score < MIN_SURE and own in {None, one, other}:
                supported = _iter_supported(one, other, nearest, fingerprints, similar)
                score = next((each for each in supported if each >= MIN_SURE), score)
            if score >= MIN_SURE:
                yield one, other, score


def _list_nearest(others: Mapping[Name, Likeness]) -> list[Name]:
    return sorted(others, key=lambda name: -others[name].score)[:_MAX_THIRDS]


def _iter_supported(
    one: Name,
    other: Name,
    nearest: Mapping[Name, Sequence[Name]],
    fingerprints: Mapping[Name, FingerprintData],
    similar: Similar[Name],
) -> Iterator[float]:
    """Yield the likeness of each of two reports to the other and a third that belongs to it."""
    for lone, linked in ((one, other), (other, one)):
        for third in nearest[lone]:
            if third != linked and _belong(linked, third, fingerprints, similar):
                yield similar[lone][linked].add(similar[lone][third]).score


def _belong(
    one: Name, other: Name, fingerprints: Mapping[Name, FingerprintData], similar: Similar[Name]
) -> bool:
    likeness = similar.get(one, {}).get(other)
    is_alike = likeness is not None and likeness.score >= MIN_SURE
    keys, others = fingerprints[one].keys, fingerprints[other].keys
    return is_alike or (not keys.isdisjoint(others) and bool(shared_keys(keys, others)))


def script_link(
    score: float,
    told: ScriptFingerprint,
    one: FingerprintData,
    other: FingerprintData,
    quote: Callable[..., tuple[str, ...]] = shared_phrases,
) -> Link:
    """Return the link of two scripts that quotes what both hold, as *told* has it typed."""
    phrases = quote(told, one.script.phrases & other.script.phrases)
    near = find_neighbour(one, other)
    said = ["cùng kể " + ", ".join(f"“{phrase}”" for phrase in phrases)] if phrases else []
    said += [f"số gọi liền kề {group_digits(near)}"] if near else []
    reason = ", ".join(["Cùng kịch bản", *(said or ["nhiều chi tiết hiếm gặp giống nhau"])])
    return Link(
        "same_script", ", ".join(phrases), round(min(0.9, 0.6 + score / 40), 2), reason, phrases
    )
