"""Pages of questions to offices and of their answers; `office_questions` writes them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from accounts.sessions import get_officer
from core import encryption
from core.admin_pages import OwnFiltersAdmin
from core.models import Proposal
from desk.labels import highlighting
from desk.numbers.findings import initial_from_indicator, public_words
from desk.pages.actions import RowAction, ServiceAddMixin, ServiceFormMixin, action_history
from desk.reports.indicators import newest_naming
from reports.facts.choices import GROUPS
from reports.facts.effective_facts import effective_facts
from reports.models import Office, OfficeQuestion
from reports.numbers import office_questions
from reports.numbers.subjects import MAX_TYPED_CHARS, subject_of
from reports.public import office_texts


class QuestionForm(ServiceFormMixin, forms.ModelForm[OfficeQuestion]):
    """A question of fixed words to an office; an ActionError is an error of the form."""

    number = forms.CharField(
        label="Số, tài khoản, đường link",
        max_length=MAX_TYPED_CHARS,
        help_text="Cơ quan chỉ đọc điều này và câu hỏi, không đọc gì của tin.",
    )
    demand = forms.ChoiceField(
        label="Người gọi đòi gì",
        choices=[
            ("", "Chọn khi hỏi cơ quan có gọi như thế không"),
            *((each.code, each.label) for each in GROUPS),
        ],
        required=False,
    )

    class Meta:
        model = OfficeQuestion
        fields = ("number", "office", "question", "demand")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(field := self.fields.get("office"), forms.ModelChoiceField):
            field.queryset = Office.objects.exclude(email="")

    def build_row(self, values: dict[str, Any]) -> OfficeQuestion:
        return office_questions.build_question(
            *(values[name] for name in self.Meta.fields), by=self.by
        )


class StatusFilter(admin.SimpleListFilter):
    """Filter for questions that wait for the office, or whose answer nobody has read."""

    title = "trạng thái"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Chờ cơ quan trả lời"), ("answered", "Đã trả lời, chưa ai xem")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        waiting = Q(answered_at=None, withdrawn_at=None)
        unread = Q(answered_at__isnull=False, reviewed_at=None)
        return queryset.filter({"open": waiting, "answered": unread}.get(self.value() or "", Q()))


class WithdrawQuestion(RowAction):
    """Ask no longer."""

    done = "Đã thôi hỏi. Đường link đã gửi không trả lời được nữa."

    def run(self) -> None:
        office_questions.withdraw(self.row.pk, by=self.officer)


class ReviewAnswer(RowAction):
    """Mark the answer as read, or propose to publish it."""

    done = "Đã ghi là đã xem."
    proposed = "Đã đề nghị. Một người khác xác nhận thì trang kiểm tra mới nói điều này."

    def run(self) -> Proposal | None:
        publish = self.request.POST.get("decision") == "publish"
        return office_questions.review(self.row.pk, publish=publish, by=self.officer)


class TakeDownAnswer(RowAction):
    """Let the public pages tell the answer no longer."""

    done = "Đã gỡ khỏi trang kiểm tra. Muốn hiện lại thì cần hai người."

    def run(self) -> None:
        office_questions.take_down(self.row.pk, by=self.officer)


@admin.register(OfficeQuestion)
class OfficeQuestionAdmin(ServiceAddMixin, OwnFiltersAdmin[OfficeQuestion]):
    """Questions to offices, the newest first."""

    form = QuestionForm
    change_form_template = "admin/reports/officequestion/change_form.html"
    list_display = ("subject_column", "office", "question", "status_column", "due_at", "asked_by")
    list_select_related = ("office", "asked_by")
    list_filter = (StatusFilter,)
    ordering = ("-asked_at",)
    add_title = "Hỏi cơ quan"
    added = "Đã hỏi. Thư đi trong vòng một phút."
    row_actions = {
        "withdraw": WithdrawQuestion,
        "review": ReviewAnswer,
        "take_down": TakeDownAnswer,
    }

    def get_fields(self, request: HttpRequest, obj: OfficeQuestion | None = None) -> Any:
        asked = ("subject_column", "office", "text", "asked_by", "asked_at", "due_at", "sent_at")
        answered = ("status_column", "note", "answered_at", "reviewed_at", "published_at")
        return (*asked, *answered) if obj else QuestionForm.Meta.fields

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        first, report = initial_from_indicator(request)
        offices = office_texts.find_offices(effective_facts(report).offices) if report else []
        return {**first, "office": next((each for each in offices if each.email), None)}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        office_questions.store_question(obj)

    def sidebar(self, request: HttpRequest, row: OfficeQuestion) -> dict[str, Any]:
        by, subject = get_officer(request), subject_of(row)
        may_review = by.has_perm(office_questions.REVIEW)
        return {
            "may_withdraw": row.is_open and by.has_perm(office_questions.ASK),
            "may_review": may_review and row.answered_at is not None and row.published_at is None,
            "may_publish": not office_questions.publication_blocker(row),
            "is_proposed": office_questions.DENIAL.has_open(row.pk),
            "may_take_down": may_review and row.published_at is not None,
            "record": action_history("office_question", row.pk),
            **public_words(subject, subject.typed),
            "naming": newest_naming(row.key, by, row.kind, row.bank),
            "title": f"Hỏi {row.office}",
        }

    @admin.display(description="số, tài khoản, link")
    def subject_column(self, row: OfficeQuestion) -> str:
        return subject_of(row).text

    @admin.display(description="cơ quan ghi thêm")
    def note(self, row: OfficeQuestion) -> str:
        return highlighting.plain_line(encryption.decrypt_field(row, "note") or "") or "–"

    @admin.display(description="trả lời")
    def status_column(self, row: OfficeQuestion) -> str:
        if row.withdrawn_at:
            return "Đã thôi hỏi"
        if row.is_open:
            return f"{'Quá hạn' if row.is_overdue else 'Chờ trả lời'}{'' if row.sent_at else ', thư chưa đi'}"
        return f"{row.answer_text}{', đang hiện trên trang' if row.published_at else ''}"
