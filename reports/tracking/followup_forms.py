"""The forms of the tracking page. Each carries the receipt code, hidden; what is posted is read in
posted_later.py, and nothing of it is refused.
"""

import secrets
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Field, Fieldset, Layout
from django import forms
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from reports.facts.choices import OFFICES
from reports.facts.merged_report import Caller
from reports.models import Followup, Report
from reports.submission.forms import CodeForm
from reports.tracking.followup_parser import DATE_PARTS, MAX_LEGS, FollowupFormParser

_FORMER = _("Quận, huyện, xã cũ đều được.")


class _Choice(forms.ChoiceField):
    def validate(self, value: Any) -> None:
        """Every value is welcome; posted_later.py picks what it knows."""


class FollowupBaseForm(CodeForm):
    """What is sent from the page about a report: the code, and the key that makes it come once."""

    submission_key = forms.CharField(required=False, widget=forms.HiddenInput)
    address = ""

    def __init__(self, data: MultiValueDict[str, str] | None = None, **given: Any) -> None:
        super().__init__(data)
        self.sent: MultiValueDict[str, str] = data or MultiValueDict()
        self.initial = given
        self.auto_id = f"{self.address.rpartition(':')[2]}_%s"
        self.fields["code"].widget = forms.HiddenInput()
        self.helper = FormHelper()
        self.helper.form_action = reverse(self.address)
        self.helper.disable_csrf = True  # the code in the body is the key
        self.helper.layout = Layout("code", "submission_key", *self.layout_fields())

    @classmethod
    def fresh(cls, code: str) -> "FollowupBaseForm":
        """A form to fill in for the report that the code opens."""
        return cls(code=code, submission_key=secrets.token_urlsafe(24))

    def layout_fields(self) -> tuple[Any, ...]:
        """The fields in order, and the button."""
        return ()

    def ask_for_code(self) -> None:
        """Show the code, so that it can be mended without losing what was typed."""
        self.fields["code"].widget = CodeForm.base_fields["code"].widget


def _line(label: Any, hint: Any = "", css: str = "input", **attrs: str) -> forms.CharField:
    widget = forms.TextInput({"class": css, **attrs})
    return forms.CharField(label=label, help_text=hint, required=False, strip=False, widget=widget)


def _lines(label: Any, hint: Any = "", rows: int = 3) -> forms.CharField:
    widget = forms.Textarea({"class": "input", "rows": str(rows)})
    return forms.CharField(label=label, help_text=hint, required=False, strip=False, widget=widget)


class _Note(HTML):
    """A part of the form that is written out by hand; it sees the form that it stands in."""

    def __init__(self, name: str) -> None:
        super().__init__(f'{{% include "reports/followup/{name}.html" %}}')

    def render(self, form: forms.Form, context: Any, *args: Any, **kwargs: Any) -> Any:
        """The part, written out."""
        with context.push(step=form):
            return super().render(form, context, *args, **kwargs)


class FollowupForm(FollowupBaseForm):
    """More, at leisure: everything is optional."""

    address = "reports:followup"
    kind = _Choice(
        label="",
        help_text=_("Sửa lại: điều mới thay điều cũ. Kể thêm: cả hai còn đó."),
        required=False,
        choices=[
            (Followup.Kind.MORE, _("Kể thêm")),
            (Followup.Kind.CORRECTION, _("Sửa lại điều đã kể")),
        ],
        widget=forms.RadioSelect,
    )
    story = _lines(
        _("Kể thêm, hoặc sửa lại"),
        _("Viết không dấu cũng được. Đừng ghi số căn cước, số thẻ, mã OTP."),
        5,
    )
    called_day = _Choice(
        label="",
        required=False,
        choices=[
            ("today", _("Hôm nay")),
            ("yesterday", _("Hôm qua")),
            ("before", _("Trước nữa")),
        ],
        widget=forms.RadioSelect,
    )
    called_d = _line(_("Ngày"), "", "input", inputmode="numeric")
    called_m = _line(_("Tháng"), "", "input", inputmode="numeric")
    called_y = _line(_("Năm"), "", "input", inputmode="numeric")
    called_time = _line(_("Lúc mấy giờ?"), _("Ví dụ: khoảng 9 giờ sáng."), "input short")
    accounts = _lines(_("Tài khoản nhận tiền"), _("Mỗi dòng một tài khoản, kèm tên ngân hàng."))
    links = _lines(_("Đường link họ gửi"), _("Mỗi dòng một link. Chép lại, đừng bấm vào."))
    money_lost_vnd = _line(
        _("Tổng cộng đã mất khoảng bao nhiêu?"),
        _("Tính cả lần trước. Chỉ ghi lần mới thì viết chữ “thêm”, ví dụ: thêm 5 triệu."),
        "input short",
    )
    commune = _line(_("Bạn ở xã, phường nào?"), _FORMER)
    contact_phone = _line(
        _("Số để công an gọi khi cần hỏi thêm"),
        _("Ghi số mới thì số cũ không dùng nữa."),
        "input short",
        type="tel",
        autocomplete="tel",
    )
    callback_phrase = _line(
        _("Đổi câu hẹn (câu bí mật chỉ bạn và công an biết)"),
        _("Cán bộ gọi lại phải đọc câu này trước. Ví dụ hai đồ vật trong bếp."),
        autocomplete="off",
    )

    @classmethod
    def fresh(cls, code: str) -> "FollowupForm":
        key = secrets.token_urlsafe(24)
        return cls(code=code, submission_key=key, kind=Followup.Kind.MORE)

    def layout_fields(self) -> tuple[Any, ...]:
        """The fields in order, and the button."""
        return (
            Fieldset(_("Kể thêm, hay sửa lại?"), "kind", "story"),
            Fieldset(_("Họ gọi lúc nào?"), "called_day", _Note("date"), "called_time"),
            Fieldset(_("Những ai đã gọi?"), _Note("callers")),
            Fieldset(_("Tài khoản, đường link"), "accounts", "links"),
            Fieldset(
                _("Tiền, nơi ở, cách gọi lại"),
                "money_lost_vnd",
                "commune",
                "contact_phone",
                Field("callback_phrase"),
            ),
            _Note("submit_followup"),
        )

    @property
    def caller_rows(self) -> list[Caller]:
        """The callers as they were typed, and empty ones up to five."""
        typed = list(FollowupFormParser(self.sent).caller_rows)
        return typed + [Caller()] * (MAX_LEGS - len(typed))

    @property
    def date_fields(self) -> list[forms.BoundField]:
        """The boxes of a day."""
        return [self[name] for name in DATE_PARTS]

    channels = Report.Channel.choices
    offices = OFFICES


class ReplyForm(FollowupBaseForm):
    """A message to the officer."""

    address = "reports:reply"
    text = _lines(_("Điều bạn muốn nói"), _("Đừng ghi mã OTP, mật khẩu, số thẻ."), 4)

    def layout_fields(self) -> tuple[Any, ...]:
        """The fields in order, and the button."""
        return ("text", _Note("submit_reply"))


class WithdrawForm(FollowupBaseForm):
    """The wish to withdraw, with a reason if there is one."""

    address = "reports:withdraw"
    reason = _lines(_("Vì sao bạn muốn rút? (bỏ trống cũng được)"))

    def layout_fields(self) -> tuple[Any, ...]:
        """The fields in order, and the button."""
        return ("reason", _Note("submit_withdrawal"))


class EraseForm(FollowupBaseForm):
    """The wish to be erased, with a reason if there is one."""

    address = "reports:erasure_request"
    reason = _lines(_("Vì sao bạn muốn xóa? (bỏ trống cũng được)"))

    def layout_fields(self) -> tuple[Any, ...]:
        """The fields in order, and the button."""
        return ("reason", _Note("submit_erasure"))
