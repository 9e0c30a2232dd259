"""The form of a call: five questions in the order in which a voice asks them, the story last."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from core.form_data import Fields, last_texts
from reports.facts import choices
from reports.reference import caller_advice, gazetteer
from reports.submission import intake
from reports.submission.form_parser import ReportFormParser
from reports.submission.forms import LenientChoiceField, ReportForm, text_field

NO_SOURCE = "Chọn tin đến bằng cách nào."
EMPTY_REPORT = "Chưa có gì để ghi. Kể một câu, ghi số gọi đến, hoặc chọn một ô."
# What is told once, while the caller is still there, by flag of the report.
_AGAIN = "Hỏi lại, hoặc bấm Ghi nhận lần nữa."
_DOUBTS = {
    "contact_unread": ("contact_phone", f"Số này không gọi được: thiếu chữ số. {_AGAIN}"),
    "contact_doubtful": (
        "contact_phone", f"Số này không phải số thuê bao trong nước, hay thiếu chữ số. {_AGAIN}",
    ),
    gazetteer.AMBIGUOUS: ("commune", f"Có mấy xã, phường tên này. {_AGAIN}"),
}  # fmt: skip
DANGER = "happening_now"
# What a card is shown of, and what else is asked; each in its order on the page.
NAMED = ("caller_number", "accounts", "links")
_QUESTIONS = ("kind", "demands", "money_lost", "money_lost_vnd", "channel")
_REPORTER = ("contact_phone", "callback_phrase", "commune")
_FURTHER = ("contact_email", "claimed_name", "on_behalf", "source")
_LABELS = {
    DANGER: "Họ còn trên máy, đang ép, hay hẹn gọi lại?",
    "caller_number": "Số (hoặc tên) hiện trên máy",
    "accounts": "Tài khoản họ đưa",
    "links": "Đường dẫn họ gửi",
    "kind": "Họ xưng là ai?",
    "demands": "Họ bảo làm gì?",
    "money_lost": "Mất tiền chưa?",
    "channel": "Họ gọi bằng gì?",
    "story": "Người báo kể",
    "contact_phone": "Số để gọi lại người báo",
    "callback_phrase": "Câu hẹn người báo đặt",
    "contact_email": "Email để trang báo khi có lời mới (nếu người báo muốn)",
    "commune": "Người báo ở xã, phường nào",
    "on_behalf": "Người báo nói thay người khác",
}


def _radio(options: Iterable[tuple[Any, Any]]) -> LenientChoiceField:
    return LenientChoiceField(required=False, choices=[*options], widget=forms.RadioSelect)


class FilingForm(ReportForm):
    """The resident's form as an officer fills it in for a caller; only an empty report is refused."""

    source = forms.ChoiceField(
        label="Tin đến bằng cách nào",
        choices=[
            (each.value, each.label.removesuffix("cán bộ nhập").rstrip(" ,;"))
            for each in intake.OFFICER_SOURCES
        ],
        error_messages={"required": NO_SOURCE, "invalid_choice": NO_SOURCE},
    )
    happening_now = _radio([("yes", "Có"), ("no", "Không")])
    money_lost = _radio([("yes", "Đã mất"), ("no", "Chưa mất")])
    accounts = text_field("")
    links = text_field("")
    warned = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Fields | None = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, label_suffix="")
        kinds = caller_advice.kinds_by_code().values()
        self.fields["kind"] = _radio((each.code, each.label) for each in kinds if each.code)
        further = tuple(question.code for question in choices.QUESTIONS)
        asked = (*_QUESTIONS, *further)
        kept = {"submission_key", "warned", DANGER, *NAMED, *asked, "story", *_REPORTER, *_FURTHER}
        for name in self.fields.keys() - kept:
            del self.fields[name]
        for name, label in _LABELS.items():
            self.fields[name].label = label
        for name in ("demands", "contact_email", *NAMED):
            self.fields[name].help_text = ""
        self.fields[DANGER].widget.attrs["autofocus"] = data is None  # else at what is wrong
        self.fields["story"].widget.attrs["rows"] = 10
        self.questions, self.reporter, self.further = (
            [self[name] for name in names] for names in (asked, _REPORTER, _FURTHER)
        )

    def clean(self) -> dict[str, Any]:
        values = forms.Form.clean(self) or self.cleaned_data
        if self.parse().is_empty:
            self.add_error("story", EMPTY_REPORT)
        doubts = (
            () if values.get("warned") else self.parse().to_submission(gazetteer.communes()).flags
        )
        for flag in _DOUBTS.keys() & doubts:
            self.add_error(*_DOUBTS[flag])
            cast("Fields", self.data)["warned"] = "1"
        return values

    def parse(self) -> ReportFormParser:
        """Return the parser of the report form: the kind is an office."""
        fields = cast("Fields", self.data).copy()
        typed = last_texts(fields)
        if kind := caller_advice.kinds_by_code().get(typed.get("kind", "")):
            fields["claimed_office"] = kind.claimed_office or typed.get("claimed_office", "")
        return ReportFormParser(fields)
