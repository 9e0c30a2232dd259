"""Number and one-time word, with which a new receipt code is fetched."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Layout
from django import forms
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from reports.submission import receipt_codes
from reports.tracking import code_recovery

_MAX_SHOWN = 12  # signs of a group that are shown back
_WRONG = {1: _("Nhóm thứ nhất “%(typed)s” chưa đúng."), 2: _("Nhóm thứ hai “%(typed)s” chưa đúng.")}
_MISSING = _("Nghe cán bộ đọc đủ hai nhóm, mỗi nhóm 4 chữ và số.")


def _line(label: object, hint: object) -> forms.CharField:
    signs = {"class": "input mono", "autocomplete": "off", "autocapitalize": "characters"}
    widget = forms.TextInput({**signs, "spellcheck": "false"})
    return forms.CharField(label=label, help_text=hint, required=False, widget=widget)  # type: ignore[arg-type]


class PickupForm(forms.Form):
    """What somebody who has lost the code is told on the telephone."""

    public_number = _line(
        _("Số tin (không phải số điện thoại)"), _("Ví dụ 26-7K4M-29QX. Cán bộ đọc cho bạn.")
    )
    word = _line(_("Chữ dùng một lần"), _("Hai nhóm cán bộ đọc cho bạn, mỗi nhóm 4 chữ và số."))

    def __init__(self, data: MultiValueDict[str, str] | None = None) -> None:
        super().__init__(data)
        self.helper = FormHelper()
        self.helper.form_action = reverse("reports:new_code")
        self.helper.disable_csrf = True  # the word in the body is the key
        button = HTML('{% include "reports/form_parts/submit_new_code.html" %}')
        self.helper.layout = Layout("public_number", "word", button)

    def clean_public_number(self) -> str:
        number = code_recovery.read_number(self.cleaned_data["public_number"])
        if not number:
            raise forms.ValidationError(_("Chưa ghi số tin. Hỏi cán bộ đang nghe máy."))
        return number

    def clean_word(self) -> str:
        word = receipt_codes.parse_code(self.cleaned_data["word"], receipt_codes.WORD_GROUPS)
        if isinstance(word, str):
            return word
        if len(word.typed) < 4:
            raise forms.ValidationError(_MISSING)
        raise forms.ValidationError(_WRONG[word.number] % {"typed": word.typed[:_MAX_SHOWN]})
