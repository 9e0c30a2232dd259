"""Reference data: communes, offices and published numbers, and exceptions of the calendar."""

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin, ReadOnlyAdminMixin
from core.errors import ActionError
from core.responses import HttpResponseSeeOther
from desk.labels.formatting import link_source
from desk.pages import validators
from desk.pages.actions import ProposingAdminMixin
from desk.pages.http import post_text
from desk.pages.lists import NoDeleteAdminMixin
from desk.pages.validators import AnyDayField, DayField
from desk.prepared_texts import validate_public_text
from reports.calendar import days_off
from reports.extraction import phones
from reports.models import (
    BankHotline,
    CalendarException,
    Commune,
    NumberFinding,
    Office,
    OfficeNumber,
    SubjectKind,
)
from reports.numbers import lookup
from reports.reference import confirmed_statements

# Texts that the public page of an office shows.
_WORDS = (
    "name", "name_en", "other_names", "never_by_phone", "never_by_phone_en", "claims", "claims_en",
)  # fmt: skip
_QUOTES = {"other_names", "claims", "claims_en"}  # of callers
_WEEKEND = 5
TAKEN_DOWN = (
    "Đã gỡ. Các trang công khai bỏ số này trong vòng hai phút. Muốn hiện lại thì cần hai người."
)
_CALLABLE = re.compile(r"[*#+]?[0-9][0-9 .\-]{1,30}[0-9#]")


@admin.register(Commune)
class CommuneAdmin(ReadOnlyAdminMixin, OwnFiltersAdmin[Commune]):
    """The state's list of communes, read-only; setup_desk writes it."""

    list_display = ("name", "code", "districts")
    search_fields = ("sort_key", "name", "code")
    exclude = ("sort_key",)

    @admin.display(description="huyện cũ")
    def districts(self, commune: Commune) -> str:
        return ", ".join(commune.former_districts)


class OfficeForm(forms.ModelForm[Office]):
    """The public page of an office; without `reviewed_on` the claims are unreviewed."""

    reviewed_on = DayField(label="Lời kẻ gian, rà soát ngày", required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name in _WORDS:
            try:
                validate_public_text(str(values.get(name) or ""), is_quote=name in _QUOTES)
            except forms.ValidationError as error:
                self.add_error(name, error)
        return values


@admin.register(Office)
class OfficeAdmin(ProposingAdminMixin, NoDeleteAdminMixin, OwnFiltersAdmin[Office]):
    act = confirmed_statements.OFFICE
    form = OfficeForm
    list_display = ("name", "never_by_phone", "reviewed_on", "position")
    search_fields = ("name", "other_names")


class PublishedNumberAdmin(ProposingAdminMixin, OwnFiltersAdmin[Any]):
    """Numbers that people dial: two publish one, one takes it down at once."""

    change_list_template = "admin/reports/numbers_change_list.html"
    delete_confirmation_template = "admin/reports/take_down.html"

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any) -> HttpResponse:
        return super().delete_view(request, object_id, {"title": "Gỡ khỏi các trang"})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        reason = post_text(request, "reason")
        try:
            confirmed_statements.take_down(self.act, obj.pk, reason, by=get_officer(request))
            messages.success(request, TAKEN_DOWN)
        except ActionError as error:
            messages.error(request, f"Chưa gỡ. {error}")

    def response_delete(self, request: HttpRequest, *args: Any) -> HttpResponse:
        return HttpResponseSeeOther(reverse("admin:reports_officenumber_drafts"))

    @admin.display(description="công bố ở đâu")
    def source_link(self, row: Any) -> str:
        return link_source(row.source)


class OfficeNumberForm(forms.ModelForm[OfficeNumber]):
    """A published number of an office, with source and day of comparison."""

    verified_on = DayField(label="Đối chiếu ngày")

    class Meta:
        model = OfficeNumber
        fields = (
            "office", "unit", "number", "address", "label", "label_en", "source", "verified_on",
        )  # fmt: skip

    def clean_number(self) -> str:
        typed: str = self.cleaned_data["number"]
        key = lookup.lookup_key(phones.parse(typed))
        if not key:
            raise forms.ValidationError("Chưa đọc được một số nào ở đây. Ghi một số, đủ chữ số.")
        if OfficeNumber.objects.filter(key=key).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Số này đã có trong danh sách.")
        if NumberFinding.objects.filter(
            kind=SubjectKind.NUMBER, key=key, withdrawn_at=None
        ).exists():
            raise forms.ValidationError("Số này đang có ghi nhận là kẻ gian dùng. Gỡ trước đã.")
        validators.validate_publishable(self, typed)
        self.instance.key = key
        return typed

    def clean_address(self) -> str:
        return validators.validate_plain_text(self.cleaned_data["address"])

    def clean_source(self) -> str:
        return validators.validate_source(self.cleaned_data["source"])

    def clean(self) -> dict[str, Any]:
        """Return the fields; of a unit's number the unit is its label."""
        values = super().clean() or self.cleaned_data
        if unit := values.get("unit"):
            values["label"] = unit.name
        elif values.get("address"):
            self.add_error("address", "Địa chỉ chỉ ghi cho số của một đơn vị nhận tin.")
        return values


@admin.register(OfficeNumber)
class OfficeNumberAdmin(PublishedNumberAdmin):
    """Published numbers of offices, and of the units that take reports over."""

    act = confirmed_statements.OFFICE_NUMBER
    form = OfficeNumberForm
    list_display = ("number", "office", "label", "source_link", "verified_on")
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
class BankLineAdmin(PublishedNumberAdmin):
    """The banks' hotlines for the first half hour after a transfer."""

    act = confirmed_statements.BANK_HOTLINE
    form = BankLineForm
    list_display = ("name", "number", "source_link", "verified_on")
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "number", "source", "verified_on"),
                "description": "Đối chiếu với thẻ hoặc trang chính thức của ngân hàng, đừng lấy từ"
                " kết quả tìm kiếm. Một người khác xác nhận thì các trang công khai mới đổi.",
            },
        ),
    )


class SpecialDayForm(forms.ModelForm[CalendarException]):
    day = AnyDayField(label="Ngày")

    class Meta:
        model = CalendarException
        fields = ("day", "is_worked", "name", "source")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        day = values.get("day")
        if day and values.get("is_worked") and day.weekday() < _WEEKEND:
            self.add_error("is_worked", "Ngày này không phải thứ Bảy, Chủ nhật.")
        return values

    def clean_name(self) -> str:
        return validators.validate_plain_text(self.cleaned_data["name"])

    def clean_source(self) -> str:
        return validators.validate_plain_text(self.cleaned_data["source"])


@admin.register(CalendarException)
class SpecialDayAdmin(OwnFiltersAdmin[CalendarException]):
    """Exceptions are added and removed, never changed, so that the audit log stays true."""

    form = SpecialDayForm
    list_display = ("day", "is_worked", "name", "source", "added_by")
    list_select_related = ("added_by",)
    actions = None

    def has_change_permission(
        self, request: HttpRequest, obj: CalendarException | None = None
    ) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: CalendarException, form: Any, change: bool
    ) -> None:
        days_off.add(obj, get_officer(request))

    def delete_model(self, request: HttpRequest, obj: CalendarException) -> None:
        days_off.remove(obj, get_officer(request))
