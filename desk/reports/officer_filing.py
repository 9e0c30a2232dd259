"""Filing on behalf of a caller: the resident's form with a source, then the receipt."""

import secrets
from typing import Any

import structlog
from django import db, forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict
from django.views.decorators.cache import never_cache

from accounts.sessions import get_officer
from core.form_data import Fields, sanitize_fields
from desk.pages.http import render, set_status
from reports.facts import choices
from reports.models import Report
from reports.reference import gazetteer
from reports.submission import intake, receipt_codes
from reports.submission.form_parser import ReportFormParser
from reports.submission.forms import ReportForm
from reports.submission.intake import SubmissionResult

log = structlog.get_logger(__name__)

NO_SOURCE = "Chọn tin đến bằng cách nào."
EMPTY_REPORT = "Chưa có gì để ghi. Kể một câu, ghi số gọi đến, hoặc chọn một ô."
NOT_SAVED = "Chưa ghi được tin. Những gì đã gõ còn nguyên; chờ một phút rồi bấm lại."
_LABELS = {
    "channel": "Họ gọi bằng cách nào",
    "claimed_office": "Họ xưng là ai",
    "demands": "Họ muốn gì",
    "story": "Người báo kể",
    "money_lost": "Đã mất tiền chưa",
    "contact_phone": "Số để gọi lại người báo",
    "callback_phrase": "Câu hẹn người báo đặt",
    "commune": "Người báo ở xã, phường nào",
    "on_behalf": "Người báo nói thay người khác",
}
# The order of a conversation by telephone.
_ORDER = (
    "source", "happening_now", "story", "caller_number", "channel", "claimed_office",
    "claimed_name", "demands", "money_lost", "money_lost_vnd", "commune", "contact_phone",
    "callback_phrase", "on_behalf", "submission_key",
)  # fmt: skip
_FEW = {"source", "channel", "claimed_office", "demands", "money_lost"}


class FilingForm(ReportForm):
    """The resident's form with the desk's labels; only an empty report is refused."""

    source = forms.ChoiceField(
        label="Tin đến bằng cách nào",
        choices=[
            (each.value, each.label.removesuffix("cán bộ nhập").rstrip(" ,;"))
            for each in intake.OFFICER_SOURCES
        ],
        widget=forms.RadioSelect,
        error_messages={"required": NO_SOURCE, "invalid_choice": NO_SOURCE},
    )

    def __init__(self, data: Fields | None = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, label_suffix="")
        order = (*_ORDER, *(question.code for question in choices.QUESTIONS))
        for name in self.fields.keys() - set(order):
            del self.fields[name]
        self.order_fields(order)
        for name, label in _LABELS.items():
            self.fields[name].label = label
        self.fields["source"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        values = forms.Form.clean(self) or self.cleaned_data
        if ReportFormParser(MultiValueDict(self.data)).is_empty:
            self.add_error("story", EMPTY_REPORT)
        return values

    def list_questions(self) -> list[tuple[forms.BoundField, bool]]:
        """Return the fields to fill in as (field, is a group of boxes)."""
        groups = _FEW | {question.code for question in choices.QUESTIONS}
        return [(field, field.name in groups) for field in self.visible_fields()]


def file_report(request: HttpRequest) -> HttpResponse:
    """Render the form; posted, the receipt, or the form with its errors."""
    by = get_officer(request)
    if not by.has_perm(intake.FILING_PERMISSION):
        raise PermissionDenied
    if request.method != "POST":
        initial = {"submission_key": secrets.token_urlsafe(24), "source": Report.Source.PHONE}
        return _render_form(request, FilingForm(initial=initial))
    fields = ReportFormParser(_posted_fields(request))
    form = FilingForm(fields.data)
    if not form.is_valid():
        return _render_form(request, form, status=422)
    try:
        result = intake.file_on_behalf(
            fields.to_submission(gazetteer.communes()),
            fields.submission_key,
            form.cleaned_data["source"],
            by,
        )
    except db.Error as error:
        log.error("filing.save_failed", error=type(error).__name__)  # noqa: TRY400
        return _render_form(request, form, NOT_SAVED, status=503)
    return _render_receipt(request, result)


def _render_form(
    request: HttpRequest, form: FilingForm, form_error: str = "", status: int = 200
) -> HttpResponse:
    template, title = "admin/reports/report/file.html", "Nhập tin qua điện thoại, trực tiếp"
    context = {"form": form, "form_error": form_error, "communes": gazetteer.list_communes()}
    return set_status(render(request, template, title, Report, **context), status)


@never_cache
def _render_receipt(request: HttpRequest, result: SubmissionResult) -> HttpResponse:
    """Return the receipt; it has no URL, since the code is only in this response."""
    groups = receipt_codes.format_code(result.code) if result.code else []
    return render(
        request,
        "admin/reports/report/officer_filing_done.html",
        f"Đã ghi nhận tin {result.report.public_number}",
        Report,
        report=result.report,
        again=result.again,
        groups=[(group, receipt_codes.phonetic_group(group)) for group in groups],
    )


def _posted_fields(request: HttpRequest) -> Fields:
    data = sanitize_fields(request.POST.copy())
    data.pop("csrfmiddlewaretoken", None)
    return data
