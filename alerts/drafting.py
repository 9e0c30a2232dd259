"""From a wave of reports to the beginnings of a warning: aggregates only, nobody's words."""

import re
from collections.abc import Sequence
from typing import Any

from django.db.models import CharField, Count
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from reports.campaigns import campaign_stats
from reports.campaigns.campaign_stats import CampaignSummary
from reports.models import Campaign

_DIGITS = re.compile(r"(?:\d[\s.\-]*){4,}")


def initial_from_campaign(campaign: Campaign) -> dict[str, Any]:
    """First values for the form of a new warning."""
    seen, scenario = campaign_stats.campaign_summary(campaign), _usual_scenario(campaign)
    return {
        "campaign": campaign.pk,
        # An officer may have typed it: no number of anybody goes along.
        "title": _DIGITS.sub("", campaign.title).strip()[:140],
        "summary": summary(seen, scenario),
        "scenario": scenario,
        "grounds": evidence_text(campaign.code, seen),
    }


def summary(seen: CampaignSummary, scenario: str) -> str:
    """What they do, from what most reports share; "" where that is not known."""
    if not scenario or seen.reports is None:
        return ""
    kind = campaign_stats.code_label(scenario)
    told = [f"Kẻ gian gọi điện. Kiểu lừa: {kind[:1].lower()}{kind[1:]}."]
    if seen.demands:
        told.append(
            f"Họ đòi: {'; '.join(name[:1].lower() + name[1:] for name, _ in seen.demands)}."
        )
    return " ".join(told)[:400]


def evidence_text(code: str, seen: CampaignSummary) -> str:
    """What the wave amounts to, in numbers that point at nobody."""
    if seen.reports is None or seen.first is None or seen.last is None:
        return f"Đợt {code}: dưới {campaign_stats.MIN_COUNT} tin."
    told = [f"Đợt {code}: {seen.reports} tin, từ {seen.first:%d/%m/%Y} đến {seen.last:%d/%m/%Y}."]
    if seen.communes:
        told.append(f"Nhiều tin nhất: {_counted(seen.communes)}.")
    if seen.demands:
        told.append(f"Họ đòi: {_counted(seen.demands)}.")
    if seen.losers:
        told.append(f"Có mất tiền: {seen.losers} tin.")
    return "\n".join(told)


def _counted(counts: Sequence[tuple[str, int]]) -> str:
    return "; ".join(f"{name} ({count})" for name, count in counts)


def _usual_scenario(campaign: Campaign) -> str:
    """The code most often held of the wave's reports, or none: an officer's, else the machine's."""
    corrected = KeyTextTransform("scenario", "report__case__corrections_json")
    held = Coalesce(corrected, "report__facts__scenario", output_field=CharField())
    counted = campaign.links.exclude(report__facts=None).values_list(held)
    most = counted.annotate(held=held, times=Count("pk")).order_by("-times", "held").first()
    return str(most[0]) if most else ""
