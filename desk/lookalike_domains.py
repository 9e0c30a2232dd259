"""Domain names that look like the portal's own, for officers to judge."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from reports.models import LookalikeDomain
from reports.public import lookalike_domains

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
        context = (extra_context or {}) | {"host": lookalike_domains.portal_hostname()}
        return super().changelist_view(request, context)

    def get_readonly_fields(
        self, request: HttpRequest, obj: LookalikeDomain | None = None
    ) -> tuple[str, ...]:
        return ("name",) if obj else ()

    def save_model(
        self, request: HttpRequest, obj: LookalikeDomain, form: Any, change: bool
    ) -> None:
        lookalike_domains.record_verdict(obj, get_officer(request))
