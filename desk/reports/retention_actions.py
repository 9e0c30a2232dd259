"""What is kept of a report, taken along and destroyed: holds, the case file, destruction by two."""

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.reauthentication import must_be_confirmed
from core.audit import log as events
from desk import highlighting as marking
from desk import labels as words
from desk.base import moment, officer, see_other
from desk.reports import case_text
from desk.reports import decision_forms as acts
from desk.reports import erasure_requests as wishes
from desk.reports.erasure_requests import WishActs
from desk.reports.export_actions import WITH_PERSONAL, WhyForm, attachment, digest
from reports.attachments import filetypes
from reports.attachments import storage as files
from reports.cases import case_archive as case_file
from reports.cases import legal_holds as holds
from reports.cases import workflow
from reports.cases.legal_holds import HoldError
from reports.models import Case, Destruction, Report
from reports.retention import destruction_requests as destruction
from reports.retention.destruction_requests import DestructionError, What
from reports.retention.erasure_requests import WishError

CASE_FILE = "reports.export_case"
MOST_WORDS = 1000
_IN_MEMORY = 16 * 1024 * 1024
NOT_DONE = {
    "reason": "Chưa làm. Ghi lý do rồi bấm lại.",
    "held": "Chưa làm. Tin đang phải giữ nguyên theo yêu cầu.",
    "free": "Chưa làm. Tin này không còn phải giữ.",
    "gone": "Chưa làm. Thứ này không có, hoặc đã hủy, đã xóa.",
    "proposed": "Chưa làm. Đã có người đề nghị hủy thứ này.",
    "closed": "Chưa làm. Đề nghị này đã được quyết định rồi.",
    "same": "Chưa hủy. Người đề nghị không tự đồng ý được: cần người thứ hai.",
}


class CaseFileForm(WhyForm):
    """A case file always leaves the house, so its reason is always asked."""

    always = True


@dataclass(frozen=True)
class Thing:
    """A file or an addition that could be destroyed, and the proposal that waits for it."""

    what: str
    target: UUID
    title: str
    proposal: Destruction | None
    is_mine: bool


class KeepingActs(WishActs):
    """The page beside a report, and its acts."""

    admin_site: admin.AdminSite
    opts: Any
    _get: Callable[[HttpRequest, UUID | str], Report]

    def keeping_urls(self) -> list[URLPattern]:
        under: dict[str, Callable[..., HttpResponseBase]] = {
            "hold": self.hold, "lift": self.lift, "case-file": must_be_confirmed(self.give_case_file, CASE_FILE),
            "destroy": self.destroy, "destroy/<int:which>/confirm": self.confirm,
            "destroy/<int:which>/withdraw": self.withdraw, **self.wish_acts(),
        }  # fmt: skip
        shown = self.admin_site.admin_view(require_safe(self.keeping))
        return [
            path("<uuid:pk>/keeping/", shown, name="reports_report_keeping"),
            *(self._keeping_url(route, view) for route, view in under.items()),
        ]

    def _keeping_url(self, route: str, view: Callable[..., HttpResponseBase]) -> URLPattern:
        name = route.rpartition("/")[2].replace("-", "_")
        wrapped = self.admin_site.admin_view(require_POST(view))
        return path(f"<uuid:pk>/{route}/", wrapped, name=f"reports_report_keeping_{name}")

    def keeping(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._keeping_page(request, self._get(request, pk))

    def hold(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Put the report under a hold."""

        def act(by: User, reason: str) -> object:
            return holds.place(pk, by=by, reason=reason)

        return self._do(request, pk, "hold", act, "Đã giữ nguyên tin này.")

    def lift(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """End the hold."""

        def act(by: User, reason: str) -> None:
            holds.lift(pk, by=by, reason=reason)

        return self._do(request, pk, "lift", act, "Đã thôi giữ.")

    def destroy(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Propose that a file or an addition be destroyed."""
        what, target = request.POST.get("what", ""), _key(request.POST.get("target", ""))

        def act(by: User, reason: str) -> object:
            return destruction.propose(pk, what, target, by=by, reason=reason)

        return self._do(request, pk, "destroy", act, "Đã đề nghị hủy. Cần người thứ hai đồng ý.")

    def confirm(self, request: HttpRequest, pk: UUID, which: int) -> HttpResponse:
        """Destroy what somebody else has proposed."""

        def act(by: User, _: str) -> None:
            destruction.confirm(pk, which, by=by)

        return self._do(request, pk, "confirm_destruction", act, "Đã hủy.")

    def withdraw(self, request: HttpRequest, pk: UUID, which: int) -> HttpResponse:
        """Take a proposal back, or refuse it."""

        def act(by: User, _: str) -> None:
            destruction.withdraw(pk, which, by=by)

        return self._do(request, pk, "withdraw_destruction", act, "Đã bỏ đề nghị hủy.")

    def _do(
        self,
        request: HttpRequest,
        pk: UUID,
        verb: str,
        act: Callable[[User, str], object],
        done: str,
    ) -> HttpResponse:
        """Do it, or show the page again with what was typed and why not."""
        report = self._get(request, pk)
        reason = request.POST.get("reason", "").replace("\0", "")[:MOST_WORDS]
        try:
            act(officer(request), reason)
        except (HoldError, DestructionError, WishError, workflow.WorkflowError) as error:
            messages.error(request, _why_not(error, pk))
            return self._keeping_page(request, report, typed=(verb, reason), status=409)
        messages.success(request, done)
        return see_other(reverse("admin:reports_report_keeping", args=[pk]))

    def give_case_file(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """Give the report as an archive, on record before it is given."""
        report, by = self._get(request, pk), officer(request)
        may_personal = by.has_perm(WITH_PERSONAL)
        if not by.has_perm(CASE_FILE) or ("personal" in request.POST and not may_personal):
            raise PermissionDenied
        form = CaseFileForm(request.POST, may_personal=may_personal)
        if not form.is_valid():
            return self._keeping_page(request, report, form=form, status=422)
        personal = bool(form.cleaned_data.get("personal"))
        with contextlib.ExitStack() as unless_given:
            file = unless_given.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
            talk = by.has_perm("reports.decide_case")
            text = case_text.whole(report, personal=personal, talk=talk)
            count = case_file.write(file, report, text, pictures=personal)
            said = {"format": "zip", "files": count, "personal": personal, "sha256": digest(file)}
            reason = form.cleaned_data["reason"]
            events.record("report", report.pk, "case_exported", by=by, reason=reason, **said)
            unless_given.pop_all()  # the answer closes it
        return attachment(file, f"tin-{report.public_number}.zip", "application/zip")

    def _keeping_page(
        self,
        request: HttpRequest,
        report: Report,
        *,
        form: CaseFileForm | None = None,
        typed: tuple[str, str] = ("", ""),
        status: int = 200,
    ) -> HttpResponse:
        by = officer(request)
        may = {
            "may_hold": holds.PLACE, "may_lift": holds.LIFT, "may_export": CASE_FILE,
            "may_propose": destruction.PROPOSE, "may_confirm": destruction.CONFIRM,
        }  # fmt: skip
        context = {
            **self.admin_site.each_context(request),
            "title": f"Giữ, xuất, hủy: tin {report.public_number}",
            "opts": self.opts,
            "report": report,
            "hold": (hold := holds.current(report.pk)),
            "hold_by": words.person(hold.by) if hold else "",
            "hold_reason": marking.plain(hold.reason) if hold else "",
            "things": things(report, by),
            **wishes.shown(report, by),
            "form": form or CaseFileForm(may_personal=by.has_perm(WITH_PERSONAL)),
            "typed": dict([typed]),
            **{name: by.has_perm(permission) for name, permission in may.items()},
        }
        page = "admin/reports/report/keeping.html"
        return TemplateResponse(request, page, context, status=status)


def things(report: Report, by: User) -> list[Thing]:
    """What of a report could be destroyed. Three statements."""
    rows = Destruction.objects.filter(report=report, confirmed_at=None, withdrawn_at=None)
    open_ones = {row.target: row for row in rows.select_related("proposed_by")}
    sent = [
        (What.FILE, file.pk, f"Tệp số {number}: {filetypes.named(file.media_type).word}")
        for number, file in enumerate(files.of(report), 1)
        if file.erased_at is None
    ]
    told = [
        (What.ADDITION, row.pk, f"{row.get_kind_display()}, {moment(row.received_at)}")
        for row in report.additions.filter(erased_at=None).order_by("received_at")
    ]
    return [
        Thing(what, target, title, row, bool(row and row.proposed_by_id == by.pk))
        for what, target, title in (*sent, *told)
        for row in [open_ones.get(target)]
    ]


def _why_not(
    error: HoldError | DestructionError | WishError | workflow.WorkflowError, pk: UUID
) -> str:
    """What the officer reads. Raises PermissionDenied where it is the right that is missing."""
    if isinstance(error, workflow.NotAllowed):
        raise PermissionDenied from error
    if isinstance(error, workflow.WorkflowError):
        return acts.why_not(error, Case.objects.get(pk=pk))
    if error.why == "permission":
        raise PermissionDenied from error
    told = wishes.NOT_DONE if isinstance(error, WishError) else NOT_DONE
    return told[error.why]


def _key(text: str) -> UUID:
    """A key that somebody sent; what is none means nothing that is there."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
