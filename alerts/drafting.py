"""From a wave of reports to the beginnings of a warning: aggregates only, nobody's words."""

from typing import Any

from django.db.models import CharField, Count, Max, Min
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.utils import timezone

from reports.models import Campaign


def from_campaign(campaign: Campaign) -> dict[str, Any]:
    """First values for the form of a new warning."""
    return {
        "campaign": campaign.pk,
        "title": campaign.title[:140],
        "scenario": _usual_scenario(campaign),
        "grounds": grounds(campaign),
    }


def grounds(campaign: Campaign) -> str:
    """What the wave amounts to, in numbers."""
    seen = campaign.links.aggregate(
        reports=Count("pk"),
        communes=Count("report__commune", distinct=True),
        first=Min("report__received_at"),
        last=Max("report__received_at"),
    )
    if not seen["reports"]:
        return f"Đợt {campaign.code}: chưa có tin nào."
    first, last = (timezone.localtime(seen[end]).strftime("%d/%m/%Y") for end in ("first", "last"))
    return (
        f"Đợt {campaign.code}: {seen['reports']} tin, {seen['communes']} xã, phường,"
        f" từ {first} đến {last}."
    )


def _usual_scenario(campaign: Campaign) -> str:
    """The code most often held of the wave's reports, or none: an officer's, else the machine's."""
    corrected = KeyTextTransform("scenario", "report__case__corrected")
    held = Coalesce(corrected, "report__facts__scenario", output_field=CharField())
    counted = campaign.links.exclude(report__facts=None).values_list(held)
    most = counted.annotate(held=held, times=Count("pk")).order_by("-times", "held").first()
    return str(most[0]) if most else ""
