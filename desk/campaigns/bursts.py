"""Bursts and growing campaigns as the desk tells them, on its start page and above the list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Subquery
from django.utils import timezone

from desk import labels as words
from reports.campaigns import burst_detection as bursts
from reports.campaigns import burst_monitor as burst_watch
from reports.models import BurstTally
from reports.reference import gazetteer as places

MOST_BURSTS = 8


@dataclass(frozen=True)
class Told:
    """A burst in words; `scenario` where the queue can be narrowed to it."""

    place: str
    text: str
    scenario: str


@dataclass(frozen=True)
class Bursts:
    """What was found, when, and whether that is long ago; `left`: how many are not shown."""

    told: list[Told]
    at: datetime | None
    is_old: bool
    left: int


def asked() -> dict[str, Any]:
    """The bursts of the last look, as columns of a statement, which `told` reads."""
    last = BurstTally.objects.order_by("pk")
    return {
        "bursts": Subquery(last.values("bursts")[:1]),
        "bursts_at": Subquery(last.values("counted_at")[:1]),
    }


def told(found: dict[str, Any]) -> Bursts:
    """What was asked, in words."""
    kept, at = found["bursts"], found["bursts_at"]
    if kept is None:
        return Bursts([], None, is_old=False, left=0)
    is_old = (timezone.now() - at).total_seconds() > burst_watch.OLD_AFTER
    return Bursts(_told(kept[:MOST_BURSTS]), at, is_old, max(0, len(kept) - MOST_BURSTS))


def found() -> Bursts:
    """The bursts of the last look. One statement."""
    kept = BurstTally.objects.first()
    return told({"bursts": kept and kept.bursts, "bursts_at": kept and kept.counted_at})


def _told(kept: list[dict[str, Any]]) -> list[Told]:
    is_of_places = any(row["unit"] == bursts.COMMUNE for row in kept)
    names = {place.codename: place.name for place in places.communes()} if is_of_places else {}
    return [_words(row, names) for row in kept]


def _words(row: dict[str, Any], names: dict[str, str]) -> Told:
    days = "24 giờ" if row["days"] == 1 else f"{row['days']} ngày"
    text = f"{words.number(row['count'])} tin trong {days} qua, thường {_usual(row['usual'])}"
    if row["unit"] == bursts.SCENARIO:
        return Told(words.label(row["key"]), text, row["key"])
    mostly = f", phần lớn: {words.inside(words.short(row['mostly']))}" if row["mostly"] else ""
    return Told(names.get(row["key"], row["key"]), f"{text}{mostly}", row["mostly"])


def _usual(expected: float) -> str:
    """Few are told as few: a tenth of a report is nobody's."""
    if expected < 1:
        return "chưa đến 1"
    return f"khoảng {words.number(round(expected))}"
