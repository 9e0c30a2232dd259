"""A campaign as far as it may leave the desk: counts alone, and none that points at somebody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language

from reports.campaigns import campaign_stats as portrait
from reports.extraction.cue_matcher import code_rows, scenario_codes
from reports.models import Campaign
from reports.public.cell_suppression import LEAST, to_hide

Counted = Sequence[tuple[str, int]]
FEWEST = LEAST  # reports of which anything is told
MOST = 5  # communes, and demands


@dataclass(frozen=True)
class Outline:
    """What the reports of a campaign share. `reports` is None for fewer than LEAST, and then all else
    is empty. Lists have the most frequent first, in Vietnamese labels.
    """

    reports: int | None = None
    first: date | None = None
    last: date | None = None
    demands: Counted = ()
    communes: Counted = ()
    losers: int | None = None


def label(code: str) -> str:
    """A code of the taxonomy in words; an unknown one stands for itself."""
    row = code_rows().get(code)
    return str(row["label_vi"]) if row else code


def scenarios() -> list[tuple[str, str]]:
    """Every kind of scam of the taxonomy: its code, and in words of the page's language."""
    words = "label_en" if get_language() == "en" else "label_vi"
    return [(code, str(code_rows()[code][words])) for code in scenario_codes()]


def of(campaign: Campaign) -> Outline:
    """Two statements."""
    sums = portrait.sums([campaign.pk]).get(campaign.pk)
    if sums is None or sums.reports < LEAST:
        return Outline()
    drawn = portrait.portrait(campaign.pk, with_numbers=False)
    return Outline(
        reports=sums.reports,
        first=min(drawn.days),
        last=max(drawn.days),
        demands=_shown(drawn.parts.get("action", [])),
        communes=_not_hidden(dict(drawn.parts.get("commune", []))),
        losers=sums.losers if sums.losers >= LEAST else None,
    )


def _shown(counted: Counted) -> Counted:
    return [(label(code), count) for code, count in counted if count >= LEAST][:MOST]


def _not_hidden(counts: Mapping[str, int]) -> Counted:
    """The communes beside a total that is known: more is hidden, until nothing can be worked out."""
    hidden = to_hide(counts)
    if hidden is None:
        return []
    return [(name, count) for name, count in counts.items() if name not in hidden][:MOST]
