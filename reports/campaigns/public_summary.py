"""A campaign as far as it may leave the desk: counts alone, and none that points at somebody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language

from reports.campaigns import campaign_stats
from reports.extraction.language.cue_matcher import code_rows, scenario_codes
from reports.models import Campaign
from reports.public.cell_suppression import MIN_COUNT as LEAST
from reports.public.cell_suppression import cells_to_suppress

Counted = Sequence[tuple[str, int]]
MIN_COUNT = LEAST  # reports of which anything is told
MAX_COUNT = 5  # communes, and demands


@dataclass(frozen=True)
class CampaignSummary:
    """What the reports of a campaign share. `reports` is None for fewer than LEAST, and then all else
    is empty. Lists have the most frequent first, in Vietnamese labels.
    """

    reports: int | None = None
    first: date | None = None
    last: date | None = None
    demands: Counted = ()
    communes: Counted = ()
    losers: int | None = None


def code_label(code: str) -> str:
    """A code of the taxonomy in words; an unknown one stands for itself."""
    row = code_rows().get(code)
    return str(row["label_vi"]) if row else code


def scenarios() -> list[tuple[str, str]]:
    """Every kind of scam of the taxonomy: its code, and in words of the page's language."""
    words = "label_en" if get_language() == "en" else "label_vi"
    return [(code, str(code_rows()[code][words])) for code in scenario_codes()]


def campaign_summary(campaign: Campaign) -> CampaignSummary:
    """Two statements."""
    sums = campaign_stats.campaign_totals([campaign.pk]).get(campaign.pk)
    if sums is None or sums.reports < LEAST:
        return CampaignSummary()
    drawn = campaign_stats.campaign_breakdown(campaign.pk, with_numbers=False)
    return CampaignSummary(
        reports=sums.reports,
        first=min(drawn.days),
        last=max(drawn.days),
        demands=_list_frequent(drawn.parts.get("action", [])),
        communes=_list_unsuppressed(dict(drawn.parts.get("commune", []))),
        losers=sums.losers if sums.losers >= LEAST else None,
    )


def _list_frequent(counted: Counted) -> Counted:
    return [(code_label(code), count) for code, count in counted if count >= LEAST][:MAX_COUNT]


def _list_unsuppressed(counts: Mapping[str, int]) -> Counted:
    """The communes beside a total that is known: more is hidden, until nothing can be worked out."""
    hidden = cells_to_suppress(counts)
    if hidden is None:
        return []
    return [(name, count) for name, count in counts.items() if name not in hidden][:MAX_COUNT]
