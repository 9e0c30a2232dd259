"""Pages of data breaches with their two timers, and of the nightly purge."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from core.province import province
from desk.labels.formatting import format_count, format_datetime
from desk.pages import validators
from desk.pages.lists import NoDetailAdminMixin
from reports.cases import visibility
from reports.models import Case, DataBreach, ErasureRequest, PurgeRun
from reports.retention import breaches
from reports.retention.policy import BY_NAME, KINDS, RetentionPolicy

_SHAPES = ["%H:%M, %d/%m/%Y", "%H:%M %d/%m/%Y", "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M"]
_MAX_REQUESTS = 50


class MomentField(forms.DateTimeField):
    def __init__(self, label: str, *, required: bool = False) -> None:
        super().__init__(
            label=label,
            required=required,
            input_formats=_SHAPES,
            help_text="Ví dụ: 14:30, 25/11/2026",
            widget=forms.DateTimeInput(format=_SHAPES[0]),
        )


class BreachForm(forms.ModelForm[DataBreach]):
    """Findings and steps of a breach; a recorded step cannot be removed."""

    detected_at = MomentField("Phát hiện lúc", required=True)
    first_notice_at = MomentField("Báo lần đầu lúc")
    authority_notified_at = MomentField("Báo cơ quan bảo vệ dữ liệu lúc")
    subjects_notified_at = MomentField("Báo người bị ảnh hưởng lúc")
    closed_at = MomentField("Kết thúc lúc")

    class Meta:
        model = DataBreach
        fields = ("title", "detected_at", "findings", *breaches.STEPS)
        widgets = {"title": forms.TextInput({"class": "vLargeTextField"})}

    def clean_title(self) -> str:
        return validators.validate_plain_text(self.cleaned_data["title"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name in breaches.STEPS:
            done, detected = values.get(name), values.get("detected_at")
            if getattr(self.instance, name) and not done:
                self.add_error(name, "Việc đã ghi là đã làm thì không bỏ đi được.")
            if done and detected and done < detected:
                self.add_error(name, "Giờ này trước lúc phát hiện.")
            if done and done > timezone.now():
                self.add_error(name, "Giờ này chưa đến.")
        return values


@admin.register(DataBreach)
class BreachAdmin(OwnFiltersAdmin[DataBreach]):
    form = BreachForm
    list_display = ("title", "detected_at", "first_notice", "authority_notice", "status_text")
    readonly_fields = ("first_notice", "authority_notice")
    actions = None

    def get_readonly_fields(
        self, request: HttpRequest, obj: DataBreach | None = None
    ) -> tuple[str, ...]:
        """Return the locked fields; `detected_at` starts the timers."""
        return ("first_notice", "authority_notice", "detected_at") if obj else ()

    def get_fields(self, request: HttpRequest, obj: DataBreach | None = None) -> tuple[str, ...]:
        timers = ("first_notice", "authority_notice") if obj else ()
        return ("title", "detected_at", *timers, "findings", *breaches.STEPS)

    def save_model(self, request: HttpRequest, obj: DataBreach, form: Any, change: bool) -> None:
        breaches.save(obj, by=get_officer(request), changed=form.changed_data)

    @admin.display(description="báo lần đầu trước")
    def first_notice(self, breach: DataBreach) -> str:
        return _timer(breach.first_due, breach.first_notice_at)

    @admin.display(description="báo cơ quan bảo vệ dữ liệu trước")
    def authority_notice(self, breach: DataBreach) -> str:
        return _timer(breach.body_due, breach.authority_notified_at)

    @admin.display(description="đến đâu")
    def status_text(self, breach: DataBreach) -> str:
        if breach.closed_at is None:
            return "đang xử lý"
        return f"kết thúc {format_datetime(breach.closed_at)}"


def _timer(due: datetime, notified_at: datetime | None) -> str:
    hours = int((due - timezone.now()).total_seconds() // 3600)
    if notified_at:
        late = " (trễ)" if notified_at > due else ""
        status = f"đã báo lúc {format_datetime(notified_at)}{late}"
    else:
        status = f"còn {hours} giờ" if hours >= 0 else "đã quá hạn, chưa báo"
    return f"{format_datetime(due)}; {status}"


@admin.register(PurgeRun)
class PurgeRunAdmin(NoDetailAdminMixin, OwnFiltersAdmin[PurgeRun]):
    """The nightly purges, read-only, with the open erasure requests."""

    list_display = ("started_at", "finished_at", "erased_counts", "retained_counts")
    empty_value_display = "đang làm"  # until `finished_at`

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "title": "Xóa dữ liệu hết hạn",
            "rules": [(kind.label, _length(kind)) for kind in KINDS],
            "unseconded": format_count(Case.objects.unseconded().count()),
            "erasure_requests": _waiting(get_officer(request)),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description="đã xóa")
    def erased_counts(self, run: PurgeRun) -> str:
        counts = [
            f"{format_count(count)} {BY_NAME[name].label}"
            for name, count in run.counts.items()
            if count and name in BY_NAME
        ]
        return "; ".join(counts) or "không có gì hết hạn"


def _waiting(viewer: User) -> list[ErasureRequest]:
    """Return the open erasure requests of reports that the viewer may see, oldest first."""
    if not viewer.has_perm("reports.view_report"):
        return []
    since = Coalesce("reopened_at", "requested_at")
    requests = ErasureRequest.objects.open().order_by(since).select_related("report__case")
    return [
        each for each in requests[:_MAX_REQUESTS] if visibility.can_see(viewer, each.report.case)
    ]


def _length(kind: RetentionPolicy) -> str:
    if not kind.period:
        return f"giữ đến khi {province.office} quyết định"
    return f"{kind.period} {'tháng' if kind.is_in_months else 'ngày'}"
