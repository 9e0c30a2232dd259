"""Writing to a reporter: canned replies to start from, and the words as the reporter will read them
before they are sent. Nothing is written here; what is sent goes to the act's own address.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from desk.labels import highlighting
from desk.reports.base import ReportView, page_context
from desk.reports.decision_forms import ACTS, MAX_WORDS, MISSING, NO_LINKS, NOT_TOLD
from desk.reports.navigation import filters_of, page_address
from desk.reports.page import render_page
from reports.cases import replies, transitions, workflow
from reports.extraction.accounts_and_links import find_links
from reports.models import Report

VERBS = tuple(verb for verb, move in transitions.TABLE.items() if move.tells)
_TOO_LONG = f"Dài quá {MAX_WORDS} ký tự, viết ngắn lại."


class ComposeMessage(ReportView):
    """The page between a report and a message to its reporter: take a reply in, show what the reporter
    will read, or go on writing.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest, verb: str) -> HttpResponse:
        if not self.officer.has_perm(transitions.TABLE[verb].permission):
            raise PermissionDenied
        if verb not in workflow.allowed_actions(self.report.case, self.officer):
            return self.refuse()
        text = with_reply(request.POST.get("reason", ""), request.POST.get("insert", ""))
        errors = validation_errors(text) if "look" in request.POST else []
        if "look" in request.POST and not errors:
            return self.render_preview(verb, text)
        return self.render_form(verb, text, errors)

    def refuse(self) -> HttpResponse:
        status = self.report.case.get_status_display()
        messages.error(
            self.request, f"Tin đang ở trạng thái “{status}” nên không làm được việc này."
        )
        return render_page(self.request, self.report)

    def render_form(self, verb: str, text: str, errors: list[str]) -> HttpResponse:
        language = chosen_language(self.request, self.report)
        context = self.build_context(verb, text) | {
            "wrong": errors,
            "languages": Report.Language.choices,
            "offered": replies.suggested_replies(self.report.case, verb, language),
            "most": MAX_WORDS,
        }
        template, status = "admin/reports/report/compose.html", 422 if errors else 200
        return TemplateResponse(self.request, template, context, status=status)

    def render_preview(self, verb: str, text: str) -> HttpResponse:
        context = self.build_context(verb, text) | {"text": highlighting.truncate(text)}
        return TemplateResponse(self.request, "admin/reports/report/preview.html", context)

    def build_context(self, verb: str, text: str) -> dict[str, Any]:
        posted, filters = self.request.POST, filters_of(self.request.POST)
        return page_context(
            self.request,
            ACTS[verb].title,
            report=self.report,
            act=ACTS[verb],
            compose=f"admin:reports_report_compose_{verb}",
            send=f"admin:reports_report_{verb}",
            version=posted.get("version", ""),
            then=posted.get("then", ""),
            back=filters,
            report_page=page_address(self.report.pk, filters),
            language=chosen_language(self.request, self.report),
            theirs=self.report.get_language_display(),
            written=text,
        )


def with_reply(written: str, reply: str) -> str:
    """What is written so far, the chosen reply below it."""
    return "\n".join(filter(None, (written.replace("\0", "").strip(), reply.replace("\0", ""))))


def chosen_language(request: HttpRequest, report: Report) -> str:
    """The reporter's own, unless the officer chose the other."""
    chosen = request.POST.get("language", "")
    return chosen if chosen in Report.Language.values else report.language


def validation_errors(written: str) -> list[str]:
    """Why these words may not be sent, in an officer's words; none is well. One statement."""
    if not written.strip():
        return [MISSING["reason"]]
    if len(written) > MAX_WORDS:
        return [_TOO_LONG]
    open_blanks = replies.placeholder_help(written)
    broken = replies.forbidden_wording(written)
    return [
        *(
            [f"Chưa điền {', '.join(open_blanks)[:400]}. {NOT_TOLD['blank']}"]
            if open_blanks
            else []
        ),
        *([NO_LINKS] if find_links(written) else []),
        *([NOT_TOLD[broken]] if broken else []),
    ]
