"""Breaches of personal data: when one was found, what is due, and what was done."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from desk.pages import validators
from desk.pages.base import format_datetime, officer
from reports.models import DataBreach
from reports.retention import breaches

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[DataBreach]
    _Form = forms.ModelForm[DataBreach]
else:
    _Admin, _Form = admin.ModelAdmin, forms.ModelForm


_SHAPES = ["%H:%M, %d/%m/%Y", "%H:%M %d/%m/%Y", "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M"]


class MomentField(forms.DateTimeField):
    """An hour of a day, as people write it here."""

    def __init__(self, label: str, *, required: bool = False) -> None:
        super().__init__(
            label=label,
            required=required,
            input_formats=_SHAPES,
            help_text="Ví dụ: 14:30, 25/11/2026",
            widget=forms.DateTimeInput(format=_SHAPES[0]),
        )


class BreachForm(_Form):
    """What is known and what was done; nothing that was done is undone."""

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
        said = super().clean() or self.cleaned_data
        for name in breaches.STEPS:
            done, found = said.get(name), said.get("detected_at")
            if getattr(self.instance, name) and not done:
                self.add_error(name, "Việc đã ghi là đã làm thì không bỏ đi được.")
            if done and found and done < found:
                self.add_error(name, "Giờ này trước lúc phát hiện.")
            if done and done > timezone.now():
                self.add_error(name, "Giờ này chưa đến.")
        return said


@admin.register(DataBreach)
class BreachAdmin(_Admin):
    """One row a breach, with both timers."""

    form = BreachForm
    list_display = ("title", "found_at", "first_notice", "authority_notice", "status_text")
    readonly_fields = ("first_notice", "authority_notice")
    actions = None

    def get_readonly_fields(
        self, request: HttpRequest, obj: DataBreach | None = None
    ) -> tuple[str, ...]:
        """When it was found starts the timers, so it stays as it was written."""
        return ("first_notice", "authority_notice", "detected_at") if obj else ()

    def get_fields(self, request: HttpRequest, obj: DataBreach | None = None) -> tuple[str, ...]:
        timers = ("first_notice", "authority_notice") if obj else ()
        return ("title", "detected_at", *timers, "findings", *breaches.STEPS)

    def save_model(self, request: HttpRequest, obj: DataBreach, form: Any, change: bool) -> None:
        breaches.save(obj, by=officer(request), changed=form.changed_data)

    @admin.display(description="phát hiện lúc", ordering="detected_at")
    def found_at(self, breach: DataBreach) -> str:
        return format_datetime(breach.detected_at)

    @admin.display(description="báo lần đầu trước")
    def first_notice(self, breach: DataBreach) -> str:
        return _timer(breach.first_due, breach.first_notice_at)

    @admin.display(description="báo cơ quan bảo vệ dữ liệu trước")
    def authority_notice(self, breach: DataBreach) -> str:
        return _timer(breach.body_due, breach.authority_notified_at)

    @admin.display(description="đến đâu")
    def status_text(self, breach: DataBreach) -> str:
        return f"kết thúc {format_datetime(breach.closed_at)}" if breach.closed_at else "đang xử lý"


def _timer(due: datetime, told: datetime | None) -> str:
    if told:
        late = " (trễ)" if told > due else ""
        return f"{format_datetime(due)}; đã báo lúc {format_datetime(told)}{late}"
    hours = int((due - timezone.now()).total_seconds() // 3600)
    return f"{format_datetime(due)}; " + (
        f"còn {hours} giờ" if hours >= 0 else "đã quá hạn, chưa báo"
    )
