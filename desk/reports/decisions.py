"""The buttons of the report page that decide: verbs of the workflow, corrections, reading again."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse

from desk.reports import correction_forms, navigation, reprocessing
from desk.reports.base import ReportAction, open_report, parse_version, set_status
from desk.reports.correction_forms import CorrectionForm
from desk.reports.decision_forms import DecisionForm, error_message
from desk.reports.navigation import filters_of, page_address
from desk.reports.page import make_form, render_page
from reports.attachments import sanitized_copies, storage
from reports.cases import corrections, workflow
from reports.facts.effective_facts import effective_facts
from reports.models import Case


class FormAction(ReportAction):
    """A form of the report page: what was typed stays on the page until it is carried out."""

    form: DecisionForm | CorrectionForm

    def make_form(self, *args: Any, **kwargs: Any) -> DecisionForm | CorrectionForm:
        raise NotImplementedError

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.form = self.make_form(**kwargs)
        if self.form.is_valid():
            return super().post(request, **kwargs)
        messages.error(request, "Chưa lưu. Xem lại chỗ báo lỗi; những gì đã gõ còn nguyên.")
        return render_page(request, self.report, form=self.form)

    def show_error(self, error: workflow.WorkflowError) -> HttpResponse:
        """Show the page as it is now, with what was typed, why nothing was done, who did what since."""
        report = open_report(self.request, self.report.pk)
        self.form.add_workflow_error(error)
        version = self.form.cleaned_data.get("version") or 0
        messages.error(self.request, error_message(error, report.case, version))
        return render_page(self.request, report, form=self.form)


class TakeDecision(FormAction):
    """Take a decision and go on to the next report, if the officer wants that."""

    form: DecisionForm

    def make_form(self, verb: str) -> DecisionForm:
        return make_form(self.report, effective_facts(self.report), verb, self.request.POST)

    def run(self, verb: str) -> Case:
        # Asked before the decision: afterwards the report may have left the list.
        self.following = navigation.next_after_action(self.request, self.report.pk, verb)
        return self.form.execute(self.report.case, self.officer)

    def show_result(self, result: Case) -> HttpResponse:
        return navigation.redirect_after_action(
            self.request, result, self.form.verb, self.following
        )


class CorrectFact(FormAction):
    """Put a fact of the machine right."""

    permission = "reports.decide_case"
    done = "Đã ghi chỗ sửa. Máy có đọc lại cũng không đổi chỗ này."
    form: CorrectionForm

    def make_form(self, fact: str) -> CorrectionForm:
        if fact not in correction_forms.TITLES:
            raise Http404
        return CorrectionForm(fact, self.request.POST)

    def run(self, fact: str) -> Case:
        return self.form.carry_out(self.report.case, self.officer)

    def get_next_address(self) -> str:
        return facts_address(self)


class RevertCorrection(ReportAction):
    """Let the machine's reading of a fact apply again."""

    done = "Đã lấy lại chỗ sửa. Gợi ý của máy dùng như trước."

    def run(self, fact: str) -> Case:
        version = parse_version(self.request)
        return corrections.revert_correction(
            self.report.pk, by=self.officer, version=version, fact=fact
        )

    def show_error(self, error: workflow.WorkflowError) -> HttpResponse:
        report = open_report(self.request, self.report.pk)
        version = parse_version(self.request)
        messages.error(self.request, error_message(error, report.case, version))
        return set_status(render_page(self.request, report), 409)

    def get_next_address(self) -> str:
        return facts_address(self)


class ReadAgain(ReportAction):
    """Have the machine read this report once more; the decision stays."""

    permission = reprocessing.ONE

    def run(self) -> None:
        reprocessing.reprocess_selected(self.request, [self.report.pk])
        files = storage.files_of_report(self.report).filter(erased_at=None)
        sanitized_copies.enqueue_scan(files)


def facts_address(view: ReportAction) -> str:
    """Return the address of the facts of the page, under the list that it was opened from."""
    return page_address(view.report.pk, filters_of(view.request.POST)) + "#machine"
