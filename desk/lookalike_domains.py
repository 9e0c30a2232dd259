"""Names that look like the portal's own: officers go through them and say what each is."""

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Count, Q, Subquery, Value
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse

from desk.pages.base import officer
from reports.models import LookalikeDomain
from reports.public import lookalike_domains

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[LookalikeDomain]
    _Form = forms.ModelForm[LookalikeDomain]
else:
    _Admin, _Form = admin.ModelAdmin, forms.ModelForm

SEE = "reports.view_lookalikedomain"
_NAME = re.compile(r"(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}")


class LookAlikeForm(_Form):
    """A name as it stands in an address, and what it is."""

    class Meta:
        model = LookalikeDomain
        fields = ("name", "verdict", "note")

    def clean_name(self) -> str:
        """Without scheme and path; a name in letters of other alphabets as the browser sends it."""
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
        said = super().clean() or self.cleaned_data
        if said.get("verdict") == LookalikeDomain.Verdict.FALSE and not said.get("note"):
            self.add_error("note", "Ghi thấy gì, đã báo cho ai, để người sau làm tiếp.")
        return said


@admin.register(LookalikeDomain)
class LookAlikeAdmin(_Admin):
    """The list: what nobody has looked at comes as it was made, the closest first."""

    form = LookAlikeForm
    list_display = ("name", "verdict", "note", "reviewed_by", "reviewed_at")
    list_filter = ("verdict",)
    list_select_related = ("reviewed_by",)
    search_fields = ("name",)
    actions = None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = (extra_context or {}) | {"host": lookalike_domains.portal_hostname()}
        return super().changelist_view(request, shown)

    def get_readonly_fields(
        self, request: HttpRequest, obj: LookalikeDomain | None = None
    ) -> tuple[str, ...]:
        return ("name",) if obj else ()

    def save_model(
        self, request: HttpRequest, obj: LookalikeDomain, form: Any, change: bool
    ) -> None:
        lookalike_domains.record_verdict(obj, officer(request))


def lookalike_counts_column(user: User) -> dict[str, Any]:
    """How many names nobody has looked at, how many are false; nothing for who may not see them. As a
    column of the statement of the start page.
    """
    if not user.has_perm(SEE):
        return {}
    verdicts = LookalikeDomain.Verdict
    counts = {
        "unseen": Count("pk", filter=Q(verdict=verdicts.UNSEEN)),
        "false": Count("pk", filter=Q(verdict=verdicts.FALSE)),
    }
    rows = LookalikeDomain.objects.order_by().annotate(all=Value(1)).values("all")
    return {"names": Subquery(rows.annotate(told=JSONObject(**counts)).values("told"))}
