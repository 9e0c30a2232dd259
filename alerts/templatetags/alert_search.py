"""Warnings for the search page, which asks here, in its template, and knows no model of ours."""

from django import template

from alerts import selectors as said
from alerts.models import AlertRevision, Ending
from core.text import closest

register = template.Library()


@register.simple_tag
def warnings_about(query: str) -> list[AlertRevision]:
    """The warnings that a query is about, closest first; those in force before the ended ones."""
    in_force, ended = said.in_force(), said.ended()
    things = [(each, each.words.title, _more(each)) for each in (*in_force, *ended)]
    return sorted(closest(query, things), key=ended.__contains__)


def _more(revision: AlertRevision) -> str:
    """What it is found by beside its title; of what was withdrawn as an error nothing is repeated."""
    words, english = revision.words, revision.words.english
    if words.message.ending == Ending.ERROR:
        return revision.identifier
    said = f"{words.short_title} {words.summary} {english.title} {english.summary}"
    return f"{said} {revision.identifier}"
