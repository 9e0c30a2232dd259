"""Days off and swapped days that officers add to the calendar of the file."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from desk.pages import validators
from desk.pages.base import officer
from desk.pages.validators import AnyDayField
from reports.calendar import days_off
from reports.models import CalendarException

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[CalendarException]
    _Form = forms.ModelForm[CalendarException]
else:
    _Admin, _Form = admin.ModelAdmin, forms.ModelForm

_WEEKEND = 5


class SpecialDayForm(_Form):
    """One day, and the announcement that says so."""

    day = AnyDayField(label="Ngày")

    class Meta:
        model = CalendarException
        fields = ("day", "is_worked", "name", "source")

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        day = said.get("day")
        if day and said.get("is_worked") and day.weekday() < _WEEKEND:
            self.add_error("is_worked", "Ngày này không phải thứ Bảy, Chủ nhật.")
        return said

    def clean_name(self) -> str:
        return validators.validate_plain_text(self.cleaned_data["name"])

    def clean_source(self) -> str:
        return validators.validate_plain_text(self.cleaned_data["source"])


@admin.register(CalendarException)
class SpecialDayAdmin(_Admin):
    """Added and removed, never changed: the record says which day counted when."""

    form = SpecialDayForm
    list_display = ("shown", "is_worked", "name", "source", "added_by")
    list_select_related = ("added_by",)
    actions = None

    def has_change_permission(
        self, request: HttpRequest, obj: CalendarException | None = None
    ) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: CalendarException, form: Any, change: bool
    ) -> None:
        days_off.add(obj, officer(request))

    def delete_model(self, request: HttpRequest, obj: CalendarException) -> None:
        days_off.remove(obj, officer(request))

    @admin.display(description="ngày", ordering="day")
    def shown(self, day: CalendarException) -> str:
        return f"{day.day:%d/%m/%Y}"
