"""Forms about a number: the look-up, and the dispute."""

import secrets
from collections.abc import Mapping
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Layout
from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.form_data import Fields
from core.keys import form_token
from reports.extraction import phones
from reports.extraction.phones import ParsedCaller

MAX_LENGTH = 200  # characters; enough for several numbers, too short for a story
PREFILL = "prefill_number"  # a number that a page carries to a form, in the body of a POST


def _text_input(**attrs: str) -> forms.TextInput:
    return forms.TextInput({"class": "input", **attrs})


class CheckForm(forms.Form):
    number = forms.CharField(
        label=_("Số bạn muốn kiểm tra"),
        help_text=_("Chép y như trên máy. Số bạn gõ ở đây không bị lưu lại."),
        max_length=MAX_LENGTH,
        widget=_text_input(type="tel", autocomplete="off"),
        error_messages={
            "required": _("Chưa ghi số. Chép y như trên máy, cả dấu +. Ví dụ: 0550 000 123."),
            "max_length": _("Dài quá. Chỉ ghi số, hoặc tên hiện trên máy."),
        },
    )

    def __init__(self, data: Fields | None = None) -> None:
        values = {} if data is None else {"number": data.get("number", "")[: MAX_LENGTH + 1]}
        super().__init__(None if data is None else values)
        self.fields["number"].widget.attrs.pop("maxlength", None)
        self.helper = _make_helper("reports:check", "number", "submit_check")

    @property
    def parsed_phones(self) -> tuple[ParsedCaller, ...]:
        return phones.parse_many(self.cleaned_data["number"])


class DisputeForm(forms.Form):
    number = forms.CharField(
        label=_("Số cần xem lại"),
        help_text=_("Ghi đủ các chữ số, ví dụ 0550 000 123."),
        max_length=MAX_LENGTH,
        widget=_text_input(type="tel", autocomplete="off"),
        error_messages={
            "required": _("Chưa ghi số cần xem lại. Ví dụ: 0550 000 123."),
            "max_length": _("Dài quá. Ô này chỉ ghi số, chuyện thì kể ở ô dưới."),
        },
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
    submission_key = forms.CharField(required=False, widget=forms.HiddenInput)
    form_token = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: Fields | None = None, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.fields["number"].widget.attrs.pop("maxlength", None)
        keys = ("submission_key", "form_token", "honeypot")
        self.helper = _make_helper(
            "reports:dispute", *keys, "number", "reason", "contact_phone", "submit_dispute"
        )

    @classmethod
    def fresh(cls, number: str = "") -> "DisputeForm":
        """Return an empty form, with the number that another page carried here."""
        keys = {"submission_key": secrets.token_urlsafe(24), "form_token": form_token()}
        return cls(initial={"number": number[:MAX_LENGTH], **keys})

    def renew_token(self) -> None:
        """Give a returned form a fresh token, so that pressing the button again sends it."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["form_token"] = form_token()
        self.data = data


def _make_helper(address: str, *parts: str) -> FormHelper:
    helper = FormHelper()
    helper.form_action = reverse(address)
    helper.disable_csrf = True  # a signed token of our own: no cookie, no Vary
    notes = {"honeypot", "submit_check", "submit_dispute"}
    helper.layout = Layout(
        *(
            HTML(f'{{% include "reports/form_parts/{part}.html" %}}') if part in notes else part
            for part in parts
        )
    )
    return helper
