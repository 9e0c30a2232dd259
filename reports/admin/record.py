"""The record of acts. An auditor reads what was done; what officers wrote about people is shown
only to those who may see the reports themselves.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from reports.admin import words
from reports.admin.paging import NearPaginator
from reports.models import Case, Correction, Event

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Event]
else:
    _Admin = admin.ModelAdmin

_FACTS: dict[Any, Any] = dict(Correction.Fact.choices)
# Codes; never what a person wrote.
_CODES = ("before", "after", "outcome", "what", "verb", "role", "identifier", "fact")


class KindFilter(admin.SimpleListFilter):
    """By the act; the choices are known, no table is read for them."""

    title = "việc"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(words.EVENTS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class SubjectFilter(admin.SimpleListFilter):
    """By what the act was about."""

    title = "về"
    parameter_name = "subject_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(words.SUBJECTS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(subject_type=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(_Admin):
    """Who did what and when: a list, and nothing to open or to change."""

    list_display = ("when", "who", "act", "about", "codes")
    list_display_links = None
    list_filter = (KindFilter, SubjectFilter)
    ordering = ("-id",)  # by its key: no index knows the hour
    paginator = NearPaginator
    list_per_page = 100
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = None
    search_fields = ("subject_id__exact",)
    search_help_text = "Mã đầy đủ của tin hoặc cảnh báo."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return super().get_queryset(request).select_related("by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The list says all that may be said to everyone who sees it."""
        return self.changelist_view(request)

    @admin.display(description="lúc", ordering="-id")
    def when(self, event: Event) -> str:
        return f"{timezone.localtime(event.at):%H:%M:%S, %d/%m/%Y}"

    @admin.display(description="ai")
    def who(self, event: Event) -> str:
        return words.person(event.by) if event.by else "Máy"

    @admin.display(description="việc")
    def act(self, event: Event) -> str:
        return words.EVENTS.get(event.kind, event.kind)

    @admin.display(description="về")
    def about(self, event: Event) -> str:
        return f"{words.SUBJECTS.get(event.subject_type, event.subject_type)} {event.subject_id}"

    @admin.display(description="chi tiết")
    def codes(self, event: Event) -> str:
        told = [_code(name, event.detail[name]) for name in _CODES if event.detail.get(name)]
        if event.detail.get("reason"):
            told.append("có ghi lý do")
        return "; ".join(told) or "–"


def _code(name: str, value: Any) -> str:
    if name in {"before", "after"}:
        status = dict(Case.Status.choices).get(value, value)
        return f"{'từ' if name == 'before' else 'thành'} {status}"
    return words.PERSONAL.get(value) or words.OUTCOMES.get(value) or _FACTS.get(value) or str(value)
