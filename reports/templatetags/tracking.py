"""What the page about a report asks for in its templates."""

from typing import Any

from django import template

from reports.facts.merged_report import Caller
from reports.tracking import followup_feedback

register = template.Library()


@register.filter
def caller(leg: dict[str, Any]) -> str:
    """One caller of an addition in a line, as their reporter told of them."""
    return followup_feedback.caller_line(Caller.from_json(leg))


@register.filter
def office(code: str) -> str:
    """What a caller claimed to be, as the form offers it."""
    return followup_feedback.office(code)
