"""Links between two reports and their strength. Pure: no Django.

A link depends on the two reports, a weak one on a third that supports it, never on the order of
arrival: more reports add links and remove none.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from reports.campaigns.script_fingerprint import ScriptFingerprint, list_shared_terms, similarity
from reports.campaigns.shared_identifiers import (
    NEIGHBOUR_HOURS,
    NEIGHBOURS,
    SharedIdentifier,
    shared_keys,
)
from reports.extraction.phones import group_digits

_DAY = 86_400.0
SCRIPT_DAYS = 21  # a script is told in waves
_LOSS_PER_DAY = 0.2  # of similarity for each day between two reports
_UNKNOWN_DAYS = 7.0  # between reports where a time is unknown
MIN_SURE = 9.5  # similarity that links two reports by itself,
_MIN_SUPPORTED = 7.0  # that links them where a third report supports both,
MIN_NEAR = 4.0  # by this similarity, or by a shared number, account or site
_NEAR_STRENGTH = 0.7
_MAX_WORDS = 5  # named in a reason


@dataclass(frozen=True)
class FingerprintData:
    """What may link a report to others; `at`: seconds since 1970, None where unknown."""

    keys: frozenset[SharedIdentifier]
    script: ScriptFingerprint
    at: float | None = None


class Link(NamedTuple):
    """Why two reports belong together; `words`: what their scripts share, else ()."""

    kind: str
    value: str
    strength: float
    reason: str
    words: tuple[str, ...] = ()


Name = TypeVar("Name", bound=Hashable)
# name -> similar others -> similarity.
Similar = Mapping[Name, Mapping[Name, float]]


def key_link(key: SharedIdentifier) -> Link:
    return Link(key.kind, key.value, key.strength, key.reason)


def exact_link(one: FingerprintData, other: FingerprintData) -> Link | None:
    """Return the strongest shared identifier, else neighbouring numbers within two days."""
    if common := shared_keys(one.keys, other.keys):
        return key_link(max(common, key=lambda key: (key.strength, key)))
    if not within_hours(one, other, NEIGHBOUR_HOURS):
        return None
    numbers = (key for key in one.keys if key.kind == "same_number")
    return next((link for key in sorted(numbers) if (link := _find_neighbour(key, other))), None)


def within_hours(one: FingerprintData, other: FingerprintData, hours: float) -> bool:
    """Return whether both times are known and no further apart."""
    return one.at is not None and other.at is not None and abs(one.at - other.at) <= hours * 3600


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


def _find_neighbour(key: SharedIdentifier, other: FingerprintData) -> Link | None:
    neighbours = (
        each.value
        for each in other.keys
        if each.kind == "same_number" and are_neighbours(key.value, each.value)
    )
    value = min(neighbours, default=None)
    return neighbour_link(value) if value else None


# --- scripts


def time_decayed_similarity(one: FingerprintData, other: FingerprintData, score: float) -> float:
    """Return the similarity, less for each day between the reports; 0 for none."""
    days = _UNKNOWN_DAYS
    if one.at is not None and other.at is not None:
        days = abs(one.at - other.at) / _DAY
    return score - _LOSS_PER_DAY * days if days <= SCRIPT_DAYS else 0.0


def similar_pairs(
    fingerprints: Mapping[Name, FingerprintData], pairs: Iterable[tuple[Name, Name]]
) -> dict[Name, dict[Name, float]]:
    """Return those of the pairs that are similar, both ways: name -> name -> similarity."""
    similar: dict[Name, dict[Name, float]] = {}
    scores: dict[tuple[int, int], float] = {}  # by script objects: many reports may share one
    for one, other in pairs:
        scripts = fingerprints[one].script, fingerprints[other].script
        which = id(scripts[0]), id(scripts[1])
        if which not in scores:
            scores[which] = similarity(*scripts, MIN_NEAR)
        score = time_decayed_similarity(fingerprints[one], fingerprints[other], scores[which])
        if score >= MIN_NEAR:
            similar.setdefault(one, {})[other] = score
            similar.setdefault(other, {})[one] = score
    return similar


def script_pairs(
    fingerprints: Mapping[Name, FingerprintData], similar: Similar[Name]
) -> Iterator[tuple[Name, Name, float]]:
    """Yield the pairs that share a script, each once, with their similarity."""
    done: set[Name] = set()
    for one, others in similar.items():
        done.add(one)
        for other, score in others.items():
            if other in done or score < _MIN_SUPPORTED:
                continue
            if score >= MIN_SURE or _is_supported(one, other, fingerprints, similar):
                yield one, other, score


def _is_supported(
    one: Name, other: Name, fingerprints: Mapping[Name, FingerprintData], similar: Similar[Name]
) -> bool:
    """Return whether a third report is similar too, so that no chance joins two campaigns."""
    return any(
        third in similar[other_end]
        or shared_keys(fingerprints[third].keys, fingerprints[other_end].keys)
        for one_end, other_end in ((one, other), (other, one))
        for third in similar[one_end]
        if third != other_end
    )


def script_link(score: float, words: tuple[str, ...]) -> Link:
    quoted = ", ".join(f"“{word}”" for word in words)
    reason = f"Cùng kịch bản, cùng nhắc {quoted}" if quoted else "Cùng kịch bản"
    return Link("same_script", ", ".join(words), script_strength(score), reason, words)


def script_strength(score: float) -> float:
    return round(min(0.9, 0.5 + score / 40), 2)


def shared_words(
    one: ScriptFingerprint, other: ScriptFingerprint, words_by_key: Mapping[int, str] | None = None
) -> tuple[str, ...]:
    """Return the rarest shared words as *one* spells them, else *other*, else `words_by_key`."""
    words = {**(words_by_key or {}), **other.shown, **one.shown}
    return tuple(_drop_contained(words.get(each.key, "") for each in list_shared_terms(one, other)))


def _drop_contained(words: Iterable[str]) -> list[str]:
    """Return at most _MAX_WORDS of the words, without those contained in another."""
    distinct: list[str] = []
    for word in filter(None, words):
        if not any(f" {word.lower()} " in f" {other.lower()} " for other in distinct):
            distinct.append(word)
        if len(distinct) == _MAX_WORDS:
            break
    return distinct
