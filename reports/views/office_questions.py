"""The page behind a signed link on which an office's clerk answers a question of the police, once."""

import structlog
from django import db
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from reports.models import OfficeQuestion
from reports.numbers import office_questions
from reports.numbers.forms import OfficeAnswerForm
from reports.numbers.subjects import subject_of
from reports.views.form_errors import FormError, form_view, parse_short_body

log = structlog.get_logger(__name__)

FOREIGN = FormError(
    403,
    "Chưa gửi. Bấm Gửi một lần nữa",
    "Những gì vừa gửi đến từ một trang khác, không phải trang này.",
)
NOT_SAVED = FormError(
    503, "Chưa gửi được", "Trang chưa ghi được câu trả lời, những gì đã chọn còn nguyên. Chờ một phút rồi bấm Gửi."
)  # fmt: skip


@form_view
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Show the question with its form; posted, record the answer. Looking writes nothing: mail programs
    open links too.
    """
    row = office_questions.find_by_token(token)
    if row is None or not row.is_open:
        return _render(request, 200 if row else 404, question=row)
    if request.method != "POST":
        return _form_page(request, row, OfficeAnswerForm(row, token))
    data, error = parse_short_body(request, FOREIGN)
    form = OfficeAnswerForm(row, token, data)
    if error or not form.is_valid():
        return _form_page(request, row, form, error)
    try:
        is_recorded = office_questions.record_answer(row.pk, **form.cleaned_data)
    except db.Error as problem:
        log.error("office_answer.save_failed", error=type(problem).__name__)  # noqa: TRY400
        return _form_page(request, row, form, NOT_SAVED)
    row.refresh_from_db()
    return _render(request, 200, question=row, is_recorded=is_recorded)


def _form_page(
    request: HttpRequest,
    row: OfficeQuestion,
    form: OfficeAnswerForm,
    error: FormError | None = None,
) -> HttpResponse:
    status = error.status if error else 422 if form.errors else 200
    return _render(
        request, status, question=row, subject=subject_of(row), form=form, form_error=error
    )


def _render(request: HttpRequest, status: int, **context: object) -> HttpResponse:
    template = "reports/office_question.html"
    return render(request, template, context, status=status, using="public")
