"""Bases of the desk's pages: actions, read-only pages and lists, bounded paging."""

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Model, UUIDField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST
from django.views.generic import View

from accounts import sessions
from accounts.reauthentication import reauthentication_required
from core.audit import events
from core.errors import ActionError, CodedError, NotAllowedError
from core.readonly_admin import ReadOnlyAdminMixin
from desk.labels import codes as labels
from desk.labels.events import EVENTS, PERSONAL
from reports.campaigns.membership import PERMISSION
from reports.cases import visibility

NEAR = 2000  # rows that paging reaches; an officer filters or searches beyond
MAX_LENGTH, MAX_PARAMETERS = 200, 30  # of a query: characters a parameter, parameters
SAFE_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
MAX_DIGITS = 9  # Python refuses thousands of digits with an error
Context = dict[str, Any] | None
Answer = TypeVar("Answer")
officer = sessions.get_officer


def sees_every_report(request: HttpRequest) -> bool:
    """Return whether the officer may see the reports of every unit."""
    may_see = request.user.has_perm("reports.view_report")
    return may_see and visibility.sees_every_report(officer(request))


def can_group(request: HttpRequest) -> bool:
    """Return whether the officer may group: only who sees every unit, as campaigns span units."""
    return request.user.has_perm(PERMISSION) and visibility.sees_every_report(officer(request))


def once_per_request(load: Callable[[HttpRequest], Answer]) -> Callable[[HttpRequest], Answer]:
    """Return the function with its result cached on the request."""
    name = f"{load.__module__}.{load.__name__}"

    @wraps(load)
    def load_once(request: HttpRequest) -> Answer:
        if name not in vars(request):
            vars(request)[name] = load(request)
        answer: Answer = vars(request)[name]
        return answer

    return load_once


def render(
    request: HttpRequest, template: str, title: str, model: type[Model], **context: Any
) -> TemplateResponse:
    """Return a page of the desk that belongs to that model."""
    opts = admin.site.get_model_admin(model).opts
    context = {**admin.site.each_context(request), "title": title, "opts": opts, **context}
    return TemplateResponse(request, template, context)


def set_status(response: HttpResponse, status: int) -> HttpResponse:
    response.status_code = status
    return response


def see_other(address: str) -> HttpResponse:
    """Return a redirect with status 303, for after a POST."""
    return set_status(HttpResponseRedirect(address), 303)


def download(content: str | bytes, name: str, media_type: str) -> HttpResponse:
    """Return a file that no browser opens by itself; `name` must be ASCII."""
    headers = SAFE_HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=media_type, headers=headers)


def parse_int(typed: str, max_digits: int = MAX_DIGITS) -> int | None:
    """Return a number of at most that many digits, None for anything else."""
    is_number = typed.isascii() and typed.isdecimal() and len(typed) <= max_digits
    return int(typed) if is_number else None


def post_text(request: HttpRequest, name: str) -> str:
    """Return the posted text without NUL, which PostgreSQL cannot store."""
    return request.POST.get(name, "").replace("\0", "")


class DeskAction(View):
    """Check the permission, run the action, add a message and redirect.

    The service that `run` calls checks the version and writes the audit log.
    """

    http_method_names = ["post"]
    permission = ""
    errors: tuple[type[Exception], ...] = ()
    done = ""
    max_reason_chars: int | None = None
    officer: User

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.officer = officer(request)
        if not self.is_allowed():
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def is_allowed(self) -> bool:
        return not self.permission or self.officer.has_perm(self.permission)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            result = self.run(**kwargs)
        except NotAllowedError as error:
            raise PermissionDenied from error
        except self.errors as error:
            if isinstance(error, CodedError) and error.code == "permission":
                raise PermissionDenied from error
            return self.show_error(error)
        return self.show_result(result)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Return the result of the action. Raises NotAllowedError or one of `errors`."""
        raise NotImplementedError  # each action does its own

    def show_result(self, result: Any) -> HttpResponse:
        if self.done:
            messages.success(self.request, self.done)
        return see_other(self.get_next_address())

    def show_error(self, error: Any) -> HttpResponse:
        messages.error(self.request, self.get_error_message(error))
        return see_other(self.get_next_address())

    def get_error_message(self, error: Any) -> str:
        return f"Chưa làm. {error}"

    def get_next_address(self) -> str:
        raise NotImplementedError  # each action names its page

    @property
    def reason(self) -> str:
        return post_text(self.request, "reason")[: self.max_reason_chars]

    @property
    def version(self) -> int:
        """Return the posted version of the row, 0 for an invalid one."""
        return parse_int(self.request.POST.get("version", "")) or 0


class RowAction(DeskAction):
    """An action on a row's read-only page, for who may see that page."""

    errors: tuple[type[Exception], ...] = (ActionError,)
    model_admin: Any = None
    reauthenticate = ""  # the permission whose holders authenticate again
    row: Any

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.pk = kwargs.pop("pk")
        return super().dispatch(request, *args, **kwargs)

    def is_allowed(self) -> bool:
        return super().is_allowed() and bool(self.model_admin.has_view_permission(self.request))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.row = get_object_or_404(self.model_admin.model, pk=self.pk)
        return super().post(request, **kwargs)

    def get_next_address(self) -> str:
        opts = self.model_admin.opts
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[self.pk])


class ReadOnlyActionsMixin(ReadOnlyAdminMixin):
    """Read-only pages with actions; `sidebar` returns the context beside the row."""

    admin_site: admin.AdminSite
    opts: Any
    get_object: Callable[..., Any]
    sidebar: Callable[[HttpRequest, Any], dict[str, Any]]
    row_actions: dict[str, type[RowAction]]

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        context = {"subtitle": None, **self.sidebar(request, row)} if row else {}
        page: HttpResponse = super().change_view(request, object_id, extra_context=context)  # type: ignore[misc]
        return page

    def get_urls(self) -> list[URLPattern]:
        acts = [self.make_path(name, view) for name, view in self.row_actions.items()]
        return [*acts, *super().get_urls()]  # type: ignore[misc]

    def make_path(self, name: str, action: type[RowAction]) -> URLPattern:
        view = action.as_view(model_admin=self)
        if action.reauthenticate:
            view = reauthentication_required(view, action.reauthenticate)
        key = "uuid" if isinstance(self.opts.pk, UUIDField) else "int"
        address: URLPattern = path(
            f"<{key}:pk>/{name.replace('_', '-')}/",
            self.admin_site.admin_view(require_POST(view)),
            name=f"{self.opts.app_label}_{self.opts.model_name}_{name}",
        )
        return address


class NoDeleteAdminMixin:
    """Rows that are switched off, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def action_history(subject: str, pk: object) -> list[tuple[str, str, str, str]]:
    """Return the newest 50 audit events as (when, who, what, reason)."""
    return [
        (
            labels.format_datetime(event.created_at),
            labels.officer_name(event.actor) if event.actor else "Máy",
            EVENTS.get(event.kind, event.kind),
            event.detail.get("reason", "") or PERSONAL.get(event.detail.get("what", ""), ""),
        )
        for event in events.events_for(subject, pk)[:50]
    ]


def four_eyes_buttons(row: Any, by: User, right: str, *, waits: bool) -> dict[str, bool]:
    """Return the buttons of a proposal that another officer with that right confirms."""
    may, own = by.has_perm(right), row.proposed_by_id == by.pk
    return {
        "may_confirm": waits and may and not own,
        "own_proposal": waits and own,
        "may_end": may or (waits and own),
    }


def changed_values(form: Any, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return, for the audit log, old and new values of the named fields that a form changed."""
    changed = [name for name in names if name in form.changed_data]
    return {
        "was": {name: str(form.initial.get(name, "")) for name in changed},
        "now": {name: str(getattr(form.instance, name)) for name in changed},
    }


def sanitize_query(query: QueryDict) -> QueryDict:
    """Return the query, which each link of a list repeats, without NUL and within bounds."""
    few = [(name, str(value)) for name, value in query.items()][:MAX_PARAMETERS]
    if all(len(name + value) <= MAX_LENGTH and "\0" not in name + value for name, value in few):
        return query
    sanitized = QueryDict(mutable=True)
    sanitized.update({name: value.replace("\0", "")[:MAX_LENGTH] for name, value in few})
    return sanitized


class BoundedPaginator(Paginator[Any]):
    """Page through the keys of the first `NEAR` rows, so that the last page costs what the first does."""

    @cached_property
    def keys(self) -> list[Any]:
        rows: Any = self.object_list
        return list(rows.values_list("pk", flat=True)[:NEAR])

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


class BoundedListMixin(ReadOnlyAdminMixin):
    """A list in its own order alone, as far as paging reaches."""

    paginator: Any = BoundedPaginator
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
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
