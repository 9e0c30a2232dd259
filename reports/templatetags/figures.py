"""Counts on the public pages, as the language of the page writes them."""

from django import template

from reports.public import statistics_text

register = template.Library()


@register.filter
def number(amount: int) -> str:
    """A count with its thousands apart."""
    return statistics_text.number(amount)
