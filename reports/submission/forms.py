"""The forms for residents: fields, texts and layout; form_parser.py parses a posted report."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Field, Fieldset
from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from core.form_data import Fields, TokenForm, form_part, last_texts, make_helper
from core.mail import mail_is_configured
from reports.facts import choices
from reports.facts.choices import OFFICES
from reports.models import Report
from reports.models.report import is_public_number
from reports.submission import receipt_codes
from reports.submission.form_parser import ReportFormParser

# Only the answers of the page for people on the call may come by GET.
CARRIED = ("threat", "isolation", "money", "secrets", "software")

_MAX_GROUP_LENGTH = 40  # characters of a typed group that an error repeats
_WRONG_GROUP = {
    1: _("Nhóm thứ nhất “%(typed)s” chưa đúng. Xem lại trên phiếu: mỗi nhóm có 4 chữ và số."),
    2: _("Nhóm thứ hai “%(typed)s” chưa đúng. Xem lại trên phiếu: mỗi nhóm có 4 chữ và số."),
    3: _("Nhóm thứ ba “%(typed)s” chưa đúng. Xem lại trên phiếu: mỗi nhóm có 4 chữ và số."),
    4: _("Nhóm thứ tư “%(typed)s” chưa đúng. Xem lại trên phiếu: mỗi nhóm có 4 chữ và số."),
}
_MISSING_GROUP = {
    1: _("Thiếu nhóm thứ nhất. Xem lại trên phiếu: mỗi nhóm có 4 chữ và số."),
    2: _("Thiếu nhóm thứ hai. Xem lại trên phiếu: mỗi nhóm có 4 chữ và số."),
    3: _("Thiếu nhóm thứ ba. Xem lại trên phiếu: mỗi nhóm có 4 chữ và số."),
    4: _("Thiếu nhóm thứ tư. Xem lại trên phiếu: mỗi nhóm có 4 chữ và số."),
}
_NO_CODE = _("Bạn chưa gõ mã.")
_IS_NUMBER = _("Đây là số tin, không mở được gì. Gõ mã bốn nhóm, in cùng tờ phiếu.")
_EMPTY = _("Chọn ít nhất một ô, hoặc kể một câu. Ví dụ: xưng công an, đòi chuyển tiền.")


# So that the style sheet can tell an empty field.
EMPTY = {"placeholder": " "}
OWN_NUMBER = {"css": "input short", "type": "tel", "autocomplete": "tel", **EMPTY}
# Labels and hints that follow-ups share.
ACCOUNTS = (
    _("Tài khoản nhận tiền"),
    _("Mỗi dòng một tài khoản, kèm tên ngân hàng. Đừng ghi số thẻ."),
)
LINKS = (_("Đường link họ gửi"), _("Mỗi dòng một link. Chép lại, đừng bấm vào."))
DAYS_OF_CALL = [("today", _("Hôm nay")), ("yesterday", _("Hôm qua")), ("before", _("Trước nữa"))]
TIME_OF_CALL = (_("Lúc mấy giờ?"), _("Ví dụ: khoảng 9 giờ sáng."))


class LenientChoiceField(forms.ChoiceField):
    def validate(self, value: Any) -> None:
        """Accept every value; form_parser.py picks the valid ones."""


class _Choices(forms.MultipleChoiceField):
    def validate(self, value: Any) -> None:
        """Accept every value; form_parser.py picks the valid ones."""


class _YesBox(forms.CheckboxInput):
    """A checkbox that submits "yes"; unlike Django's it tells "no" from no answer."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, check_test=lambda value: value == "yes")

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        return data.get(name, "")

    def format_value(self, value: Any) -> str:
        return "yes"


def text_field(label: Any, hint: Any = "", css: str = "input", **attrs: str) -> forms.CharField:
    # No autocomplete="off": the back button would lead to empty fields in some browsers.
    widget = forms.TextInput({"class": css, **attrs})
    return forms.CharField(label=label, help_text=hint, required=False, strip=False, widget=widget)


def _box(label: str | StrPromise, css: str = "") -> forms.Field:
    return forms.CharField(label=label, required=False, widget=_YesBox({"class": css}))


def lines_field(label: Any, hint: Any = "", rows: int = 3, **attrs: str) -> forms.CharField:
    widget = forms.Textarea({"class": "input", "rows": str(rows), **attrs})
    return forms.CharField(label=label, help_text=hint, required=False, strip=False, widget=widget)


def email_field() -> forms.CharField:
    """Return the field of the address for notices."""
    hint = _("Chỉ để báo có lời mới. Không link, không nói chuyện gì.")
    return text_field(_("Email của bạn"), hint, inputmode="email", autocomplete="email")


def _radio(options: Any, label: Any = "") -> LenientChoiceField:
    return LenientChoiceField(
        label=label, required=False, choices=options, widget=forms.RadioSelect
    )


class ReportForm(TokenForm):
    """The report form. Other tools post these field names: do not change them."""

    channel = _radio(Report.Channel.choices)
    caller_number = text_field(
        _("Số (hoặc tên) hiện trên máy"), _("Chép cả dấu +. Ví dụ: 0550 000 123")
    )
    happening_now = _box(_("Họ vẫn đang ép, hoặc hẹn gọi lại"), "alarm")
    urgent_phone = text_field(
        _("Số của bạn, để công an gọi ngay"),
        _("Bỏ trống vẫn gửi được, nhưng không ai gọi lại được."),
        **OWN_NUMBER,
    )
    claimed_office = _radio(OFFICES)
    claimed_name = text_field(_("Tên, chức vụ họ nêu"))
    demands = _Choices(
        label="",
        help_text=_("Đúng ô nào bấm ô đó, được nhiều ô."),
        required=False,
        choices=[(group.code, _(group.label)) for group in choices.GROUPS],
        widget=forms.CheckboxSelectMultiple,
    )
    accounts = lines_field(*ACCOUNTS, 2, **EMPTY)
    links = lines_field(*LINKS, 2, **EMPTY)
    called_day = _radio(DAYS_OF_CALL)
    called_time = text_field(*TIME_OF_CALL, "input short")
    story = lines_field(
        _("Kể lại chuyện đã xảy ra"),
        _("Viết không dấu cũng được. Đừng ghi số căn cước, số thẻ, mã OTP."),
    )
    money_lost = _radio([("no", _("Chưa mất")), ("yes", _("Đã mất"))])
    money_lost_vnd = text_field(
        _("Mất khoảng bao nhiêu?"),
        _("Ví dụ: 20 triệu, hoặc 35.500.000. Mất ít cũng nên báo."),
        "input short",
        **EMPTY,
    )
    contact_phone = text_field(
        _("Số để công an gọi khi cần"), _("Chỉ cán bộ được giao tin mới xem được."), **OWN_NUMBER
    )
    contact_email = email_field()
    callback_phrase = text_field(
        _("Câu hẹn (câu bí mật chỉ bạn và công an biết)"),
        _("Cán bộ gọi lại phải đọc câu này trước. Ví dụ hai đồ vật trong bếp."),
        autocomplete="off",  # a secret: no suggestions of earlier ones
        **EMPTY,
    )
    on_behalf = _box(_("Tôi báo thay người khác"))
    commune = text_field(
        _("Bạn ở xã, phường nào?"), _("Tên xã cũ, huyện cũ cũng được."), list="communes"
    )

    website = forms.CharField(required=False)  # hidden from people; robots fill it in

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in choices.QUESTIONS:
            self.fields[question.code] = _radio([*question.choices.items()], question.label)

    @cached_property
    def helper(self) -> FormHelper:
        return _build_helper()

    @classmethod
    def initial_form(cls, answers: Mapping[str, str]) -> "ReportForm":
        """Return an unbound form, with the answers of the page for people on the call."""
        demands = [name for name in CARRIED if answers.get(name) == "yes"]
        answered = {"channel": Report.Channel.NUMBER, "demands": demands}
        if answers.get("happening_now") == "yes":
            answered["happening_now"] = "yes"
        return cls(initial=answered | cls.fresh_keys())

    @classmethod
    def restore(cls, fields: Fields) -> Self:
        """Return the form with what was typed so far, of which nothing is judged yet."""
        demands = {"demands": fields.getlist("demands")}
        return cls(initial=cls.fresh_keys() | last_texts(fields) | demands)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if ReportFormParser(self.copy_data()).is_empty:
            self.add_error("story", _EMPTY)
        return cleaned


class CollapsibleFieldset(Fieldset):
    """A fieldset that is folded unless one of its fields has a value of its own, or an error."""

    template = "%s/layout/fold.html"

    def __init__(self, legend: str, *names: Any, usual: str = "") -> None:
        super().__init__(legend, *names)
        self.usual = usual  # the value that a field has on a fresh page

    def render(self, form: forms.Form, context: Any, *args: Any, **kwargs: Any) -> Any:
        names = [
            name for pointer in self.get_field_names() if (name := pointer.name) in form.fields
        ]
        values = [form[name].value() for name in names]
        is_told = any(value and value != self.usual for value in values)
        context["is_open"] = is_told or any(form[name].errors for name in names)
        return super().render(form, context, *args, **kwargs)


class _Group(Fieldset):
    """A question within a fieldset."""

    template = "%s/layout/group.html"


# The first button of a form is the one that Enter presses: on a phone its key stands beside every field.
_NO_SENDING_BY_ENTER = HTML("<button disabled hidden></button>")


def _build_helper() -> FormHelper:
    helper = make_helper(
        "reports:report_submit",
        _NO_SENDING_BY_ENTER,
        "submission_key",
        "form_token",
        form_part("honeypot"),
        "on_behalf",
        form_part("on_behalf_help"),
        Fieldset(
            gettext("1. Họ gọi từ số nào?"),
            Field("caller_number", wrapper_class="unless-hidden"),
            CollapsibleFieldset(
                gettext("Không hiện số, hay gọi Zalo?"), "channel", usual=Report.Channel.NUMBER
            ),
            "happening_now",
            form_part("coercion_help"),
            Field("urgent_phone", wrapper_class="if-ongoing"),
        ),
        Fieldset(
            gettext("2. Họ xưng là ai?"),
            "claimed_office",
            CollapsibleFieldset(
                gettext("Nhớ tên họ nêu, lúc họ gọi?"),
                "claimed_name",
                _Group(gettext("Họ gọi hôm nào?"), "called_day"),
                "called_time",
            ),
        ),
        Fieldset(
            gettext("3. Họ nói gì, muốn gì?"),
            "demands",
            Field("links", wrapper_class="if-link"),
            "story",
        ),
        Fieldset(
            gettext("4. Đã mất tiền chưa?"),
            "money_lost",
            form_part("money_lost_help"),
            Field("money_lost_vnd", wrapper_class="if-money-lost"),
            Field("accounts", wrapper_class="if-account"),
        ),
        *(CollapsibleFieldset(str(each.label), each.code) for each in choices.QUESTIONS),
        Fieldset(
            gettext("5. Về bạn (tùy bạn)"),
            "commune",
            form_part("commune_list"),
            Field("contact_phone", wrapper_class="unless-ongoing"),
            Field("callback_phrase", wrapper_class="if-contact"),
            *_offer_notices(),
        ),
        form_part("submit_report"),
    )
    helper.form_id = "report"
    return helper


def _offer_notices() -> tuple[CollapsibleFieldset, ...]:
    """Return the field of the address for notices, folded, where the portal sends mail."""
    if not mail_is_configured():
        return ()
    return (CollapsibleFieldset(gettext("Muốn được báo khi có lời mới?"), "contact_email"),)


class CodeForm(forms.Form):
    code = text_field(
        _("Mã tin báo (giữ kín)"),
        _("Bốn nhóm trên phiếu nhận tin, mỗi nhóm 4 chữ và số."),
        "input mono",
        autocomplete="off",
        autocapitalize="characters",
        spellcheck="false",
    )

    def __init__(self, data: MultiValueDict[str, str] | None = None) -> None:
        super().__init__(data)
        self.helper = make_helper("reports:track", "code", form_part("submit_code"))

    def clean_code(self) -> str:
        code = receipt_codes.parse_code(self.cleaned_data["code"])
        if isinstance(code, str):
            return code
        typed = self.cleaned_data["code"].strip()
        if not typed or is_public_number(typed):
            raise forms.ValidationError(_IS_NUMBER if typed else _NO_CODE)
        sentence = (_WRONG_GROUP if code.typed else _MISSING_GROUP)[code.number]
        raise forms.ValidationError(sentence % {"typed": code.typed[:_MAX_GROUP_LENGTH]})
