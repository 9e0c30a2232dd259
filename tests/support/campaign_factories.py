"""Campaigns for tests, as the machine or an officer leaves them."""

from typing import Any

from django.contrib.auth.models import User

from core.models import OutboxItem
from reports.campaigns.membership import Actor
from reports.models import Campaign, CampaignExclusion, CampaignLink, MergeProposal, Report
from reports.triage import report_triage
from tests.support import report_factories


def item_of(report: Report) -> int:
    """The key of the latest item that a report owes."""
    return OutboxItem.objects.filter(key=str(report.pk)).latest("id").pk


def triage(story: str = "Có người gọi.", **typed: Any) -> Report:
    """A report, triaged and grouped by a worker."""
    report = report_factories.report(story, **typed)
    report_triage.process_items([item_of(report)])
    return report


def campaign_of(report: Report) -> Campaign | None:
    link = CampaignLink.objects.filter(report=report).first()
    return link.campaign if link else None


def campaign(code: str, reports: int = 0, **typed: Any) -> Campaign:
    """A campaign into which the machine has laid that many reports."""
    opened = Campaign.objects.create(code=code, title=f"Giả điện lực {code}")
    for number in range(reports):
        add_to_campaign(
            report_factories.report(f"{code} {number}: gọi báo cắt điện.", **typed), opened
        )
    return opened


def add_to_campaign(report: Report, into: Campaign, **fields: Any) -> CampaignLink:
    """The machine's link of a report to a campaign."""
    values = {"kind": "same_number", "strength": "0.80", "reason": "Cùng số gọi"} | fields
    return CampaignLink.objects.create(report=report, campaign=into, **values)


def proposed(one: Campaign, other: Campaign, reason: str = "Cùng số gọi") -> MergeProposal:
    """As the machine asks about two campaigns."""
    first, second = sorted((one, other), key=lambda each: each.pk)
    return MergeProposal.objects.create(
        campaign_a=first, campaign_b=second, report=report_factories.report(f"nối {reason}"),
        kind="same_number", strength="0.80", reason=reason,
    )  # fmt: skip


def hand(by: User, reason: str = "Cùng một nhóm gọi") -> Actor:
    return Actor(by, reason)


def members(group: Campaign) -> list[Any]:
    """The reports of a campaign, in one order."""
    return list(group.links.order_by("pk").values_list("pk", flat=True))


_EXCLUSION = ("report", "campaign", "action")


def state() -> tuple[list[Any], ...]:
    """Everything that an act may move, in every column."""
    return (
        list(CampaignLink.objects.order_by("pk").values()),
        list(CampaignExclusion.objects.order_by("report", "campaign").values(*_EXCLUSION)),
        list(Campaign.objects.order_by("code").values("code", "title", "merged_into")),
    )


def versions(*campaigns: Campaign) -> dict[Any, int]:
    """What an officer sees who looks at this moment."""
    keys = [each.pk for each in campaigns]
    return dict(Campaign.objects.filter(pk__in=keys).values_list("pk", "version"))
