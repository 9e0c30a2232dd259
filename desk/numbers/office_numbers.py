"""The numbers that institutions have published, at the desk."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin

from desk.numbers.change_requests import FourEyesAdminMixin
from desk.pages import validators
from desk.pages.validators import DayField
from reports.extraction import phones
from reports.models import NumberFinding, OfficeNumber
from reports.numbers import lookup

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[OfficeNumber]
    _Form = forms.ModelForm[OfficeNumber]
else:
    _Admin, _Form = admin.ModelAdmin, forms.ModelForm


class OfficeNumberForm(_Form):
    """One whole number, and where and when it was compared."""

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
class OfficeNumberAdmin(FourEyesAdminMixin, _Admin):
    """The numbers that institutions have published; a change takes a second officer."""

    form = OfficeNumberForm
    list_display = ("number", "office", "label", "source", "checked")
    list_select_related = ("office",)
    search_fields = ("number", "office__name")

    @admin.display(description="đối chiếu ngày", ordering="verified_on")
    def checked(self, number: OfficeNumber) -> str:
        return f"{number.verified_on:%d/%m/%Y}"
