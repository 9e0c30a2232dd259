"""Forms about a number, an account or a link: the look-up, the dispute, and its code."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from core.form_data import Fields, TokenForm, form_part, make_helper
from reports.extraction import phones
from reports.extraction.bank_accounts_and_links import mask_cards
from reports.extraction.phones import ParsedCaller
from reports.numbers import disputes, subjects
from reports.numbers.subjects import Subject, has_card

MAX_LENGTH = 500  # characters; enough for several numbers or a link, too short for a story
CARD_REFUSED = _(
    "Đây là số thẻ. Đừng ghi số thẻ ở bất cứ đâu: ai có số thẻ có thể tiêu tiền của bạn."
    " Muốn kiểm tra thì ghi số tài khoản."
)
PREFILL = "prefill_number"  # a number that a page carries to a form, in the body of a POST


def _text_input(**attrs: str | StrPromise) -> forms.TextInput:
    return forms.TextInput({"class": "input", **attrs})


def _subject_field(
    label: StrPromise, help_text: StrPromise, required: StrPromise, max_length: StrPromise
) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=MAX_LENGTH,
        widget=_text_input(
            autocomplete="off",
            autocapitalize="none",
            spellcheck="false",
            **{"data-card-refused": CARD_REFUSED},
        ),
        error_messages={"required": required, "max_length": max_length},
    )


class _NoCardMixin:
    """A form that refuses the number of a card in `number`, which is masked before anything is shown."""

    has_card = False
    cleaned_data: dict[str, Any]

    def clean_number(self) -> str:
        if self.has_card:
            raise forms.ValidationError(CARD_REFUSED)
        return str(self.cleaned_data["number"])


class CheckForm(_NoCardMixin, forms.Form):
    number = _subject_field(
        _("Số điện thoại, số tài khoản hoặc đường link"),
        _("Chép y như bạn thấy. Số tài khoản thì ghi cả tên ngân hàng. Không lưu lại gì."),
        _("Chưa ghi gì. Chép y như trên máy, cả dấu +. Ví dụ: 0550 000 123."),
        _("Dài quá. Chỉ ghi số, tài khoản, đường link, hoặc tên hiện trên máy."),
    )

    def __init__(self, data: Fields | None = None) -> None:
        typed = "" if data is None else data.get("number", "")
        self.has_card = has_card(typed)
        values = {"number": mask_cards(typed)[: MAX_LENGTH + 1]}
        super().__init__(None if data is None else values)
        self.fields["number"].widget.attrs.pop("maxlength", None)
        self.helper = make_helper("reports:check", "number", form_part("submit_check"))

    @property
    def subject(self) -> Subject | None:
        """Return the account or link; None for telephone numbers."""
        return subjects.find_account_or_link(self.cleaned_data["number"])

    @property
    def parsed_phones(self) -> tuple[ParsedCaller, ...]:
        return phones.parse_many(self.cleaned_data["number"])


class DisputeForm(_NoCardMixin, TokenForm):
    number = _subject_field(
        _("Số điện thoại, số tài khoản hoặc đường link cần xem lại"),
        _("Ghi đủ. Số tài khoản thì ghi cả tên ngân hàng, ví dụ Vietcombank 0992000456789."),
        _("Chưa ghi số cần xem lại. Ví dụ: 0550 000 123."),
        _("Dài quá. Ô này chỉ ghi số hoặc đường link, chuyện thì kể ở ô dưới."),
    )
    reason = forms.CharField(
        label=_("Vì sao cần xem lại? (bỏ trống cũng được)"),
        help_text=_(
            "Ví dụ: số, tài khoản, trang này là của tôi, tôi không làm như vậy."
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
        typed = "" if data is None else data.get("number", "")
        self.has_card = has_card(typed)
        if self.has_card:
            self.data = self.copy_data()
            self.data["number"] = mask_cards(typed)
        self.fields["number"].widget.attrs.pop("maxlength", None)
        fields = ("number", "reason", "contact_phone", form_part("submit_dispute"))
        keys = ("submission_key", "form_token", form_part("honeypot"))
        self.helper = make_helper("reports:dispute", *keys, *fields)

    @classmethod
    def fresh(cls, number: str = "") -> "DisputeForm":
        """Return an empty form, with the number that another page carried here."""
        return cls(initial={"number": number[:MAX_LENGTH], **cls.fresh_keys()})


class DisputeCodeForm(forms.Form):
    """The code of a dispute. A mistyped one is told at once; a wrong one the view counts."""

    code = forms.CharField(
        label=_("Mã đề nghị xem lại"),
        help_text=_("Bắt đầu bằng XL. Viết thường, thiếu dấu gạch cũng được."),
        max_length=60,
        widget=_text_input(autocomplete="off", autocapitalize="characters", spellcheck="false"),
        error_messages={"required": _("Chưa ghi mã. Mã có dạng XL-26-2345-6789-BCDF.")},
    )

    def __init__(self, data: Fields | None = None) -> None:
        super().__init__(None if data is None else {"code": data.get("code", "")})
        self.fields["code"].widget.attrs.pop("maxlength", None)
        self.helper = make_helper(
            "reports:dispute_answer", "code", form_part("submit_dispute_code")
        )

    def clean_code(self) -> str:
        code = disputes.parse_code(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError(
                _("Mã chưa đúng. Mã có dạng XL-26-2345-6789-BCDF, xem lại từng nhóm.")
            )
        return code
