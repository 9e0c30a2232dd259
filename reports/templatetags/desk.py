"""What the desk's pages ask for in their templates."""

from typing import Any

from django import template
from django.template import Context

from reports.admin import queue, words
from reports.admin.figures import balance
from reports.models import Case, Report

FEW = 6

register = template.Library()


@register.inclusion_tag("admin/figures.html", takes_context=True)
def desk_figures(context: Context) -> dict[str, Any]:
    """What is waiting, as a strip of links."""
    return {"figures": queue.figures(context["request"]), "balance": balance()}


@register.inclusion_tag("admin/board.html", takes_context=True)
def desk_board(context: Context) -> dict[str, Any]:
    """The first few that burn, and the first few that are the officer's own."""
    open_ones = queue.rows().filter(case__status__in=Case.OPEN).order_by(*queue.BY_URGENCY)
    return {
        "burning": open_ones.filter(facts__ongoing=True)[:FEW],
        "mine": open_ones.filter(case__officer=context["request"].user)[:FEW],
    }


@register.filter
def scenario(report: Report) -> str:
    """The kind of scam in a word or two."""
    facts = getattr(report, "facts", None)
    return words.short(facts.scenario) if facts else words.UNTRIAGED
