"""What an officer was refused, on record: one place for every page, act and method of the desk."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, QueryDict
from django.urls import ResolverMatch

from core.audit import events
from portal.middleware import StaffPathsOnly

_TYPE, _ID = 16, 64  # what the columns of the record hold
_KEYS = ("pk", "object_id", "id")


@dataclass(frozen=True)
class AuditSubject:
    """What a page is about, and what was wanted there: ("report", its key, "reveal_contact")."""

    type: str
    id: str
    verb: str


class _Layer:
    """What comes back from the views, with the user known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HttpResponseForbidden.status_code:
            _record(request)
        return response


class AuditDeniedAccessMiddleware(StaffPathsOnly, _Layer):
    """Records each 403 that somebody who is logged in was given. Whatever the view had begun is
    undone by then, and the record stands by itself.
    """

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> None:
        """The stock list passes over an action that it does not offer to this officer; here that
        is a refusal like any other. A ticked row that is none is left out, for there it is an error.
        """
        desk = getattr(view, "model_admin", None)
        if desk is None or request.method != "POST" or ACTION_CHECKBOX_NAME not in request.POST:
            return  # a public page reads its own body
        if not desk.admin_site.has_permission(request):
            return  # sent to the door by the site
        if request.POST.get("action", "") not in {"", *desk.get_actions(request)}:
            raise PermissionDenied
        request.POST = _ticked(request.POST, desk.opts.pk)  # type: ignore[assignment]


def _ticked(posted: QueryDict, field: Any) -> QueryDict:
    """What was posted, of the ticked rows those alone whose key is one."""
    kept = posted.copy()
    ticked = posted.getlist(ACTION_CHECKBOX_NAME)
    kept.setlist(ACTION_CHECKBOX_NAME, [key for key in ticked if _is_key(field, key)])
    return kept


def _is_key(field: Any, typed: str) -> bool:
    try:
        field.clean(typed, None)
    except ValidationError:
        return False
    return True


def _record(request: HttpRequest) -> None:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return
    subject, match = audit_subject_for(request.resolver_match), request.resolver_match
    told = {"verb": subject.verb, "page": str(match.url_name) if match else ""}
    events.log_event(
        subject.type, subject.id, "refused", by=user, method=str(request.method), **told
    )


def audit_subject_for(match: ResolverMatch | None) -> AuditSubject:
    """From the name of the page, `app_model_verb`, and the key in its address."""
    name = (match.url_name if match else None) or "unknown"
    _, _, rest = name.partition("_")
    model, _, verb = rest.partition("_")
    given = match.kwargs if match else {}
    key = next((given[each] for each in _KEYS if each in given), None)
    if key is None or not model:
        return AuditSubject("page", name[:_ID], verb or name)
    return AuditSubject(model[:_TYPE], str(key).replace("\0", "")[:_ID], verb)
