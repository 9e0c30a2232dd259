"""Warnings for the search page, which asks here, in its template, and knows no model of ours."""

from django import template

from alerts.models import Alert, AlertRevision
from reports.folding import closest

register = template.Library()


@register.simple_tag
def warnings_about(query: str) -> list[AlertRevision]:
    """The warnings in force that a query is about, then the ended ones; each kind closest first."""
    found = []
    for door in (Alert.objects.published(), Alert.objects.ended()):
        said = [alert.current for alert in door if alert.current]
        found += closest(query, [(each, each.words.title, _more(each)) for each in said])
    return found


def _more(revision: AlertRevision) -> str:
    words = revision.words
    return f"{words.short_title} {words.summary} {revision.identifier}"
