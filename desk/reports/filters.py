"""The filters of the queue, with the count of open cases of each value."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.http import HttpRequest

from core.periods import parse_period
from desk.labels import codes, highlighting
from desk.labels.formatting import format_count
from desk.pages.http import parse_int
from desk.pages.lists import AlwaysChosenFilter, PeriodFilter
from desk.reports import reporter_activity
from desk.reports.queue_counts import ValueCount, counts_for, queue_state_for
from desk.reports.reporter_activity import with_unread_updates
from reports.cases import deadlines, visibility
from reports.facts import effective_facts
from reports.models import BankLetter, Case, Report, TransferSlip
from reports.monitoring import daily_counts, queue_stats

MAX_VALUE_CHARS = 64  # in the query
MAX_SHOWN_VALUES = 12  # a search reaches the rest
MAX_UNBOUNDED_DAYS = 62  # of a period whose reports are all looked at
MAX_FILTERED_ROWS = 20_000  # the newest reports, where closed ones are included
LARGE_LOSS_VND = 100_000_000
_NOWHERE = "none"  # in a query: without commune or channel

OF_OPEN = ("open", "ongoing", "unassigned", "mine", "passed", "waiting", "answered")


class CountedListFilter(admin.SimpleListFilter):
    """A filter by the values of open cases, most frequent first; an unknown value finds nothing."""

    template = "admin/reports/report/list_filter.html"
    field = ""
    folded = True
    name_value: Callable[[str], str] = staticmethod(str)

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.value_counts = counts_for(request).by.get(self.parameter_name or "", [])
        super().__init__(request, *args)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (self.code(each), f"{self.label(each)} ({format_count(each.count)})")
            for each in self.value_counts[:MAX_SHOWN_VALUES]
        ]

    def has_output(self) -> bool:
        return bool(self.lookup_choices or self.value())

    def value(self) -> str | None:
        return (super().value() or "")[:MAX_VALUE_CHARS] or None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        chosen = self.value()
        return self.filter_queryset(queryset, chosen) if chosen else queryset

    @classmethod
    def filter_queryset(cls, queryset: QuerySet[Report], chosen: str) -> QuerySet[Report]:
        return queryset.filter(cls.value_lookup(chosen))

    @classmethod
    def value_lookup(cls, chosen: str) -> Q:
        return Q(**{cls.field: chosen})

    def code(self, each: ValueCount) -> str:
        return each.value or _NOWHERE

    def label(self, each: ValueCount) -> str:
        return each.name or highlighting.plain_line(self.name_value(each.value), MAX_VALUE_CHARS)

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the choices, with a chosen value that no longer occurs, so that it can be removed."""
        yield from super().choices(changelist)
        if self.value() and self.value() not in {code for code, _ in self.lookup_choices}:
            label = self.label(ValueCount(str(self.value()), 0, ""))
            yield {"selected": True, "query_string": "?", "display": f"{label} (0)"}


class PriorityFilter(CountedListFilter):
    title = "mức ưu tiên"
    parameter_name = "muc"
    folded = False

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.value_counts = sorted(
            self.value_counts, key=lambda each: (each.value != "0", -int(each.value))
        )
        return super().lookups(request, model_admin)

    def label(self, each: ValueCount) -> str:
        return codes.priority_label(codes.priority_floor(each.value)).word

    @classmethod
    def filter_queryset(cls, queryset: QuerySet[Report], chosen: str) -> QuerySet[Report]:
        if chosen not in {"0", "1", "2", "3", "4", "5"}:
            return queryset.none()
        queryset = queryset.alias(effective_priority=effective_facts.priority_expression())
        least = codes.priority_floor(chosen)
        if least is None:
            return queryset.filter(effective_priority=None)
        most = 100 if chosen == "5" else least + 19
        return queryset.filter(effective_priority__range=(least, most))


class ScenarioFilter(CountedListFilter):
    title = "kiểu lừa"
    parameter_name = "kieu"
    folded = False

    @classmethod
    def filter_queryset(cls, queryset: QuerySet[Report], chosen: str) -> QuerySet[Report]:
        return effective_facts.of_scenario(queryset, chosen)

    name_value = staticmethod(codes.short_label)


class LossFilter(CountedListFilter):
    title = "thiệt hại"
    parameter_name = "tien"
    _WORDS = {"lost": "Có mất tiền", "much": "Từ 100 triệu", "unknown": "Chưa rõ"}

    def label(self, each: ValueCount) -> str:
        return self._WORDS.get(each.value) or super().label(each)

    @classmethod
    def filter_queryset(cls, queryset: QuerySet[Report], chosen: str) -> QuerySet[Report]:
        wanted: dict[str, dict[str, Any]] = {
            "lost": {"effective_loss__gt": 0},
            "much": {"effective_loss__gte": LARGE_LOSS_VND},
            "unknown": {"effective_loss": None, "facts__isnull": False},
        }
        loss = queryset.alias(effective_loss=effective_facts.loss_expression())
        return loss.filter(**wanted[chosen]) if chosen in wanted else queryset.none()


class CommuneFilter(CountedListFilter):
    title = "xã, phường"
    parameter_name = "xa"

    def label(self, each: ValueCount) -> str:
        return super().label(each) if each.value not in {"", _NOWHERE} else "Chưa rõ"

    @classmethod
    def filter_queryset(cls, queryset: QuerySet[Report], chosen: str) -> QuerySet[Report]:
        return effective_facts.of_commune(queryset, None if chosen == _NOWHERE else chosen)


class OfficeFilter(CountedListFilter):
    title = "nơi bị giả danh"
    parameter_name = "xung"
    name_value = staticmethod(codes.claim_label)

    @classmethod
    def value_lookup(cls, chosen: str) -> Q:
        corrected = Q(case__corrections_json__has_key="offices")
        by_officer = corrected & Q(case__corrections_json__offices__contains=[chosen])
        return by_officer | ~corrected & Q(facts__offices__contains=[chosen])


class OfficerFilter(CountedListFilter):
    title = "cán bộ"
    parameter_name = "can-bo"

    @classmethod
    def value_lookup(cls, chosen: str) -> Q:
        key = parse_int(chosen)
        return Q(case__officer_id=key) if key is not None else Q(pk=None)


class UnitFilter(CountedListFilter):
    title = "đơn vị"
    parameter_name = "don-vi"
    field = "case__assigned_unit_id"


class ChannelFilter(CountedListFilter):
    title = "cách gọi"
    parameter_name = "kenh"
    field = "channel"

    def label(self, each: ValueCount) -> str:
        return codes.channel_label(each.value) if each.value else "Không ghi"

    @classmethod
    def value_lookup(cls, chosen: str) -> Q:
        return super().value_lookup("" if chosen == _NOWHERE else chosen)


class SourceFilter(CountedListFilter):
    title = "nguồn tin"
    parameter_name = "nguon"
    field = "source"
    name_value = staticmethod(lambda value: str(dict(Report.Source.choices).get(value, value)))


class FlagFilter(CountedListFilter):
    """Filter by flags of the report and of its flood sample."""

    title = "dấu hiệu"
    parameter_name = "dau"
    name_value = staticmethod(codes.flag_label)

    @classmethod
    def value_lookup(cls, chosen: str) -> Q:
        return Q(flags__contains=[chosen]) | Q(flood_sample__flags__contains=[chosen])


class ReceivedFilter(PeriodFilter):
    template = "admin/reports/report/list_filter.html"


class CountedFilter(admin.SimpleListFilter):
    """Filter by what the leaders' page counts, offered only where its link has chosen one."""

    title = "trong số liệu"
    parameter_name = "so-lieu"
    template = "admin/reports/report/list_filter.html"
    _WORDS = {
        "counted": "Tin được tính", "lost": "Có mất tiền", "confirmed": "Thiệt hại đã xác nhận",
        "frozen": "Ngân hàng đã giữ lại tiền", "called": "Phải gọi ngay",
        "reached": "Gọi được đúng hạn", "decided": "Phân loại đúng hạn", "unread": "Máy chưa đọc",
    }  # fmt: skip

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self._WORDS.items())

    def has_output(self) -> bool:
        return bool(self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        if not (chosen := self.value()):
            return queryset
        load = daily_counts.REPORTS.get(chosen, Report.objects.none)
        return queryset.filter(pk__in=load().values("pk"))


NARROWING = (
    PriorityFilter, ScenarioFilter, LossFilter, CommuneFilter, OfficeFilter, OfficerFilter,
    UnitFilter, ChannelFilter, SourceFilter, FlagFilter,
)  # fmt: skip


class FoldFilter(AlwaysChosenFilter):
    title = "tin cùng đợt"
    parameter_name = "gop"
    template = "admin/reports/report/list_filter.html"
    folded = True
    UNFOLDED = "0"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Gộp thành một dòng"), (self.UNFOLDED, "Hiện từng tin")]

    def value(self) -> str:
        return self.UNFOLDED if super().value() == self.UNFOLDED else "1"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        return queryset


class WorkFilter(AlwaysChosenFilter):
    """Filter by pending work; open reports by default, all for a search."""

    title = "việc"
    parameter_name = "viec"
    template = "admin/reports/report/list_filter.html"
    folded = False
    DEFAULT = "open"

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.counts = counts_for(request)
        self.queue_state = queue_state_for(request)
        self.searching = bool(request.GET.get(SEARCH_VAR))
        narrowed = any(request.GET.get(str(each.parameter_name)) for each in NARROWING)
        period = parse_period(request.GET.get(ReceivedFilter.parameter_name, ""))
        is_long = period is None or (period.last - period.first).days >= MAX_UNBOUNDED_DAYS
        self.narrowed = narrowed and is_long
        self.user = request.user
        super().__init__(request, *args)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        work = self.counts.work
        stuck = self.queue_state.failed if self.queue_state else 0
        return [
            *([("stuck", f"Máy không đọc được ({stuck})")] if stuck else []),
            ("call", f"Phải gọi ngay ({work['call']})"),
            ("open", f"Đang chờ xử lý ({work['open']})"),
            ("ongoing", f"Đang bị ép ({work['ongoing']})"),
            ("overdue", f"Quá hạn ({work['overdue']})"),
            ("unassigned", f"Chưa phân công ({work['unassigned']})"),
            ("mine", f"Tôi đang xử lý ({work['mine']})"),
            ("passed", "Được bàn giao, chưa mở"),
            ("waiting", f"Chờ người báo ({work['waiting']})"),
            ("answered", f"Người báo đã trả lời ({work['answered']})"),
            ("fresh", "Có lời mới, cả tin đã xong"),
            ("second", "Tin rác, tin rút chờ người thứ hai"),
            ("unreceived", "Đã chuyển, đơn vị chưa xác nhận"),
            ("unanswered", "Đã chuyển, đơn vị chưa trả lời"),
            ("bank", "Chờ ngân hàng trả lời"),
            ("frozen", "Ngân hàng đã giữ lại tiền"),
            ("all", "Tất cả, mới nhất trước"),
        ]

    def value(self) -> str:
        """Return the chosen work, else the default."""
        chosen = super().value()
        codes = {str(lookup) for lookup, _ in self.lookup_choices}
        return chosen if chosen in codes else "all" if self.searching else self.DEFAULT

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        narrowed = self.narrowed and not self.searching
        return filter_by_work(queryset, self.value(), self.user, is_narrowed=narrowed)


def limit_to_newest(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Return those of the last `MAX_FILTERED_ROWS`, so that a rare value does not scan every year."""
    times = Report.objects.order_by("-received_at").values("received_at")
    first = Coalesce(
        Subquery(times[MAX_FILTERED_ROWS : MAX_FILTERED_ROWS + 1]), datetime(1970, 1, 1, tzinfo=UTC)
    )
    return reports.filter(received_at__gte=first)


def _of_slips(slips: QuerySet[TransferSlip]) -> QuerySet[Case]:
    return Case.objects.filter(pk__in=slips.values("report"))


def _with_letters(**wanted: Any) -> QuerySet[Case]:
    letters = BankLetter.objects.filter(report__erased_at=None, **wanted)
    return Case.objects.filter(pk__in=letters.values("report"))


# Also of cases that are no longer open.
_OF_CASES: Mapping[str, Callable[[], QuerySet[Case]]] = {
    "call": deadlines.uncalled,
    "overdue": lambda: Case.objects.filter(due_at__lte=Now()),
    "second": Case.objects.unseconded,
    "unreceived": lambda: _of_slips(TransferSlip.objects.unreceived()),
    "unanswered": lambda: _of_slips(TransferSlip.objects.unanswered().exclude(received_at=None)),
    "bank": lambda: _with_letters(answered_at=None),
    "frozen": lambda: _with_letters(frozen_vnd__gt=0),
}


def filter_by_work(
    reports: QuerySet[Report], chosen: str, user: Any, *, is_narrowed: bool = False
) -> QuerySet[Report]:
    """Return the reports of a code of `WorkFilter`; `is_narrowed`: another filter applies too."""
    if chosen == "stuck":
        return reports.filter(pk__in=queue_stats.failed_reports())
    if chosen == "fresh":
        return with_unread_updates(reports)
    if (cases := _OF_CASES.get(chosen)) is not None:
        return _of_cases(reports, cases())
    if chosen == "all":
        # A unit has few reports, and hardly one of them among the newest of all.
        is_long = is_narrowed and visibility.sees_every_report(user)
        return limit_to_newest(reports) if is_long else reports
    return _of_open(reports, chosen, user)


def filter_open(reports: QuerySet[Report], **of_case: Any) -> QuerySet[Report]:
    """Return the reports with such an open case, by keys: a bad row estimate cannot cause a full scan."""
    return _of_cases(reports, Case.objects.open().filter(**of_case))


def _of_cases(reports: QuerySet[Report], cases: QuerySet[Case]) -> QuerySet[Report]:
    keys = ArraySubquery(cases.values("pk"))
    return reports.filter(effective_facts.IsOneOf(F("pk"), keys), case__isnull=False)


def _of_open(reports: QuerySet[Report], chosen: str, user: Any) -> QuerySet[Report]:
    if chosen == "answered":
        return reporter_activity.with_new_answers(filter_open(reports))
    if chosen == "ongoing":
        return filter_ongoing(filter_open(reports))
    wanted: dict[str, dict[str, Any]] = {
        "unassigned": {"officer": None},
        "mine": {"officer_id": user.pk},
        "passed": {"officer_id": user.pk, "passed_by__isnull": False},
        "waiting": {"status": Case.Status.WAITING},
    }
    return filter_open(reports, **wanted.get(chosen, {}))


def filter_ongoing(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Return the reports whose reporter is effectively still coerced."""
    return reports.alias(effective_ongoing=effective_facts.ongoing_expression()).filter(
        effective_ongoing=True
    )
