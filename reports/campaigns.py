"""Which stories are one campaign, first cut: the same calling number, account or link. Pure.

Clusters are the connected parts of the graph of shared keys, so the order of the stories
changes nothing. What honest callers share (data/common.json) ties no two stories together.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from reports.folding import plain_digits
from reports.indicators import find_accounts, find_links
from reports.phones import Phone, find, read_all

_FILE = Path(__file__).parent / "data" / "common.json"
_SHORTEST_ACCOUNT = 6
_STRENGTHS = {"same_account": 0.95, "same_link": 0.9, "same_number": 0.8}
_WORDS_VI = {
    "same_account": "Cùng tài khoản nhận",
    "same_link": "Cùng đường dẫn",
    "same_number": "Cùng số gọi",
}


@dataclass(frozen=True, slots=True)
class Story:
    """One report as the campaigns see it; ``id`` comes back as it was given."""

    id: Any
    caller_number: str = ""
    claimed_to_be: str = ""
    text: str = ""
    bank_account: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What a story may share with others."""

    kind: str
    value: str

    @property
    def strength(self) -> float:
        return _STRENGTHS[self.kind]

    @property
    def reason(self) -> str:
        return f"{_WORDS_VI[self.kind]} {self.value}"


@dataclass(frozen=True, slots=True)
class Tie:
    """A key that a story shares, and with how many stories in all."""

    key: Key
    stories: int


@dataclass(frozen=True, slots=True)
class Linked:
    """A story with its campaign (None: alone) and the ties that put it there."""

    id: Any
    campaign: str | None
    ties: tuple[Tie, ...] = ()


@lru_cache(maxsize=1)
def _common() -> Mapping[str, Mapping[str, Any]]:
    """What ties nobody, by sort."""
    data: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return {
        sort: {key: row for key, row in rows.items() if key != "about"}
        for sort, rows in data.items()
        if sort != "about"
    }


def is_common_number(phone: Phone) -> bool:
    """Whether this caller may be anybody: no line of its own, a forged hotline, 069."""
    common = _common()
    return (
        not phone.key
        or phone.kind not in common["number_kinds"]
        or phone.key in common["numbers"]
        or not common["number_flags"].keys().isdisjoint(phone.flags)
    )


def is_common_link(link: str) -> bool:
    """Whether everybody links there."""
    labels = link.partition("/")[0].split(".")
    return any(".".join(labels[at:]) in _common()["hosts"] for at in range(len(labels)))


def _numbers(story: Story) -> Iterator[Phone]:
    """The callers on the form; where none can be read, those that the story names."""
    typed = [phone for phone in read_all(story.caller_number) if phone.key]
    yield from typed or (found.phone for found in find(story.text))


def _accounts(story: Story) -> Iterator[str]:
    typed = "".join(filter(str.isalnum, plain_digits(story.bank_account))).upper()
    if sum(map(str.isdecimal, typed)) >= _SHORTEST_ACCOUNT:
        yield typed
    yield from (found.account for found in find_accounts(story.text))


def keys_of(story: Story) -> list[Key]:
    """What may tie *story* to others, in a fixed order."""
    links = (found.link for found in find_links(story.text))
    return keys_among(_numbers(story), _accounts(story), links)


def keys_among(
    numbers: Iterable[Phone], accounts: Iterable[str], links: Iterable[str]
) -> list[Key]:
    """What of this may tie its story to others, in a fixed order."""
    known = _common()["accounts"]
    own = {phone.key for phone in numbers if not is_common_number(phone)}
    return sorted(
        [Key("same_number", value) for value in own]
        + [Key("same_account", value) for value in set(accounts) if value not in known]
        + [Key("same_link", value) for value in set(links) if not is_common_link(value)]
    )


def _clusters(keys: Sequence[Sequence[Key]]) -> dict[Key, Key]:
    """Union-find over keys that stand in one story: key -> the least key of its cluster."""
    parent: dict[Key, Key] = {}

    def root(key: Key) -> Key:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for together in keys:
        roots = sorted({root(key) for key in together})
        for other in roots[1:]:
            parent[other] = roots[0]
    return {key: root(key) for key in list(parent)}


def _name(least: Key) -> str:
    """A campaign's name, from the least key that its stories share."""
    digest = hashlib.sha256(f"{least.kind}:{least.value}".encode("utf-8", "surrogatepass"))
    return "c-" + digest.hexdigest()[:12]


def link(stories: Iterable[Story]) -> list[Linked]:
    """The campaign of each story, in the order given; the order decides nothing."""
    listed = list(stories)
    keys = [keys_of(story) for story in listed]
    counts = Counter(key for own in keys for key in own)
    shared = [[key for key in own if counts[key] > 1] for own in keys]
    least = _clusters(shared)
    return [
        _linked(story, own, _name(least[own[0]]) if own else None, counts)
        for story, own in zip(listed, shared, strict=True)
    ]


def _linked(
    story: Story, shared: list[Key], campaign: str | None, counts: Mapping[Key, int]
) -> Linked:
    strongest_first = sorted(shared, key=lambda key: (-key.strength, key))
    return Linked(story.id, campaign, tuple(Tie(key, counts[key]) for key in strongest_first))
