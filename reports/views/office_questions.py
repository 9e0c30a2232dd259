"""The page behind a signed link on which an office's clerk answers a question of the police, once. It
speaks Vietnamese alone.
"""

from crispy_forms.layout import Fieldset
from django import db, forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.form_data import Fields, form_part, last_texts, make_helper
from reports.models import OfficeQuestion
from reports.numbers import office_questions
from reports.numbers.subjects import subject_of
from reports.views.disputes import FOREIGN
from reports.views.form_errors import form_view, parse_short_body, render_link_later

MAX_NOTE_CHARS = 300


class OfficeAnswerForm(forms.Form):
    answer = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={
            "required": "Chưa chọn câu trả lời nào.",
            "invalid_choice": "Chọn lại một trong ba câu trả lời.",
        },
    )
    note = forms.CharField(
        label="Ghi thêm cho công an (bỏ trống cũng được)",
        help_text=f"Nhiều nhất {MAX_NOTE_CHARS} ký tự. Đừng ghi tên, số của khách hàng.",
        required=False,
        max_length=MAX_NOTE_CHARS,
        widget=forms.Textarea({"class": "input", "rows": "3"}),
        error_messages={"max_length": f"Dài quá. Ô này nhận đến {MAX_NOTE_CHARS} ký tự."},
    )

    def __init__(self, row: OfficeQuestion, token: str, data: Fields | None = None) -> None:
        super().__init__(None if data is None else last_texts(data))
        self.fields["answer"].choices = row.list_answers()  # type: ignore[attr-defined]
        self.fields["note"].widget.attrs.pop("maxlength", None)  # what is too long comes back whole
        parts = (Fieldset("Cơ quan trả lời", "answer"), "note", form_part("submit_office_answer"))
        self.helper = make_helper("office_answer", *parts, args=[token])


@form_view
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Show the question with its form; posted, record the answer. Looking writes nothing: mail programs
    open links too.
    """
    try:
        return _answer(request, token)
    except db.Error:
        return render_link_later(request, ("answer", "note"))


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    row = office_questions.find_by_token(token)
    status = 200 if row else 404
    context: dict[str, object] = {"question": row}
    if row and row.is_open:
        is_sent = request.method == "POST"
        data, error = parse_short_body(request, FOREIGN) if is_sent else (None, None)
        form = OfficeAnswerForm(row, token, data)
        if is_sent and error is None and form.is_valid():
            context["is_recorded"] = office_questions.record_answer(row.pk, **form.cleaned_data)
            row.refresh_from_db()
        else:
            status = error.status if error else 422 if form.errors else 200
            context |= {"subject": subject_of(row), "form": form, "form_error": error}
    template = "reports/office_question.html"
    return render(request, template, context, status=status, using="public")
