"""Bases of admin pages: lists with their own filters alone, rows that are written elsewhere, buttons of a row."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, UUIDField
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

_Row = TypeVar("_Row", bound=Model)
_LOOKUPS = ("", "__exact", "__id__exact", "__isnull")  # of a filter in `list_filter`


class OwnFiltersAdmin(admin.ModelAdmin[_Row]):
    """Pages of a model whose list is filtered by its `list_filter` alone.

    Django allows a lookup on any column, which reads a hidden one letter by letter: ?password__startswith=a
    """

    show_facets = admin.ShowFacets.NEVER

    def get_action_choices(
        self, request: HttpRequest, default_choices: Any = (("", "Chọn thao tác"),)
    ) -> list[tuple[str, str]]:
        return super().get_action_choices(request, list(default_choices))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(
            db_field, request, **{"empty_label": "Chưa chọn"} | kwargs
        )

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Refuse before the row is looked for: Django tells anybody which keys there are."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        names = [getattr(each, "parameter_name", each) for each in self.get_list_filter(request)]
        return lookup in {f"{name}{end}" for name in names for end in _LOOKUPS}


class ReadOnlyAdminMixin:
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def row_action_path(page: admin.ModelAdmin[Any], name: str, view: Callable[..., Any]) -> URLPattern:
    """Return the address of a button of a row, by POST alone: <pk>/<name>/, called <app>_<model>_<name>."""
    key = "uuid" if isinstance(page.opts.pk, UUIDField) else "int"
    return path(
        f"<{key}:pk>/{name.replace('_', '-')}/",
        page.admin_site.admin_view(require_POST(view)),
        name=f"{page.opts.app_label}_{page.opts.model_name}_{name}",
    )
