"""The page of a telephone call: an officer asks, reads out, and files for the caller or counts a question."""

import secrets
from collections.abc import Iterable
from typing import Any, cast

import structlog
from django import db, forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import preferences
from accounts.sessions import get_officer
from core.form_data import Fields, last_texts, sanitize_fields
from core.responses import HttpResponseSeeOther
from desk.numbers.card import load_card
from desk.pages.http import render, set_status
from reports.facts import choices
from reports.models import Report
from reports.monitoring import daily_counts
from reports.reference import caller_advice, gazetteer
from reports.submission import intake, receipt_codes
from reports.submission.form_parser import ReportFormParser
from reports.submission.forms import LenientChoiceField, ReportForm, text_field
from reports.submission.intake import SubmissionResult

log = structlog.get_logger(__name__)

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


NOT_SAVED = "Chưa ghi được tin. Những gì đã gõ còn nguyên; chờ một phút rồi bấm lại."
HAS_STORY = (
    "Chưa ghi. Đã gõ lời kể hoặc số để gọi lại: bấm Ghi nhận tin, hoặc xóa đi rồi bấm Chỉ hỏi."
)


@require_http_methods(["GET", "HEAD", "POST"])
def file_report(request: HttpRequest) -> HttpResponse:
    """Render the form; posted, the receipt, or the form with its errors or with the cards asked for."""
    by = get_officer(request, intake.FILING_PERMISSION)
    if request.method != "POST":
        initial = {"submission_key": secrets.token_urlsafe(24), "source": Report.Source.PHONE}
        page = _render_form(request, FilingForm(initial=initial))
        # The back button finds the same submission key, so that what was filed is not filed anew.
        page["Cache-Control"] = "private, max-age=0"
        return page
    fields = ReportFormParser(_posted_fields(request)).data
    if "look" in fields:
        return _render_form(request, FilingForm.restore(fields))
    form = FilingForm(fields)
    if not form.is_valid():
        return _render_form(request, form, status=422)
    parser = form.parse()
    try:
        result = intake.file_on_behalf(
            parser.to_submission(gazetteer.communes()),
            parser.submission_key,
            form.cleaned_data["source"],
            by,
        )
    except db.Error as error:
        log.error("filing.save_failed", error=type(error).__name__)  # noqa: TRY400
        return _render_form(request, form, NOT_SAVED, status=503)
    return _render_receipt(request, result)


@require_POST
def count_question(request: HttpRequest) -> HttpResponse:
    """Record that somebody only asked, and go on to the next call."""
    by = get_officer(request, intake.FILING_PERMISSION)
    fields = ReportFormParser(_posted_fields(request)).data
    typed = last_texts(fields)
    if any(typed.get(name, "").strip() for name in ("story", "contact_phone")):
        return _render_form(request, FilingForm.restore(fields), HAS_STORY, status=422)
    kind = caller_advice.kinds_by_code().get(typed.get("kind", ""))
    daily_counts.record_enquiry(typed["submission_key"], kind.code if kind else "", by)
    messages.success(request, f"Đã ghi một cuộc chỉ hỏi. {_format_enquiries()}")
    return HttpResponseSeeOther(reverse("admin:reports_report_file"))


def _format_enquiries() -> str:
    today = timezone.localdate()
    return f"Hôm nay: {daily_counts.count_enquiries(today, today)} cuộc chỉ hỏi."


def _render_form(
    request: HttpRequest, form: FilingForm, form_error: str = "", status: int = 200
) -> HttpResponse:
    by = get_officer(request)
    context = {
        "form": form,
        "form_error": form_error,
        "named": [(form[name], load_card(form[name].value() or "", by)) for name in NAMED],
        "communes": gazetteer.list_communes(),
        "advice": caller_advice.load_advice(),
        "spoken": caller_advice.sentences(),
        "bank_numbers": caller_advice.list_bank_numbers(),
        "enquiries": _format_enquiries(),
    }
    title = "Nhập tin qua điện thoại, trực tiếp"
    page = render(request, "admin/hotline/call.html", title, Report, **context)
    return set_status(page, status)


@never_cache
def _render_receipt(request: HttpRequest, result: SubmissionResult) -> HttpResponse:
    """Return the receipt; it has no URL, since the code is only in this response."""
    groups = receipt_codes.format_code(result.code) if result.code else []
    by = get_officer(request)
    wish = preferences.preferences_column(by)
    officer = User.objects.annotate(preferences=wish).only("pk").get(pk=by.pk)
    return render(
        request,
        "admin/hotline/filed.html",
        f"Đã ghi nhận tin {result.report.public_number}",
        Report,
        report=result.report,
        again=result.again,
        preferences=preferences.preferences_of(officer),
        groups=[(group, receipt_codes.phonetic_group(group)) for group in groups],
    )


def _posted_fields(request: HttpRequest) -> Fields:
    data = sanitize_fields(request.POST.copy())
    data.pop("csrfmiddlewaretoken", None)
    return data
