"""Filters for the text of a warning."""

from django import template

from alerts.formats import text
from alerts.formats.localization import localize

register = template.Library()
register.filter("localized", localize)
register.filter(text.split_hotlines)
register.filter(text.first_sentence)
register.filter(text.remaining_sentences)
register.filter(text.syllables)
