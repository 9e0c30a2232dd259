"""Actions of the report page: verbs of the workflow, corrections, reprocessing, messages."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from core.errors import ActionError
from desk.labels import highlighting
from desk.labels.decisions import ACTION_LABELS, FORBIDDEN, MISSING, NO_LINKS, NOT_SAVED
from desk.pages.http import render, set_status
from desk.reports import indicators, navigation, reprocessing
from desk.reports.bank_letters import AnswerForm, LetterForm
from desk.reports.base import ReportAction, ReportView, open_report
from desk.reports.correction_forms import FactsForm
from desk.reports.decision_forms import MAX_REASON_CHARS, DecisionForm, error_message
from desk.reports.navigation import filters_of, page_address
from desk.reports.page import ActionForm, make_form, render_page
from reports.attachments import sanitized_copies, storage
from reports.cases import checklists, replies, transitions, workflow
from reports.extraction.bank_accounts_and_links import find_links
from reports.facts.effective_facts import effective_facts
from reports.models import BankLetter, Case, Report

VERBS = tuple(verb for verb, move in transitions.TABLE.items() if move.messages_reporter)
_TOO_LONG = f"Dài quá {MAX_REASON_CHARS} ký tự, viết ngắn lại."


class FormAction(ReportAction):
    """An action with a form, which keeps the typed values on an error."""

    form: ActionForm

    def make_form(self, *args: Any, **kwargs: Any) -> ActionForm:
        raise NotImplementedError  # each action has its form

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.form = self.make_form(**kwargs)
        if self.form.is_valid():
            return super().post(request, **kwargs)
        messages.error(request, NOT_SAVED)
        return render_page(request, self.report, form=self.form)

    def show_error(self, error: ActionError) -> HttpResponse:
        """Return the current page with the typed form and the error."""
        report = open_report(self.request, self.report.pk)
        self.form.add_action_error(error)
        version = self.form.cleaned_data.get("version") or 0
        messages.error(self.request, error_message(error, report.case, version))
        return render_page(self.request, report, form=self.form)


class TakeDecision(FormAction):
    """Take a decision, and open the next report if the officer wants that."""

    form: DecisionForm

    def make_form(self, verb: str) -> DecisionForm:
        return make_form(self.report, effective_facts(self.report), verb, self.request.POST)

    def run(self, verb: str) -> Case:
        # Before the decision: afterwards the report may have left the list.
        self.following = navigation.next_after_action(self.request, self.report.pk, verb)
        return self.form.execute(self.report.case, self.officer)

    def show_result(self, result: Case) -> HttpResponse:
        return navigation.redirect_after_action(
            self.request, result, self.form.verb, self.following
        )


class LetterAction(FormAction):
    """An action with a letter to a bank."""

    permission = "reports.decide_case"

    def get_next_address(self) -> str:
        return f"{super().get_next_address()}#bank"


class WriteLetter(LetterAction):
    """Issue a letter that asks a bank to hold money."""

    done = "Đã lập công văn. Gọi số gấp của ngân hàng trước, rồi in ra trình lãnh đạo ký."
    form: LetterForm

    def make_form(self) -> LetterForm:
        return LetterForm(self.request.POST)

    def run(self) -> BankLetter:
        return self.form.execute(self.report.case, self.officer)


class RecordAnswer(LetterAction):
    """Record what the bank holds."""

    done = "Đã ghi ngân hàng trả lời."
    form: AnswerForm

    def make_form(self, letter: int) -> AnswerForm:
        return AnswerForm(get_object_or_404(self.report.bank_letters, pk=letter), self.request.POST)

    def run(self, letter: int) -> None:
        self.form.execute(self.officer)


class JudgeFacts(FormAction):
    """Store all that the officer says of the facts: right, wrong, or taken back."""

    permission = "reports.decide_case"
    done = "Đã ghi. Máy có đọc lại cũng không đổi chỗ đã sửa."
    form: FactsForm

    def make_form(self) -> FactsForm:
        rows = indicators.load_indicators(self.report)
        return FactsForm(self.report, rows, self.request.POST)

    def run(self) -> Case:
        return self.form.execute(self.report.case, self.officer)

    def get_next_address(self) -> str:
        return f"{page_address(self.report.pk, filters_of(self.request.POST))}#machine"


class CheckLine(ReportAction):
    """Tick a line of the checklist, or untick it; an error gives the page as it stands now."""

    permission = "reports.decide_case"

    def show_error(self, error: ActionError) -> HttpResponse:
        report = open_report(self.request, self.report.pk)
        messages.error(self.request, error_message(error, report.case, self.version))
        return set_status(render_page(self.request, report), 409)

    def run(self) -> None:
        done = self.request.POST.get("done", "")
        code = done or self.request.POST.get("undo", "")
        checklists.mark_line(self.report.pk, code, by=self.officer, is_done=bool(done))

    def get_next_address(self) -> str:
        filters = filters_of(self.request.POST)
        return f"{page_address(self.report.pk, filters)}#checklist"


class ReprocessReport(ReportAction):
    """Reprocess this report and its files; decisions stay."""

    permission = reprocessing.REPROCESS_ONE_PERMISSION

    def run(self) -> None:
        reprocessing.reprocess_selected(self.request, [self.report.pk])
        files = storage.files_of_report(self.report).filter(erased_at=None)
        sanitized_copies.enqueue_scan(files)


class ComposeMessage(ReportView):
    """The page to write a message to the reporter: insert a canned reply, preview, edit."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, verb: str) -> HttpResponse:
        if not self.officer.has_perm(transitions.TABLE[verb].permission):
            raise PermissionDenied
        if verb not in workflow.allowed_actions(self.report.case, self.officer):
            return self.refuse()
        text = with_reply(request.POST.get("reason", ""), request.POST.get("insert", ""))
        errors = validation_errors(text) if "preview" in request.POST else []
        if "preview" in request.POST and not errors:
            return self.render("preview", verb, text, {"text": highlighting.truncate(text)})
        return self.render_form(verb, text, errors)

    def refuse(self) -> HttpResponse:
        status = self.report.case.get_status_display()
        text = f"Tin đang ở trạng thái “{status}” nên không làm được việc này."
        messages.error(self.request, text)
        return render_page(self.request, self.report)

    def render_form(self, verb: str, text: str, errors: list[str]) -> HttpResponse:
        language = chosen_language(self.request, self.report)
        context = {
            "wrong": errors,
            "languages": Report.Language.choices,
            "offered": replies.suggested_replies(self.report.case, verb, language),
            "most": MAX_REASON_CHARS,
        }
        return set_status(self.render("compose", verb, text, context), 422 if errors else 200)

    def render(self, page: str, verb: str, text: str, context: dict[str, Any]) -> HttpResponse:
        posted, filters = self.request.POST, filters_of(self.request.POST)
        return render(
            self.request,
            f"admin/reports/report/{page}.html",
            ACTION_LABELS[verb].title,
            Report,
            report=self.report,
            act=ACTION_LABELS[verb],
            compose=f"admin:reports_report_compose_{verb}",
            send=f"admin:reports_report_{verb}",
            version=posted.get("version", ""),
            then=posted.get("then", ""),
            list_filters=filters,
            report_page=page_address(self.report.pk, filters),
            language=chosen_language(self.request, self.report),
            reporter_language=self.report.get_language_display(),
            written=text,
            **context,
        )


def with_reply(written: str, reply: str) -> str:
    """Return the written text with the reply below it, without NUL."""
    return "\n".join(filter(None, (written.replace("\0", "").strip(), reply.replace("\0", ""))))


def chosen_language(request: HttpRequest, report: Report) -> str:
    """Return the language that the officer chose, else the reporter's."""
    chosen = request.POST.get("language", "")
    return chosen if chosen in Report.Language.values else report.language


def validation_errors(written: str) -> list[str]:
    """Return why this text may not be sent, in one statement."""
    if not written.strip():
        return [MISSING["reason"]]
    if len(written) > MAX_REASON_CHARS:
        return [_TOO_LONG]
    errors = []
    if blanks := replies.placeholder_help(written):
        errors.append(f"Chưa điền {', '.join(blanks)[:400]}. {FORBIDDEN['blank']}")
    if find_links(written):
        errors.append(NO_LINKS)
    if wording := replies.forbidden_wording(written):
        errors.append(FORBIDDEN[wording])
    return errors
