"""The canned replies at the desk: what officers may write ready, and nothing that breaks a promise."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest

from core.audit import events
from desk.labels import codes as labels
from desk.pages import validators
from desk.pages.base import officer
from desk.reports.decision_forms import NOT_TOLD
from reports.cases import replies
from reports.extraction.language.cue_matcher import scenario_codes
from reports.models import CannedReply

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[CannedReply]
    _Form = forms.ModelForm[CannedReply]
else:
    _Admin, _Form = admin.ModelAdmin, forms.ModelForm

_TEXT = {"rows": 4, "cols": 80}
_BLANKS = "; ".join(f"{{{name}}}: {told}" for name, told in replies.BLANKS.items())
_ON_RECORD = ("text", "text_en", "use", "is_active")


def kinds() -> list[tuple[str, str]]:
    """The kinds of scam that a reply may be kept for."""
    return [(code, labels.code_label(code)) for code in scenario_codes()]


class ReplyForm(_Form):
    """Both languages; every blank one that the desk can fill."""

    scenarios = forms.MultipleChoiceField(
        label="Chỉ cho kiểu lừa",
        help_text="Không chọn gì: dùng cho mọi tin.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = CannedReply
        fields = ("title", "text", "text_en", "use", "scenarios", "is_active", "position")
        widgets = {"text": forms.Textarea(_TEXT), "text_en": forms.Textarea(_TEXT)}
        help_texts = {
            "text": f"Chỗ trống trang tự điền: {_BLANKS}.",
            "is_active": "Bỏ dấu chọn thì câu này không còn hiện khi nhắn người báo.",
            "position": "Số nhỏ đứng trước.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(field := self.fields.get("scenarios"), forms.MultipleChoiceField):
            field.choices = kinds()

    def clean_text(self) -> str:
        return validate_reply_text(self.cleaned_data["text"])

    def clean_text_en(self) -> str:
        return validate_reply_text(self.cleaned_data["text_en"])


def validate_reply_text(typed: str) -> str:
    """Words that the pages' promises allow, with known blanks alone. Raises ValidationError."""
    if unknown := replies.unknown_placeholders(typed):
        known = ", ".join(f"{{{name}}}" for name in replies.BLANKS)
        raise forms.ValidationError(
            f"Trang không biết điền {', '.join(unknown)[:200]}. Chỉ dùng: {known}."
        )
    validators.validate_plain_text(typed)
    if what := replies.forbidden_wording(typed):
        raise forms.ValidationError(NOT_TOLD[what])
    return typed


@admin.register(CannedReply)
class ReplyAdmin(_Admin):
    """What was once used stays and is switched off, so that the record can speak of it."""

    form = ReplyForm
    list_display = ("title", "use", "kinds", "is_active", "position")
    list_filter = ("use", "is_active")
    search_fields = ("title", "text")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: CannedReply, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changed = [name for name in _ON_RECORD if name in form.changed_data]
        was = {name: str(form.initial.get(name, "")) for name in changed}
        now = {name: str(getattr(obj, name)) for name in changed}
        events.log_event("reply", obj.pk, "reply_saved", by=officer(request), was=was, now=now)

    @admin.display(description="chỉ cho kiểu lừa")
    def kinds(self, reply: CannedReply) -> str:
        return "; ".join(map(labels.short_label, reply.scenarios)) or "mọi tin"

    def has_delete_permission(self, request: HttpRequest, obj: CannedReply | None = None) -> bool:
        return False
