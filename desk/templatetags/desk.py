"""What the desk's pages ask for in their templates."""

from typing import Any

from django import template
from django.template import Context
from django.utils import timezone

from desk.dashboard import dashboard_data
from desk.labels import codes as labels
from desk.labels import highlighting
from desk.numbers import pending
from desk.reports import changelist, filters, saved_searches
from desk.reports.indicators import IndicatorRow
from desk.reports.queue_counts import active_alarms, queue_state_for
from reports.cases import daily_counts, visibility
from reports.facts import effective_facts
from reports.models import Indicator, QueueSnapshot, Report
from reports.monitoring import alarms as watch
from reports.numbers import coordination_signals
from reports.public import svg_charts
from reports.reference import gazetteer

FEW = 6

register = template.Library()
register.filter("count", highlighting.count)
register.filter("plain", highlighting.plain_line)


@register.inclusion_tag("admin/dashboard_counts.html", takes_context=True)
def desk_figures(context: Context) -> dict[str, Any]:
    """What is waiting, as a strip of links; the machine's own queue for who sees every report."""
    request = context["request"]
    is_whole = visibility.sees_every_report(request.user)
    return {
        "figures": filters.figures(request),
        "standing": queue_state_for(request),
        "is_whole": is_whole,
    }


@register.inclusion_tag("admin/dashboard_numbers.html", takes_context=True)
def desk_numbers(context: Context) -> dict[str, Any]:
    """What numbers wait for this officer, as tiles; nothing for who may do nothing with them."""
    return pending.pending_tiles(dashboard_data(context["request"]))


@register.inclusion_tag("admin/dashboard_lookalikes.html", takes_context=True)
def dashboard_lookalikes(context: Context) -> dict[str, Any]:
    """Names that look like ours, as tiles; nothing for who may not see them."""
    return {"names": dashboard_data(context["request"]).get("names") or {}}


@register.inclusion_tag("admin/alarms.html", takes_context=True)
def desk_alarms(context: Context) -> dict[str, Any]:
    """What is wrong with the queue at this moment, above every page of the desk."""
    request = context["request"]
    alarms = active_alarms(request)
    return {
        "alarms": alarms,
        "standing": queue_state_for(request) if alarms else None,
        "sees_breaches": request.user.has_perm("reports.view_databreach"),
    }


@register.inclusion_tag("admin/dashboard_top.html", takes_context=True)
def dashboard_top(context: Context) -> dict[str, Any]:
    """The first few that burn, and the first few that are the officer's own."""
    user = context["request"].user
    rows = list(changelist.top_of_queue(user, FEW))
    return {
        "burning": [row for row in rows if effective_facts.effective_facts(row).ongoing][:FEW],
        "mine": [row for row in rows if row.case.officer_id == user.pk][:FEW],
        "is_blind": visibility.has_no_unit(user),
    }


@register.inclusion_tag("admin/saved_searches.html", takes_context=True)
def desk_searches(context: Context) -> dict[str, Any]:
    """The searches that an officer keeps or others share; those that have come first."""
    request = context["request"]
    rows = saved_searches.saved_searches(dashboard_data(request))
    return {"searches": rows, "user": request.user, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("admin/dashboard_daily.html", takes_context=True)
def desk_days(context: Context) -> dict[str, Any]:
    """Inflow and backlog of the last days, as pictures and as a table; they are the whole province's."""
    if not visibility.sees_every_report(context["request"].user):
        return {}
    kept = daily_counts.daily_counts(dashboard_data(context["request"]))
    received = {str(day): row.received if row else 0 for day, row in kept.items()}
    waited = {str(day): row.open if row else None for day, row in kept.items()}
    pictures = [
        (name, title, svg_charts.chart(counts, svg_charts.begins_a_week))
        for name, title, counts in (
            ("inflow", "Tin nhận mỗi ngày", received), ("backlog", "Tin còn chờ cuối ngày", waited)
        )
    ]  # fmt: skip
    return {"is_counted": any(kept.values()), "pictures": pictures, "days": kept}


@register.inclusion_tag("admin/reports/coordination_signal.html")
def desk_coordination_signal(named: list[IndicatorRow]) -> dict[str, Any]:
    """Signs that reports of the caller's number were arranged. Asks only where they are several."""
    number = next((each for each in named if each.kind == Indicator.Kind.NUMBER), None)
    is_many = number is not None and number.reports >= coordination_signals.MIN_COUNT
    return {
        "concert": coordination_signals.coordination_signal(number.key)
        if number and is_many
        else None
    }


@register.filter
def scenario(report: Report) -> str:
    """The kind of scam in a word or two."""
    kind = effective_facts.effective_facts(report).scenario
    return labels.short_label(kind) if kind else labels.UNTRIAGED


@register.filter
def commune(report: Report) -> str:
    """Where its reporter lives, "" where that is not known."""
    return gazetteer.commune_name(effective_facts.effective_facts(report).commune)


@register.filter
def span(seconds: float) -> str:
    """A length of time in its largest whole unit."""
    return watch.format_duration(seconds)


@register.filter
def counted_at(tally: QueueSnapshot) -> str:
    """When it was counted; the day too where it was not today."""
    at = timezone.localtime(tally.counted_at)
    return f"{at:%H:%M}" if at.date() == timezone.localdate() else f"{at:%H:%M, %d/%m}"


@register.filter
def number(amount: int) -> str:
    """A count as people write it."""
    return labels.format_count(amount)
