"""Warnings for the search page, which asks here, in its template, and knows no model of ours."""

from django import template

from alerts.models import Alert, AlertQuerySet, AlertRevision
from reports.folding import closest

register = template.Library()


@register.simple_tag
def warnings_about(query: str) -> list[AlertRevision]:
    """The warnings that a query is about, closest first; those in force before the ended ones."""
    in_force = _said(Alert.objects.published())
    ended = _said(Alert.objects.ended())
    things = [(each, each.words.title, _more(each)) for each in (*in_force, *ended)]
    return sorted(closest(query, things), key=ended.__contains__)


def _said(alerts: AlertQuerySet) -> list[AlertRevision]:
    return [alert.current for alert in alerts if alert.current]


def _more(revision: AlertRevision) -> str:
    words = revision.words
    return f"{words.short_title} {words.summary} {revision.identifier}"
