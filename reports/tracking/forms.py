"""The forms of the tracking page, which carry the receipt code hidden, and of a lost code; the parser of a
posted follow-up, which refuses nothing: what exceeds a field goes into the story.
"""

import secrets
from collections.abc import Sequence
from functools import cached_property
from itertools import zip_longest
from typing import Any

from crispy_forms.layout import HTML, Fieldset
from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from core.form_data import form_part, make_helper
from reports.extraction.language import amounts
from reports.facts.choices import OFFICES
from reports.facts.merged_report import Caller
from reports.models import Followup, Report
from reports.notices import addresses
from reports.reference import gazetteer
from reports.reference.gazetteer import CommunePlace
from reports.submission import receipt_codes
from reports.submission.call_details import (
    DATE_PARTS,
    FLAG_CARD_LEFT_OUT,
    MAX_LENGTH,
    CallDetailsParser,
)
from reports.submission.form_parser import CHANNELS, KEY, last_digits
from reports.submission.forms import (
    ACCOUNTS,
    DAYS_OF_CALL,
    LINKS,
    TIME_OF_CALL,
    CodeForm,
    LenientChoiceField,
    email_field,
    lines_field,
    text_field,
)
from reports.tracking import code_recovery
from reports.tracking.followups import FollowupSubmission

_MAX_GROUP_LENGTH = 12  # of a typed group that an error repeats
_WRONG_GROUP = {
    1: _("Nhóm thứ nhất “%(typed)s” chưa đúng."),
    2: _("Nhóm thứ hai “%(typed)s” chưa đúng."),
}


class FollowupBaseForm(CodeForm):
    """A form of the page about a report: the code, and the key by which it is saved once."""

    submission_key = forms.CharField(required=False, widget=forms.HiddenInput)
    address = ""
    parts: tuple[Any, ...] = ()  # the fields in order, and the button

    def __init__(self, data: MultiValueDict[str, str] | None = None, **initial: Any) -> None:
        super().__init__(data)
        self.posted: MultiValueDict[str, str] = data or MultiValueDict()
        self.initial = initial
        self.auto_id = f"{self.address.rpartition(':')[2]}_%s"
        self.fields["code"].widget = forms.HiddenInput()
        self.helper = make_helper(self.address, "code", "submission_key", *self.parts)

    @classmethod
    def fresh(cls, code: str) -> "FollowupBaseForm":
        return cls(code=code, submission_key=secrets.token_urlsafe(24))

    def ask_for_code(self) -> None:
        """Show the code's field, so that it can be corrected without losing what was typed."""
        self.fields["code"].widget = CodeForm.base_fields["code"].widget


class _Part(HTML):
    """A template within a form's layout, which gets that form as `step`."""

    def __init__(self, name: str) -> None:
        super().__init__(f'{{% include "reports/followup/{name}.html" %}}')

    def render(self, form: forms.Form, context: Any, *args: Any, **kwargs: Any) -> Any:
        with context.push(step=form):
            return super().render(form, context, *args, **kwargs)


class FollowupForm(FollowupBaseForm):
    """More, or a correction; everything is optional."""

    address = "reports:followup"
    parts = (
        Fieldset(_("Kể thêm, hay sửa lại?"), "kind", _Part("wrong_numbers"), "story"),
        Fieldset(_("Họ gọi lúc nào?"), "called_day", _Part("date"), "called_time"),
        Fieldset(_("Những ai đã gọi?"), _Part("callers")),
        Fieldset(_("Tài khoản, đường link"), "accounts", "links"),
        Fieldset(
            _("Tiền, nơi ở, cách gọi lại"),
            "money_lost_vnd",
            "commune",
            "contact_phone",
            "callback_phrase",
        ),
        _Part("submit_followup"),
    )
    channels = Report.Channel.choices
    offices = OFFICES
    own_numbers: Sequence[tuple[str, str]] = ()  # which the reporter may mark as wrong
    kind = LenientChoiceField(
        label="",
        help_text=_(
            "Sửa lại: số ghi vào ô ở dưới thay số cũ, còn lời kể thì cán bộ đọc rồi sửa."
            " Kể thêm: cả hai còn đó."
        ),
        required=False,
        choices=[
            (Followup.Kind.MORE, _("Kể thêm")),
            (Followup.Kind.CORRECTION, _("Sửa lại điều đã kể")),
        ],
        initial=Followup.Kind.MORE,
        widget=forms.RadioSelect,
    )
    story = lines_field(
        _("Kể thêm, hoặc sửa lại"),
        _("Viết không dấu cũng được. Đừng ghi số căn cước, số thẻ, mã OTP."),
        5,
    )
    called_day = LenientChoiceField(
        label="",
        required=False,
        choices=DAYS_OF_CALL,
        widget=forms.RadioSelect,
    )
    called_d = text_field(_("Ngày"), "", "input", inputmode="numeric")
    called_m = text_field(_("Tháng"), "", "input", inputmode="numeric")
    called_y = text_field(_("Năm"), "", "input", inputmode="numeric")
    called_time = text_field(*TIME_OF_CALL, "input short")
    accounts = lines_field(*ACCOUNTS)
    links = lines_field(*LINKS)
    money_lost_vnd = text_field(
        _("Tổng cộng đã mất khoảng bao nhiêu?"),
        _("Tính cả lần trước. Chỉ ghi lần mới thì viết chữ “thêm”, ví dụ: thêm 5 triệu."),
        "input short",
    )
    commune = text_field(_("Bạn ở xã, phường nào?"), _("Quận, huyện, xã cũ đều được."))
    contact_phone = text_field(
        _("Số để công an gọi khi cần hỏi thêm"),
        _("Ghi số mới thì số cũ không dùng nữa."),
        "input short",
        type="tel",
        autocomplete="tel",
    )
    callback_phrase = text_field(
        _("Đổi câu hẹn (câu bí mật chỉ bạn và công an biết)"),
        _("Cán bộ gọi lại phải đọc câu này trước. Ví dụ hai đồ vật trong bếp."),
        autocomplete="off",
    )

    @property
    def marked_numbers(self) -> list[str]:
        """Return the numbers that were marked as wrong, for a form that comes back."""
        return self.posted.getlist("wrong_number")

    @property
    def caller_rows(self) -> list[Caller]:
        """Return the callers as typed, filled up with empty ones."""
        typed = list(FollowupFormParser(self.posted).caller_rows)
        return typed + [Caller()] * (MAX_CALLERS - len(typed))

    @property
    def date_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in DATE_PARTS]


class ReplyForm(FollowupBaseForm):
    address = "reports:reply"
    parts = ("text", _Part("submit_reply"))
    text = lines_field(_("Điều bạn muốn nói"), _("Đừng ghi mã OTP, mật khẩu, số thẻ."), 4)


class WithdrawForm(FollowupBaseForm):
    address = "reports:withdraw"
    parts = ("reason", _Part("submit_withdrawal"))
    reason = lines_field(_("Vì sao bạn muốn rút? (bỏ trống cũng được)"))


class EraseForm(FollowupBaseForm):
    address = "reports:erasure_request"
    parts = ("reason", _Part("submit_erasure"))
    reason = lines_field(_("Vì sao bạn muốn xóa? (bỏ trống cũng được)"))


class NoticeForm(FollowupBaseForm):
    address = "reports:notice"
    button = _("Báo cho tôi")
    parts = ("email", _Part("submit_notice"))
    email = email_field()

    def clean_email(self) -> str:
        typed = str(self.cleaned_data["email"])
        if not addresses.is_address(typed):
            raise forms.ValidationError(_("Email này chưa đúng. Xem lại chữ @ và phần sau nó."))
        return typed


class StopNoticeForm(FollowupBaseForm):
    address = "reports:notice_stop"
    button = _("Thôi báo qua email")
    parts = (_Part("submit_notice"),)


def _code_line(label: Any, hint: Any) -> forms.CharField:
    attrs = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
    return text_field(label, hint, "input mono", **attrs)


class OneTimeWordForm(forms.Form):
    """What an officer reads out to somebody who has lost the code: the report's number, a word."""

    public_number = _code_line(
        _("Số tin (không phải số điện thoại)"), _("Ví dụ 26-7K4M-29QX. Cán bộ đọc cho bạn.")
    )
    word = _code_line(
        _("Chữ dùng một lần"), _("Hai nhóm cán bộ đọc cho bạn, mỗi nhóm 4 chữ và số.")
    )

    def __init__(self, data: MultiValueDict[str, str] | None = None) -> None:
        super().__init__(data)
        button = form_part("submit_new_code")
        self.helper = make_helper("reports:new_code", "public_number", "word", button)

    def clean_public_number(self) -> str:
        number = code_recovery.normalize_public_number(self.cleaned_data["public_number"])
        if not number:
            raise forms.ValidationError(_("Chưa ghi số tin. Hỏi cán bộ đang nghe máy."))
        return number

    def clean_word(self) -> str:
        word = receipt_codes.parse_code(self.cleaned_data["word"], receipt_codes.WORD_GROUPS)
        if isinstance(word, str):
            return word
        if len(word.typed) < 4:
            raise forms.ValidationError(_("Nghe cán bộ đọc đủ hai nhóm, mỗi nhóm 4 chữ và số."))
        typed = word.typed[:_MAX_GROUP_LENGTH]
        raise forms.ValidationError(_WRONG_GROUP[word.number] % {"typed": typed})


# --- a posted follow-up

MAX_CALLERS = 5
_CALLER_FIELDS = ("leg_number", "leg_channel", "leg_office", "leg_name")
_KINDS = (Followup.Kind.MORE, Followup.Kind.ANSWER, Followup.Kind.CORRECTION)
_MIN_DIGITS = 8  # of a telephone number


class FollowupFormParser(CallDetailsParser):
    @cached_property
    def submission_key(self) -> str:
        """Return the page's key, a fresh one where it has none."""
        key = self.data.get("submission_key", "")
        return key if KEY.fullmatch(key) else secrets.token_urlsafe(24)

    def to_submission(
        self, communes: tuple[CommunePlace, ...], flood_flags: tuple[str, ...] = ()
    ) -> FollowupSubmission:
        """Return the submission, with flags of its own and those of submission/flood_detection.py."""
        kind = self.get_text("kind")
        place = gazetteer.match_place(self.get_text("commune"), communes)
        called_on, called_on_raw, date_flag = self.parse_call_time()
        return FollowupSubmission(
            kind=kind if kind in _KINDS else Followup.Kind.MORE,
            callers=self.caller_rows,
            accounts=self.split_lines("accounts"),
            links=self.split_lines("links"),
            called_day=self.called_day,
            called_on=called_on,
            called_on_raw=called_on_raw,
            money_lost_raw=self.get_short("money_lost_vnd"),
            commune_raw=self.get_short("commune"),
            commune_id=place.codename,
            contact=self.get_short("contact_phone"),
            phrase=self.get_text("callback_phrase"),
            story="\n".join(filter(None, [self.get_text("story"), *self.overflow])),
            flags=tuple(filter(None, (date_flag, place.flag, *self._list_flags(), *flood_flags))),
        )

    @cached_property
    def caller_rows(self) -> tuple[Caller, ...]:
        """Return the callers, at most MAX_CALLERS, empty ones left out."""
        columns = [self.data.getlist(name) for name in _CALLER_FIELDS]
        rows = zip_longest(*columns, fillvalue="")
        callers = [caller for row in rows if (caller := self._parse_caller(*row))]
        self.overflow += [" ".join(vars(caller).values()) for caller in callers[MAX_CALLERS:]]
        return tuple(callers[:MAX_CALLERS])

    @property
    def caller_last_digits(self) -> tuple[str, ...]:
        return tuple(end for caller in self.caller_rows for end in last_digits(caller.number))

    def _parse_caller(self, number: str, channel: str, office: str, name: str) -> Caller | None:
        """Return the caller, None where nothing but a channel is known."""
        channel = channel if channel in CHANNELS else ""
        caller = Caller(self.cut(number), channel, self.cut(office), self.cut(name))
        return caller if (caller.number + caller.office + caller.name).strip() else None

    def _list_flags(self) -> list[str]:
        lost, contact = self.get_short("money_lost_vnd"), self.get_text("contact_phone")
        digits = sum(char.isdecimal() for char in contact[:MAX_LENGTH])
        flags = {
            "money_unread": bool(lost.strip()) and amounts.parse_money_field(lost).value is None,
            "contact_unread": bool(contact.strip()) and digits < _MIN_DIGITS,
            "chars_replaced": any(
                "\ufffd" in text for _, texts in self.data.lists() for text in texts
            ),
            "list_cut": bool(self.overflow),
            FLAG_CARD_LEFT_OUT: self.has_card,
        }
        return [flag for flag, is_set in flags.items() if is_set]
