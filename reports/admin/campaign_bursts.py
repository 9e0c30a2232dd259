"""Bursts and growing campaigns as the desk tells them, on its start page and above the list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from reports import burst_watch, bursts, portrait
from reports.admin import words
from reports.models import BurstTally, Campaign, Commune
from reports.portrait import Sums

MOST_BURSTS = 8
MOST_WAVES = 6


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


def found() -> Bursts:
    """The bursts of the last look. One statement, two where there are any."""
    kept = BurstTally.objects.first()
    if kept is None:
        return Bursts([], None, is_old=False, left=0)
    age = (timezone.now() - kept.counted_at).total_seconds()
    return Bursts(
        _told(kept.bursts[:MOST_BURSTS]),
        kept.counted_at,
        age > burst_watch.OLD_AFTER,
        max(0, len(kept.bursts) - MOST_BURSTS),
    )


def growing() -> list[Campaign]:
    """The campaigns with most reports in seven days, each with its figures. Three statements."""
    hot = portrait.hot(MOST_WAVES)
    sums, rows = portrait.sums(hot), Campaign.objects.in_bulk(hot)
    for pk, row in rows.items():
        row.sums = sums.get(pk, Sums())  # type: ignore[attr-defined]
    return [rows[pk] for pk in hot if pk in rows]


def _told(kept: list[dict[str, Any]]) -> list[Told]:
    places = [row["key"] for row in kept if row["unit"] == bursts.COMMUNE]
    names = {row.pk: row.name for row in Commune.objects.filter(pk__in=places)} if places else {}
    return [_words(row, names) for row in kept]


def _words(row: dict[str, Any], names: dict[str, str]) -> Told:
    days = "24 giờ" if row["days"] == 1 else f"{row['days']} ngày"
    text = f"{words.number(row['count'])} tin trong {days} qua, thường {_usual(row['usual'])}"
    if row["unit"] == bursts.SCENARIO:
        return Told(words.label(row["key"]), text, row["key"])
    mostly = f", phần lớn: {words.short(row['mostly']).lower()}" if row["mostly"] else ""
    return Told(names.get(row["key"], row["key"]), f"{text}{mostly}", row["mostly"])


def _usual(expected: float) -> str:
    """Few are told as few: a tenth of a report is nobody's."""
    if expected < 1:
        return "chưa đến 1"
    return f"khoảng {words.number(round(expected))}"
