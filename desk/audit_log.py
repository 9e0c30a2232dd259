"""The record of acts. An auditor reads what was done; what officers wrote about people is shown
only to those who may see the reports themselves.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from core.audit import chain
from core.models import LOOKS, AuditChainCheck, AuditChainLink, AuditEvent
from desk.labels import codes as labels
from desk.labels import deadlines, highlighting
from desk.pages.base import officer
from desk.pages.pagination import NoDetailAdminMixin
from reports.cases import visibility
from reports.models import Case, Correction, Report

PAGE = 100
_NO_DATE = {"invalid": "Chưa đọc được ngày. Ghi như 25/11/2026."}
_NEVER = 9999  # a year of no act
_DATES = ["%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y"]


class _Day(forms.DateField):
    def __init__(self, label: str) -> None:
        text = forms.TextInput({"placeholder": "25/11/2026", "inputmode": "numeric"})
        super().__init__(
            label=label, required=False, input_formats=_DATES, error_messages=_NO_DATE, widget=text
        )

    def to_python(self, value: Any) -> date | None:
        """The calendar ends at 9999, and with it the day after."""
        day = super().to_python(value)
        if day and not 1970 <= day.year < _NEVER:
            raise forms.ValidationError(_NO_DATE["invalid"])
        return day


class EventFilterForm(forms.Form):
    """The questions above the list. Nothing is required; what cannot be read finds nothing and is
    told beside its field.
    """

    who = forms.ChoiceField(label="Ai", required=False)
    kind = forms.ChoiceField(label="Việc", required=False)
    subject_type = forms.ChoiceField(label="Về", required=False)
    subject = forms.CharField(label="Mã tin, hoặc mã đầy đủ", max_length=64, required=False)
    since = _Day("Từ ngày")
    until = _Day("Đến hết ngày")
    before = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, looks: bool = False) -> None:
        super().__init__(data, label_suffix="", auto_id="record_%s")
        self.looks = looks
        self.fields["who"].choices = [("", "Mọi người"), ("0", "Máy"), *_people()]  # type: ignore[attr-defined]
        kinds = {kind: labels.EVENTS.get(kind, kind) for kind in LOOKS} if looks else labels.EVENTS
        self.fields["kind"].choices = [("", "Mọi việc"), *kinds.items()]  # type: ignore[attr-defined]
        about = [("", "Mọi thứ"), *labels.SUBJECTS.items()]
        self.fields["subject_type"].choices = about  # type: ignore[attr-defined]

    def questions(self) -> list[forms.BoundField]:
        return [field for field in self if field.name != "before"]

    def matching_events(self) -> QuerySet[AuditEvent]:
        """What was asked for, the newest first; with PAGE + 1 rows one sees whether more follow."""
        if not self.is_valid():
            return AuditEvent.objects.none()
        acts = AuditEvent.objects.select_related("actor").order_by("-id").filter(**self._wanted())
        return acts.filter(kind__in=LOOKS) if self.looks else acts

    def _wanted(self) -> dict[str, Any]:
        given = self.cleaned_data
        wanted: dict[str, Any] = {}
        if given["who"]:
            wanted["actor"] = None if given["who"] == "0" else int(given["who"])
        wanted |= {name: given[name] for name in ("kind", "subject_type") if given[name]}
        if given["subject"]:
            wanted["subject_id"] = _meant(given["subject"])
        if given["since"]:
            wanted["created_at__gte"] = _begin(given["since"])
        if given["until"]:
            wanted["created_at__lt"] = _begin(given["until"], days=1)
        if given["before"]:
            wanted["id__lt"] = given["before"]
        return wanted

    def next_page_url(self, last: int) -> str:
        """The address of the page after the one that ends with this event."""
        asked = {name: self.data.get(name, "") for name in self.fields} | {"before": last}
        return urlencode({name: value for name, value in asked.items() if value})


def _people() -> list[tuple[str, str]]:
    staff = User.objects.filter(is_staff=True).order_by("first_name", "username")
    return [(str(user.pk), labels.officer_name(user)) for user in staff]


def _begin(day: date, days: int = 0) -> datetime:
    """The first moment of a day here, or of the day after."""
    here = timezone.make_aware(datetime.combine(day, time()))
    return here + timedelta(days=days)


def _meant(typed: str) -> str:
    """The key of what somebody names: a report by its public number, anything by its key."""
    typed = typed.strip().replace("\0", "")
    report = Report.objects.filter(public_number=typed.upper()).only("pk").first()
    return str(report.pk) if report else typed


def numbers_of(acts: list[AuditEvent]) -> dict[str, str]:
    """The public numbers of the reports that acts are about, by their key. One statement."""
    keys = {act.subject_id for act in acts if act.subject_type == "report"}
    found = Report.objects.filter(pk__in=[key for key in keys if _is_key(key)])
    return {str(pk): number for pk, number in found.values_list("pk", "public_number")}


def _is_key(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


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
    known = (labels.PERSONAL, labels.OUTCOMES, _FACTS, deadlines.KINDS)
    return next((named[value] for named in known if value in named), str(value))


def _may_read(request: HttpRequest) -> bool:
    """Acts of every unit stand in the list, so their reasons are for who sees every unit's reports."""
    return request.user.has_perm("reports.view_report") and visibility.sees_every_report(
        officer(request)
    )


def _chained() -> dict[str, Any]:
    """How far the record is chained, and when that was last checked. Two statements."""
    end: AuditChainLink | None = chain.newest()
    return {"sealed": end, "check": AuditChainCheck.objects.first()}
