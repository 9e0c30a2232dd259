"""What the page about a report asks for in its templates."""

from typing import Any

from django import template

from reports.facts.merged_report import Leg
from reports.tracking import followup_feedback as told

register = template.Library()


@register.filter
def caller(leg: dict[str, Any]) -> str:
    """One caller of an addition in a line, as their reporter told of them."""
    return told.caller(Leg.of(leg))


@register.filter
def office(code: str) -> str:
    """What a caller claimed to be, as the form offers it."""
    return told.office(code)
