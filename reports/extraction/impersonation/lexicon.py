"""The names of offices and the signs of a claim, as tables to look through. Pure: no Django."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.text import normalize
from reports.extraction.language.phrase_trie import PhraseTrie

_FILE = Path(__file__).parents[2] / "data" / "claimed.json"
DECOY = "decoy"  # the kind of words that look like a name and are none
OTHER_PROVINCE = "cong-an-tinh-khac"
_MAX_NAMES = 60  # of one row
_MAX_NAME_LENGTH = 120

Locate = Callable[[str], tuple[str, ...]]
Row = tuple[str, Sequence[str]]


@dataclass(frozen=True)
class ClaimTable:
    """data/claimed.json, its lists as sets. `any_of`: a wider name -> what it may be;
    `declared`: an answer of the report page -> the wider name; `labels` of the wider names;
    `shy` folded.
    """

    labels: Mapping[str, str]
    any_of: Mapping[str, frozenset[str]]
    declared: Mapping[str, str]
    everyday: frozenset[str]
    of_state: frozenset[str]
    with_unit: frozenset[str]
    shy: frozenset[str]
    capitals: frozenset[str]


@dataclass(frozen=True, eq=False)
class OfficeLexicon:
    """The names of the officers' table, and who knows the communes that words may mean."""

    book: PhraseTrie
    locate: Locate


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=1)
def claim_table() -> ClaimTable:
    """What the data file says beside the names and the signs."""
    data = _data()
    broad = data["broad"]
    stately = [row["code"] for row in broad if row["of_state"]]
    answers = {answer: row["code"] for row in broad for answer in row["declared"]}
    return ClaimTable(
        labels={row["code"]: row["label"] for row in broad},
        any_of={row["code"]: frozenset(row["any_of"]) for row in broad},
        declared=data["declared"] | answers,
        everyday=frozenset(data["everyday"]),
        of_state=frozenset([*data["of_state"], *stately]),
        with_unit=frozenset(data["with_unit"]),
        shy=frozenset(map(normalize, data["shy"])),
        capitals=frozenset(data["capitals"]),
    )


@lru_cache(maxsize=1)
def claim_cues() -> PhraseTrie:
    """The signs of a claim: "claims", "told", "denied", "titles", "calls", "says", "warned"."""
    return PhraseTrie(
        (kind, "", sign) for kind, signs in _data()["signs"].items() for sign in signs
    )


def build_lexicon(rows: Iterable[Row], locate: Locate) -> OfficeLexicon:
    """The names of rows (codename, names) with the file's other names of them and its wider ones.
    `locate` gives the communes that words may mean, () for none.
    """
    decoys = [(DECOY, "", name) for name in _data()["decoys"]]
    return OfficeLexicon(
        PhraseTrie([*decoys, *(("office", code, name) for code, name in _names(rows))]), locate
    )


def _names(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    data = _data()
    for code, named in rows:
        if code not in data["never"]:
            for name in [*named[:_MAX_NAMES], *data["offices"].get(code, ())]:
                yield code, name[:_MAX_NAME_LENGTH]
    for row in data["broad"]:
        yield from ((row["code"], name) for name in row["names"])
    for police in data["police_of_a_province"]:
        yield from ((OTHER_PROVINCE, f"{police} {name}") for name in data["provinces"])
