"""Warnings on pages of other rooms: their templates call these tags, their code knows no model of this room."""

from typing import TypedDict

from django import template

from alerts.models import Alert, AlertRevision, CancelReason, selectors
from core.text import rank_by_similarity
from reports.models import Campaign

register = template.Library()


class Current(TypedDict):
    revision: AlertRevision | None


class OfCampaign(TypedDict):
    campaign: Campaign
    alerts: list[Alert]


@register.inclusion_tag("alerts/current_warning.html")
def current_warning() -> Current:
    """The newest warning in force, as a card; nothing when there is none."""
    return {"revision": AlertRevision.objects.in_force().first()}


@register.inclusion_tag("alerts/warnings_of_campaign.html")
def warnings_of_campaign(campaign: Campaign) -> OfCampaign:
    """For the desk: what is said or being written about a wave and those merged into it, and the
    way to a new draft.
    """
    of_it = Campaign.objects.with_merged_into(campaign)
    alerts = Alert.objects.filter(campaign__in=of_it).select_related("current")
    return {"campaign": campaign, "alerts": list(alerts)}


@register.inclusion_tag("alerts/warnings_for_residents.html")
def warnings_of_campaign_for_residents(campaign: Campaign) -> dict[str, list[AlertRevision]]:
    """For a resident whose report belongs to a wave: the warnings in force about it."""
    of_it = Campaign.objects.with_merged_into(campaign)
    return {"revisions": list(AlertRevision.objects.in_force().filter(alert__campaign__in=of_it))}


@register.inclusion_tag("alerts/in_review.html", takes_context=True)
def warnings_in_review(context: template.Context) -> dict[str, int]:
    """For who issues: how many texts of others wait for a second pair of eyes."""
    waiting = Alert.objects.filter(stage=Alert.Stage.REVIEW)
    return {"waiting": waiting.exclude(author=context["request"].user).count()}


@register.inclusion_tag("alerts/unsigned_warnings.html")
def unsigned_warnings() -> dict[str, list[AlertRevision]]:
    """For the desk: warnings in force whose last word has no signature."""
    return {"unsigned": list(AlertRevision.objects.in_force().filter(signature=None))}


@register.simple_tag
def warnings_about(query: str) -> list[AlertRevision]:
    """The warnings that a query is about, closest first; those in force before the ended ones."""
    in_force, ended = selectors.in_force(), selectors.ended()
    candidates = [
        (each, each.frozen_content.title, _searchable_text(each)) for each in (*in_force, *ended)
    ]
    return sorted(rank_by_similarity(query, candidates), key=ended.__contains__)


def _searchable_text(revision: AlertRevision) -> str:
    """Return what it is found by beside its title; of what was withdrawn as an error nothing is repeated."""
    words, english = revision.frozen_content, revision.frozen_content.english
    if words.message.ending == CancelReason.ERROR:
        return revision.identifier
    text = f"{words.short_title} {words.summary} {english.title} {english.summary}"
    return f"{text} {revision.identifier}"
