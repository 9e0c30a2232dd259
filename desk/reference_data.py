"""Reference data: communes, offices, exceptions of the calendar, and domain names that look like the portal's own."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin, ReadOnlyAdminMixin
from desk.pages import validators
from desk.pages.actions import ProposingAdminMixin
from desk.pages.lists import NoDeleteAdminMixin
from desk.pages.validators import AnyDayField, DayField
from desk.prepared_texts import validate_public_text
from reports.calendar import deadline_rules
from reports.models import CalendarException, Commune, LookalikeDomain, Office
from reports.public import link_hosts
from reports.reference import confirmed_statements

# Texts that the public page of an office shows.
_WORDS = (
    "name", "name_en", "other_names", "never_by_phone", "never_by_phone_en", "claims", "claims_en",
)  # fmt: skip
_QUOTES = {"other_names", "claims", "claims_en"}  # of callers
_WEEKEND = 5


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
        deadline_rules.add_calendar_day(obj, get_officer(request))

    def delete_model(self, request: HttpRequest, obj: CalendarException) -> None:
        deadline_rules.remove_calendar_day(obj, get_officer(request))


_NAME = re.compile(r"(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}")


class LookAlikeForm(forms.ModelForm[LookalikeDomain]):
    class Meta:
        model = LookalikeDomain
        fields = ("name", "verdict", "note")

    def clean_name(self) -> str:
        """Return the host name in IDNA, without scheme and path."""
        typed = str(self.cleaned_data["name"]).strip().lower()
        name = typed.rpartition("://")[2].split("/")[0].strip(".")
        try:
            plain = name.encode("idna").decode()
        except UnicodeError:
            plain = ""
        if not _NAME.fullmatch(plain):
            raise forms.ValidationError("Ghi tên miền, ví dụ: bao-cong-an.example")
        return plain

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("verdict") == LookalikeDomain.Verdict.FALSE and not values.get("note"):
            self.add_error("note", "Ghi thấy gì, đã báo cho ai, để người sau làm tiếp.")
        return values


@admin.register(LookalikeDomain)
class LookAlikeAdmin(OwnFiltersAdmin[LookalikeDomain]):
    """Lookalike domains; unreviewed ones are in order of likeness."""

    form = LookAlikeForm
    list_display = ("name", "verdict", "note", "reviewed_by", "reviewed_at")
    list_filter = ("verdict",)
    list_select_related = ("reviewed_by",)
    search_fields = ("name",)
    actions = None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = (extra_context or {}) | {"host": link_hosts.portal_hostname()}
        return super().changelist_view(request, context)

    def get_readonly_fields(
        self, request: HttpRequest, obj: LookalikeDomain | None = None
    ) -> tuple[str, ...]:
        return ("name",) if obj else ()

    def save_model(
        self, request: HttpRequest, obj: LookalikeDomain, form: Any, change: bool
    ) -> None:
        link_hosts.record_verdict(obj, get_officer(request))
