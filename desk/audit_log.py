"""The audit log; reasons are shown only to officers who see every unit's reports."""

from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.roles import ROLES
from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from core.audit import chain
from core.form_data import parse_uuid
from core.models import PERSONAL_DATA_VIEWS, AuditChainCheck, AuditEvent
from core.text import lower_initial
from desk.labels import codes, deadlines, highlighting
from desk.labels.decisions import ACTION_LABELS
from desk.labels.events import EVENTS, PERSONAL, SUBJECTS, VERBS, subject_label
from desk.labels.formatting import officer_name
from desk.pages.http import can_see_every_report, render
from desk.pages.lists import NoDetailAdminMixin
from desk.pages.validators import AnyDayField
from reports.calendar.deadline_rules import start_of_day
from reports.models import Campaign, Case, Correction, Report

PAGE = 100
SEE_VIEWS_PERMISSION = "core.view_look"
_FACTS: dict[Any, Any] = dict(Correction.Fact.choices)
# Details that never hold a person's words.
_CODES = (
    "before", "after", "contact", "outcome", "field", "verb", "role", "identifier", "agency", "format", "fact", "filter",
    "deadline",
)  # fmt: skip
_FIGURES = {"number": "tệp số {}", "rows": "{} dòng", "files": "{} tệp"}


class DayFilterField(AnyDayField):
    def __init__(self, label: str) -> None:
        super().__init__(label=label, required=False)
        self.widget.attrs |= {"placeholder": "25/11/2026", "inputmode": "numeric"}

    def to_python(self, value: Any) -> date | None:
        """Return the day; refuse MAXYEAR, whose last day has no successor."""
        day = super().to_python(value)
        if day and not 1970 <= day.year < MAXYEAR:
            raise forms.ValidationError(self.error_messages["invalid"])
        return day


class EventFilterForm(forms.Form):
    """The filter above the list; an invalid value finds nothing."""

    who = forms.ChoiceField(label="Ai", required=False)
    kind = forms.ChoiceField(label="Việc", required=False)
    subject_type = forms.ChoiceField(label="Về", required=False)
    subject = forms.CharField(label="Mã tin, hoặc mã đầy đủ", max_length=64, required=False)
    since = DayFilterField("Từ ngày")
    until = DayFilterField("Đến hết ngày")
    before = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, views_only: bool = False) -> None:
        super().__init__(data, label_suffix="", auto_id="record_%s")
        self.views_only = views_only
        self.fields["who"].choices = [("", "Mọi người"), ("0", "Máy"), *_people()]  # type: ignore[attr-defined]
        kinds = (
            {kind: EVENTS.get(kind, kind) for kind in PERSONAL_DATA_VIEWS} if views_only else EVENTS
        )
        self.fields["kind"].choices = [("", "Mọi việc"), *kinds.items()]  # type: ignore[attr-defined]
        self.fields["subject_type"].choices = [("", "Mọi thứ"), *SUBJECTS.items()]  # type: ignore[attr-defined]

    def questions(self) -> list[forms.BoundField]:
        return [field for field in self if field.name != "before"]

    def matching_events(self) -> QuerySet[AuditEvent]:
        """Return the matching events, newest first."""
        if not self.is_valid():
            return AuditEvent.objects.none()
        acts = AuditEvent.objects.select_related("actor").order_by("-id")
        acts = acts.filter(**self._build_lookups())
        return acts.filter(kind__in=PERSONAL_DATA_VIEWS) if self.views_only else acts

    def _build_lookups(self) -> dict[str, Any]:
        values = {name: value for name, value in self.cleaned_data.items() if value}
        lookups: dict[str, Any] = {
            name: values[name] for name in ("kind", "subject_type") if name in values
        }
        if who := values.get("who"):
            lookups["actor"] = None if who == "0" else int(who)
        if subject := values.get("subject"):
            lookups["subject_id"] = _subject_key(subject)
        if since := values.get("since"):
            lookups["created_at__gte"] = start_of_day(since)
        if until := values.get("until"):
            lookups["created_at__lt"] = start_of_day(until + timedelta(days=1))
        if before := values.get("before"):
            lookups["id__lt"] = before
        return lookups

    def next_page_url(self, last: int) -> str:
        """Return the query string of the page after the event with this key."""
        query = {name: self.data.get(name, "") for name in self.fields} | {"before": last}
        return urlencode({name: value for name, value in query.items() if value})


def _people() -> list[tuple[str, str]]:
    staff = User.objects.filter(is_staff=True).order_by("first_name", "username")
    return [(str(user.pk), officer_name(user)) for user in staff]


def _subject_key(typed: str) -> str:
    """Return the key of a subject typed as a report's public number or as a key."""
    typed = typed.strip().replace("\0", "")
    report = Report.objects.filter(public_number=typed.upper()).only("pk").first()
    return str(report.pk) if report else typed


def numbers_of(acts: list[AuditEvent]) -> dict[str, str]:
    """Return the public numbers of the events' reports, and the codes of their campaigns, by key."""
    numbers: dict[str, str] = {}
    for kind, model, column in (
        ("report", Report, "public_number"),
        ("campaign", Campaign, "code"),
    ):
        typed = [parse_uuid(act.subject_id) for act in acts if act.subject_type == kind]
        keys = [key for key in typed if key]
        rows = model._default_manager.filter(pk__in=keys).values_list("pk", column)  # noqa: SLF001
        numbers |= {str(pk): number for pk, number in rows} if keys else {}
    return numbers


@dataclass(frozen=True)
class EventRow:
    """One event of the list; `report` is its key where the reader may open it."""

    when: str
    who: str
    act: str
    about: str
    key: str
    report: str
    codes: str
    reason: str


@admin.register(AuditEvent)
class EventAdmin(NoDetailAdminMixin, OwnFiltersAdmin[AuditEvent]):
    """Read-only lists: who did what when, and who saw whose personal data."""

    def get_urls(self) -> list[URLPattern]:
        views: URLPattern = path(
            "looks/",
            self.admin_site.admin_view(require_safe(self.access_log_view)),
            name="core_auditevent_looks",
        )
        return [views, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._list(request, EventFilterForm(request.GET), "Nhật ký xử lý")

    def access_log_view(self, request: HttpRequest) -> HttpResponse:
        get_officer(request, SEE_VIEWS_PERMISSION)
        return self._list(request, EventFilterForm(request.GET, views_only=True), "Ai đã xem gì")

    def _list(self, request: HttpRequest, form: EventFilterForm, title: str) -> HttpResponse:
        acts = list(form.matching_events()[: PAGE + 1])
        return render(
            request,
            "admin/core/auditevent/change_list.html",
            title,
            AuditEvent,
            form=form,
            lines=event_rows(acts[:PAGE], may_read=can_see_every_report(request)),
            older=form.next_page_url(acts[PAGE - 1].pk) if len(acts) > PAGE else "",
            may_see_views=request.user.has_perm(SEE_VIEWS_PERMISSION),
            sealed=chain.newest_link(),
            check=AuditChainCheck.objects.first(),
        )


def event_rows(acts: list[AuditEvent], *, may_read: bool) -> list[EventRow]:
    """Return the rows, with reasons (which may name people) if `may_read`, in one statement."""
    numbers = numbers_of(acts)
    return [_event_row(act, numbers.get(act.subject_id, ""), may_read=may_read) for act in acts]


def _event_row(act: AuditEvent, number: str, *, may_read: bool) -> EventRow:
    is_page = act.subject_type == "page"
    about = subject_label(act.subject_id if is_page else act.subject_type)
    reason = act.detail.get("reason", "")
    return EventRow(
        f"{timezone.localtime(act.created_at):%H:%M:%S, %d/%m/%Y}",
        officer_name(act.actor) if act.actor else "Máy",
        EVENTS.get(act.kind, act.kind),
        f"{about} {number}" if number else about,
        "" if number or is_page else act.subject_id,
        act.subject_id if number and may_read and act.subject_type == "report" else "",
        detail_codes(act.detail),
        (highlighting.plain_line(str(reason)) if may_read else "có ghi lý do") if reason else "",
    )


def detail_codes(detail: dict[str, Any]) -> str:
    """Return an event's codes and figures in words, without a person's words."""
    parts = [_code(name, detail[name]) for name in _CODES if detail.get(name)]
    # `number` may also be a published phone number, which is a string.
    parts += [
        text.format(detail[name])
        for name, text in _FIGURES.items()
        if isinstance(detail.get(name), int)
    ]
    if detail.get("personal"):
        parts.append("có dữ liệu cá nhân")
    return "; ".join(parts)


def _code(name: str, value: Any) -> str:
    if name in {"before", "after"}:
        status = dict(Case.Status.choices).get(value, value)
        return f"{'từ' if name == 'before' else 'thành'} {status}"
    if name == "verb":
        known = ACTION_LABELS.get(value)
        return lower_initial(known.title) if known else VERBS.get(value, str(value))
    if name == "role" and value in ROLES:
        return ROLES[value].name
    tables = (PERSONAL, codes.OUTCOMES, _FACTS, deadlines.KINDS)
    return next((table[value] for table in tables if value in table), str(value))
