"""What the pages on numbers have in common: they only show, buttons under them act, and what was done
stands on record beside them.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from core.audit import events
from core.readonly_admin import ReadOnlyAdminMixin
from desk.labels import codes as labels
from reports.campaigns.grouping_locks import PERMISSION
from reports.cases import visibility
from reports.numbers.findings import FindingError, NotPermittedError


class ReadOnlyActionsMixin(ReadOnlyAdminMixin):
    """Pages that only show, with buttons under them; each is a POST that `findings` carries out.
    `sidebar` gives what such a page says beside its row.
    """

    admin_site: admin.AdminSite
    opts: Any
    has_view_permission: Callable[..., bool]
    get_object: Callable[..., Any]
    sidebar: Callable[[HttpRequest, Any], dict[str, Any]]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        context = {"subtitle": None, **self.sidebar(request, row)} if row else {}
        page: HttpResponse = super().change_view(  # type: ignore[misc]
            request, object_id, form_url, context | (extra_context or {})
        )
        return page

    def act(self, route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
        """An address for those who may see the page under which the button stands."""

        @wraps(view)
        def seen(request: HttpRequest, **given: Any) -> HttpResponseBase:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return view(request, **given)

        wrapped = self.admin_site.admin_view(require_POST(seen))
        address: URLPattern = path(route, wrapped, name=f"reports_{self.opts.model_name}_{name}")
        return address

    def run_action(
        self, request: HttpRequest, pk: object, act: Callable[[], object], told: str
    ) -> HttpResponse:
        """Do it or say why not, and look at the page again."""
        try:
            act()
        except NotPermittedError as error:
            raise PermissionDenied from error
        except FindingError as error:
            messages.error(request, f"Chưa làm. {error}")
        else:
            messages.success(request, told)
        return see_other(reverse(f"admin:reports_{self.opts.model_name}_change", args=[pk]))


def action_history(subject: str, pk: object) -> list[tuple[str, str, str, str]]:
    """The acts on record: when, who, what, and the reason that was given."""
    return [
        (
            format_datetime(event.created_at),
            labels.officer_name(event.actor) if event.actor else "Máy",
            labels.EVENTS.get(event.kind, event.kind),
            event.detail.get("reason", "") or labels.PERSONAL.get(event.detail.get("what", ""), ""),
        )
        for event in events.events_for(subject, pk)[:50]
    ]


def four_eyes_buttons(row: Any, by: User, right: str, *, waits: bool) -> dict[str, bool]:
    """The buttons of what one proposes and another confirms, who has that right."""
    may, own = by.has_perm(right), row.proposed_by_id == by.pk
    return {
        "may_confirm": waits and may and not own,
        "own_proposal": waits and own,
        "may_end": may or (waits and own),
    }


def post_text(request: HttpRequest, name: str) -> str:
    """What was posted under that name, without the sign that PostgreSQL does not hold."""
    return request.POST.get(name, "").replace("\0", "")


def format_datetime(at: Any) -> str:
    return f"{timezone.localtime(at):%H:%M, %d/%m/%Y}"


def officer(request: HttpRequest) -> User:
    """Who is at the desk; admin_view has let nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def see_other(address: str) -> HttpResponse:
    """After a POST: look there."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def can_group(request: HttpRequest) -> bool:
    """A campaign's reports lie at many units, so who works at one of them moves none."""
    return request.user.has_perm(PERMISSION) and visibility.sees_every_report(officer(request))
