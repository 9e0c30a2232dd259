"""Texts that officers prepare: replies to reporters, and statements of the public pages."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest

from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from core.audit import events
from core.province import province
from desk.labels import codes
from desk.labels.decisions import FORBIDDEN
from desk.pages import validators
from desk.pages.actions import ProposingAdminMixin, changed_values
from desk.pages.lists import NoDeleteAdminMixin
from reports.campaigns.campaign_stats import scenarios
from reports.cases import replies
from reports.models import CannedReply, PublicStatement
from reports.reference import confirmed_statements

_TEXT = {"rows": 4, "cols": 80}
_BLANKS = "; ".join(f"{{{name}}}: {meaning}" for name, meaning in replies.PLACEHOLDERS.items())
_ON_RECORD = ("text", "text_en", "use", "is_active")
SOON = "Các trang công khai đổi theo trong vòng hai phút."
_MARKS = re.compile(r"\{\w*\}|[{}]")


class CannedReplyForm(forms.ModelForm[CannedReply]):
    """A reply in both languages; only known placeholders are accepted."""

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
            field.choices = scenarios()

    def clean_text(self) -> str:
        return validate_reply_text(self.cleaned_data["text"])

    def clean_text_en(self) -> str:
        return validate_reply_text(self.cleaned_data["text_en"])


def validate_reply_text(typed: str) -> str:
    """Return the text. Raises ValidationError for unknown placeholders or wording that pages forbid."""
    if unknown := replies.unknown_placeholders(typed):
        blanks = ", ".join(f"{{{name}}}" for name in replies.PLACEHOLDERS)
        raise forms.ValidationError(
            f"Trang không biết điền {', '.join(unknown)[:200]}. Chỉ dùng: {blanks}."
        )
    validators.validate_plain_text(typed)
    if what := replies.forbidden_wording(typed):
        raise forms.ValidationError(FORBIDDEN[what])
    return typed


def validate_public_text(typed: str, *, is_quote: bool = False) -> str:
    """Return the text. Raises ValidationError for what no page may say: tags, links, numbers that no
    office has published and, but in a quote of callers, asking for codes or telling to pay.
    """
    validators.validate_plain_text(typed)
    if replies.has_unpublished_number(typed):
        raise forms.ValidationError(FORBIDDEN["number"])
    if not is_quote and replies.forbidden_wording(typed):
        raise forms.ValidationError(FORBIDDEN["secret"])
    if not is_quote and replies.tells_to_pay(typed):
        raise forms.ValidationError(
            "Câu này dễ hiểu thành bảo người dân chuyển tiền. Nói rõ là không, ngay trước chữ ấy."
        )
    return typed


@admin.register(CannedReply)
class ReplyAdmin(NoDeleteAdminMixin, OwnFiltersAdmin[CannedReply]):
    """Canned replies; never deleted, since the audit log refers to them."""

    form = CannedReplyForm
    list_display = ("title", "use", "kinds", "is_active", "position")
    list_filter = ("use", "is_active")
    search_fields = ("title", "text")
    show_full_result_count = False

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: CannedReply, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        values = changed_values(form, _ON_RECORD)
        events.log_event("reply", obj.pk, "reply_saved", by=get_officer(request), **values)

    @admin.display(description="chỉ cho kiểu lừa")
    def kinds(self, reply: CannedReply) -> str:
        return "; ".join(map(codes.short_label, reply.scenarios)) or "mọi tin"


class StatementForm(forms.ModelForm[PublicStatement]):
    """A sentence in both languages; its placeholders must not change."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if amount := self.fields.get("amount"):
            amount.required = self.instance.amount is not None
            amount.disabled = not amount.required

    def clean_amount(self) -> int | None:
        amount: int | None = self.cleaned_data["amount"]
        if amount is not None and not 1 <= amount <= 1000:
            raise forms.ValidationError("Ghi một số từ 1 đến 1000.")
        return amount

    def clean_text(self) -> str:
        return self._with_its_marks("text")

    def clean_text_en(self) -> str:
        return self._with_its_marks("text_en")

    def _with_its_marks(self, name: str) -> str:
        typed: str = validate_public_text(self.cleaned_data[name])
        needed = set(_MARKS.findall(self.initial.get(name, "")))
        if set(_MARKS.findall(typed)) == needed:
            return typed
        marks = ", ".join(sorted(needed))
        raise forms.ValidationError(
            f"Giữ nguyên {marks}, không thêm dấu ngoặc nhọn khác: trang điền vào chỗ đó."
            if needed
            else "Không dùng dấu ngoặc nhọn: trang dành chúng cho chỗ điền."
        )


@admin.register(PublicStatement)
class StatementAdmin(ProposingAdminMixin, NoDeleteAdminMixin, OwnFiltersAdmin[PublicStatement]):
    """Public statements; a confirmed change is on the pages within two minutes."""

    act = confirmed_statements.STATEMENT
    form = StatementForm
    list_display = ("title", "status_column", "text", "amount")
    list_filter = ("is_public",)
    readonly_fields = ("title",)
    fieldsets = (
        (
            None,
            {
                "fields": (*readonly_fields, "text", "text_en", "amount", "is_public"),
                "description": f"Chỉ cho hiện khi {province.office} hoặc bộ phận pháp lý đã xác nhận. Bấm Lưu là"
                f" đề nghị; người khác xác nhận thì mới đổi. {SOON}",
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="trên trang", ordering="is_public")
    def status_column(self, statement: PublicStatement) -> str:
        return "Đang hiện" if statement.is_public else "Chưa hiện"
