"""The units that reports go to, and who works there; officers keep both tables."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from core.audit import events
from core.text import normalize
from desk.labels import codes as labels
from desk.pages import validators
from desk.pages.base import officer
from reports.cases import replies
from reports.models import Unit, UnitMember
from reports.reference import units

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Unit]
    _Inline = admin.StackedInline[UnitMember, Unit]
    _Form = forms.ModelForm[Unit]
    _UserChoice = forms.ModelChoiceField[User]
    _FormSet = BaseInlineFormSet[UnitMember, Unit, forms.ModelForm[UnitMember]]
else:
    _Admin, _Inline, _Form = admin.ModelAdmin, admin.StackedInline, forms.ModelForm
    _UserChoice, _FormSet = forms.ModelChoiceField, BaseInlineFormSet

OWN = "Không ai tự đổi đơn vị của chính mình: nhờ một chỉ huy khác."
_KEPT = ("name", "contact", "is_active")


class UnitForm(_Form):
    """A name that residents may read and by which officers find the unit."""

    class Meta:
        model = Unit
        fields = ("name", "codename", "kind", "commune", "contact", "is_active")

    def clean_name(self) -> str:
        name = validators.validate_plain_text(" ".join(self.cleaned_data["name"].split()))
        if not normalize(name).strip() or not replies.is_unit(name):
            raise forms.ValidationError(
                "Người báo đọc nguyên văn tên này. Chỉ ghi tên, không ghi số điện thoại, đường link."
            )
        if (
            Unit.objects.filter(name_normalized=normalize(name))
            .exclude(pk=self.instance.pk)
            .exists()
        ):
            raise forms.ValidationError("Đã có đơn vị tên như vậy.")
        return name

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        is_police = said.get("kind", self.instance.kind) == Unit.Kind.COMMUNE
        commune = said.get("commune", self.instance.commune)
        if not self.errors and is_police != bool(commune):
            self.add_error(
                None, "Công an xã, phường thì chọn xã, phường; đơn vị khác thì để trống."
            )
        return said


class _Officer(_UserChoice):
    def label_from_instance(self, obj: Any) -> str:
        return labels.officer_name(obj)


class MembersFormSet(_FormSet):
    """Nobody decides where they work themselves: it is what says which reports they see."""

    by: User

    def clean(self) -> None:
        super().clean()
        touched = (form for form in self.forms if form.has_changed() or form in self.deleted_forms)
        for form in touched:
            named = {form.instance.user_id, getattr(form.cleaned_data.get("user"), "pk", None)}
            named.add(form.initial.get("user"))
            if self.by.pk in named:
                raise forms.ValidationError(OWN)


class Members(_Inline):
    """Who works at the unit: a row for each; nobody works at two."""

    formset = MembersFormSet
    model = UnitMember
    extra = 1
    verbose_name_plural = "cán bộ của đơn vị (chỉ xem tin của đơn vị này)"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        made = super().get_formset(request, obj, **kwargs)
        made.by = officer(request)  # type: ignore[attr-defined]
        return made

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        staff = User.objects.filter(is_staff=True, is_active=True).order_by("username")
        return _Officer(staff, label="Cán bộ") if db_field.name == "user" else None


@admin.register(Unit)
class UnitAdmin(_Admin):
    """Units by name; one that takes nothing any more is switched off and stays on record."""

    form = UnitForm
    inlines = (Members,)
    list_display = ("name", "kind", "contact", "is_active")
    list_filter = ("kind", "is_active")
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("name_normalized",)
    search_help_text = "Tên đơn vị, không cần dấu."
    list_per_page = 50

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, normalize(search_term))

    def get_readonly_fields(self, request: HttpRequest, obj: Unit | None = None) -> Any:
        return ("codename", "kind", "commune") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Unit | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Unit, form: Any, change: bool) -> None:
        obj.name_normalized = normalize(obj.name)
        super().save_model(request, obj, form, change)
        now = {name: getattr(obj, name) for name in _KEPT}
        units.clear_cache()
        events.log_event("unit", obj.pk, "unit_saved", by=officer(request), **now)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Write who joined and who left, each on record by the officer's key."""
        super().save_formset(request, form, formset, change)
        by, unit = officer(request), form.instance.pk
        for row in (*formset.new_objects, *(row for row, _ in formset.changed_objects)):
            events.log_event("unit", unit, "member_joined", by=by, officer=row.user_id)
        for row in formset.deleted_objects:
            events.log_event("unit", unit, "member_left", by=by, officer=row.user_id)
