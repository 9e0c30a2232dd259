"""Filters for the text of a warning."""

from django import template

from alerts.formats import wording

register = template.Library()
register.filter("localized", wording.localize)
register.filter(wording.split_hotlines)
register.filter(wording.first_sentence)
register.filter(wording.remaining_sentences)
register.filter(wording.syllables)
