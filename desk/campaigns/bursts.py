"""Bursts and growing campaigns as the desk tells them, on its start page and above the list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Subquery
from django.utils import timezone

from desk.labels import codes as labels
from reports.campaigns import burst_detection, burst_monitor
from reports.models import BurstSnapshot
from reports.reference import gazetteer

MAX_BURSTS = 8


@dataclass(frozen=True)
class BurstText:
    """A burst in words; `scenario` where the queue can be narrowed to it."""

    place: str
    text: str
    scenario: str


@dataclass(frozen=True)
class BurstList:
    """What was found, when, and whether that is long ago; `left`: how many are not shown."""

    told: list[BurstText]
    at: datetime | None
    is_old: bool
    left: int


def bursts_column() -> dict[str, Any]:
    """The bursts of the last look, as columns of a statement, which `told` reads."""
    last = BurstSnapshot.objects.order_by("pk")
    return {
        "bursts": Subquery(last.values("bursts")[:1]),
        "bursts_at": Subquery(last.values("counted_at")[:1]),
    }


def burst_texts(found: dict[str, Any]) -> BurstList:
    """What was asked, in words."""
    kept, at = found["bursts"], found["bursts_at"]
    if kept is None:
        return BurstList([], None, is_old=False, left=0)
    is_old = (timezone.now() - at).total_seconds() > burst_monitor.STALE_AFTER_SECONDS
    return BurstList(_told(kept[:MAX_BURSTS]), at, is_old, max(0, len(kept) - MAX_BURSTS))


def current_bursts() -> BurstList:
    """The bursts of the last look. One statement."""
    kept = BurstSnapshot.objects.first()
    return burst_texts({"bursts": kept and kept.bursts, "bursts_at": kept and kept.counted_at})


def _told(kept: list[dict[str, Any]]) -> list[BurstText]:
    is_of_places = any(row["unit"] == burst_detection.COMMUNE for row in kept)
    names = {place.codename: place.name for place in gazetteer.communes()} if is_of_places else {}
    return [_words(row, names) for row in kept]


def _words(row: dict[str, Any], names: dict[str, str]) -> BurstText:
    days = "24 giờ" if row["days"] == 1 else f"{row['days']} ngày"
    text = (
        f"{labels.format_count(row['count'])} tin trong {days} qua, thường {_usual(row['usual'])}"
    )
    if row["unit"] == burst_detection.SCENARIO:
        return BurstText(labels.code_label(row["key"]), text, row["key"])
    mostly = (
        f", phần lớn: {labels.lower_initial(labels.short_label(row['mostly']))}"
        if row["mostly"]
        else ""
    )
    return BurstText(names.get(row["key"], row["key"]), f"{text}{mostly}", row["mostly"])


def _usual(expected: float) -> str:
    """Few are told as few: a tenth of a report is nobody's."""
    if expected < 1:
        return "chưa đến 1"
    return f"khoảng {labels.format_count(round(expected))}"
