"""The public figures as a page and as a file: one row is read, nothing is counted here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from reports.public import statistics_text
from reports.public.statistics import WEEKS, PublicStatistics, load
from reports.public.svg_charts import chart, share

_CACHE_SECONDS = 300  # seconds


@dataclass(frozen=True)
class Row:
    """A line of a table; its bar in hundredths of the longest. `is_name`: in every language."""

    label: str
    count: int
    share: int
    is_name: bool


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """What was counted last; a page that says so before the first count and without a database."""
    try:
        found = load()
        context = _context(*found) if found and found[0].total is not None else {}
    except DatabaseTrouble:
        return _away(request)
    page = render(request, "reports/statistics.html", context, using="public")
    patch_cache_control(page, public=True, max_age=_CACHE_SECONDS)
    return page


@require_safe
def figures_file(request: HttpRequest) -> HttpResponse:
    """The same figures for a spreadsheet, its words in the language of the address."""
    try:
        found = load()
        text = statistics_text.as_csv(statistics_text.csv_rows(found[0]) if found else ())
    except DatabaseTrouble:
        return _away(request)
    name = f"so-lieu-{found[0].through}.csv" if found else "so-lieu.csv"
    file = HttpResponse(text, content_type="text/csv; charset=utf-8")
    file["Content-Disposition"] = f'attachment; filename="{name}"'
    patch_cache_control(file, public=True, max_age=_CACHE_SECONDS)
    return file


def _away(request: HttpRequest) -> HttpResponse:
    page = render(request, "reports/statistics.html", {"away": True}, status=503, using="public")
    patch_cache_control(page, no_store=True)
    return page


def _context(told: PublicStatistics, counted_at: datetime) -> dict[str, object]:
    through = date.fromisoformat(told.through)
    kinds = {code: statistics_text.scenario(code) for code in told.scenarios}
    return {
        "told": told,
        "since": through - timedelta(days=7 * WEEKS - 1),
        "through": through,
        "counted_at": timezone.localtime(counted_at),
        "lost_vnd": told.lost_vnd and statistics_text.money(told.lost_vnd),
        "first_look": None
        if told.first_look_s is None
        else statistics_text.format_duration(told.first_look_s),
        "chart": chart(told.weeks),
        "scenarios": _rows(told.scenarios, kinds),
        "communes": _rows(told.communes, statistics_text.communes(), are_names=True),
    }


def _rows(
    table: Mapping[str, int | None], names: Mapping[str, str], *, are_names: bool = False
) -> list[Row]:
    """The counts that are told, the largest first."""
    most = max((count or 0 for count in table.values()), default=0)
    rows = [
        Row(names.get(cell, cell), count, share(count, most), are_names and cell != "")
        for cell, count in table.items()
        if count
    ]
    return sorted(rows, key=lambda row: (-row.count, row.label))
