"""Shared checks and fields of forms: days, texts and numbers for public pages."""

import re
from typing import Any

from django import forms
from django.utils import timezone

from reports.extraction.bank_accounts_and_links import find_links
from reports.numbers import findings

MIN_SOURCE_CHARS = 10
_TAG = re.compile(r"<\s*/?\s*[a-zA-Z!]|&#?\w+;")


def validate_source(typed: str) -> str:
    """Return the source of a number. Raises ValidationError where it is too short."""
    if len(typed.strip()) < MIN_SOURCE_CHARS:
        raise forms.ValidationError(
            "Ghi rõ hơn để người khác tìm lại được, ví dụ: mặt sau thẻ ngân hàng."
        )
    return typed


def validate_publishable(form: "forms.ModelForm[Any]", typed: str) -> str:
    """Return the number. Raises ValidationError for a new one that must not be published."""
    is_new = form.instance.pk is None or "number" in form.changed_data
    if is_new and (why := findings.publication_blocker(typed)):
        raise forms.ValidationError(why)
    return typed


def validate_plain_text(typed: str) -> str:
    """Return the text. Raises ValidationError for tags and links, since pages show it verbatim."""
    if _TAG.search(typed):
        raise forms.ValidationError("Chỉ ghi chữ thường: bỏ thẻ HTML và các dấu < > &…; đi.")
    if find_links(typed):
        raise forms.ValidationError("Bỏ đường link đi: câu này hiện nguyên văn trên trang.")
    return typed


class AnyDayField(forms.DateField):
    """A day in Vietnamese notation, 24/11/2026; Django would read the month first."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format="%d/%m/%Y")
        formats = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d")
        errors = {"invalid": "Chưa đọc được ngày. Ghi như 24/11/2026."}
        super().__init__(widget=widget, input_formats=formats, error_messages=errors, **kwargs)


class DayField(AnyDayField):
    """A day that is not in the future."""

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day and day > timezone.localdate():
            raise forms.ValidationError("Ngày này chưa đến. Ghi ngày đã đối chiếu.")
        return day
