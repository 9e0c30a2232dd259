"""What the public pages may say: sentences that an officer turns on, and the banks' numbers."""

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest

from core.province import province
from desk.numbers.change_requests import FourEyesAdminMixin
from desk.pages import validators
from desk.pages.validators import DayField
from reports.models import BankHotline, PublicStatement
from reports.reference import confirmed_statements

if TYPE_CHECKING:
    _StatementAdmin = admin.ModelAdmin[PublicStatement]
    _BankLineAdmin = admin.ModelAdmin[BankHotline]
    _StatementForm = forms.ModelForm[PublicStatement]
    _BankLineForm = forms.ModelForm[BankHotline]
else:
    _StatementAdmin = _BankLineAdmin = admin.ModelAdmin
    _StatementForm = _BankLineForm = forms.ModelForm

SOON = "Các trang công khai đổi theo trong vòng hai phút."
_MARKS = re.compile(r"\{\w*\}|[{}]")
_CALLABLE = re.compile(r"[*#+]?[0-9][0-9 .\-]{1,30}[0-9#]")


class StatementForm(_StatementForm):
    """A sentence in both languages. The marks that a page fills in must stay as they are."""

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
        typed: str = validators.validate_plain_text(self.cleaned_data[name])
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
class StatementAdmin(_StatementAdmin):
    """Each sentence by what it is about; what is turned on is on the pages within two minutes."""

    form = StatementForm
    list_display = ("title", "shown", "text", "amount", "confirmed_by", "confirmed_at")
    list_filter = ("is_public",)
    show_facets = admin.ShowFacets.NEVER
    readonly_fields = ("title", "confirmed_by", "confirmed_at")
    fieldsets = (
        (
            None,
            {
                "fields": (*readonly_fields, "text", "text_en", "amount", "is_public"),
                "description": f"Chỉ cho hiện khi {province.office} hoặc bộ phận pháp lý đã xác nhận. Bấm Lưu là"
                f" bạn đứng tên xác nhận. {SOON}",
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: PublicStatement | None = None
    ) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: PublicStatement, form: Any, change: bool
    ) -> None:
        by = request.user
        if not isinstance(by, User):
            return
        if obj.is_public:
            confirmed_statements.publish_statement(obj, by)
        else:
            confirmed_statements.unpublish_statement(
                obj, by, was_public=bool(form.initial.get("is_public"))
            )
        messages.info(request, SOON)

    @admin.display(description="trên trang", ordering="is_public")
    def shown(self, statement: PublicStatement) -> str:
        return "Đang hiện" if statement.is_public else "Chưa hiện"


class BankLineForm(_BankLineForm):
    """A number that can be dialled, and where and when an officer compared it."""

    verified_on = DayField(label="Đối chiếu ngày")

    def clean_number(self) -> str:
        typed = " ".join(self.cleaned_data["number"].split())
        if not _CALLABLE.fullmatch(typed):
            raise forms.ValidationError("Ghi một số gọi được, chỉ chữ số và dấu cách.")
        return validators.validate_publishable(self, typed)

    def clean_source(self) -> str:
        return validators.validate_source(self.cleaned_data["source"])


@admin.register(BankHotline)
class BankLineAdmin(FourEyesAdminMixin, _BankLineAdmin):
    """The banks' own numbers for the first half hour; a change takes a second officer."""

    form = BankLineForm
    list_display = ("name", "number", "source", "checked")
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "number", "source", "verified_on"),
                "description": "Đối chiếu với thẻ hoặc trang chính thức của ngân hàng, đừng lấy từ"
                f" kết quả tìm kiếm. {SOON}",
            },
        ),
    )

    @admin.display(description="đối chiếu ngày", ordering="verified_on")
    def checked(self, line: BankHotline) -> str:
        return f"{line.verified_on:%d/%m/%Y}"
