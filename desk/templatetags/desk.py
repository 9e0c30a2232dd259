"""What the desk's pages ask for in their templates."""

from typing import Any

from django import template
from django.template import Context
from django.utils import timezone

from desk import highlighting as marking
from desk import labels as words
from desk import saved_searches as saved
from desk.dashboard import front_of
from desk.numbers import pending as numbers
from desk.reports import changelist as queue
from desk.reports import filters as facets
from desk.reports.detail import Named
from desk.reports.queue_counts import alarms_of, standing_of
from reports.cases import daily_counts as days
from reports.cases import visibility as scope
from reports.facts import effective_facts as held
from reports.models import Indicator, QueueTally, Report
from reports.monitoring import alarms as watch
from reports.numbers import coordination_signals as concert
from reports.public import svg_charts as charts
from reports.reference import gazetteer as places

FEW = 6

register = template.Library()
register.filter("count", marking.count)
register.filter("plain", marking.plain)


@register.inclusion_tag("admin/figures.html", takes_context=True)
def desk_figures(context: Context) -> dict[str, Any]:
    """What is waiting, as a strip of links; the machine's own queue for who sees every report."""
    request = context["request"]
    is_whole = scope.is_at_pv01(request.user)
    return {
        "figures": facets.figures(request),
        "standing": standing_of(request),
        "is_whole": is_whole,
    }


@register.inclusion_tag("admin/numbers.html", takes_context=True)
def desk_numbers(context: Context) -> dict[str, Any]:
    """What numbers wait for this officer, as tiles; nothing for who may do nothing with them."""
    return numbers.waiting(front_of(context["request"]))


@register.inclusion_tag("admin/names.html", takes_context=True)
def desk_names(context: Context) -> dict[str, Any]:
    """Names that look like ours, as tiles; nothing for who may not see them."""
    return {"names": front_of(context["request"]).get("names") or {}}


@register.inclusion_tag("admin/alarms.html", takes_context=True)
def desk_alarms(context: Context) -> dict[str, Any]:
    """What is wrong with the queue at this moment, above every page of the desk."""
    request = context["request"]
    alarms = alarms_of(request)
    return {
        "alarms": alarms,
        "standing": standing_of(request) if alarms else None,
        "sees_breaches": request.user.has_perm("reports.view_breach"),
    }


@register.inclusion_tag("admin/board.html", takes_context=True)
def desk_board(context: Context) -> dict[str, Any]:
    """The first few that burn, and the first few that are the officer's own."""
    user = context["request"].user
    rows = list(queue.first_of(user, FEW))
    return {
        "burning": [row for row in rows if held.held(row).ongoing][:FEW],
        "mine": [row for row in rows if row.case.officer_id == user.pk][:FEW],
        "is_blind": scope.is_blind(user),
    }


@register.inclusion_tag("admin/saved.html", takes_context=True)
def desk_searches(context: Context) -> dict[str, Any]:
    """The searches that an officer keeps or others share; those that have come first."""
    request = context["request"]
    rows = saved.kept(front_of(request))
    return {"searches": rows, "user": request.user, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("admin/days.html", takes_context=True)
def desk_days(context: Context) -> dict[str, Any]:
    """Inflow and backlog of the last days, as pictures and as a table; they are the whole province's."""
    if not scope.is_at_pv01(context["request"].user):
        return {}
    kept = days.known(front_of(context["request"]))
    received = {str(day): row.received if row else 0 for day, row in kept.items()}
    waited = {str(day): row.open if row else None for day, row in kept.items()}
    pictures = [
        (name, title, charts.chart(counts, charts.begins_a_week))
        for name, title, counts in (
            ("inflow", "Tin nhận mỗi ngày", received), ("backlog", "Tin còn chờ cuối ngày", waited)
        )
    ]  # fmt: skip
    return {"is_counted": any(kept.values()), "pictures": pictures, "days": kept}


@register.inclusion_tag("admin/reports/concert.html")
def desk_concert(named: list[Named]) -> dict[str, Any]:
    """Signs that reports of the caller's number were arranged. Asks only where they are several."""
    number = next((each for each in named if each.kind == Indicator.Kind.NUMBER), None)
    is_many = number is not None and number.reports >= concert.FEWEST
    return {"concert": concert.of(number.key) if number and is_many else None}


@register.filter
def scenario(report: Report) -> str:
    """The kind of scam in a word or two."""
    kind = held.held(report).scenario
    return words.short(kind) if kind else words.UNTRIAGED


@register.filter
def commune(report: Report) -> str:
    """Where its reporter lives, "" where that is not known."""
    return places.name_of(held.held(report).commune)


@register.filter
def span(seconds: float) -> str:
    """A length of time in its largest whole unit."""
    return watch.span(seconds)


@register.filter
def counted_at(tally: QueueTally) -> str:
    """When it was counted; the day too where it was not today."""
    at = timezone.localtime(tally.counted_at)
    return f"{at:%H:%M}" if at.date() == timezone.localdate() else f"{at:%H:%M, %d/%m}"


@register.filter
def number(amount: int) -> str:
    """A count as people write it."""
    return words.number(amount)
