"""What the leaders' page says of a period, each figure with the address of the list that it counts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from core.periods import Period, month_of, week_of
from desk.labels import codes
from desk.labels.events import EVENTS
from desk.labels.formatting import format_count, format_loss
from desk.leaders.commune_map import Shape
from reports.models import Campaign, DailyCount
from reports.monitoring import daily_counts
from reports.reference import gazetteer

WEEKS, MAX_KINDS, MAX_RISERS = 12, 12, 10
MIN_SPREADING = 3  # reports of a campaign in a period
LEVELS = 5  # of colour


@dataclass(frozen=True)
class Figure:
    """A count or a sum, the same of the period before, None if not compared, and its list. `of`: both
    wholes of which it is a share; `level`: of colour, from 0 for none.
    """

    label: str
    now: int
    before: int | None
    url: str
    of: tuple[int, int] | None = None
    is_money: bool = False
    level: int = 0

    @property
    def rise(self) -> int:
        return self.now - (self.before or 0)

    @property
    def value(self) -> str:
        return _in_dong(self.now) if self.is_money else format_count(self.now)

    @property
    def change(self) -> str:
        if self.before is None:
            return ""
        if self.of:
            shares = zip((self.now, self.before), self.of, strict=True)
            return "{}; kỳ trước {}".format(*(_share(*each) for each in shares))
        if self.is_money:
            return f"kỳ trước {_in_dong(self.before)}"
        share = f" ({100 * abs(self.rise) / self.before:.0f} %)" if self.before else ""
        verb = "tăng" if self.rise > 0 else "giảm"
        change = f"{verb} {format_count(abs(self.rise))}{share}" if self.rise else "không đổi"
        return f"kỳ trước {format_count(self.before)}, {change}"


@dataclass(frozen=True)
class Area:
    """A commune on the map; `words`: its name without its kind, a word or two a line."""

    shape: Shape
    words: list[str]
    figure: Figure


@dataclass(frozen=True)
class Sheet:
    """A period and the one before, cut to equally many days while it lasts; communes of one `kind` of
    scam, "" for all.
    """

    period: Period
    before: Period
    is_month: bool
    kind: str
    days: Mapping[date, DailyCount]

    @property
    def name(self) -> str:
        unit = f"Tháng {self.period.first:%m/%Y}" if self.is_month else "Tuần"
        return f"{unit}, từ {self.period.label}"

    @cached_property
    def figures(self) -> tuple[Counter[str], Counter[str]]:
        now, before = (daily_counts.sum_figures(self.days, each) for each in self._periods)
        return now, before

    @property
    def _periods(self) -> tuple[Period, Period]:
        return self.period, self.before

    @property
    def counted_at(self) -> datetime | None:
        """Return when the day was counted that was counted longest ago."""
        days = filter(None, map(self.days.get, self.period.list_days()))
        return min((day.counted_at for day in days), default=None)

    @property
    def missing_days(self) -> int:
        return sum(day not in self.days for day in self.period.list_days())

    def list_groups(self) -> list[tuple[str, list[Figure]]]:
        """Return the five figures, each with its parts."""
        call, sort = settings.DEADLINE_CALL_MINUTES, settings.DEADLINE_CLASSIFY_HOURS
        spreading = len(self.spreading)
        return [
            ("Tin", [self._count("received", "tin đã nhận"), self._count("counted", "tin được tính")]),
            ("Thiệt hại", [
                self._sum("lost", "theo lời kể, máy đọc"),
                self._sum("confirmed", "trong đó đã có người xác nhận"),
                self._sum("frozen", "ngân hàng đã giữ lại"),
            ]),
            ("Xử lý", [
                self._count("reached", f"người gọi được trong {call} phút", of="called"),
                self._count("called", "tin phải gọi ngay"),
                self._count("decided", f"tin phân loại, kết thúc trong {sort} giờ", of="counted"),
            ]),
            ("Đợt đang lan", [
                Figure(f"đợt từ {MIN_SPREADING} tin, nhiều hơn kỳ trước", spreading, None, "#spreading"),
            ]),
            ("Cảnh báo", self._list_acts("alert_issued", "alert_updated", "alert_deployed")),
        ]  # fmt: skip

    @property
    def agencies(self) -> str:
        return ", ".join(self._list_parts("agency")[0])

    def list_decisions(self) -> list[Figure]:
        """Return what was decided on numbers."""
        url = _list_url("reports_dispute", status="all", ky=self.period)
        now, before = (each["disputes"] for each in self.figures)
        asked = Figure("Đề nghị xem lại, nhận mới", now, before, url)
        acts = "number_proposed", "number_confirmed", "number_withdrawn", "dispute_answered"
        return [*self._list_acts(*acts), asked]

    def list_kinds(self) -> Iterator[tuple[Figure, list[Figure]]]:
        """Yield the most frequent kinds of the last weeks, each of the period and of each week."""
        weeks = {week: daily_counts.sum_figures(self.days, week) for week in self.weeks}
        total = _select_part("kind", sum(weeks.values(), start=Counter(self.figures[0])))
        order = [kind for kind, _ in total.most_common() if kind][:MAX_KINDS]
        order += [""] if total[""] else []  # what is not read yet
        highest = max(
            (each[f"kind:{kind}"] for each in weeks.values() for kind in order), default=0
        )
        now, before = self._list_parts("kind")
        for kind in order:
            label = codes.short_label(kind) if kind else "Máy chưa đọc"
            yield (
                Figure(label, now[kind], before[kind], _queue_url(self.period, **_of_kind(kind))),
                [
                    Figure(week.label, count, 0, _queue_url(week, **_of_kind(kind)), level=_level(count, highest))
                    for week, counts in weeks.items()
                    for count in [counts[f"kind:{kind}"]]
                ],
            )  # fmt: skip

    @property
    def weeks(self) -> list[Period]:
        last = self.period.last
        return [week_of(last - timedelta(weeks=n)) for n in reversed(range(WEEKS))]

    @cached_property
    def communes(self) -> dict[str, Figure]:
        """Return each commune by codename, and those without a commune by ""."""
        names = {place.codename: place.name for place in gazetteer.communes()}
        kind, now, before = self.kind, *self._list_parts("home")
        if kind:
            now, before = (daily_counts.count_communes(each, kind) for each in self._periods)
        query = _of_kind(kind) if kind else {}
        highest = max((count for place, count in now.items() if place), default=0)
        return {
            place: Figure(
                name, now[place], before[place], _queue_url(self.period, xa=place or "none", **query),
                level=_level(now[place], highest),
            )
            for place, name in (names | {"": "Không rõ xã, phường"}).items()
        }  # fmt: skip

    def list_risers(self) -> list[Figure]:
        risers = [each for place, each in self.communes.items() if place and each.rise > 0]
        return sorted(risers, key=lambda each: (-each.rise, each.label))[:MAX_RISERS]

    def list_areas(self, shapes: Mapping[str, Shape]) -> list[Area]:
        """Return the communes that have a place on the map."""
        return [
            Area(
                shapes[place], _split_name(figure.label) if shapes[place].has_words else [], figure
            )
            for place, figure in self.communes.items()
            if place in shapes
        ]

    @cached_property
    def spreading(self) -> list[Figure]:
        """Return the campaigns with several reports in the period and more than before."""
        now, before = self._list_parts("campaign")
        keys = [key for key, n in now.items() if n >= MIN_SPREADING and n > before[key]]
        rows = Campaign.objects.live().filter(pk__in=keys)
        figures = [
            Figure(f"{row}", now[str(row.pk)], before[str(row.pk)],
                   reverse("admin:reports_campaign_change", args=[row.pk]))
            for row in rows
        ]  # fmt: skip
        return sorted(figures, key=lambda each: -each.now)

    def _list_parts(self, part: str) -> tuple[Counter[str], Counter[str]]:
        now, before = (_select_part(part, each) for each in self.figures)
        return now, before

    def _count(self, code: str, label: str, of: str = "") -> Figure:
        now, before = self.figures
        url = _queue_url(self.period, **{"so-lieu": code})
        whole = (now[of], before[of]) if of else None
        return Figure(label, now[code], before[code], url, whole)

    def _sum(self, code: str, label: str) -> Figure:
        now, before = (each[f"{code}_vnd"] for each in self.figures)
        label = f"{label}, {format_count(self.figures[0][code])} tin"
        return Figure(label, now, before, self._count(code, "").url, is_money=True)

    def _list_acts(self, *acts: str) -> list[Figure]:
        now, before = self.figures
        days = {"since": f"{self.period.first:%d/%m/%Y}", "until": f"{self.period.last:%d/%m/%Y}"}
        return [
            Figure(EVENTS[act], now[act], before[act], _list_url("core_auditevent", kind=act, **days))
            for act in acts
        ]  # fmt: skip


def load_sheet(day: date, *, is_month: bool, kind: str = "") -> Sheet:
    """Return the sheet of the week or month of a day, loaded in one statement."""
    around = month_of if is_month else week_of
    whole = around(day)
    before = around(whole.first - timedelta(days=1))
    period = Period(whole.first, min(whole.last, timezone.localdate()))
    if period != whole:
        end = before.first + (period.last - period.first)
        before = Period(before.first, min(before.last, end))
    first = min(before.first, week_of(period.last - timedelta(weeks=WEEKS - 1)).first)
    last = min(week_of(period.last).last, timezone.localdate())  # its week's column, whole
    return Sheet(period, before, is_month, kind, daily_counts.load_days(first, last))


def _select_part(part: str, figures: Mapping[str, int]) -> Counter[str]:
    prefix = f"{part}:"
    names = {name: n for name, n in figures.items() if name.startswith(prefix) and n}
    return Counter({name.removeprefix(prefix): n for name, n in names.items()})


def _queue_url(period: Period, **query: str) -> str:
    """Return the address of the queue with all counted reports of a period that fit."""
    return _list_url(
        "reports_report", **{"viec": "all", "ky": period, "so-lieu": "counted"} | query
    )


def _list_url(model: str, **query: object) -> str:
    words = {name: str(value) for name, value in query.items()}
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode(words)}"


def _of_kind(kind: str) -> dict[str, str]:
    return {"kieu": kind} if kind else {"so-lieu": "unread"}


def _level(count: int, highest: int) -> int:
    return -(-LEVELS * count // highest) if highest else 0


def _split_name(name: str) -> list[str]:
    """Return a name like "Phường Đào Duy Từ" as two short lines."""
    *first, last = name.split()[1:]
    return [" ".join(first), last] if first else [last]


def _share(part: int, whole: int) -> str:
    share = f" ({100 * part / whole:.0f} %)" if whole else ""
    return f"{format_count(part)} trên {format_count(whole)}{share}"


def _in_dong(amount: int) -> str:
    return f"{format_loss(amount).removesuffix(' đồng')} đồng" if amount else "0 đồng"
