"""Forms about a number: the look-up, and the dispute."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from core.form_data import Fields, TokenForm, form_part, make_helper
from reports.extraction import phones
from reports.extraction.phones import ParsedCaller

MAX_LENGTH = 200  # characters; enough for several numbers, too short for a story
PREFILL = "prefill_number"  # a number that a page carries to a form, in the body of a POST


def _text_input(**attrs: str) -> forms.TextInput:
    return forms.TextInput({"class": "input", **attrs})


def _number_field(
    label: StrPromise, help_text: StrPromise, required: StrPromise, max_length: StrPromise
) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=MAX_LENGTH,
        widget=_text_input(type="tel", autocomplete="off"),
        error_messages={"required": required, "max_length": max_length},
    )


class CheckForm(forms.Form):
    number = _number_field(
        _("Số bạn muốn kiểm tra"),
        _("Chép y như trên máy. Số bạn gõ ở đây không bị lưu lại."),
        _("Chưa ghi số. Chép y như trên máy, cả dấu +. Ví dụ: 0550 000 123."),
        _("Dài quá. Chỉ ghi số, hoặc tên hiện trên máy."),
    )

    def __init__(self, data: Fields | None = None) -> None:
        values = {} if data is None else {"number": data.get("number", "")[: MAX_LENGTH + 1]}
        super().__init__(None if data is None else values)
        self.fields["number"].widget.attrs.pop("maxlength", None)
        self.helper = make_helper("reports:check", "number", form_part("submit_check"))

    @property
    def parsed_phones(self) -> tuple[ParsedCaller, ...]:
        return phones.parse_many(self.cleaned_data["number"])


class DisputeForm(TokenForm):
    number = _number_field(
        _("Số cần xem lại"),
        _("Ghi đủ các chữ số, ví dụ 0550 000 123."),
        _("Chưa ghi số cần xem lại. Ví dụ: 0550 000 123."),
        _("Dài quá. Ô này chỉ ghi số, chuyện thì kể ở ô dưới."),
    )
    reason = forms.CharField(
        label=_("Vì sao cần xem lại? (bỏ trống cũng được)"),
        help_text=_(
            "Ví dụ: số này của tôi, tôi không gọi cho ai như vậy."
            " Đừng ghi số căn cước, số thẻ, mã OTP."
        ),
        required=False,
        widget=forms.Textarea({"class": "input", "rows": "4"}),
    )
    contact_phone = forms.CharField(
        label=_("Số để công an gọi khi cần hỏi thêm (bỏ trống cũng được)"),
        help_text=_("Số này được che. Cán bộ chỉ mở ra khi cần gọi, mỗi lần mở đều ghi lại."),
        required=False,
        widget=_text_input(type="tel", autocomplete="tel"),
    )

    def __init__(
        self, data: Fields | None = None, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.fields["number"].widget.attrs.pop("maxlength", None)
        fields = ("number", "reason", "contact_phone", form_part("submit_dispute"))
        keys = ("submission_key", "form_token", form_part("honeypot"))
        self.helper = make_helper("reports:dispute", *keys, *fields)

    @classmethod
    def fresh(cls, number: str = "") -> "DisputeForm":
        """Return an empty form, with the number that another page carried here."""
        return cls(initial={"number": number[:MAX_LENGTH], **cls.fresh_keys()})
