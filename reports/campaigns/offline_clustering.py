"""Which stories are one campaign, and why. Pure: no Django.

Clusters are the connected parts of the graph of ties (ties.py), so the order of the stories
changes nothing. What honest callers share (data/common.json) ties no two stories together.
"""

import hashlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from reports.campaigns import link_scoring as ties
from reports.campaigns.link_scoring import Tie, Trail
from reports.campaigns.script_fingerprint import script_of
from reports.campaigns.shared_identifiers import (
    NEIGHBOUR_HOURS,
    Key,
    is_common_link,
    keys_of,
    site,
    sites_in,
)
from reports.campaigns.shared_identifiers import neighbours as neighbours_of
from reports.extraction.accounts_and_links import READ_OF_NUMBER, READ_OF_STORY

_VIETNAM = timezone(timedelta(hours=7))
_MOST_BESIDE = 30  # stories, the nearest in time, that one is compared with for each shared word


@dataclass(frozen=True, slots=True)
class Story:
    """One report as the campaigns see it; ``id`` comes back as it was given."""

    id: Any
    caller_number: str = ""
    claimed_to_be: str = ""
    text: str = ""
    bank_account: str = ""
    at: str = ""


class Why(NamedTuple):
    """A tie that holds a story in its campaign, and with how many stories in all."""

    tie: Tie
    stories: int


@dataclass(frozen=True, slots=True)
class Linked:
    """A story with its campaign (None: alone) and what put it there, the strongest first."""

    id: Any
    campaign: str | None
    whys: tuple[Why, ...] = ()


def trail_of(story: Story) -> Trail:
    """What of a story may tie it to others."""
    text = story.text[:READ_OF_STORY]
    sites = {site(link) for link in sites_in(text) if not is_common_link(link)}
    return Trail(
        frozenset(keys_of(story.caller_number[:READ_OF_NUMBER], text, story.bank_account)),
        script_of(story.claimed_to_be[:READ_OF_NUMBER], text, sites),
        seconds(story.at),
    )


def seconds(at: str) -> float | None:
    """A time in ISO 8601 as seconds since 1970, in Vietnam's time where it names none."""
    try:
        moment = datetime.fromisoformat(at)
        return (moment if moment.tzinfo else moment.replace(tzinfo=_VIETNAM)).timestamp()
    except (ValueError, OverflowError):
        return None


def link(stories: Iterable[Story]) -> list[Linked]:
    """The campaign of each story, in the order given; the order decides nothing."""
    listed = list(stories)
    trails = dict(enumerate(map(trail_of, listed)))
    marks = [_mark(story) for story in listed]
    graph = _Graph()
    _tie_by_key(trails, graph)
    _tie_by_neighbour(trails, graph)
    _tie_by_script(trails, marks, graph)
    names = graph.names(marks)
    return [
        Linked(story.id, names.get(place), graph.whys(place)) for place, story in enumerate(listed)
    ]


def _mark(story: Story) -> str:
    """The same for the same story, wherever it stands."""
    told = (story.caller_number, story.claimed_to_be, story.text, story.bank_account, story.at)
    whole = "\0".join((repr(story.id), *told))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class _Graph:
    """Stories by their places, their ties, and the parts that hang together."""

    parent: dict[int, int] = field(default_factory=dict)
    found: dict[int, dict[tuple[str, str], Why]] = field(default_factory=dict)
    partners: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def root(self, place: int) -> int:
        self.parent.setdefault(place, place)
        while self.parent[place] != place:
            self.parent[place] = self.parent[self.parent[place]]
            place = self.parent[place]
        return place

    def join(self, one: int, other: int) -> None:
        self.parent[self.root(one)] = self.root(other)

    def explain(self, place: int, tie: Tie, stories: int) -> None:
        """Note a tie of a story; of its script ties the strongest stays, and how many there are."""
        whys = self.found.setdefault(place, {})
        if tie.kind != "same_script":
            whys[tie.kind, tie.value] = Why(tie, stories)
            return
        self.partners[place] += 1
        best = max(whys.get(("same_script", ""), Why(tie, 0)).tie, tie, key=_strongest)
        whys["same_script", ""] = Why(best, self.partners[place] + 1)

    def whys(self, place: int) -> tuple[Why, ...]:
        found = self.found.get(place, {}).values()
        return tuple(sorted(found, key=lambda why: (-why.tie.strength, why.tie)))

    def names(self, marks: Sequence[str]) -> dict[int, str]:
        """A name for each story that is not alone, from the stories that lie with it."""
        least: dict[int, str] = {}
        for place in self.parent:
            root = self.root(place)
            least[root] = min(least.get(root, marks[place]), marks[place])
        return {place: f"c-{least[self.root(place)][:12]}" for place in self.parent}


def _strongest(tie: Tie) -> tuple[float, Tie]:
    return tie.strength, tie


def _tie_by_key(trails: Mapping[int, Trail], graph: _Graph) -> None:
    for key, places in _holders(trails).items():
        if len(places) > 1:
            for place in places:
                graph.join(place, places[0])
                graph.explain(place, ties.by_key(key), len(places))


def _holders(trails: Mapping[int, Trail]) -> dict[Key, list[int]]:
    holders: dict[Key, list[int]] = defaultdict(list)
    for place, trail in trails.items():
        for key in trail.keys:
            holders[key].append(place)
    return holders


def _tie_by_neighbour(trails: Mapping[int, Trail], graph: _Graph) -> None:
    """Who shares a number lies together already: the nearest in time speaks for a number."""
    called = {
        key.value: sorted((at, place) for place in places if (at := trails[place].at) is not None)
        for key, places in _holders(trails).items()
        if key.kind == "same_number"
    }
    for value, here in called.items():
        for near in neighbours_of(value):
            for at, place in here:
                other = _nearest(at, called.get(near, ()))
                if other is not None and ties.within_hours(
                    trails[place], trails[other], NEIGHBOUR_HOURS
                ):
                    graph.join(place, other)
                    graph.explain(place, ties.neighbour(near), 2)


def _nearest(at: float, times: Sequence[tuple[float, int]]) -> int | None:
    """The place of the time that is nearest to *at*."""
    after = bisect_left(times, (at, -1))
    beside = times[max(0, after - 1) : after + 1]
    return min(beside, key=lambda row: abs(row[0] - at))[1] if beside else None


def _tie_by_script(trails: Mapping[int, Trail], marks: Sequence[str], graph: _Graph) -> None:
    near = ties.near_ones(trails, _beside(trails, marks))
    for one, other, close in ties.same_script(trails, near):
        graph.join(one, other)
        for here, there in ((one, other), (other, one)):
            words = ties.words_of_both(trails[here].script, trails[there].script)
            graph.explain(here, ties.script_tie(close, words), 2)


def _beside(trails: Mapping[int, Trail], marks: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs that share a rare word, each once; of many with one word the nearest in time."""
    holders: dict[int, list[int]] = defaultdict(list)
    for place in sorted(trails, key=lambda place: (trails[place].at or 0.0, marks[place])):
        for key in trails[place].script.keys:
            holders[key].append(place)
    seen: set[tuple[int, int]] = set()
    for places in holders.values():
        for order, one in enumerate(places):
            for other in places[order + 1 : order + 1 + _MOST_BESIDE]:
                pair = (min(one, other), max(one, other))
                if pair not in seen:
                    seen.add(pair)
                    yield pair
