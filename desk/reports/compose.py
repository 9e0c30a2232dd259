"""Writing to a reporter: canned replies to start from, and the words as the reporter will read them
before they are sent. Nothing is written here; what is sent goes to the act's own address.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from desk.labels import highlighting
from desk.pages.base import officer
from desk.reports.decision_forms import ACTS, MAX_WORDS, MISSING, NO_LINKS, NOT_TOLD
from desk.reports.navigation import filters_of, page_address
from reports.cases import replies, transitions, workflow
from reports.extraction.accounts_and_links import find_links
from reports.models import Report

VERBS = tuple(verb for verb, move in transitions.TABLE.items() if move.tells)
_TOO_LONG = f"Dài quá {MAX_WORDS} ký tự, viết ngắn lại."


class ComposeActionsMixin:
    """The pages between a report and a word to its reporter."""

    admin_site: admin.AdminSite
    opts: Any
    _get: Callable[[HttpRequest, UUID | str], Report]
    _page: Callable[..., HttpResponse]

    def compose_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.compose))
        return [
            path(
                f"<uuid:pk>/compose/{verb}/", view, {"verb": verb},
                name=f"reports_report_compose_{verb}",
            )
            for verb in VERBS
        ]  # fmt: skip

    def compose(self, request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
        """Take a reply in, show what the reporter will read, or go on writing."""
        report = self._get(request, pk)
        if not officer(request).has_perm(transitions.TABLE[verb].permission):
            raise PermissionDenied
        if verb not in workflow.allowed_actions(report.case, officer(request)):
            standing = report.case.get_status_display()
            messages.error(
                request, f"Tin đang ở trạng thái “{standing}” nên không làm được việc này."
            )
            return self._page(request, report)
        written = with_reply(request.POST.get("reason", ""), request.POST.get("insert", ""))
        wrong = validation_errors(written) if "look" in request.POST else []
        if "look" in request.POST and not wrong:
            return self._preview(request, report, verb, written)
        return self._writing(request, report, verb, written, wrong)

    def _writing(
        self, request: HttpRequest, report: Report, verb: str, written: str, wrong: list[str]
    ) -> HttpResponse:
        language = chosen_language(request, report)
        page = self._asked(
            request,
            report,
            verb,
            written=written,
            wrong=wrong,
            languages=Report.Language.choices,
            offered=replies.suggested_replies(report.case, verb, language),
            most=MAX_WORDS,
        )
        page.status_code = 422 if wrong else 200
        return page

    def _preview(
        self, request: HttpRequest, report: Report, verb: str, written: str
    ) -> HttpResponse:
        page = self._asked(
            request, report, verb, written=written, text=highlighting.truncate(written)
        )
        page.template_name = "admin/reports/report/preview.html"
        return page

    def _asked(
        self, request: HttpRequest, report: Report, verb: str, **given: Any
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": ACTS[verb].title,
            "report": report,
            "act": ACTS[verb],
            "compose": f"admin:reports_report_compose_{verb}",
            "send": f"admin:reports_report_{verb}",
            "version": request.POST.get("version", ""),
            "then": request.POST.get("then", ""),
            "back": filters_of(request.POST),
            "report_page": page_address(report.pk, filters_of(request.POST)),
            "language": chosen_language(request, report),
            "theirs": report.get_language_display(),
            **given,
        }
        return TemplateResponse(request, "admin/reports/report/compose.html", context)


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
