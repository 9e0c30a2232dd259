"""Cluster stories of a file into campaigns, with the reasons. Pure: no Django.

Campaigns are the connected parts of the graph of links (link_scoring.py), whatever the order of the
stories. What honest callers share (data/common.json) links none.
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
    """A report of the file; `id` is returned unchanged."""

    id: Any
    caller_number: str = ""
    claimed_to_be: str = ""
    text: str = ""
    bank_account: str = ""
    at: str = ""


class LinkReason(NamedTuple):
    """A link of a story to its campaign, and the number of stories that have it."""

    link: Link
    stories: int


@dataclass(frozen=True, slots=True)
class StoryWithCampaign:
    """A story with its campaign (None: alone) and its links, the strongest first."""

    id: Any
    campaign: str | None
    whys: tuple[LinkReason, ...] = ()


def fingerprint_story(story: StoryInput) -> ReportFingerprint:
    text = story.text[:MAX_STORY_CHARS_READ]
    sites = {host_of(link) for link in sites_in(text) if not is_common_link(link)}
    number = story.caller_number[:MAX_NUMBER_CHARS_READ]
    return ReportFingerprint(
        frozenset(identifiers_of_story(number, text, story.bank_account)),
        fingerprint_script(story.claimed_to_be[:MAX_NUMBER_CHARS_READ], text, sites),
        to_timestamp(story.at),
    )


def to_timestamp(at: str) -> float | None:
    """Return an ISO 8601 time as seconds since 1970 (Vietnam's without a zone), or None."""
    try:
        moment = datetime.fromisoformat(at)
        return (moment if moment.tzinfo else moment.replace(tzinfo=_VIETNAM)).timestamp()
    except (ValueError, OverflowError):
        return None


def cluster(stories: Iterable[StoryInput]) -> list[StoryWithCampaign]:
    """Return the stories with their campaigns, in the order given."""
    listed = list(stories)
    fingerprints = dict(enumerate(map(fingerprint_story, listed)))
    marks = [_digest_story(story) for story in listed]
    graph = _Graph()
    _link_by_key(fingerprints, graph)
    _link_by_neighbour(fingerprints, graph)
    _link_by_script(fingerprints, marks, graph)
    names = graph.names(marks)
    return [
        StoryWithCampaign(story.id, names.get(place), graph.whys(place))
        for place, story in enumerate(listed)
    ]


def _digest_story(story: StoryInput) -> str:
    """Return a digest of the story, for an order that does not depend on the input's."""
    fields = (story.caller_number, story.claimed_to_be, story.text, story.bank_account, story.at)
    whole = "\0".join((repr(story.id), *fields))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class _Graph:
    """Stories by their places, their links, and the connected parts."""

    parent: dict[int, int] = field(default_factory=dict)
    reasons: dict[int, dict[tuple[str, str], LinkReason]] = field(default_factory=dict)
    partners: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def root(self, place: int) -> int:
        self.parent.setdefault(place, place)
        while self.parent[place] != place:
            self.parent[place] = self.parent[self.parent[place]]
            place = self.parent[place]
        return place

    def join(self, one: int, other: int) -> None:
        self.parent[self.root(one)] = self.root(other)

    def explain(self, place: int, link: Link, stories: int) -> None:
        """Add a link to a story; of script links only the strongest stays, with their number."""
        whys = self.reasons.setdefault(place, {})
        if link.kind != "same_script":
            whys[link.kind, link.value] = LinkReason(link, stories)
            return
        self.partners[place] += 1
        former = whys.get(("same_script", ""), LinkReason(link, 0)).link
        best = max(former, link, key=lambda each: (each.strength, each))
        whys["same_script", ""] = LinkReason(best, self.partners[place] + 1)

    def whys(self, place: int) -> tuple[LinkReason, ...]:
        reasons = self.reasons.get(place, {}).values()
        return tuple(sorted(reasons, key=lambda why: (-why.link.strength, why.link)))

    def names(self, marks: Sequence[str]) -> dict[int, str]:
        """Return place -> campaign of each story that is not alone, named after its stories."""
        least: dict[int, str] = {}
        for place in self.parent:
            root = self.root(place)
            least[root] = min(least.get(root, marks[place]), marks[place])
        return {place: f"c-{least[self.root(place)][:12]}" for place in self.parent}


def _link_by_key(fingerprints: Mapping[int, ReportFingerprint], graph: _Graph) -> None:
    for key, places in _group_by_key(fingerprints).items():
        if len(places) > 1:
            for place in places:
                graph.join(place, places[0])
                graph.explain(place, link_scoring.key_link(key), len(places))


def _group_by_key(
    fingerprints: Mapping[int, ReportFingerprint],
) -> dict[SharedIdentifier, list[int]]:
    holders: dict[SharedIdentifier, list[int]] = defaultdict(list)
    for place, fingerprint in fingerprints.items():
        for key in fingerprint.keys:
            holders[key].append(place)
    return holders


def _link_by_neighbour(fingerprints: Mapping[int, ReportFingerprint], graph: _Graph) -> None:
    """Link each story to the nearest in time of each neighbouring number."""
    called = {
        key.value: sorted(
            (at, place) for place in places if (at := fingerprints[place].at) is not None
        )
        for key, places in _group_by_key(fingerprints).items()
        if key.kind == "same_number"
    }
    for value, here in called.items():
        for near in adjacent_numbers(value):
            for at, place in here:
                other = _nearest(at, called.get(near, ()))
                if other is not None and link_scoring.within_hours(
                    fingerprints[place], fingerprints[other], NEIGHBOUR_HOURS
                ):
                    graph.join(place, other)
                    graph.explain(place, link_scoring.neighbour_link(near), 2)


def _nearest(at: float, times: Sequence[tuple[float, int]]) -> int | None:
    after = bisect_left(times, (at, -1))
    beside = times[max(0, after - 1) : after + 1]
    return min(beside, key=lambda row: abs(row[0] - at))[1] if beside else None


def _link_by_script(
    fingerprints: Mapping[int, ReportFingerprint], marks: Sequence[str], graph: _Graph
) -> None:
    near = link_scoring.similar_pairs(fingerprints, _iter_candidate_pairs(fingerprints, marks))
    for one, other, close in link_scoring.script_pairs(fingerprints, near):
        graph.join(one, other)
        for place, partner in ((one, other), (other, one)):
            scripts = fingerprints[place].script, fingerprints[partner].script
            words = link_scoring.shared_words(*scripts)
            graph.explain(place, link_scoring.script_link(close, words), 2)


def _iter_candidate_pairs(
    fingerprints: Mapping[int, ReportFingerprint], marks: Sequence[str]
) -> Iterator[tuple[int, int]]:
    """Yield pairs that share a rare word, each once; of many the nearest in time."""
    holders: dict[int, list[int]] = defaultdict(list)
    in_time = sorted(fingerprints, key=lambda place: (fingerprints[place].at or 0.0, marks[place]))
    for place in in_time:
        for key in fingerprints[place].script.keys:
            holders[key].append(place)
    yielded: set[tuple[int, int]] = set()
    for places in holders.values():
        for order, one in enumerate(places):
            for other in places[order + 1 : order + 1 + _MAX_BESIDE]:
                pair = (min(one, other), max(one, other))
                if pair not in yielded:
                    yielded.add(pair)
                    yield pair
