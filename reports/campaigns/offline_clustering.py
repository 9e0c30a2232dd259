"""Which stories are one campaign, and why. Pure: no Django.

Clusters are the connected parts of the graph of links (link_scoring.py), so the order of the stories
changes nothing. What honest callers share (data/common.json) ties no two stories together.
"""

import hashlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from reports.campaigns import link_scoring
from reports.campaigns.link_scoring import Link, ReportFingerprint
from reports.campaigns.script_fingerprint import fingerprint_script
from reports.campaigns.shared_identifiers import (
    NEIGHBOUR_HOURS,
    SharedIdentifier,
    adjacent_numbers,
    host_of,
    identifiers_of_story,
    is_common_link,
    sites_in,
)
from reports.extraction.accounts_and_links import MAX_NUMBER_CHARS_READ, MAX_STORY_CHARS_READ

_VIETNAM = timezone(timedelta(hours=7))
_MAX_BESIDE = 30  # stories, the nearest in time, that one is compared with for each shared word


@dataclass(frozen=True, slots=True)
class StoryInput:
    """One report as the campaigns see it; ``id`` comes back as it was given."""

    id: Any
    caller_number: str = ""
    claimed_to_be: str = ""
    text: str = ""
    bank_account: str = ""
    at: str = ""


class LinkReason(NamedTuple):
    """A tie that holds a story in its campaign, and with how many stories in all."""

    tie: Link
    stories: int


@dataclass(frozen=True, slots=True)
class StoryWithCampaign:
    """A story with its campaign (None: alone) and what put it there, the strongest first."""

    id: Any
    campaign: str | None
    whys: tuple[LinkReason, ...] = ()


def fingerprint(story: StoryInput) -> ReportFingerprint:
    """What of a story may tie it to others."""
    text = story.text[:MAX_STORY_CHARS_READ]
    sites = {host_of(link) for link in sites_in(text) if not is_common_link(link)}
    return ReportFingerprint(
        frozenset(
            identifiers_of_story(
                story.caller_number[:MAX_NUMBER_CHARS_READ], text, story.bank_account
            )
        ),
        fingerprint_script(story.claimed_to_be[:MAX_NUMBER_CHARS_READ], text, sites),
        to_timestamp(story.at),
    )


def to_timestamp(at: str) -> float | None:
    """A time in ISO 8601 as seconds since 1970, in Vietnam's time where it names none."""
    try:
        moment = datetime.fromisoformat(at)
        return (moment if moment.tzinfo else moment.replace(tzinfo=_VIETNAM)).timestamp()
    except (ValueError, OverflowError):
        return None


def cluster(stories: Iterable[StoryInput]) -> list[StoryWithCampaign]:
    """The campaign of each story, in the order given; the order decides nothing."""
    listed = list(stories)
    trails = dict(enumerate(map(fingerprint, listed)))
    marks = [_mark(story) for story in listed]
    graph = _Graph()
    _tie_by_key(trails, graph)
    _tie_by_neighbour(trails, graph)
    _tie_by_script(trails, marks, graph)
    names = graph.names(marks)
    return [
        StoryWithCampaign(story.id, names.get(place), graph.whys(place))
        for place, story in enumerate(listed)
    ]


def _mark(story: StoryInput) -> str:
    """The same for the same story, wherever it stands."""
    fields = (story.caller_number, story.claimed_to_be, story.text, story.bank_account, story.at)
    whole = "\0".join((repr(story.id), *fields))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class _Graph:
    """Stories by their places, their ties, and the parts that hang together."""

    parent: dict[int, int] = field(default_factory=dict)
    found: dict[int, dict[tuple[str, str], LinkReason]] = field(default_factory=dict)
    partners: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def root(self, place: int) -> int:
        self.parent.setdefault(place, place)
        while self.parent[place] != place:
            self.parent[place] = self.parent[self.parent[place]]
            place = self.parent[place]
        return place

    def join(self, one: int, other: int) -> None:
        self.parent[self.root(one)] = self.root(other)

    def explain(self, place: int, tie: Link, stories: int) -> None:
        """Note a tie of a story; of its script ties the strongest stays, and how many there are."""
        whys = self.found.setdefault(place, {})
        if tie.kind != "same_script":
            whys[tie.kind, tie.value] = LinkReason(tie, stories)
            return
        self.partners[place] += 1
        best = max(whys.get(("same_script", ""), LinkReason(tie, 0)).tie, tie, key=_strongest)
        whys["same_script", ""] = LinkReason(best, self.partners[place] + 1)

    def whys(self, place: int) -> tuple[LinkReason, ...]:
        found = self.found.get(place, {}).values()
        return tuple(sorted(found, key=lambda why: (-why.tie.strength, why.tie)))

    def names(self, marks: Sequence[str]) -> dict[int, str]:
        """A name for each story that is not alone, from the stories that lie with it."""
        least: dict[int, str] = {}
        for place in self.parent:
            root = self.root(place)
            least[root] = min(least.get(root, marks[place]), marks[place])
        return {place: f"c-{least[self.root(place)][:12]}" for place in self.parent}


def _strongest(tie: Link) -> tuple[float, Link]:
    return tie.strength, tie


def _tie_by_key(trails: Mapping[int, ReportFingerprint], graph: _Graph) -> None:
    for key, places in _holders(trails).items():
        if len(places) > 1:
            for place in places:
                graph.join(place, places[0])
                graph.explain(place, link_scoring.key_link(key), len(places))


def _holders(trails: Mapping[int, ReportFingerprint]) -> dict[SharedIdentifier, list[int]]:
    holders: dict[SharedIdentifier, list[int]] = defaultdict(list)
    for place, trail in trails.items():
        for key in trail.keys:
            holders[key].append(place)
    return holders


def _tie_by_neighbour(trails: Mapping[int, ReportFingerprint], graph: _Graph) -> None:
    """Who shares a number lies together already: the nearest in time speaks for a number."""
    called = {
        key.value: sorted((at, place) for place in places if (at := trails[place].at) is not None)
        for key, places in _holders(trails).items()
        if key.kind == "same_number"
    }
    for value, here in called.items():
        for near in adjacent_numbers(value):
            for at, place in here:
                other = _nearest(at, called.get(near, ()))
                if other is not None and link_scoring.within_hours(
                    trails[place], trails[other], NEIGHBOUR_HOURS
                ):
                    graph.join(place, other)
                    graph.explain(place, link_scoring.neighbour_link(near), 2)


def _nearest(at: float, times: Sequence[tuple[float, int]]) -> int | None:
    """The place of the time that is nearest to *at*."""
    after = bisect_left(times, (at, -1))
    beside = times[max(0, after - 1) : after + 1]
    return min(beside, key=lambda row: abs(row[0] - at))[1] if beside else None


def _tie_by_script(
    trails: Mapping[int, ReportFingerprint], marks: Sequence[str], graph: _Graph
) -> None:
    near = link_scoring.similar_pairs(trails, _beside(trails, marks))
    for one, other, close in link_scoring.script_pairs(trails, near):
        graph.join(one, other)
        for here, there in ((one, other), (other, one)):
            words = link_scoring.shared_words(trails[here].script, trails[there].script)
            graph.explain(here, link_scoring.script_link(close, words), 2)


def _beside(
    trails: Mapping[int, ReportFingerprint], marks: Sequence[str]
) -> Iterator[tuple[int, int]]:
    """Pairs that share a rare word, each once; of many with one word the nearest in time."""
    holders: dict[int, list[int]] = defaultdict(list)
    for place in sorted(trails, key=lambda place: (trails[place].at or 0.0, marks[place])):
        for key in trails[place].script.keys:
            holders[key].append(place)
    seen: set[tuple[int, int]] = set()
    for places in holders.values():
        for order, one in enumerate(places):
            for other in places[order + 1 : order + 1 + _MAX_BESIDE]:
                pair = (min(one, other), max(one, other))
                if pair not in seen:
                    seen.add(pair)
                    yield pair
