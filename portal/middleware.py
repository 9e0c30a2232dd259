"""Middleware, from section to section: headers, language, staff, refusals on record, counts by view."""

import contextlib
import mmap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import (
    ImproperlyConfigured,
    MiddlewareNotUsed,
    PermissionDenied,
    ValidationError,
)
from django.core.handlers.exception import convert_exception_to_response
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseForbidden,
    QueryDict,
)
from django.middleware.gzip import GZipMiddleware
from django.urls import ResolverMatch, URLResolver, get_resolver
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin
from django.utils.module_loading import import_string

from accounts import sessions
from core.audit import events
from core.client_ip import Address, client_ip
from core.responses import style_source
from reports.monitoring.alarms import BUSY_FILE

# --- headers of every response

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
# Where browsers report violations (portal/views.py); policies say `report-to csp`.
REPORTING = 'csp="/csp/"'
# Sheets inside the pages that alone need them, which saves those a request and the others their weight.
INLINE_SHEETS = ("alerts/alert.css", "reports/figures.css", "reports/scam_call.css")


class SecurityHeadersMiddleware(MiddlewareMixin):
    """Adds the headers that Django's SecurityMiddleware does not know, unless a view has set them."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Reporting-Endpoints", REPORTING)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class NoTransformGZipMiddleware(GZipMiddleware):
    """Compresses, unless a view says `no-transform`: the size of such a response must reveal nothing."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if "no-transform" in response.headers.get("Cache-Control", ""):
            return response
        return super().process_response(request, response)


class CachedCSPMiddleware(CSPMiddleware):
    """Builds the usual policy, without nonces, once; a view's own (`csp.decorators`) is the package's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.usual = build_policy(
            replace={"style-src": ["'self'", *map(style_source, INLINE_SHEETS)]}
        )

    def process_request(self, request: HttpRequest) -> None:
        pass

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if settings.DEBUG or "_csp_" in " ".join(vars(response)):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.usual)
        return response


# --- the language of a path


class PathLanguageMiddleware(MiddlewareMixin):
    """English under /en/, Vietnamese elsewhere, so that no response varies by a header."""

    def __call__(self, request: HttpRequest) -> Any:
        language = language_for_path(request.path_info)
        if translation.get_language() == language:  # as a rule: an override costs
            return self.get_response(request)
        with translation.override(language):
            return self.get_response(request)


def language_for_path(path: str) -> str:
    return "en" if path.startswith("/en/") else settings.LANGUAGE_CODE


# --- staff: from which networks, through which layers, for how long

NOWHERE = "/khong-co/"
# Of a middleware's, which Django calls for those of MIDDLEWARE; none of the staff's has them.
UNSUPPORTED_HOOKS = frozenset({"process_exception", "process_template_response"})
ViewHook = Callable[[HttpRequest, Any, Any, dict[str, Any]], HttpResponse | None]


def is_staff_path(path: str) -> bool:
    """Return whether a path, with its last slash or without, leads to the desk or an invitation."""
    return f"{path}/".startswith(settings.STAFF_PATHS)


class StaffNetworksMiddleware(MiddlewareMixin):
    """Turns a request from outside ADMIN_NETWORKS into one for a missing page, alike in every header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        if not settings.ADMIN_NETWORKS:
            raise MiddlewareNotUsed

    def process_request(self, request: HttpRequest) -> None:
        if is_staff_path(request.path_info) and not _is_in_admin_networks(client_ip(request)):
            request.path = request.path_info = NOWHERE


def _is_in_admin_networks(address: Address | None) -> bool:
    return address is not None and any(
        address in ip_network(network, strict=False) for network in settings.ADMIN_NETWORKS
    )


class StaffStackMiddleware:
    """Innermost middleware: leads to the views of the staff's paths through STAFF_MIDDLEWARE, to others
    straight: public pages have no session, user or cookie.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.public = get_response
        self.staff: Callable[[HttpRequest], Any] = get_response
        self.view_hooks: list[ViewHook] = []
        for path in reversed(settings.STAFF_MIDDLEWARE):
            layer = import_string(path)(self.staff)
            if not UNSUPPORTED_HOOKS.isdisjoint(dir(layer)):
                raise ImproperlyConfigured(
                    f"STAFF_MIDDLEWARE: {path} has a hook that is not called."
                )
            if hasattr(layer, "process_view"):
                self.view_hooks.insert(0, layer.process_view)
            self.staff = convert_exception_to_response(layer)

    def __call__(self, request: HttpRequest) -> Any:
        lead = self.staff if is_staff_path(request.path_info) else self.public
        return lead(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Return the first answer that a layer gives in place of the view."""
        hooks = self.view_hooks if is_staff_path(request.path_info) else ()
        answers = (hook(request, view, args, kwargs) for hook in hooks)
        return next(filter(None, answers), None)


class StaffSessionMiddleware(SessionMiddleware):
    """Removes NUL, which PostgreSQL cannot hold, from session name, path and query; a page that asks by
    itself is no sign of its officer.
    """

    def process_request(self, request: HttpRequest) -> None:
        request.path_info = request.path_info.replace("\0", "\ufffd")
        query = request.META.get("QUERY_STRING", "")
        request.META["QUERY_STRING"] = query.replace("%00", "%EF%BF%BD")
        if "\0" in request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if not sessions.is_end_left(request):
            return super().process_response(request, response)
        patch_vary_headers(response, ("Cookie",))
        return response


class MaxSessionAgeMiddleware(MiddlewareMixin):
    """Ends a session after SESSION_MAX_HOURS, however busy its officer is."""

    def process_request(self, request: HttpRequest) -> None:
        if sessions.is_past_max_age(request):
            request.session.flush()


# --- refused access on record

MAX_TYPE_LENGTH, MAX_ID_LENGTH = 16, 64  # of the columns of the audit log
_KEYS = ("pk", "object_id", "id")


@dataclass(frozen=True)
class AuditSubject:
    """What a page is about, and what was attempted there: ("report", its key, "reveal_contact")."""

    type: str
    id: str
    verb: str


class AuditDeniedAccessMiddleware(MiddlewareMixin):
    """Logs each 403 of a logged-in officer, after the view's transaction was rolled back."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.status_code == HttpResponseForbidden.status_code:
            _log_refusal(request)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> None:
        """Raise PermissionDenied for an action not offered, and drop ticked keys on which Django would
        fail.
        """
        desk = getattr(view, "model_admin", None)
        if desk is None or request.method != "POST" or getattr(view, "csrf_exempt", False):
            return  # a public page reads its own body, and so does one that takes files
        if ACTION_CHECKBOX_NAME not in request.POST:
            return
        if not desk.admin_site.has_permission(request):
            return  # sent to the log-in by the site
        if request.POST.get("action", "") not in {"", *desk.get_actions(request)}:
            raise PermissionDenied
        request.POST = _drop_invalid_keys(request.POST, desk.opts.pk)  # type: ignore[assignment]


def _drop_invalid_keys(posted: QueryDict, field: Any) -> QueryDict:
    cleaned = posted.copy()
    ticked = posted.getlist(ACTION_CHECKBOX_NAME)
    cleaned.setlist(ACTION_CHECKBOX_NAME, [key for key in ticked if _is_key(field, key)])
    return cleaned


def _is_key(field: Any, typed: str) -> bool:
    try:
        field.clean(typed, None)
    except ValidationError:
        return False
    return True


def _log_refusal(request: HttpRequest) -> None:
    user, match = getattr(request, "user", None), request.resolver_match
    if not isinstance(user, User):
        return
    subject = audit_subject_for(match)
    detail = {"verb": subject.verb, "page": str(match.url_name) if match else ""}
    events.log_event(
        subject.type, subject.id, "refused", by=user, method=str(request.method), **detail
    )


def audit_subject_for(match: ResolverMatch | None) -> AuditSubject:
    """Return the subject, from the name of the page (`app_model_verb`) and the key in its address."""
    name = (match.url_name if match else None) or "unknown"
    model, _, verb = name.partition("_")[2].partition("_")
    arguments = match.kwargs if match else {}
    key = next((arguments[each] for each in _KEYS if each in arguments), None)
    if key is None or not model:
        return AuditSubject("page", name[:MAX_ID_LENGTH], verb or name)
    return AuditSubject(model[:MAX_TYPE_LENGTH], str(key).replace("\0", "")[:MAX_ID_LENGTH], verb)


# --- requests by view, counted in memory that web's processes share

MAX_PROCESSES = 8  # those that serve, and those that a reload lets end; of more some share a row
STATUSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
OTHER = "other"  # files, answers from memory, addresses that there are not
LOOK_INTERVAL_SECONDS, MAX_BUSY_LOOKS = 5.0, 4


class RequestCounts:
    """A row of cells for each process, in memory that the master maps before it forks: the threads taken; then for each view its seconds and answers."""

    def __init__(self, views: Sequence[str]) -> None:
        self._views = {name: number for number, name in enumerate(views)}
        self._width = 1 + len(views) * (1 + len(STATUSES))
        self._cells = memoryview(mmap.mmap(-1, 8 * self._width * MAX_PROCESSES)).cast("d")
        self._lock = threading.Lock()
        self._start = 0

    def use_row(self, row: int) -> None:
        """Count in this row from now on; a process that died in it took no threads along."""
        self._start = row % MAX_PROCESSES * self._width
        self._cells[self._start] = 0

    def begin(self) -> None:
        with self._lock:
            self._cells[self._start] += 1

    def end(self, view: str, status: int, seconds: float) -> None:
        cell = self._cell_of(self._views.get(view, 0), self._start)
        with self._lock:
            self._cells[self._start] -= 1
            self._cells[cell] += seconds
            self._cells[cell + status // 100] += 1

    def threads_taken(self, *, everywhere: bool = False) -> float:
        """Return how many threads of this process answer now, or of all."""
        return sum(self._cells[:: self._width]) if everywhere else self._cells[self._start]

    def list_views(self) -> Iterator[tuple[str, float, list[float]]]:
        """Yield each view that was asked, its seconds and its answers by STATUSES, over all processes."""
        for view, number in self._views.items():
            first = self._cell_of(number, 0)
            cells = range(first, first + 1 + len(STATUSES))
            seconds, *answers = [sum(self._cells[cell :: self._width]) for cell in cells]
            if any(answers):
                yield view, seconds, answers

    def _cell_of(self, number: int, start: int) -> int:
        return start + 1 + number * (1 + len(STATUSES))


@cache
def shared_counts() -> RequestCounts:
    """Return the counts of web; the master asks first, so that its processes share them."""
    return RequestCounts([OTHER, *sorted(set(_list_view_names(get_resolver())))])


def _list_view_names(resolver: URLResolver, spaces: tuple[str, ...] = ()) -> Iterator[str]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from _list_view_names(
                each, (*spaces, each.namespace) if each.namespace else spaces
            )
        else:
            yield ":".join((*spaces, each.name or each.lookup_str))


def view_name_of(request: HttpRequest) -> str:
    """Return the name of the view that answered a request, OTHER where none did."""
    return request.resolver_match.view_name if request.resolver_match else OTHER


class RequestCountMiddleware(MiddlewareMixin):
    """Outermost middleware: counts each request under the name of its view, never under its address."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: HttpRequest) -> Any:
        counts, started = shared_counts(), time.perf_counter()
        counts.begin()
        response = self.get_response(request)
        counts.end(view_name_of(request), response.status_code, time.perf_counter() - started)
        return response


def watch_threads(limit: int) -> None:
    """Tell the alarms while all threads of this process stay taken; never returns."""
    looks = 0
    while True:
        time.sleep(LOOK_INTERVAL_SECONDS)
        looks = count_busy_looks(looks, limit)


def count_busy_looks(looks: int, limit: int) -> int:
    """Return for how many looks in a row all threads were taken; the alarms are told by a file's time."""
    looks = looks + 1 if shared_counts().threads_taken() >= limit else 0
    if looks >= MAX_BUSY_LOOKS:
        with contextlib.suppress(OSError):
            (settings.DATA_DIR / BUSY_FILE).touch()
    return looks
