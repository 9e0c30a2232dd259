"""Warnings for the search page, which asks here, in its template, and knows no model of ours."""

from django import template

from alerts.models import AlertRevision, CancelReason, selectors
from core.text import rank_by_similarity

register = template.Library()


@register.simple_tag
def warnings_about(query: str) -> list[AlertRevision]:
    """The warnings that a query is about, closest first; those in force before the ended ones."""
    in_force, ended = selectors.in_force(), selectors.ended()
    things = [(each, each.frozen_content.title, _more(each)) for each in (*in_force, *ended)]
    return sorted(rank_by_similarity(query, things), key=ended.__contains__)


def _more(revision: AlertRevision) -> str:
    """What it is found by beside its title; of what was withdrawn as an error nothing is repeated."""
    words, english = revision.frozen_content, revision.frozen_content.english
    if words.message.ending == CancelReason.ERROR:
        return revision.identifier
    said = f"{words.short_title} {words.summary} {english.title} {english.summary}"
    return f"{said} {revision.identifier}"
