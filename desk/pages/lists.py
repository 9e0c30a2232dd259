"""Bases of lists: bounded paging, filters, rows without a page or without deletion."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property

from core.admin_pages import ReadOnlyAdminMixin
from core.periods import Period, month_of, parse_period, week_of

MAX_PAGED_ROWS = 2000  # rows that paging reaches; an officer filters or searches beyond


class NoDeleteAdminMixin:
    """Rows that are switched off, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class BoundedPaginator(Paginator[Any]):
    """Page through the keys of the first `MAX_PAGED_ROWS` rows, so that the last page costs what the first does."""

    @cached_property
    def keys(self) -> list[Any]:
        rows: Any = self.object_list
        return list(rows.values_list("pk", flat=True)[:MAX_PAGED_ROWS])

    @cached_property
    def count(self) -> int:
        return len(self.keys)

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        keys = self.keys[first : first + self.per_page]
        rows: Any = self.object_list
        by_key = {row.pk: row for row in rows.order_by().filter(pk__in=keys)} if keys else {}
        # A row may have left the list meanwhile.
        return Page([by_key[key] for key in keys if key in by_key], number, self)


class AlwaysChosenFilter(admin.SimpleListFilter):
    """A filter without "all": its `value` is always one of its lookups."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for lookup, title in self.lookup_choices:
            yield {
                "selected": self.value() == lookup,
                "query_string": changelist.get_query_string({self.parameter_name: lookup}),
                "display": title,
            }


class PeriodFilter(admin.SimpleListFilter):
    """Filter by the local days of receipt: "2026-11-23..2026-11-29"; any that a link names."""

    title = "ngày nhận"
    parameter_name = "ky"
    folded = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = timezone.localdate()
        last_week, month = week_of(today - timedelta(days=7)), month_of(today)
        usual = {"Hôm nay": Period(today, today), "Tuần trước": last_week, "Tháng này": month}
        chosen = parse_period(request.GET.get("ky", ""))
        if chosen and chosen not in usual.values():
            usual[chosen.label] = chosen
        return [(str(period), name) for name, period in usual.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        period = parse_period(str(self.value()))
        return queryset.filter(period.within("received_at")) if period else queryset.none()


class BoundedListMixin(ReadOnlyAdminMixin):
    """A list in its own order alone, as far as paging reaches."""

    paginator: Any = BoundedPaginator
    list_max_show_all = 0
    show_full_result_count = False
    sortable_by: Any = ()


class NoDetailAdminMixin(BoundedListMixin):
    """A list, newest first, whose rows have no page of their own."""

    list_display_links: Any = None
    ordering: Any = ("-id",)
    actions: Any = None
    changelist_view: Callable[..., HttpResponse]

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return self.changelist_view(request)
