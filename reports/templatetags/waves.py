"""What the pages of campaigns ask for in their templates."""

from django import template

from reports.admin import campaign_page, words
from reports.models import CampaignAct

register = template.Library()
register.filter("person", campaign_page.person)
register.filter("money", words.money)


@register.filter
def told(act: CampaignAct) -> str:
    """An act in one line."""
    return campaign_page.told(act)
