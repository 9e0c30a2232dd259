"""What the pages of campaigns ask for in their templates."""

from django import template
from django.template import Context

from desk import labels as words
from desk.campaigns import bursts as campaign_bursts
from desk.campaigns import detail as campaign_page
from desk.dashboard import front_of
from reports.campaigns import campaign_stats as portrait
from reports.models import CampaignAct

register = template.Library()
register.filter("person", campaign_page.person)
register.filter("money", words.money)


@register.filter
def told(act: CampaignAct) -> str:
    """An act in one line."""
    return campaign_page.told(act)


@register.inclusion_tag("admin/reports/campaign/bursts.html", takes_context=True)
def desk_bursts(context: Context) -> dict[str, object]:
    """Where more reports come in than is usual there."""
    may_see = context["request"].user.has_perm("reports.view_report")
    return {"bursts": campaign_bursts.found(), "may_see": may_see}


@register.inclusion_tag("admin/reports/campaign/waves.html", takes_context=True)
def desk_waves(context: Context) -> dict[str, object]:
    """The same as a box of the start page, beside the campaigns that grow; nothing for who may see
    neither.
    """
    request = context["request"]
    front = front_of(request)
    if "waves" not in front:
        return {}
    bursts, waves = campaign_bursts.told(front), portrait.waves(front)
    may_see = request.user.has_perm("reports.view_report")
    return {"bursts": bursts, "may_see": may_see, "waves": waves}
