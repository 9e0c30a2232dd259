"""Cluster stories of a file into campaigns, with the reasons. Pure: no Django.

Campaigns are the connected parts of the graph of links (link_scoring.py), whatever the order of the
stories. What honest callers share (data/common.json) links none.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from reports.campaigns import link_scoring
from reports.campaigns.link_scoring import FingerprintData, Link, find_neighbour
from reports.campaigns.script_fingerprint import fingerprint_script
from reports.campaigns.shared_identifiers import SharedIdentifier, identify_story, number_blocks
from reports.extraction.language.parsed_story import MAX_LENGTH
from reports.extraction.numbering_plan import MAX_NUMBER_CHARS_READ
from reports.extraction.story_reader import extract_from_story

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
    reasons: tuple[LinkReason, ...] = ()


def fingerprint_story(story: StoryInput) -> FingerprintData:
    text, claim = story.text[:MAX_LENGTH], story.claimed_to_be[:MAX_NUMBER_CHARS_READ]
    identifiers, sites = identify_story(
        story.caller_number[:MAX_NUMBER_CHARS_READ], text, story.bank_account
    )
    return FingerprintData(
        frozenset(identifiers),
        fingerprint_script(claim, text, sites),
        to_timestamp(story.at),
        link_scoring.sure_kind(extract_from_story(f"{claim}. {text}" if claim else text)),
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
    told = dict(enumerate(map(fingerprint_story, listed)))
    fingerprints = link_scoring.without_unsure_accounts(told)
    marks = [_digest_story(story) for story in listed]
    graph = _Graph()
    _link_by_key(fingerprints, graph)
    pairs = _list_candidate_pairs(fingerprints, marks)
    _link_by_neighbour(fingerprints, pairs, graph)
    _link_by_script(fingerprints, pairs, graph)
    names = graph.names(marks)
    return [
        StoryWithCampaign(story.id, names.get(index), graph.list_reasons(index))
        for index, story in enumerate(listed)
    ]


def _digest_story(story: StoryInput) -> str:
    """Return a digest of the story, for an order that does not depend on the input's."""
    fields = (story.caller_number, story.claimed_to_be, story.text, story.bank_account, story.at)
    whole = "\0".join((repr(story.id), *fields))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class _Graph:
    """Stories by their indices, their links, and the connected parts."""

    parent: dict[int, int] = field(default_factory=dict)
    reasons: dict[int, dict[tuple[str, str], LinkReason]] = field(default_factory=dict)
    partners: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def root(self, index: int) -> int:
        self.parent.setdefault(index, index)
        while self.parent[index] != index:
            self.parent[index] = self.parent[self.parent[index]]
            index = self.parent[index]
        return index

    def join(self, one: int, other: int) -> None:
        self.parent[self.root(one)] = self.root(other)

    def explain(self, index: int, link: Link, stories: int) -> None:
        """Add a link to a story; of script links only the strongest stays, with their number."""
        reasons = self.reasons.setdefault(index, {})
        if link.kind != "same_script":
            reasons[link.kind, link.value] = LinkReason(link, stories)
            return
        self.partners[index] += 1
        former = reasons.get(("same_script", ""), LinkReason(link, 0)).link
        best = max(former, link, key=lambda each: (bool(each.words), each.strength, each))
        reasons["same_script", ""] = LinkReason(best, self.partners[index] + 1)

    def list_reasons(self, index: int) -> tuple[LinkReason, ...]:
        reasons = self.reasons.get(index, {}).values()
        return tuple(sorted(reasons, key=lambda each: (-each.link.strength, each.link)))

    def names(self, marks: Sequence[str]) -> dict[int, str]:
        """Return index -> campaign of each story that is not alone, named after its stories."""
        least: dict[int, str] = {}
        for index in self.parent:
            root = self.root(index)
            least[root] = min(least.get(root, marks[index]), marks[index])
        return {index: f"c-{least[self.root(index)][:12]}" for index in self.parent}


def _link_by_key(fingerprints: Mapping[int, FingerprintData], graph: _Graph) -> None:
    for key, group in _group_by_key(fingerprints).items():
        for indices in _split_by_bank(key, group, fingerprints):
            for index in indices:
                graph.join(index, indices[0])
                graph.explain(index, link_scoring.key_link(key), len(indices))


def _split_by_bank(
    key: SharedIdentifier, group: list[int], fingerprints: Mapping[int, FingerprintData]
) -> list[list[int]]:
    """Return the stories that share a key, two or more; accounts by bank."""
    by_bank: dict[str, list[int]] = defaultdict(list)
    for index in group:
        by_bank[next(each.bank for each in fingerprints[index].keys if each == key)].append(index)
    groups = list(by_bank.values()) if len(by_bank.keys() - {""}) > 1 else [group]
    return [each for each in groups if len(each) > 1]


def _group_by_key(fingerprints: Mapping[int, FingerprintData]) -> dict[SharedIdentifier, list[int]]:
    holders: dict[SharedIdentifier, list[int]] = defaultdict(list)
    for index, fingerprint in fingerprints.items():
        for key in fingerprint.keys:
            holders[key].append(index)
    return holders


def _link_by_neighbour(
    fingerprints: Mapping[int, FingerprintData], pairs: Iterable[tuple[int, int]], graph: _Graph
) -> None:
    for pair in pairs:
        one, other = (fingerprints[index] for index in pair)
        if link_scoring.may_neighbour(one, other) and find_neighbour(one, other):
            graph.join(*pair)
            graph.explain(pair[0], link_scoring.neighbour_link(find_neighbour(one, other)), 2)
            graph.explain(pair[1], link_scoring.neighbour_link(find_neighbour(other, one)), 2)


def _link_by_script(
    fingerprints: Mapping[int, FingerprintData], pairs: Iterable[tuple[int, int]], graph: _Graph
) -> None:
    similar = link_scoring.similar_pairs(fingerprints, pairs)
    for one, other, score in link_scoring.script_pairs(fingerprints, similar):
        graph.join(one, other)
        for index, partner in ((one, other), (other, one)):
            own = fingerprints[index]
            link = link_scoring.script_link(score, own.script, own, fingerprints[partner])
            graph.explain(index, link, 2)


def _list_candidate_pairs(
    fingerprints: Mapping[int, FingerprintData], marks: Sequence[str]
) -> Sequence[tuple[int, int]]:
    """Return the pairs that share a rare word or call from one block of numbers; of many the nearest
    in time.
    """
    holders: dict[object, list[int]] = defaultdict(list)
    in_time = sorted(fingerprints, key=lambda index: (fingerprints[index].at or 0.0, marks[index]))
    for index in in_time:
        for key in (*fingerprints[index].script.keys, *number_blocks(fingerprints[index].keys)):
            holders[key].append(index)
    pairs = {
        (min(one, other), max(one, other)): None
        for indices in holders.values()
        for order, one in enumerate(indices)
        for other in indices[order + 1 : order + 1 + _MAX_BESIDE]
    }
    return list(pairs)
