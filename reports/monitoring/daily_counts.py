"""Counts of each day in Vietnam, kept so that a page of figures reads days and no reports.

A day is counted again while it lasts, after an officer worked on one of its reports, and else in its
turn, as a follow-up or a regrouping may change it. Counting is idempotent. Calls in which somebody
only asked are counted apart from reports, for the desk alone.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Coalesce, JSONObject, TruncDate
from django.utils import timezone

from core.form_data import parse_uuid
from core.models import AuditEvent
from core.periods import Period
from reports.calendar.deadline_rules import CALL, CALL_AGAIN, CLASSIFY
from reports.facts.abuse_flags import publicly_countable
from reports.facts.effective_facts import (
    commune_expression,
    confirmed_loss_expression,
    loss_expression,
    scenario_expression,
)
from reports.models import BankLetter, Case, DailyCount, Deadline, Dispute, Enquiry, Report

DAYS = 30  # of the start page
KEPT_DAYS = 430  # a year and a month to compare with
MAX_MISSED_DAYS, MAX_OLD_DAYS = 62, 4  # in one run
_OVERLAP = timedelta(minutes=1)  # for events that were not committed yet
Rows = QuerySet[Any]


def _with_call() -> QuerySet[Report]:
    """Return the countable reports whose reporter had to be called at once."""
    calls = Deadline.objects.filter(report=OuterRef("pk"), kind=CALL)
    return publicly_countable().filter(Exists(calls))


def _reached_in_time() -> QuerySet[Report]:
    """Return those of whom somebody was reached before each such deadline: a call that reached nobody
    meets it too, but starts the next at the same moment.
    """
    calls = Deadline.objects.filter(report=OuterRef("pk"), kind=CALL)
    again = Deadline.objects.filter(
        report=OuterRef("report"), kind=CALL_AGAIN, started_at=OuterRef("met_at")
    )
    missed = calls.filter(Q(met_at=None) | Q(met_at__gt=F("due_at")) | Exists(again))
    return _with_call().filter(~Exists(missed))


def _decided_in_time() -> QuerySet[Report]:
    limit = OuterRef("received_at") + timedelta(hours=settings.DEADLINE_CLASSIFY_HOURS)
    met = Deadline.objects.filter(report=OuterRef("pk"), kind=CLASSIFY, met_at__lte=limit)
    return publicly_countable().filter(Exists(met))


def _with_frozen_money() -> QuerySet[Report]:
    letters = BankLetter.objects.filter(report=OuterRef("pk"), frozen_vnd__gt=0)
    return publicly_countable().filter(Exists(letters))


# Which reports of a day are counted, by the code that the queue's list of them has too.
REPORTS: Mapping[str, Callable[[], QuerySet[Report]]] = {
    "received": Report.objects.all,
    "counted": publicly_countable,
    "lost": lambda: publicly_countable().alias(loss=loss_expression()).filter(loss__gt=0),
    "confirmed": lambda: (
        publicly_countable().alias(loss=confirmed_loss_expression()).filter(loss__gt=0)
    ),
    "frozen": _with_frozen_money,
    "called": _with_call,
    "reached": _reached_in_time,
    "decided": _decided_in_time,
    "unread": lambda: publicly_countable().alias(kind=scenario_expression()).filter(kind=None),
}
# Acts of a day that are counted, each as the audit log lists it.
ACTS = (
    "number_proposed", "number_confirmed", "number_withdrawn", "dispute_answered",
    "alert_issued", "alert_updated", "alert_deployed",
)  # fmt: skip


def update_daily_counts() -> None:
    """Count the days that are due."""
    today = timezone.localdate()
    for day in sorted(_list_due_days(today)):
        _store(day, is_today=day == today)


def _list_due_days(today: date) -> set[date]:
    """Return today and yesterday, days that are not counted or had an event, and the longest uncounted."""
    window = Period(today - timedelta(days=KEPT_DAYS - 1), today).list_days()
    rows = DailyCount.objects.filter(day__gte=window[0])
    counted = dict(rows.order_by("counted_at").values_list("day", "counted_at"))
    missed = [day for day in reversed(window) if day not in counted][:MAX_MISSED_DAYS]
    old = list(counted)[:MAX_OLD_DAYS]
    return {today, today - timedelta(days=1), *missed, *old, *_list_touched_days(window[0])}


def _list_touched_days(first: date) -> Rows:
    """Return the days of reports with an event since the last run."""
    last = DailyCount.objects.aggregate(last=Max("counted_at"))["last"] or timezone.now()
    events = AuditEvent.objects.filter(subject_type="report", created_at__gt=last - _OVERLAP)
    subjects = events.order_by().values_list("subject_id", flat=True).distinct()
    keys = filter(None, map(parse_uuid, subjects))
    reports = Report.objects.filter(pk__in=list(keys)).order_by()
    days = reports.annotate(day=TruncDate("received_at")).filter(day__gte=first)
    return days.values_list("day", flat=True).distinct()


def _store(day: date, *, is_today: bool) -> None:
    within = Period(day, day).within
    figures, cells = _count_reports(within("received_at"))
    figures.update(_count_acts(within("created_at")))
    figures["disputes"] = Dispute.objects.filter(within("received_at")).count()
    row = DailyCount(day=day, received=figures["received"], figures=figures, cells=cells)
    row.counted_at = timezone.now()
    fields = ["received", "figures", "cells", "counted_at"]
    if is_today:
        row.open = Case.objects.open().count()
        fields.append("open")
    DailyCount.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["day"], update_fields=fields
    )


def _count_reports(of_day: Q) -> tuple[Counter[str], dict[str, Counter[str]]]:
    """Return the figures of a day's reports, and kind -> commune -> reports."""
    if not Report.objects.filter(of_day).exists():
        return Counter(), {}
    figures = Counter({code: load().filter(of_day).count() for code, load in REPORTS.items()})
    cells: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, home, campaign, count, loss, confirmed in _group_reports(of_day):
        cells[kind][home] += count
        figures.update({f"kind:{kind}": count, f"home:{home}": count})
        figures.update({"lost_vnd": loss or 0, "confirmed_vnd": confirmed or 0})
        if campaign:
            figures[f"campaign:{campaign}"] += count
    letters = BankLetter.objects.filter(report__in=publicly_countable().filter(of_day))
    figures["frozen_vnd"] = letters.aggregate(vnd=Sum("frozen_vnd"))["vnd"] or 0
    return figures, cells


def _group_reports(of_day: Q) -> Rows:
    groups = publicly_countable().filter(of_day).order_by().values(
        kind=Coalesce(scenario_expression(), Value("")),
        home=Coalesce(commune_expression(), Value("")),
        campaign=F("campaign_link__campaign"),
    )  # fmt: skip
    sums = {"loss": Sum(loss_expression()), "confirmed": Sum(confirmed_loss_expression())}
    return groups.annotate(n=Count("pk"), **sums).values_list(
        "kind", "home", "campaign", "n", *sums
    )


def _count_acts(of_day: Q) -> Counter[str]:
    """Return the acts of a day by kind, and those of each agency that shows a warning."""
    acts = AuditEvent.objects.filter(of_day, kind__in=ACTS).values_list("kind", "detail__agency")
    return Counter(
        name
        for kind, agency in acts
        for name in (kind, f"agency:{agency}" if agency else "")
        if name
    )


# --- the leaders' page


def load_days(first: date, last: date) -> dict[date, DailyCount]:
    """Return the counted days, without their cells. One statement."""
    return DailyCount.objects.filter(day__range=(first, last)).defer("cells").in_bulk()


def sum_figures(days: Mapping[date, DailyCount], period: Period) -> Counter[str]:
    figures: Counter[str] = Counter()
    for day in period.list_days():
        figures.update(days[day].figures if day in days else {})
    return figures


def count_communes(period: Period, kind: str) -> Counter[str]:
    """Return the reports of a kind of scam in a period by commune. One statement."""
    days = DailyCount.objects.filter(day__range=(period.first, period.last))
    communes: Counter[str] = Counter()
    for of_kind in days.values_list(KeyTransform(kind, "cells"), flat=True):
        communes.update(of_kind or {})
    return communes


# --- the start page


def window_start(today: date) -> date:
    return today - timedelta(days=DAYS - 1)


def daily_counts_column() -> dict[str, Any]:
    """Return the counts as a column of a statement, which `daily_counts` reads."""
    counts = DailyCount.objects.filter(day__gte=window_start(timezone.localdate()))
    as_json = JSONObject(day="day", received="received", open="open")
    return {"days": ArraySubquery(counts.values(row=as_json))}


def daily_counts(columns: dict[str, Any]) -> dict[date, DailyCount | None]:
    """Return day -> count of the last days in order, None for an uncounted one."""
    rows = (DailyCount(**row | {"day": date.fromisoformat(row["day"])}) for row in columns["days"])
    counted = {row.day: row for row in rows}
    today = timezone.localdate()
    return {day: counted.get(day) for day in Period(window_start(today), today).list_days()}


def record_enquiry(submission_key: str, kind: str, by: User) -> None:
    """Record one call; the same key counts once."""
    row = Enquiry(submission_key=submission_key, kind=kind, officer=by)
    Enquiry.objects.bulk_create([row], ignore_conflicts=True)


def list_enquiries(from_day: date, to_day: date) -> QuerySet[Enquiry]:
    """Return the enquiries of these days in Vietnam, the last one included."""
    return Enquiry.objects.filter(Period(from_day, to_day).within("asked_at"))


def count_enquiries(from_day: date, to_day: date) -> int:
    return list_enquiries(from_day, to_day).count()
