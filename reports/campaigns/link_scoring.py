"""What ties two reports together, and how strongly. Pure: no Django.

A tie depends on the two reports, and a weak one on a third that supports it, never on what came
first: more reports make more ties and unmake none.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from reports.campaigns.script_fingerprint import ScriptFingerprint, shared, similarity
from reports.campaigns.shared_identifiers import NEIGHBOUR_HOURS, NEIGHBOURS, SharedIdentifier
from reports.extraction.phones import group_digits

_DAY = 86_400.0
SCRIPT_DAYS = 21  # a script is told in waves
_FADES = 0.2  # of the likeness for each day between two reports
_UNKNOWN_DAYS = 7.0  # taken for the days where a time is not known
SURE = 9.5  # so much likeness ties two reports by itself,
_SUPPORTED = 7.0  # so much where a third one stands with both,
NEAR = 4.0  # by so much likeness, or by a number, account or site that it shares with one
_NEAR_STRENGTH = 0.7
_MAX_WORDS = 5  # that a reason names


@dataclass(frozen=True)
class ReportFingerprint:
    """What of a report may tie it to others; `at` in seconds, None where it is not known."""

    keys: frozenset[SharedIdentifier]
    script: ScriptFingerprint
    at: float | None = None


class Link(NamedTuple):
    """Why two reports belong together. `words`: what a script link shares, else ()."""

    kind: str
    value: str
    strength: float
    reason: str
    words: tuple[str, ...] = ()


Name = TypeVar("Name", bound=Hashable)
# name -> the others that tell something alike, with how much.
Near = Mapping[Name, Mapping[Name, float]]


def key_link(key: SharedIdentifier) -> Link:
    return Link(key.kind, key.value, key.strength, key.reason)


def exact_link(one: ReportFingerprint, other: ReportFingerprint) -> Link | None:
    """The strongest of what they share exactly, or neighbouring numbers within two days."""
    if common := one.keys & other.keys:
        return key_link(max(common, key=lambda key: (key.strength, key)))
    if not within_hours(one, other, NEIGHBOUR_HOURS):
        return None
    numbers = (key for key in one.keys if key.kind == "same_number")
    return next((tie for key in sorted(numbers) if (tie := _neighbour(key, other))), None)


def within_hours(one: ReportFingerprint, other: ReportFingerprint, hours: float) -> bool:
    """Whether both times are known and no further apart."""
    return one.at is not None and other.at is not None and abs(one.at - other.at) <= hours * 3600


def are_neighbours(one: str, other: str) -> bool:
    """Whether two canonical numbers are of one length and at most nine apart."""
    return (
        len(one) == len(other)
        and one[1:].isdecimal()
        and other[1:].isdecimal()
        and 0 < abs(int(one[1:]) - int(other[1:])) <= NEIGHBOURS
    )


def neighbour_link(value: str) -> Link:
    """The tie to a report whose caller is the neighbouring number `value`."""
    reason = f"Số gọi liền kề {group_digits(value)}, trong vòng {NEIGHBOUR_HOURS} giờ"
    return Link("near_number", value, _NEAR_STRENGTH, reason)


def _neighbour(key: SharedIdentifier, other: ReportFingerprint) -> Link | None:
    near = (
        each.value
        for each in other.keys
        if each.kind == "same_number" and are_neighbours(key.value, each.value)
    )
    value = min(near, default=None)
    return neighbour_link(value) if value else None


# --- scripts


def time_decayed_similarity(
    one: ReportFingerprint, other: ReportFingerprint, alike: float
) -> float:
    """How alike what they tell is, less for each day between them; 0 for nothing."""
    days = _days(one, other)
    return alike - _FADES * days if days <= SCRIPT_DAYS else 0.0


def _days(one: ReportFingerprint, other: ReportFingerprint) -> float:
    if one.at is None or other.at is None:
        return _UNKNOWN_DAYS
    return abs(one.at - other.at) / _DAY


def similar_pairs(
    trails: Mapping[Name, ReportFingerprint], pairs: Iterable[tuple[Name, Name]]
) -> dict[Name, dict[Name, float]]:
    """Of these pairs, those that tell something alike, both ways."""
    near: dict[Name, dict[Name, float]] = {}
    known: dict[tuple[int, int], float] = {}  # by the scripts themselves: many may tell one
    for one, other in pairs:
        scripts = trails[one].script, trails[other].script
        which = id(scripts[0]), id(scripts[1])
        if which not in known:
            known[which] = similarity(*scripts, NEAR)
        close = time_decayed_similarity(trails[one], trails[other], known[which])
        if close >= NEAR:
            near.setdefault(one, {})[other] = close
            near.setdefault(other, {})[one] = close
    return near


def script_pairs(
    trails: Mapping[Name, ReportFingerprint], near: Near[Name]
) -> Iterator[tuple[Name, Name, float]]:
    """The pairs that one script ties, each once, with how alike they are."""
    done: set[Name] = set()
    for one, others in near.items():
        done.add(one)
        for other, close in others.items():
            if other in done or close < _SUPPORTED:
                continue
            if close >= SURE or _is_supported(one, other, trails, near):
                yield one, other, close


def _is_supported(
    one: Name, other: Name, trails: Mapping[Name, ReportFingerprint], near: Near[Name]
) -> bool:
    """Whether a third one tells something alike as well, so that no chance glues two campaigns."""
    return any(
        _stands_with(third, there, trails, near)
        for here, there in ((one, other), (other, one))
        for third in near[here]
        if third != there
    )


def _stands_with(
    third: Name, there: Name, trails: Mapping[Name, ReportFingerprint], near: Near[Name]
) -> bool:
    return third in near[there] or not trails[third].keys.isdisjoint(trails[there].keys)


def script_link(close: float, words: tuple[str, ...]) -> Link:
    """The tie of two reports that one script ties, which both tell these words."""
    quoted = ", ".join(f"“{word}”" for word in words)
    reason = f"Cùng kịch bản, cùng nhắc {quoted}" if quoted else "Cùng kịch bản"
    return Link("same_script", ", ".join(words), strength_of_script(close), reason, words)


def strength_of_script(close: float) -> float:
    return round(min(0.9, 0.5 + close / 40), 2)


def shared_words(
    one: ScriptFingerprint, other: ScriptFingerprint, shown: Mapping[int, str] | None = None
) -> tuple[str, ...]:
    """The rarest words that both have, as *one* has them, or else *other*, or else `shown`: an
    unpacked script has none.
    """
    known = {**(shown or {}), **other.shown, **one.shown}
    return tuple(_each_once(known.get(each.key, "") for each in shared(one, other)))


def _each_once(words: Iterable[str]) -> list[str]:
    """A few, without what another of them says already."""
    distinct: list[str] = []
    for word in filter(None, words):
        if not any(f" {word.lower()} " in f" {other.lower()} " for other in distinct):
            distinct.append(word)
        if len(distinct) == _MAX_WORDS:
            break
    return distinct
