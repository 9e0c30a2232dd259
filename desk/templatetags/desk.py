"""Tags and filters of the desk's templates."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.template import Context
from django.utils import timezone

from desk import dashboard, help_pages
from desk.campaigns import detail
from desk.dashboard import dashboard_data
from desk.labels import codes, highlighting
from desk.labels.deadlines import relative_time
from desk.labels.formatting import format_count, format_loss, format_losses, link_source
from desk.leaders import page
from desk.reports import columns, saved_searches
from desk.reports.admin import load_start_rows
from desk.reports.indicators import IndicatorRow
from desk.reports.queue_counts import active_alarms, counts_for, queue_state_for
from desk.reports.reprocessing import START_RUN_PERMISSION
from reports.campaigns.campaign_stats import ActiveCampaign
from reports.cases import visibility
from reports.facts import effective_facts
from reports.models import Alarm, Indicator, OfficeQuestion, QueueSnapshot, Report
from reports.monitoring import alarms as watch
from reports.monitoring import daily_counts
from reports.numbers import report_counts
from reports.public import svg_charts
from reports.reference import gazetteer

SURE, FAIRLY_SURE = Decimal("0.95"), Decimal("0.8")
OF_FIGURES = (Alarm.Kind.UNSEEN, Alarm.Kind.OVERDUE)

register = template.Library()
register.filter("count", format_count)
register.filter("number", format_count)
register.filter("money", format_loss)
register.filter("losses", format_losses)
register.filter("source", link_source)
register.filter("due", relative_time)
register.filter("dangers", columns.weightiest_reasons)
register.filter("plain", highlighting.plain_line)
register.filter("span", watch.format_duration)
register.filter("person", detail.person)
register.filter("action_line", detail.action_line)


@register.filter
def about(questions: Iterable[OfficeQuestion], row: IndicatorRow) -> list[OfficeQuestion]:
    """Return the questions to offices about what a row names, of a link those about its host."""
    keys, banks = {row.key, row.key.partition("/")[0]}, {"", row.bank}
    same = (each for each in questions if each.kind == row.kind and each.key in keys)
    return [each for each in same if not row.bank or each.bank in banks]


@register.inclusion_tag("admin/dashboard_counts.html", takes_context=True)
def desk_figures(context: Context) -> dict[str, Any]:
    """Return the counts of pending work; for who sees every report also those of the machine's
    queue, unless it is empty and balanced.
    """
    request = context["request"]
    state = queue_state_for(request)
    is_idle = state and not (state.waiting or state.failed or state.unaccounted)
    is_counted = state and state.tally and not state.tally_old
    return {
        "open_counts": counts_for(request),
        "queue_state": state,
        "needs_count": visibility.sees_every_report(request.user) and not (is_idle and is_counted),
        "is_brief": "cl" in context,
    }


@register.simple_tag(takes_context=True)
def count_calls(context: Context) -> int:
    """Return how many reporters must be called now."""
    return counts_for(context["request"]).work["call"]


@register.inclusion_tag("admin/dashboard_numbers.html", takes_context=True)
def desk_numbers(context: Context) -> dict[str, Any]:
    return dashboard.pending_tiles(dashboard_data(context["request"]))


@register.inclusion_tag("admin/dashboard_lookalikes.html", takes_context=True)
def dashboard_lookalikes(context: Context) -> dict[str, Any]:
    return {"names": dashboard_data(context["request"]).get("names") or {}}


@register.inclusion_tag("admin/alarms.html", takes_context=True)
def desk_alarms(context: Context) -> dict[str, Any]:
    """Return the active alarms, for the head of every page; the queue shows in its own figures
    who was not called and what is overdue.
    """
    request, changelist = context["request"], context.get("cl")
    alarms = active_alarms(request)
    if changelist is not None and changelist.model is Report:
        alarms = {kind: count for kind, count in alarms.items() if kind not in OF_FIGURES}
    return {
        "alarms": alarms,
        "queue_state": queue_state_for(request) if alarms else None,
        "sees_breaches": request.user.has_perm("reports.view_databreach"),
        "sees_looks": request.user.has_perm("core.view_look"),
    }


@register.inclusion_tag("admin/dashboard_top.html", takes_context=True)
def dashboard_top(context: Context) -> dict[str, Any]:
    """Return the first reporters who must be called, and the officer's own first reports."""
    user = context["request"].user
    passed = dashboard_data(context["request"]).get("passed") or {}
    is_lost = visibility.has_no_unit(user)
    return {**load_start_rows(user), "has_no_unit": is_lost, "passed": passed.get("count")}


@register.inclusion_tag("admin/dashboard_handovers.html", takes_context=True)
def desk_handovers(context: Context) -> dict[str, Any]:
    """Return what waits for a unit; at a unit what came to it."""
    request = context["request"]
    return dashboard.list_handovers(dashboard_data(request), request.user)


@register.inclusion_tag("admin/saved_searches.html", takes_context=True)
def desk_searches(context: Context) -> dict[str, Any]:
    rows = saved_searches.saved_searches(dashboard_data(context["request"]))
    user = context["request"].user
    return {"searches": rows, "user": user, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("admin/dashboard_daily.html", takes_context=True)
def desk_days(context: Context) -> dict[str, Any]:
    """Return inflow and backlog of the last days as charts and table, for who sees every unit."""
    user = context["request"].user
    if not visibility.sees_every_report(user):
        return {}
    data = dashboard_data(context["request"])
    days = daily_counts.daily_counts(data)
    received = {str(day): row.received if row else 0 for day, row in days.items()}
    waited = {str(day): row.open if row else None for day, row in days.items()}
    pictures = [
        (name, title, svg_charts.chart(counts, svg_charts.begins_a_week))
        for name, title, counts in (
            ("inflow", "Tin nhận mỗi ngày", received), ("backlog", "Tin còn chờ cuối ngày", waited)
        )
    ]  # fmt: skip
    may_tune = user.has_perm(START_RUN_PERMISSION)
    counted = {"is_counted": any(days.values()), "pictures": pictures, "days": days}
    counted["enquiries"] = (data["enquiries"] or {}).get("count", 0)
    return {**counted, "may_tune": may_tune, "may_lead": user.has_perm(page.VIEW)}


@register.inclusion_tag("admin/reports/coordination_signal.html")
def desk_coordination_signal(named: list[IndicatorRow]) -> dict[str, Any]:
    """Return the signs that several reports of the caller's number were coordinated."""
    number = next((each for each in named if each.kind == Indicator.Kind.NUMBER), None)
    is_many = number is not None and number.reports >= report_counts.MIN_COORDINATED
    return {
        "coordination_signal": report_counts.coordination_signal(number.key)
        if number and is_many
        else None
    }


@register.filter
def scenario(report: Report) -> str:
    kind = effective_facts.effective_facts(report).scenario
    return codes.short_label(kind) if kind else codes.UNTRIAGED


@register.filter
def certainty(strength: Decimal | None) -> str:
    """Return how sure the machine is of a link, in words."""
    sure = strength or 0
    code = "sure" if sure >= SURE else "likely" if sure >= FAIRLY_SURE else "guess"
    return codes.CERTAINTIES[code]


@register.filter
def commune(report: Report) -> str:
    return gazetteer.commune_name(effective_facts.effective_facts(report).commune)


@register.filter
def counted_at(tally: QueueSnapshot) -> str:
    """Return the time of the count, with the date unless today."""
    at = timezone.localtime(tally.counted_at)
    return f"{at:%H:%M}" if at.date() == timezone.localdate() else f"{at:%H:%M, %d/%m}"


@register.inclusion_tag("admin/reports/campaign/bursts.html", takes_context=True)
def desk_bursts(context: Context) -> dict[str, object]:
    may_see = context["request"].user.has_perm("reports.view_report")
    return {"bursts": dashboard.current_bursts(), "may_see": may_see}


@register.inclusion_tag("admin/reports/campaign/growing_campaigns.html", takes_context=True)
def growing_campaigns(context: Context) -> dict[str, object]:
    request = context["request"]
    front = dashboard_data(request)
    if "campaigns" not in front:
        return {}
    bursts = dashboard.burst_texts(front)
    campaigns = [ActiveCampaign(**row) for row in front["campaigns"] or ()]
    may_see = request.user.has_perm("reports.view_report")
    return {"bursts": bursts, "may_see": may_see, "campaigns": campaigns}


@register.inclusion_tag("admin/tour_offer.html", takes_context=True)
def desk_tour(context: Context) -> dict[str, Any]:
    """Return the tour, and whether the officer has not read it."""
    request = context["request"]
    steps = help_pages.tour_for(request)
    is_new = (
        isinstance(request.user, User) and steps and not help_pages.has_seen_tour_cached(request)
    )
    return {"is_new": is_new, "steps": steps, "csrf_token": context.get("csrf_token")}
