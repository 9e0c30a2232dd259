"""The queue: which reports an officer sees, and in which order."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.db.models import Model, QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest

from reports import held, stats
from reports.admin import answers, columns, texts, words
from reports.admin.figures import Figures, figures_of, standing_of
from reports.admin.fresh import fresh
from reports.admin.naming import callers_of
from reports.admin.paging import NEAR
from reports.models import Case, Report

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

_HEAVY = (
    "story", "story_sealed", "contact_sealed", "phrase_sealed", "content_digest",
    "contact_index", "facts__reasons", "facts__search", *texts.LINES,
)  # fmt: skip


class WorkFilter(admin.SimpleListFilter):
    """By the work that a report wants; what waits, unless one searches or asks otherwise."""

    title = "việc"
    parameter_name = "viec"
    DEFAULT = "open"

    def __init__(
        self,
        request: HttpRequest,
        params: dict[str, Any],
        model: type[Model],
        model_admin: "ModelAdmin[Any]",
    ) -> None:
        self.figures = figures(request)
        self.standing = standing_of(request)
        self.searching = bool(request.GET.get(SEARCH_VAR))
        self.user = request.user
        super().__init__(request, params, model, model_admin)

    def lookups(
        self, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        shown = self.figures
        stuck = self.standing.failed if self.standing else 0
        return [
            *([("stuck", f"Máy không đọc được ({stuck})")] if stuck else []),
            ("open", f"Đang chờ xử lý ({shown.open})"),
            ("burning", f"Đang bị ép ({shown.burning})"),
            ("unassigned", f"Chưa phân công ({shown.unassigned})"),
            ("mine", f"Tôi đang xử lý ({shown.mine})"),
            ("waiting", f"Chờ người báo ({shown.waiting})"),
            ("answered", f"Người báo đã trả lời ({shown.answered})"),
            ("fresh", "Có lời mới, cả tin đã xong"),
            ("all", "Tất cả, mới nhất trước"),
        ]

    def value(self) -> str:
        """What is chosen; a search without a choice looks everywhere."""
        chosen = super().value()
        known = {str(lookup) for lookup, _ in self.lookup_choices}
        return chosen if chosen in known else "all" if self.searching else self.DEFAULT

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        chosen = self.value()
        if chosen == "stuck":
            return queryset.filter(pk__in=stats.stuck())
        if chosen == "fresh":
            return fresh(queryset)
        if chosen != "all":
            queryset = queryset.filter(case__status__in=Case.OPEN)
        return self._narrowed(queryset, str(chosen))

    def _narrowed(self, queryset: QuerySet[Report], chosen: str) -> QuerySet[Report]:
        if chosen == "answered":
            return answers.answered(queryset)
        wanted: dict[str, dict[str, Any]] = {
            "burning": {"held_ongoing": True},
            "unassigned": {"case__officer": None},
            "mine": {"case__officer_id": self.user.pk},
            "waiting": {"case__status": Case.Status.WAITING},
        }
        narrowed = queryset.alias(held_ongoing=held.ongoing()) if chosen == "burning" else queryset
        return narrowed.filter(**wanted.get(chosen, {}))

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        for lookup, title in self.lookup_choices:
            yield {
                "selected": self.value() == lookup,
                "query_string": changelist.get_query_string({self.parameter_name: lookup}),
                "display": title,
            }


class ScenarioFilter(admin.SimpleListFilter):
    """By the kind of scam, of those that wait."""

    title = "kiểu lừa"
    parameter_name = "kieu"

    def lookups(
        self, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        counted = figures(request).scenarios
        return [(code, f"{words.short(code)} ({n})") for code, n in counted.most_common()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        if not (chosen := self.value()):
            return queryset
        is_long = request.GET.get(WorkFilter.parameter_name) == "all"
        return (held.read_as if is_long else held.of_scenario)(queryset, chosen)


class MoneyFilter(admin.SimpleListFilter):
    """By the loss as it holds: an officer's word before the machine's."""

    title = "thiệt hại"
    parameter_name = "tien"

    def lookups(
        self, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        return [("lost", "Có mất tiền"), ("much", "Từ 100 triệu"), ("unknown", "Chưa rõ")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        chosen = self.value()
        loss = queryset.alias(held_loss=held.money_lost_vnd())
        if chosen == "lost":
            return loss.filter(held_loss__gt=0)
        if chosen == "much":
            return loss.filter(held_loss__gte=100_000_000)
        if chosen == "unknown":
            return loss.filter(held_loss=None)
        return queryset


def figures(request: Any) -> Figures:
    """The figures of this request, counted once."""
    if not hasattr(request, "desk_figures"):
        request.desk_figures = figures_of(request.user)
    counted: Figures = request.desk_figures
    return counted


class Queue(ChangeList):
    """The change list, with each row's number, how many reports name it, and what its reporter
    has done since.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.figures = figures(request)
        self.near = NEAR
        rows = list(self.result_list)
        callers, tags = callers_of(row.pk for row in rows), answers.tags_of(rows)
        for row in rows:
            row.caller = callers.get(row.pk)
            row.tags = tags.get(row.pk, [])
        self.result_list = rows


def rows() -> QuerySet[Report]:
    """The reports as the queue shows them: no sealed column, no whole text of a person."""
    return (
        Report.objects.select_related("case__officer", "facts", "commune")
        .defer(*_HEAVY)
        .annotate(
            gist=Left("story", columns.GIST),
            caller_typed=Left("caller_number", columns.TYPED),
            place_typed=Left("commune_raw", columns.TYPED),
        )
    )


# What the machine has not read comes first, so that nothing waits unseen.
BY_URGENCY = (held.priority().desc(nulls_first=True), "received_at")


def ordering(request: HttpRequest) -> tuple[Any, ...]:
    """By urgency and age; of everything, the newest first."""
    if request.GET.get(WorkFilter.parameter_name) == "all":
        return ("-received_at",)
    return BY_URGENCY
