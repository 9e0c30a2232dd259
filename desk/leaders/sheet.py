"""What the leaders' page says of a period, each figure with the address of the list that it counts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from core.periods import Period, month_of, week_of
from desk.labels import codes
from desk.labels.formatting import format_count, format_loss
from reports.models import Campaign
from reports.monitoring import period_figures
from reports.monitoring.period_figures import PeriodFigures, WarningFigures
from reports.reference import gazetteer

MAX_KINDS, MAX_RISERS, MAX_CAMPAIGNS = 12, 10, 3
LEVELS = 5  # of colour
_NUMBERS = {
    "numbers_confirmed": ("Số xác nhận kẻ gian đã dùng, công bố", "numberfinding", "xac-nhan", {}),
    "numbers_removed": ("Số đã gỡ", "numberfinding", "go", {}),
    "disputes": ("Đề nghị xem lại số, nhận mới", "dispute", "ky", {"status": "all"}),
    "disputes_upheld": ("Đề nghị xem lại: đã gỡ số", "dispute", "tra-loi", {"status": "upheld"}),
    "disputes_rejected": (
        "Đề nghị xem lại: giữ nguyên", "dispute", "tra-loi", {"status": "rejected"},
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A value, what it counts, the period before in words, and the address of its list."""

    value: str
    label: str
    change: str
    url: str = ""


@dataclass(frozen=True)
class Cell:
    """A count in a table or on the map; `level`: 0 for none, up to LEVELS for the highest."""

    name: str
    count: int
    before: int
    level: int
    url: str

    @property
    def rise(self) -> int:
        return self.count - self.before


@dataclass(frozen=True)
class Sheet:
    """A period and the one before, cut to equally many days while it lasts."""

    period: Period
    before: Period
    is_month: bool
    kind: str  # of scam, "" for all: which the communes are counted of
    now: PeriodFigures
    then: PeriodFigures
    weeks: Mapping[Period, Counter[str]]
    campaigns: list[Campaign]
    warnings: WarningFigures

    @property
    def name(self) -> str:
        unit = f"Tháng {self.period.first:%m/%Y}" if self.is_month else "Tuần"
        return f"{unit}, từ {self.period.label}"

    def list_groups(self) -> Iterator[tuple[str, list[Figure]]]:
        """Yield the five figures, each with its parts."""
        count, money = self._count, self._money
        minutes, hours = settings.DEADLINE_CALL_MINUTES, settings.DEADLINE_CLASSIFY_HOURS
        yield "Tin", [count("received", "tin đã nhận", ""), count("counted", "tin được tính")]
        yield (
            "Thiệt hại",
            [
                money("told_vnd", "theo lời kể, máy đọc", "lost"),
                money("confirmed_vnd", "trong đó đã có người xác nhận", "confirmed"),
                money("frozen_vnd", "ngân hàng đã giữ lại", "frozen"),
            ],
        )
        yield (
            "Xử lý",
            [
                count("reached", f"gọi được trong {minutes} phút", of="called"),
                count("called", "tin phải gọi ngay"),
                count("decided", f"tin đã phân loại hoặc kết thúc trong {hours} giờ", of="counted"),
            ],
        )
        yield "Đợt đang lan", [self._spreading()]
        yield "Cảnh báo", self._list_warnings()

    def list_numbers(self) -> list[Figure]:
        return [self._number(name) for name in _NUMBERS]

    def list_kinds(self) -> list[tuple[Cell, list[Cell]]]:
        """Return the most frequent kinds of the weeks and the period, each with its weeks."""
        total = sum(self.weeks.values(), start=self.now.kinds.copy())
        order = [kind for kind, _ in total.most_common() if kind][:MAX_KINDS]
        order += [""] if total[""] else []  # not read yet
        highest = max((week[kind] for week in self.weeks.values() for kind in order), default=0)
        return [
            (
                self._cell(kind_name(kind), self.now.kinds, self.then.kinds, kind, **_of_kind(kind)),
                [
                    Cell(week.label, count, 0, _level(count, highest), list_url(week, **_of_kind(kind)))
                    for week, kinds in self.weeks.items()
                    for count in [kinds[kind]]
                ],
            )
            for kind in order
        ]  # fmt: skip

    def list_communes(self) -> dict[str, Cell]:
        """Return each commune by codename, and those without a commune by ""."""
        names = {place.codename: place.name for place in gazetteer.communes()}
        of_kind = _of_kind(self.kind) if self.kind else {}
        return {
            codename: self._cell(
                name, self.now.homes, self.then.homes, codename, xa=codename or "none", **of_kind
            )
            for codename, name in (names | {"": "Không rõ xã, phường"}).items()
        }

    def list_risers(self) -> list[Cell]:
        risers = [cell for key, cell in self.list_communes().items() if key and cell.rise > 0]
        return sorted(risers, key=lambda cell: (-cell.rise, cell.name))[:MAX_RISERS]

    def _cell(
        self, name: str, now: Mapping[str, int], then: Mapping[str, int], key: str, **query: str
    ) -> Cell:
        count = now.get(key, 0)
        highest = max((count for name, count in now.items() if name), default=0)
        url = list_url(self.period, **query)
        return Cell(name, count, then.get(key, 0), _level(count, highest), url)

    def _count(self, name: str, label: str, code: str | None = None, of: str = "") -> Figure:
        now, before = self.now.totals[name], self.then.totals[name]
        url = list_url(self.period, **{"so-lieu": name if code is None else code})
        if not of:
            return Figure(format_count(now), label, describe_change(now, before), url)
        share = _share(now, self.now.totals[of])
        change = f"{share}; kỳ trước {_share(before, self.then.totals[of])}"
        return Figure(format_count(now), label, change, url)

    def _money(self, name: str, label: str, code: str) -> Figure:
        now, before = self.now.totals[name], self.then.totals[name]
        count, url = self.now.totals[code], list_url(self.period, **{"so-lieu": code})
        change = f"kỳ trước {_in_dong(before)}"
        return Figure(_in_dong(now), f"{label}, {format_count(count)} tin", change, url)

    def _number(self, name: str) -> Figure:
        label, model, parameter, query = _NUMBERS[name]
        now, before = self.now.totals[name], self.then.totals[name]
        page = reverse(f"admin:reports_{model}_changelist")
        url = f"{page}?{urlencode({parameter: str(self.period), **query})}"
        return Figure(format_count(now), label, describe_change(now, before), url)

    def _spreading(self) -> Figure:
        names = "; ".join(
            f"{row.code} {row.title} ({self.now.campaigns[str(row.pk)]} tin)"
            for row in self.campaigns[:MAX_CAMPAIGNS]
        )
        query = urlencode({"nhip": "all", "lan": f"{self.period},{self.before}"})
        url = f"{reverse('admin:reports_campaign_changelist')}?{query}"
        least = period_figures.MIN_SPREADING
        label = f"đợt có từ {least} tin và nhiều hơn kỳ trước"
        return Figure(format_count(len(self.campaigns)), label, names, url)

    def _list_warnings(self) -> list[Figure]:
        told, page = self.warnings, reverse("admin:alerts_alertrevision_changelist")
        url = f"{page}?{urlencode({'phat': str(self.period)})}"
        change = describe_change(told.issued, told.issued_before)
        return [
            Figure(format_count(told.issued), "cảnh báo, cập nhật đã phát", change, url),
            Figure(
                format_count(len(told.agencies)), "cơ quan báo đã đăng", ", ".join(told.agencies), url
            ),
        ]  # fmt: skip


def load_sheet(day: date, *, is_month: bool, kind: str = "") -> Sheet:
    """Return the sheet of the week or month of a day. Six statements at most."""
    period, before = _choose_periods(day, is_month=is_month)
    now, then = period_figures.load_figures([period, before], kind)
    spreading = period_figures.find_spreading(now, then)
    campaigns = Campaign.objects.live().in_bulk(spreading)
    return Sheet(
        period, before, is_month, kind, now, then, period_figures.load_kinds_by_week(period.last),
        [campaigns[key] for key in spreading if key in campaigns],
        period_figures.count_warnings([period, before]),
    )  # fmt: skip


def _choose_periods(day: date, *, is_month: bool) -> tuple[Period, Period]:
    around = month_of if is_month else week_of
    whole = around(day)
    before = around(whole.first - timedelta(days=1))
    period = Period(whole.first, min(whole.last, timezone.localdate()))
    if period == whole:
        return period, before
    last = before.first + (period.last - period.first)
    return period, Period(before.first, min(before.last, last))


def list_url(period: Period, **query: str) -> str:
    """Return the address of the queue with all counted reports of a period that fit."""
    chosen = {"viec": "all", "ky": str(period), "so-lieu": "counted"} | query
    return f"{reverse('admin:reports_report_changelist')}?{urlencode(_without_empty(chosen))}"


def _without_empty(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value}


def kind_name(kind: str) -> str:
    return codes.short_label(kind) if kind else "Máy chưa đọc"


def _of_kind(kind: str) -> dict[str, str]:
    return {"kieu": kind} if kind else {"so-lieu": "unread"}


def _level(count: int, highest: int) -> int:
    return -(-LEVELS * count // highest) if highest else 0


def describe_change(now: int, before: int) -> str:
    rise = now - before
    if not rise:
        return f"kỳ trước {format_count(before)}, không đổi"
    share = f" ({100 * abs(rise) / before:.0f} %)" if before else ""
    verb = "tăng" if rise > 0 else "giảm"
    return f"kỳ trước {format_count(before)}, {verb} {format_count(abs(rise))}{share}"


def _share(part: int, whole: int) -> str:
    return f"{format_count(part)} trên {format_count(whole)}" + (
        f" ({100 * part / whole:.0f} %)" if whole else ""
    )


def _in_dong(amount: int) -> str:
    return f"{format_loss(amount).removesuffix(' đồng')} đồng" if amount else "0 đồng"
