"""Paging that never counts a whole table."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.functional import cached_property

from core.readonly_admin import ReadOnlyAdminMixin

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

NEAR = 2000  # rows that paging reaches; beyond them one filters or searches

MAX_LENGTH, MAX_ASKED = 200, 30  # signs of what an address asks for; and of how many things


def sanitize_query(asked: QueryDict) -> QueryDict:
    """The same without NUL, which no database takes, and no longer than a person types: each link
    of a list repeats what was asked.
    """
    few = [(name, str(value)) for name, value in asked.items()][:MAX_ASKED]
    if all(len(name + value) <= MAX_LENGTH and "\0" not in name + value for name, value in few):
        return asked
    kept = QueryDict(mutable=True)
    kept.update({name: value.replace("\0", "")[:MAX_LENGTH] for name, value in few})
    return kept


class BoundedPaginator(_Paginator):
    """Knows the keys of the first `NEAR` rows in their order and no more: the table may be long,
    what people page through is not. The last page of them costs what the first one does.
    """

    @cached_property
    def keys(self) -> list[Any]:
        rows: Any = self.object_list
        return list(rows.values_list("pk", flat=True)[:NEAR])

    @cached_property
    def count(self) -> int:
        return len(self.keys)

    def page(self, number: int | str) -> "Page[Any]":
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        wanted = self.keys[first : first + self.per_page]
        return Page(self._rows(wanted), number, self)

    def _rows(self, keys: Sequence[Any]) -> list[Any]:
        """The rows of these keys, in that order; one that left the list meanwhile is missing."""
        rows: Any = self.object_list
        found = {row.pk: row for row in rows.order_by().filter(pk__in=keys)} if keys else {}
        return [found[key] for key in keys if key in found]


class NoDetailAdminMixin(ReadOnlyAdminMixin):
    """A list, the newest first, that says all there is to say: its rows have no page of their own."""

    list_display_links: Any = None
    ordering: Any = ("-id",)
    paginator: Any = BoundedPaginator
    list_max_show_all = 0
    show_full_result_count = False
    actions: Any = None
    sortable_by: Any = ()
    changelist_view: Callable[..., HttpResponse]

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return self.changelist_view(request)
