"""Published numbers of offices and banks: one officer proposes a change, another decides."""

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.sessions import get_officer
from core.errors import ActionError
from core.responses import HttpResponseSeeOther
from desk.labels.formatting import format_datetime
from desk.pages import validators
from desk.pages.actions import ReadOnlyActionsMixin, RowAction, action_history, four_eyes_buttons
from desk.pages.validators import DayField
from reports.extraction import phones
from reports.models import BankHotline, NumberFinding, OfficeNumber, PublishedNumberChange
from reports.numbers import lookup, published_numbers

PROPOSED = "Đã đề nghị. Số cũ giữ nguyên cho đến khi một người khác xác nhận."
_CALLABLE = re.compile(r"[*#+]?[0-9][0-9 .\-]{1,30}[0-9#]")
_NAMES = {
    "name": "Ngân hàng", "office_id": "Cơ quan", "number": "Số", "label": "Bộ phận",
    "label_en": "Bộ phận, tiếng Anh", "source": "Công bố ở đâu", "verified_on": "Đối chiếu ngày",
}  # fmt: skip


class FourEyesAdminMixin:
    """Pages whose save button only proposes a change, with its own audit event."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self._propose(request, obj, published_numbers.propose)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._propose(request, obj, published_numbers.propose_removal)

    def _propose(self, request: HttpRequest, obj: Any, propose: Any) -> None:
        try:
            propose(obj, get_officer(request))
            messages.success(request, PROPOSED)
        except ActionError as error:
            messages.error(request, f"Chưa đề nghị. {error}")

    def save_related(self, *args: Any) -> Any: ...

    log_addition = log_change = log_deletions = save_related

    def response_add(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseSeeOther(reverse("admin:reports_publishednumberchange_changelist"))

    response_change = response_delete = response_add


class ConfirmChange(RowAction):
    """Publish the number that a colleague proposed."""

    done = "Đã xác nhận. Các trang công khai đổi theo trong vòng hai phút."

    def run(self) -> None:
        published_numbers.confirm(self.row.pk, by=self.officer)


class RefuseChange(RowAction):
    """Refuse the proposed change."""

    done = "Đã giữ nguyên số cũ."

    def run(self) -> None:
        published_numbers.refuse(self.row.pk, self.reason, by=self.officer)


@admin.register(PublishedNumberChange)
class PublishedNumberChangeAdmin(ReadOnlyActionsMixin, admin.ModelAdmin[PublishedNumberChange]):
    """Proposed changes and their outcomes."""

    change_form_template = "admin/reports/publishednumberchange/change_form.html"
    list_display = ("__str__", "table", "status_column", "proposed_by", "decided_by")
    list_select_related = ("proposed_by", "decided_by")
    list_filter = ("outcome",)
    show_facets = admin.ShowFacets.NEVER
    fields = readonly_fields = (
        "table", "act", "old_value", "new_value", "status_column", "proposed_by", "decided_by",
    )  # fmt: skip
    row_actions = {"confirm": ConfirmChange, "refuse": RefuseChange}

    def sidebar(self, request: HttpRequest, row: PublishedNumberChange) -> dict[str, Any]:
        waits = not row.outcome
        may = four_eyes_buttons(row, get_officer(request), published_numbers.CONFIRM, waits=waits)
        return {
            **may,
            "may_refuse": waits and may["may_end"],
            "record": action_history("published", row.pk),
            "title": str(row),
        }

    @admin.display(description="trạng thái")
    def status_column(self, row: PublishedNumberChange) -> str:
        if row.decided_at:
            return f"{row.get_outcome_display()} {format_datetime(row.decided_at)}"
        return "Chờ người khác xác nhận"

    @admin.display(description="đang là")
    def old_value(self, row: PublishedNumberChange) -> str:
        return _list_values(row.old_values) or "Chưa có"

    @admin.display(description="đổi thành")
    def new_value(self, row: PublishedNumberChange) -> str:
        return _list_values(row.new_values) or "Bỏ khỏi danh sách"


def _list_values(values: dict[str, str]) -> str:
    return "; ".join(
        f"{_NAMES[name]}: {text}" for name, text in values.items() if text and name in _NAMES
    )


class OfficeNumberForm(forms.ModelForm[OfficeNumber]):
    """A published number of an office, with source and day of comparison."""

    verified_on = DayField(label="Đối chiếu ngày")

    class Meta:
        model = OfficeNumber
        fields = ("office", "number", "label", "label_en", "source", "verified_on")

    def clean_number(self) -> str:
        typed: str = self.cleaned_data["number"]
        key = lookup.lookup_key(phones.parse(typed))
        if not key:
            raise forms.ValidationError("Chưa đọc được một số nào ở đây. Ghi một số, đủ chữ số.")
        if OfficeNumber.objects.filter(key=key).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Số này đã có trong danh sách.")
        if NumberFinding.objects.filter(key=key, withdrawn_at=None).exists():
            raise forms.ValidationError("Số này đang có ghi nhận là kẻ gian dùng. Gỡ trước đã.")
        validators.validate_publishable(self, typed)
        self.instance.key = key
        return typed

    def clean_source(self) -> str:
        return validators.validate_source(self.cleaned_data["source"])


@admin.register(OfficeNumber)
class OfficeNumberAdmin(FourEyesAdminMixin, admin.ModelAdmin[OfficeNumber]):
    """Published numbers of offices."""

    form = OfficeNumberForm
    list_display = ("number", "office", "label", "source", "verified_on")
    list_select_related = ("office",)
    search_fields = ("number", "office__name")


class BankLineForm(forms.ModelForm[BankHotline]):
    """A dialable number of a bank, with source and day of comparison."""

    verified_on = DayField(label="Đối chiếu ngày")

    def clean_number(self) -> str:
        typed = " ".join(self.cleaned_data["number"].split())
        if not _CALLABLE.fullmatch(typed):
            raise forms.ValidationError("Ghi một số gọi được, chỉ chữ số và dấu cách.")
        return validators.validate_publishable(self, typed)

    def clean_source(self) -> str:
        return validators.validate_source(self.cleaned_data["source"])


@admin.register(BankHotline)
class BankLineAdmin(FourEyesAdminMixin, admin.ModelAdmin[BankHotline]):
    """The banks' hotlines for the first half hour after a transfer."""

    form = BankLineForm
    list_display = ("name", "number", "source", "verified_on")
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "number", "source", "verified_on"),
                "description": "Đối chiếu với thẻ hoặc trang chính thức của ngân hàng, đừng lấy từ"
                " kết quả tìm kiếm. Các trang công khai đổi theo trong vòng hai phút.",
            },
        ),
    )
