"""The record of acts. An auditor reads what was done; what officers wrote about people is shown
only to those who may see the reports themselves.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.audit import chain
from core.models import AuditChainCheck, AuditChainLink, AuditEvent
from desk import highlighting, labels, labels_deadlines
from desk.audit_log_filter import PAGE, EventFilterForm, numbers_of
from desk.base import officer
from desk.pagination import NoDetailAdminMixin
from reports.cases import visibility
from reports.models import Case, Correction

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[AuditEvent]
else:
    _Admin = admin.ModelAdmin

LOOK = "core.view_look"
_FACTS: dict[Any, Any] = dict(Correction.Fact.choices)
# Codes and figures; never what a person wrote.
_CODES = (
    "before",
    "after",
    "outcome",
    "what",
    "verb",
    "role",
    "identifier",
    "format",
    "fact",
    "filter",
    "clock",
)
_FIGURES = {"number": "tệp số {}", "rows": "{} dòng", "files": "{} tệp"}


@dataclass(frozen=True)
class EventRow:
    """One act as the list shows it. `report`: its key where the reader may open it."""

    when: str
    who: str
    act: str
    about: str
    key: str
    report: str
    codes: str
    reason: str


@admin.register(AuditEvent)
class EventAdmin(NoDetailAdminMixin, _Admin):
    """Who did what and when, and who saw whose personal data: lists, and nothing to change."""

    def get_urls(self) -> list[URLPattern]:
        looks: URLPattern = path(
            "looks/",
            self.admin_site.admin_view(require_safe(self.access_log_view)),
            name="core_auditevent_looks",
        )
        return [looks, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._list(request, EventFilterForm(request.GET), "Nhật ký xử lý")

    def access_log_view(self, request: HttpRequest) -> HttpResponse:
        """Who saw or took along whose personal data, and when."""
        if not request.user.has_perm(LOOK):
            raise PermissionDenied
        return self._list(request, EventFilterForm(request.GET, looks=True), "Ai đã xem gì")

    def _list(self, request: HttpRequest, asked: EventFilterForm, title: str) -> HttpResponse:
        acts = list(asked.matching_events()[: PAGE + 1])
        shown = acts[:PAGE]
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "asked": asked,
            "lines": event_rows(shown, may_read=_may_read(request)),
            "older": asked.next_page_url(shown[-1].pk) if len(acts) > PAGE else "",
            "may_look": request.user.has_perm(LOOK),
            **_chained(),
        }
        return TemplateResponse(request, "admin/core/auditevent/change_list.html", context)


def event_rows(acts: list[AuditEvent], *, may_read: bool) -> list[EventRow]:
    """Acts for the list. Reasons are officers' words and may name people: for those alone who may
    read the reports. One statement.
    """
    numbers = numbers_of(acts)
    return [_line(act, numbers.get(act.subject_id, ""), may_read=may_read) for act in acts]


def _line(act: AuditEvent, number: str, *, may_read: bool) -> EventRow:
    about = labels.SUBJECTS.get(act.subject_type, act.subject_type)
    reason = act.detail.get("reason", "")
    return EventRow(
        f"{timezone.localtime(act.created_at):%H:%M:%S, %d/%m/%Y}",
        labels.officer_name(act.actor) if act.actor else "Máy",
        labels.EVENTS.get(act.kind, act.kind),
        f"{about} {number}" if number else about,
        act.subject_id,
        act.subject_id if number and may_read else "",
        detail_codes(act.detail),
        (highlighting.plain_line(str(reason)) if may_read else "có ghi lý do") if reason else "",
    )


def detail_codes(detail: dict[str, Any]) -> str:
    """What an act says of itself, without a person's words."""
    told = [_code(name, detail[name]) for name in _CODES if detail.get(name)]
    # A published number stands under the same name; it is a text and no figure.
    told += [
        said.format(detail[name])
        for name, said in _FIGURES.items()
        if isinstance(detail.get(name), int)
    ]
    if detail.get("personal"):
        told.append("có dữ liệu cá nhân")
    return "; ".join(told)


def _code(name: str, value: Any) -> str:
    if name in {"before", "after"}:
        status = dict(Case.Status.choices).get(value, value)
        return f"{'từ' if name == 'before' else 'thành'} {status}"
    known = (labels.PERSONAL, labels.OUTCOMES, _FACTS, labels_deadlines.KINDS)
    return next((named[value] for named in known if value in named), str(value))


def _may_read(request: HttpRequest) -> bool:
    """Acts of every unit stand in the list, so their reasons are for who sees every unit's reports."""
    return request.user.has_perm("reports.view_report") and visibility.is_at_pv01(officer(request))


def _chained() -> dict[str, Any]:
    """How far the record is chained, and when that was last checked. Two statements."""
    end: AuditChainLink | None = chain.newest()
    return {"sealed": end, "check": AuditChainCheck.objects.first()}
