"""Warnings and their deliveries on pages of other rooms, whose templates call these tags."""

from collections.abc import Collection
from typing import Any, TypedDict

from django import template
from django.utils import timezone

from alerts.delivery import deliveries, partners
from alerts.models import Alert, AlertRevision, Delivery, DeliveryAttempt, PartnerAgency
from core import webhooks
from core.text import rank_by_similarity
from reports.models import Campaign
from reports.public import office_texts

register = template.Library()


class CampaignWarnings(TypedDict):
    campaign: Campaign
    alerts: list[Alert]


class FailedDeliveries(TypedDict):
    failed: list[Delivery]
    stopped: list[PartnerAgency]


@register.inclusion_tag("alerts/current_warning.html")
def current_warning() -> dict[str, AlertRevision | None]:
    """Return the newest warning in force, for a card."""
    return {"revision": AlertRevision.objects.in_force().first()}


@register.inclusion_tag("alerts/current_warning.html")
def warning_about_call(scenario: str, offices: Collection[str]) -> dict[str, AlertRevision | None]:
    """Return the newest warning in force about that kind of scam or one of the offices, for a card."""
    for revision in AlertRevision.objects.in_force():
        content = revision.frozen_content
        named = {office.codename for office in content.offices}
        if (scenario and content.scenario == scenario) or not named.isdisjoint(offices):
            return {"revision": revision}
    return {"revision": None}


@register.inclusion_tag("alerts/current_warning.html")
def warning_about_office(codename: str) -> dict[str, Any]:
    """Return the newest warning in force about callers who claim to be the office, else the newest for
    the whole province that is about no office at all, for a card.
    """
    general = None
    for revision in AlertRevision.objects.in_force():
        content = revision.frozen_content
        named = frozenset(office.codename for office in content.offices)
        offices = named or office_texts.offices_of_scenario(content.scenario)
        if codename in offices:
            return {"revision": revision}
        general = general or (None if offices or content.communes else revision)
    return {"revision": general, "is_general": True}


@register.inclusion_tag("alerts/warnings_of_campaign.html")
def warnings_of_campaign(campaign: Campaign) -> CampaignWarnings:
    """Return, for the desk, the warnings about a campaign and those merged into it."""
    campaigns = Campaign.objects.with_merged_into(campaign)
    alerts = Alert.objects.filter(campaign__in=campaigns).select_related("current")
    return {"campaign": campaign, "alerts": list(alerts)}


@register.simple_tag
def warnings_in_force_of(campaign: Campaign) -> list[AlertRevision]:
    """Return the warnings in force about a campaign and those merged into it, newest first."""
    campaigns = Campaign.objects.with_merged_into(campaign)
    return list(AlertRevision.objects.in_force().filter(alert__campaign__in=campaigns))


@register.inclusion_tag("alerts/in_review.html", takes_context=True)
def warnings_in_review(context: template.Context) -> dict[str, int]:
    """Return how many texts of others wait for review."""
    waiting = Alert.objects.filter(stage=Alert.Stage.REVIEW)
    return {"waiting": waiting.exclude(author=context["request"].user).count()}


@register.inclusion_tag("alerts/unsigned_warnings.html")
def unsigned_warnings() -> dict[str, list[AlertRevision]]:
    return {"unsigned": list(AlertRevision.objects.in_force().filter(signature=None))}


@register.simple_tag
def warnings_about(query: str) -> list[AlertRevision]:
    """Return the warnings that match a query, closest first; those in force before ended ones."""
    in_force, ended = list(AlertRevision.objects.in_force()), list(AlertRevision.objects.ended())
    candidates = [
        (revision, revision.frozen_content.title, _searchable_text(revision))
        for revision in (*in_force, *ended)
    ]
    return sorted(rank_by_similarity(query, candidates), key=ended.__contains__)


def _searchable_text(revision: AlertRevision) -> str:
    """Return what a search reads beside the title; of a withdrawn warning the identifier alone."""
    words, english = revision.frozen_content, revision.frozen_content.english
    if words.message.is_withdrawn:
        return revision.identifier
    text = f"{words.short_title} {words.summary} {english.title} {english.summary}"
    return f"{text} {revision.identifier}"


@register.inclusion_tag("alerts/failed_deliveries.html")
def failed_deliveries() -> FailedDeliveries:
    """Return which agencies a warning in force did not reach, and stopped channels."""
    stopped = PartnerAgency.objects.filter(is_active=True).exclude(stopped_channels=[])
    return {"failed": deliveries.failed_deliveries(), "stopped": list(stopped)}


@register.inclusion_tag("admin/alerts/alert/partners.html", takes_context=True)
def partner_delivery_table(context: Any, alert: Alert) -> dict[str, Any]:
    """Return which agency got, saw and confirmed which version of a warning."""
    return {
        "delivery_statuses": partners.delivery_statuses(alert),
        "alert": alert,
        "may_resend": context["request"].user.has_perm("alerts.change_partneragency"),
        "csrf_token": context.get("csrf_token"),
        "now": timezone.now(),
    }


@register.filter
def outcome(attempt: DeliveryAttempt) -> str:
    return webhooks.attempt_label(attempt.outcome, attempt.status)
