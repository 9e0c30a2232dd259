"""The public statistics as a page and as a CSV file: one row is loaded, nothing is counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO

from django import db
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language, gettext, ngettext
from django.views.decorators.http import require_safe

from core import spreadsheets
from reports.extraction.language.cue_matcher import code_rows
from reports.public.statistics import WEEKS, StatisticsData, load
from reports.public.svg_charts import chart, share
from reports.reference import gazetteer

_CACHE_SECONDS = 300
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class Row:
    """A line of a table; its bar in hundredths of the longest. `is_name`: in every language."""

    label: str
    count: int
    share: int
    is_name: bool


@require_safe
def statistics_page(request: HttpRequest) -> HttpResponse:
    """Show the last count, or that there is none yet."""
    try:
        loaded = load()
        context = _build_context(*loaded) if loaded and loaded[0].total is not None else {}
    except db.Error:
        return _unavailable(request)
    page = render(request, "reports/statistics.html", context, using="public")
    patch_cache_control(page, public=True, max_age=_CACHE_SECONDS)
    return page


@require_safe
def statistics_file(request: HttpRequest) -> HttpResponse:
    """Return the last count as CSV, in the language of the address."""
    content = BytesIO()
    try:
        loaded = load()
        spreadsheets.write_csv(content, list_csv_rows(loaded[0]) if loaded else ())
    except db.Error:
        return _unavailable(request)
    name = f"so-lieu-{loaded[0].through}.csv" if loaded else "so-lieu.csv"
    file = HttpResponse(content.getvalue(), content_type="text/csv; charset=utf-8")
    file["Content-Disposition"] = f'attachment; filename="{name}"'
    patch_cache_control(file, public=True, max_age=_CACHE_SECONDS)
    return file


def _unavailable(request: HttpRequest) -> HttpResponse:
    page = render(
        request, "reports/statistics.html", {"is_failed": True}, status=503, using="public"
    )
    patch_cache_control(page, no_store=True)
    return page


def _build_context(statistics: StatisticsData, counted_at: datetime) -> dict[str, object]:
    through = date.fromisoformat(statistics.through)
    scenarios = {code: scenario_label(code) for code in statistics.scenarios}
    return {
        "statistics": statistics,
        "since": through - timedelta(days=7 * WEEKS - 1),
        "through": through,
        "counted_at": timezone.localtime(counted_at),
        "lost_vnd": statistics.lost_vnd and format_money(statistics.lost_vnd),
        "confirmed_vnd": statistics.confirmed_vnd and format_money(statistics.confirmed_vnd),
        "first_review": _format_median(statistics.first_review_s),
        "block_requested": _format_median(statistics.block_request_s),
        "blocked": _format_median(statistics.block_s),
        "chart": chart(statistics.weeks),
        "scenarios": _build_rows(statistics.scenarios, scenarios),
        "communes": _build_rows(statistics.communes, _commune_names(), are_names=True),
    }


def _build_rows(
    table: Mapping[str, int | None], names: Mapping[str, str], *, are_names: bool = False
) -> list[Row]:
    """Return the public counts of a table, the largest first."""
    highest = max((count or 0 for count in table.values()), default=0)
    rows = [
        Row(names.get(cell, cell), count, share(count, highest), are_names and cell != "")
        for cell, count in table.items()
        if count
    ]
    return sorted(rows, key=lambda row: (-row.count, row.label))


def format_money(dong: int) -> str:
    """Return a rounded sum in its largest unit: 1,9 tỷ đồng."""
    for worth, unit in (
        (10**9, gettext("%s tỷ đồng")),
        (10**6, gettext("%s triệu đồng")),
        (10**3, gettext("%s nghìn đồng")),
    ):
        if dong >= worth:
            figure = f"{dong / worth:,.1f}".removesuffix(".0")
            if get_language() != "en":
                figure = figure.translate(str.maketrans(",.", ".,"))
            return unit % figure
    return gettext("%s đồng") % dong


def format_duration(seconds: int) -> str:
    """Return a length of time in its one or two largest units."""
    if seconds < _MINUTE:
        return gettext("dưới 1 phút")
    days, hours, minutes = seconds // _DAY, seconds % _DAY // _HOUR, seconds % _HOUR // _MINUTE
    parts = [
        (days, ngettext("%s ngày", "%s ngày", days)),
        (hours, ngettext("%s giờ", "%s giờ", hours)),
        (minutes, ngettext("%s phút", "%s phút", minutes)),
    ]
    return " ".join(unit % amount for amount, unit in (parts[:2] if days else parts[1:]) if amount)


def _format_median(seconds: int | None) -> str:
    return "" if seconds is None else format_duration(seconds)


def scenario_label(code: str) -> str:
    """Return the name of a kind of scam; the code itself where the taxonomy lacks it."""
    row = code_rows().get(code)
    return row["label_en" if get_language() == "en" else "label_vi"] if row else code


def _commune_names() -> Mapping[str, str]:
    """Return names by codename; "" is for reports without a commune."""
    names = {place.codename: place.name for place in gazetteer.communes()}
    return names | {"": gettext("Không rõ xã, phường")}


def list_csv_rows(statistics: StatisticsData) -> Iterator[tuple[str, str, int | str]]:
    """Yield table, cell and count, the heading first; a suppressed count is named as such."""
    yield gettext("Bảng"), gettext("Mục"), gettext("Số")
    if statistics.total is None:
        return
    whole = gettext("Chung")
    yield whole, gettext("Tin báo"), statistics.total
    yield whole, gettext("Tin có mất tiền, theo lời kể"), _format_count(statistics.lost)
    sum_label = gettext("Tiền mất, đồng, theo lời kể, đã làm tròn")
    yield whole, sum_label, _format_count(statistics.lost_vnd)
    confirmed_label = gettext("Trong đó đã có người xác nhận, đồng, đã làm tròn")
    yield whole, confirmed_label, _format_count(statistics.confirmed_vnd)
    medians = {
        gettext(
            "Một nửa số tin trong 4 tuần cuối có người đọc sau, phút"
        ): statistics.first_review_s,
        gettext(
            "Một nửa số đề nghị chặn trong 4 tuần cuối gửi đi sau, phút"
        ): statistics.block_request_s,
        gettext(
            "Một nửa số đề nghị chặn trong 4 tuần cuối được chặn sau, phút"
        ): statistics.block_s,
    }
    for label, seconds in medians.items():
        yield whole, label, _format_count(None if seconds is None else round(seconds / _MINUTE))
    names = _commune_names()
    for day, count in statistics.weeks.items():
        yield gettext("Tuần từ"), f"{date.fromisoformat(day):%d/%m/%Y}", _format_count(count)
    for code, count in statistics.scenarios.items():
        yield gettext("Kiểu lừa"), scenario_label(code), _format_count(count)
    for codename, count in statistics.communes.items():
        yield gettext("Xã, phường"), names.get(codename, codename), _format_count(count)


def _format_count(count: int | None) -> int | str:
    return gettext("không nêu") if count is None else count
