"""Bases of admin pages: lists with their own filters alone, a filter by days, rows that are written
elsewhere.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from core.periods import Period, month_of, parse_period, week_of

_Row = TypeVar("_Row", bound=Model)
_LOOKUPS = ("", "__exact", "__id__exact", "__isnull")  # of a filter in `list_filter`


class OwnFiltersAdmin(admin.ModelAdmin[_Row]):
    """Pages of a model whose list is filtered by its `list_filter` alone.

    Django allows a lookup on any column, which reads a hidden one letter by letter: ?password__startswith=a
    """

    show_facets = admin.ShowFacets.NEVER

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        names = [getattr(each, "parameter_name", each) for each in self.get_list_filter(request)]
        return lookup in {f"{name}{end}" for name in names for end in _LOOKUPS}


class PeriodFilter(admin.SimpleListFilter):
    """Filter by the local day of `field`: a usual period, or any that a link names."""

    title = "ngày nhận"
    parameter_name = "ky"
    field = "received_at"
    folded = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = timezone.localdate()
        week, month = week_of(today), month_of(today)
        periods = {
            "Hôm nay": Period(today, today),
            "7 ngày qua": Period(today - timedelta(days=6), today),
            "Tuần trước": week_of(week.first - timedelta(days=1)),
            "Tháng này": month,
            "Tháng trước": month_of(month.first - timedelta(days=1)),
        }
        return [(str(period), name) for name, period in periods.items()]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the choices, with a chosen period that is none of the usual ones."""
        yield from super().choices(changelist)
        chosen = parse_period(self.value() or "")
        if chosen and str(chosen) not in dict(self.lookup_choices):
            yield {"selected": True, "query_string": "?", "display": chosen.label}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        period = parse_period(self.value() or "")
        return queryset.filter(period.within(self.field)) if period else queryset.none()


class ReadOnlyAdminMixin:
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
