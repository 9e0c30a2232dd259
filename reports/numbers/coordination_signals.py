"""Whether many reports of one number look as if somebody had arranged them: a grudge, or a rival.

It is shown to officers with its reasons and changes nothing: that such reports add nobody to who
told of the number, reports/numbers/report_counts.py and reports/numbers/reporter_independence.py see to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.db.models.functions import Left

from core.text import normalize
from reports.facts import abuse_flags
from reports.models import Indicator, Report
from reports.numbers import report_counts
from reports.numbers.reporter_independence import are_near_duplicates

MIN_COUNT = 3  # reports of a number, and of those that share a sign
MAX_READ_BYTES = 100  # the newest reports of a number


@dataclass(frozen=True)
class CoordinationSignal:
    """How many of the newest reports of a number there are, and how many share each sign."""

    reports: int
    one_network: int
    alike: int
    lowered: int
    days: int = report_counts.DAYS


def coordination_signal(key: str) -> CoordinationSignal | None:
    """The signs of a number's canonical key; None where there are too few. One statement."""
    rows = _rows(key)
    every = [{*flags, *(told or ())} for flags, told, _ in rows]
    signs = {
        "one_network": sum(abuse_flags.SAME_NETWORK in flags for flags in every),
        "alike": _alike([frozenset(normalize(story).split()) for *_, story in rows]),
        "lowered": sum(map(abuse_flags.is_deprioritized, every)),
    }
    telling = {name: many for name, many in signs.items() if many >= MIN_COUNT - 1}
    if len(rows) < MIN_COUNT or not telling:
        return None
    return CoordinationSignal(len(rows), **{name: telling.get(name, 0) for name in signs})


def _rows(key: str) -> list[tuple[list[str], list[str] | None, str]]:
    """Flags, marks of the crowd and story of the newest reports that name it as a caller's."""
    if not key:
        return []
    named = Indicator.objects.filter(
        report=OuterRef("pk"), kind=Indicator.Kind.NUMBER, place__in=report_counts.CALLERS, key=key
    )
    rows = Report.objects.filter(
        Exists(named), received_at__gte=report_counts.counting_window_start()
    )
    newest = rows.order_by("-received_at").annotate(told=Left("story", report_counts.STORY))
    return list(newest.values_list("flags", "flood_sample__flags", "told")[:MAX_READ_BYTES])


def _alike(stories: Sequence[frozenset[str]]) -> int:
    """How many are near-identical to another one."""
    return sum(
        any(are_near_duplicates(words, other) for at, other in enumerate(stories) if at != place)
        for place, words in enumerate(stories)
    )
