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

from accounts.reauthentication import reauthentication_required
from core.audit import events
from desk import labels
from desk.labels import highlighting
from desk.pages.base import format_datetime, officer, see_other
from desk.reports import case_text, decision_forms, erasure_requests
from desk.reports.erasure_requests import ErasureActionsMixin
from desk.reports.export_actions import WITH_PERSONAL, ReasonForm, attachment, digest
from reports.attachments import filetypes, storage
from reports.cases import case_archive, legal_holds, workflow
from reports.cases.legal_holds import HoldError
from reports.models import Case, DestructionRequest, Report
from reports.retention import destruction_requests
from reports.retention.destruction_requests import DestructionError, What
from reports.retention.erasure_requests import ErasureRequestError

CASE_FILE = "reports.export_case"
MAX_WORDS = 1000
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


class CaseFileForm(ReasonForm):
    """A case file always leaves the house, so its reason is always asked."""

    always = True


@dataclass(frozen=True)
class DestructibleItem:
    """A file or an addition that could be destroyed, and the proposal that waits for it."""

    what: str
    target: UUID
    title: str
    proposal: DestructionRequest | None
    is_mine: bool


class RetentionActionsMixin(ErasureActionsMixin):
    """The page beside a report, and its acts."""

    admin_site: admin.AdminSite
    opts: Any
    _get: Callable[[HttpRequest, UUID | str], Report]

    def keeping_urls(self) -> list[URLPattern]:
        under: dict[str, Callable[..., HttpResponseBase]] = {
            "hold": self.hold, "lift": self.lift_hold_view, "case-file": reauthentication_required(self.give_case_file, CASE_FILE),
            "destroy": self.destroy, "destroy/<int:which>/confirm": self.confirm,
            "destroy/<int:which>/withdraw": self.withdraw, **self.wish_acts(),
        }  # fmt: skip
        shown = self.admin_site.admin_view(require_safe(self.retention_view))
        return [
            path("<uuid:pk>/keeping/", shown, name="reports_report_keeping"),
            *(self._keeping_url(route, view) for route, view in under.items()),
        ]

    def _keeping_url(self, route: str, view: Callable[..., HttpResponseBase]) -> URLPattern:
        name = route.rpartition("/")[2].replace("-", "_")
        wrapped = self.admin_site.admin_view(require_POST(view))
        return path(f"<uuid:pk>/{route}/", wrapped, name=f"reports_report_keeping_{name}")

    def retention_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._keeping_page(request, self._get(request, pk))

    def hold(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Put the report under a hold."""

        def act(by: User, reason: str) -> object:
            return legal_holds.place_hold(pk, by=by, reason=reason)

        return self._do(request, pk, "hold", act, "Đã giữ nguyên tin này.")

    def lift_hold_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """End the hold."""

        def act(by: User, reason: str) -> None:
            legal_holds.lift_hold(pk, by=by, reason=reason)

        return self._do(request, pk, "lift", act, "Đã thôi giữ.")

    def destroy(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Propose that a file or an addition be destroyed."""
        what, target = request.POST.get("what", ""), _key(request.POST.get("target", ""))

        def act(by: User, reason: str) -> object:
            return destruction_requests.propose(pk, what, target, by=by, reason=reason)

        return self._do(request, pk, "destroy", act, "Đã đề nghị hủy. Cần người thứ hai đồng ý.")

    def confirm(self, request: HttpRequest, pk: UUID, which: int) -> HttpResponse:
        """Destroy what somebody else has proposed."""

        def act(by: User, _: str) -> None:
            destruction_requests.confirm(pk, which, by=by)

        return self._do(request, pk, "confirm_destruction", act, "Đã hủy.")

    def withdraw(self, request: HttpRequest, pk: UUID, which: int) -> HttpResponse:
        """Take a proposal back, or refuse it."""

        def act(by: User, _: str) -> None:
            destruction_requests.withdraw(pk, which, by=by)

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
        reason = request.POST.get("reason", "").replace("\0", "")[:MAX_WORDS]
        try:
            act(officer(request), reason)
        except (HoldError, DestructionError, ErasureRequestError, workflow.WorkflowError) as error:
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
            text = case_text.case_text(report, personal=personal, talk=talk)
            count = case_archive.write_case_zip(file, report, text, pictures=personal)
            said = {"format": "zip", "files": count, "personal": personal, "sha256": digest(file)}
            reason = form.cleaned_data["reason"]
            events.log_event("report", report.pk, "case_exported", by=by, reason=reason, **said)
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
            "may_hold": legal_holds.PLACE, "may_lift": legal_holds.LIFT, "may_export": CASE_FILE,
            "may_propose": destruction_requests.PROPOSE, "may_confirm": destruction_requests.CONFIRM,
        }  # fmt: skip
        context = {
            **self.admin_site.each_context(request),
            "title": f"Giữ, xuất, hủy: tin {report.public_number}",
            "opts": self.opts,
            "report": report,
            "hold": (hold := legal_holds.current_hold(report.pk)),
            "hold_by": labels.officer_name(hold.actor) if hold else "",
            "hold_reason": highlighting.plain_line(hold.reason) if hold else "",
            "things": destructible_items(report, by),
            **erasure_requests.erasure_panel(report, by),
            "form": form or CaseFileForm(may_personal=by.has_perm(WITH_PERSONAL)),
            "typed": dict([typed]),
            **{name: by.has_perm(permission) for name, permission in may.items()},
        }
        page = "admin/reports/report/keeping.html"
        return TemplateResponse(request, page, context, status=status)


def destructible_items(report: Report, by: User) -> list[DestructibleItem]:
    """What of a report could be destroyed. Three statements."""
    rows = DestructionRequest.objects.filter(report=report, confirmed_at=None, withdrawn_at=None)
    open_ones = {row.target: row for row in rows.select_related("proposed_by")}
    sent = [
        (What.FILE, file.pk, f"Tệp số {number}: {filetypes.by_media_type(file.media_type).word}")
        for number, file in enumerate(storage.files_of_report(report), 1)
        if file.erased_at is None
    ]
    told = [
        (What.ADDITION, row.pk, f"{row.get_kind_display()}, {format_datetime(row.received_at)}")
        for row in report.additions.filter(erased_at=None).order_by("received_at")
    ]
    return [
        DestructibleItem(what, target, title, row, bool(row and row.proposed_by_id == by.pk))
        for what, target, title in (*sent, *told)
        for row in [open_ones.get(target)]
    ]


def _why_not(
    error: HoldError | DestructionError | ErasureRequestError | workflow.WorkflowError, pk: UUID
) -> str:
    """What the officer reads. Raises PermissionDenied where it is the right that is missing."""
    if isinstance(error, workflow.NotAllowed):
        raise PermissionDenied from error
    if isinstance(error, workflow.WorkflowError):
        return decision_forms.error_message(error, Case.objects.get(pk=pk))
    if error.why == "permission":
        raise PermissionDenied from error
    told = erasure_requests.NOT_DONE if isinstance(error, ErasureRequestError) else NOT_DONE
    return told[error.why]


def _key(text: str) -> UUID:
    """A key that somebody sent; what is none means nothing that is there."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
