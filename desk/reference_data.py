"""Places and offices: what reports refer to."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest

from core.audit import events
from core.readonly_admin import ReadOnlyAdminMixin
from desk.pages import validators
from desk.pages.validators import DayField
from reports.models import Commune, Office

if TYPE_CHECKING:
    _CommuneAdmin = admin.ModelAdmin[Commune]
    _OfficeAdmin = admin.ModelAdmin[Office]
    _OfficeForm = forms.ModelForm[Office]
else:
    _CommuneAdmin = _OfficeAdmin = admin.ModelAdmin
    _OfficeForm = forms.ModelForm

# What its public page shows word for word.
_WORDS = (
    "name",
    "name_en",
    "other_names",
    "never_by_phone",
    "never_by_phone_en",
    "claims",
    "claims_en",
)


@admin.register(Commune)
class CommuneAdmin(ReadOnlyAdminMixin, _CommuneAdmin):
    """The state's own list; setup_desk writes it, nobody edits it."""

    list_display = ("name", "code", "districts")
    search_fields = ("sort_key", "name", "code")
    exclude = ("sort_key",)

    @admin.display(description="huyện cũ")
    def districts(self, commune: Commune) -> str:
        return ", ".join(commune.former_districts)


class OfficeForm(_OfficeForm):
    """The words of its public page. Without a day of review nobody has looked at the claims yet."""

    reviewed_on = DayField(label="Lời kẻ gian, rà soát ngày", required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        for name in _WORDS:
            try:
                validators.validate_plain_text(str(said.get(name) or ""))
            except forms.ValidationError as error:
                self.add_error(name, error)
        return said


@admin.register(Office)
class OfficeAdmin(_OfficeAdmin):
    """Whom callers claim to be; the officers keep it. What was once named stays."""

    form = OfficeForm
    list_display = ("name", "never_by_phone", "reviewed", "position")
    search_fields = ("name", "other_names")

    def save_model(self, request: HttpRequest, obj: Office, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        was = {
            name: str(form.initial.get(name, "")) for name in _WORDS if name in form.changed_data
        }
        now = {name: str(getattr(obj, name)) for name in was}
        by = request.user if isinstance(request.user, User) else None
        events.log_event("office", obj.pk, "office_saved", by=by, was=was, now=now)

    @admin.display(description="rà soát ngày", ordering="reviewed_on")
    def reviewed(self, office: Office) -> str:
        return f"{office.reviewed_on:%d/%m/%Y}" if office.reviewed_on else "–"

    def has_delete_permission(self, request: HttpRequest, obj: Office | None = None) -> bool:
        return False
