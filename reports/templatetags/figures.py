"""Counts on the public pages, as the language of the page writes them."""

from django import template

from reports.public import statistics_text as figure_words

register = template.Library()


@register.filter
def number(amount: int) -> str:
    """A count with its thousands apart."""
    return figure_words.number(amount)
