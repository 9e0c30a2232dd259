"""What the pages of campaigns ask for in their templates."""

from django import template
from django.template import Context

from desk.campaigns import bursts as campaign_bursts
from desk.campaigns import detail
from desk.dashboard import dashboard_data
from desk.labels import codes as labels
from reports.campaigns import campaign_stats
from reports.models import CampaignAction

register = template.Library()
register.filter("person", detail.person)
register.filter("money", labels.format_loss)


@register.filter
def action_line(act: CampaignAction) -> str:
    """An act in one line."""
    return detail.action_line(act)


@register.inclusion_tag("admin/reports/campaign/bursts.html", takes_context=True)
def desk_bursts(context: Context) -> dict[str, object]:
    """Where more reports come in than is usual there."""
    may_see = context["request"].user.has_perm("reports.view_report")
    return {"bursts": campaign_bursts.current_bursts(), "may_see": may_see}


@register.inclusion_tag("admin/reports/campaign/growing_campaigns.html", takes_context=True)
def desk_waves(context: Context) -> dict[str, object]:
    """The same as a box of the start page, beside the campaigns that grow; nothing for who may see
    neither.
    """
    request = context["request"]
    front = dashboard_data(request)
    if "waves" not in front:
        return {}
    bursts, waves = campaign_bursts.burst_texts(front), campaign_stats.active_campaigns(front)
    may_see = request.user.has_perm("reports.view_report")
    return {"bursts": bursts, "may_see": may_see, "waves": waves}
