"""Bases of actions and of read-only pages with actions; the audit events of a row."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, reverse
from django.views.generic import View

from accounts.reauthentication import reauthentication_required
from accounts.sessions import get_officer
from core.admin_pages import ReadOnlyAdminMixin, row_action_path
from core.audit import events
from core.audit.proposals import RowAct
from core.errors import ActionError, CodedError, NotAllowedError
from core.models import Proposal
from core.responses import HttpResponseSeeOther
from desk.labels.events import EVENTS, PERSONAL
from desk.labels.formatting import format_datetime, officer_name
from desk.pages.http import parse_int, post_text

PROPOSED = "Đã đề nghị. Trang giữ như cũ cho đến khi một người khác xác nhận."

WAITS = "Mục này đang có một đề nghị chờ xác nhận. Xác nhận hoặc bỏ đề nghị đó rồi hãy sửa tiếp."


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
        self.officer = get_officer(request)
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
        return HttpResponseSeeOther(self.get_next_address())

    def show_error(self, error: Any) -> HttpResponse:
        messages.error(self.request, self.get_error_message(error))
        return HttpResponseSeeOther(self.get_next_address())

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
    proposed = "Đã đề nghị. Việc này cần người thứ hai: một chỉ huy khác xác nhận."
    row: Any

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.pk = kwargs.pop("pk")
        return super().dispatch(request, *args, **kwargs)

    def is_allowed(self) -> bool:
        return super().is_allowed() and bool(self.model_admin.has_view_permission(self.request))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.row = get_object_or_404(self.model_admin.model, pk=self.pk)
        return super().post(request, **kwargs)

    def show_result(self, result: Any) -> HttpResponse:
        if isinstance(result, Proposal):
            self.done = self.proposed
        return super().show_result(result)

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
        return row_action_path(self, name, view)  # type: ignore[arg-type]


class ServiceFormMixin:
    """A form whose row a service builds of its fields; the ActionError of that is an error of the form."""

    by: User  # set on the class that the admin makes for each request
    instance: Any
    errors: Any
    cleaned_data: dict[str, Any]
    add_error: Callable[..., None]
    build_row: Callable[[dict[str, Any]], Model]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data  # type: ignore[misc]
        if not self.errors:
            try:
                self.instance = self.build_row(values)
            except ActionError as error:
                self.add_error(None, str(error))
        return values


class ServiceAddMixin(ReadOnlyActionsMixin):
    """Read-only pages with actions; `save_model` adds what a ServiceFormMixin has built, by a service."""

    add_title: str
    added: str
    get_fields: Callable[..., Any]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)  # type: ignore[arg-type]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)  # type: ignore[misc]
        form.by = get_officer(request)
        return form

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            context = {"title": self.add_title}
            return super().add_view(request, *args, extra_context=context)  # type: ignore[misc,no-any-return]
        except ActionError as error:  # another was first
            messages.error(request, f"Chưa làm. {error}")
            return HttpResponseSeeOther("../")

    def response_add(self, request: HttpRequest, obj: Any, *args: Any) -> HttpResponse:
        messages.success(request, self.added)
        return HttpResponseSeeOther(f"../{obj.pk}/change/")


class ProposingAdminMixin:
    """Pages whose save and delete buttons only propose, with audit events of their own. While a
    proposal about a row waits, nobody types another.
    """

    act: RowAct

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may: bool = super().has_change_permission(request, obj)  # type: ignore[misc]
        return may and not (obj and self.act.has_open(obj.pk))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        if self.act.has_open(object_id):
            messages.warning(request, WAITS)
        return super().change_view(request, object_id, *args, **kwargs)  # type: ignore[misc]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self._propose(request, obj, self.act.propose)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._propose(request, obj, self.act.propose_removal)

    def _propose(
        self, request: HttpRequest, row: Any, propose: Callable[[Any, User], Proposal]
    ) -> None:
        try:
            propose(row, get_officer(request))
            messages.success(request, PROPOSED)
        except ActionError as error:
            messages.error(request, f"Chưa đề nghị. {error}")

    def save_related(self, *args: Any) -> Any: ...

    log_addition = log_change = log_deletions = save_related

    def response_add(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        of_drafts = "of_drafts" in request.POST  # on to the next of them
        page = "reports_officenumber_drafts" if of_drafts else "core_proposal_changelist"
        return HttpResponseSeeOther(reverse(f"admin:{page}"))

    response_change = response_delete = response_add


def action_history(subject: str, pk: object) -> list[tuple[str, str, str, str]]:
    """Return the newest 50 audit events as (when, who, what, reason)."""
    return [
        (
            format_datetime(event.created_at),
            officer_name(event.actor) if event.actor else "Máy",
            EVENTS.get(event.kind, event.kind),
            event.detail.get("reason", "") or PERSONAL.get(event.detail.get("field", ""), ""),
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
