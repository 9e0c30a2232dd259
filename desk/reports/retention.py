"""Legal holds, the case file, destruction by two officers, answers to erasure requests."""

from dataclasses import dataclass
from functools import partial
from typing import IO, Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.sessions import get_officer
from core import encryption
from core.audit import events
from core.errors import ActionError
from core.form_data import parse_uuid
from core.models import AuditEvent
from desk.labels import highlighting
from desk.labels.formatting import format_datetime, officer_name
from desk.pages.http import render, set_status
from desk.reports import decision_forms, detail, documents
from desk.reports.base import ReportAction, ReportView
from desk.reports.exports import EXPORT_PERSONAL_PERMISSION, RequiredReasonForm, give_file
from desk.reports.followups import FollowupPanel
from reports.attachments import filetypes, storage
from reports.cases import legal_holds
from reports.cases.documents import write_case_zip
from reports.cases.legal_holds import HoldError
from reports.cases.transitions import ERASURE_REQUEST_TABLE
from reports.facts.effective_facts import effective_facts
from reports.models import Case, DestructionRequest, Report
from reports.retention import destruction_requests, erasure, erasure_requests
from reports.retention.destruction_requests import DestructionError, Target
from reports.retention.erasure_requests import ErasureRequestError

CASE_FILE_PERMISSION = "reports.export_case"
_MAX_MEMORY_BYTES = 16 * 1024 * 1024
NOT_DONE = {
    "reason": "Chưa làm. Ghi lý do rồi bấm lại.",
    "held": "Chưa làm. Tin đang phải giữ nguyên theo yêu cầu.",
    "free": "Chưa làm. Tin này không còn phải giữ.",
    "gone": "Chưa làm. Thứ này không có, hoặc đã hủy, đã xóa.",
    "proposed": "Chưa làm. Đã có người đề nghị hủy thứ này.",
    "closed": "Chưa làm. Đề nghị này đã được quyết định rồi.",
    "same": "Chưa hủy. Người đề nghị không tự đồng ý được: cần người thứ hai.",
}
# The answer to the reporter where the law forbids erasure; it must reveal no more than that.
MUST_BE_KEPT = {
    "vi": "Công an phải giữ tin này để giải quyết vụ việc, nên bây giờ chưa xóa được."
    " Xong việc, bạn đề nghị lại ở trang này.",
    "en": "The police must keep this report while a case is dealt with, so it cannot be erased now."
    " When that has ended, you may ask again on this page.",
}
AGAINST = {
    "held": "Tin đang phải giữ nguyên theo yêu cầu: chưa xóa được. Trả lời người báo bằng lời dưới đây.",
    "crime_report": "Tin đã phân loại là tin báo về tội phạm: chưa xóa được. Trả lời người báo bằng lời dưới đây.",
}
ERASURE_NOT_DONE = {
    **AGAINST,
    "closed": "Chưa làm. Đề nghị xóa này đã được trả lời rồi.",
    "gone": "Chưa làm. Dữ liệu của tin đã xóa rồi.",
    "same": "Chưa xóa. Bạn là người đưa ra xem lại: cần người khác đồng ý xóa.",
    "knew": "Chưa xóa. Bạn đã xem câu hẹn, cho lấy mã mới hoặc nhập tin này: cần người khác đồng ý xóa.",
}
RetentionError = HoldError | DestructionError | ErasureRequestError | ActionError
_PERMISSIONS = {
    "may_hold": legal_holds.PLACE, "may_lift": legal_holds.LIFT, "may_export": CASE_FILE_PERMISSION,
    "may_propose": destruction_requests.PROPOSE, "may_confirm": destruction_requests.CONFIRM,
}  # fmt: skip


@dataclass(frozen=True)
class DestructibleItem:
    """A file or follow-up that could be destroyed, and its open proposal."""

    what: str
    target: UUID
    title: str
    proposal: DestructionRequest | None
    is_own_proposal: bool


class RetentionPage(ReportView):
    """The page of holds, case file, destruction and erasure of a report."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render_page(request, self.report)


class RetentionAction(ReportAction):
    """An action of that page; on an error return the page with the typed reason."""

    errors = (HoldError, DestructionError, ErasureRequestError, ActionError)
    max_reason_chars = 1000
    name = ""

    def show_error(self, error: RetentionError) -> HttpResponse:
        messages.error(self.request, self.get_error_message(error))
        page = render_page(self.request, self.report, typed=(self.name, self.reason))
        return set_status(page, 409)

    def get_error_message(self, error: RetentionError) -> str:
        if isinstance(error, ActionError):
            return decision_forms.error_message(error, Case.objects.get(pk=self.report.pk))
        texts = ERASURE_NOT_DONE if isinstance(error, ErasureRequestError) else NOT_DONE
        return texts[error.code]

    def get_next_address(self) -> str:
        return reverse("admin:reports_report_retention", args=[self.report.pk])


class PlaceHold(RetentionAction):
    name, done = "hold", "Đã giữ nguyên tin này."

    def run(self) -> object:
        return legal_holds.place_hold(self.report.pk, by=self.officer, reason=self.reason)


class LiftHold(RetentionAction):
    name, done = "lift", "Đã thôi giữ."

    def run(self) -> None:
        legal_holds.lift_hold(self.report.pk, by=self.officer, reason=self.reason)


class ProposeDestruction(RetentionAction):
    name, done = "destroy", "Đã đề nghị hủy. Cần người thứ hai đồng ý."

    def run(self) -> object:
        posted = self.request.POST
        what, target = posted.get("what", ""), parse_uuid(posted.get("target", ""))
        return destruction_requests.propose(
            self.report.pk, what, target or UUID(int=0), by=self.officer, reason=self.reason
        )


class ConfirmDestruction(RetentionAction):
    """Confirm another officer's proposal and destroy."""

    name, done = "confirm_destruction", "Đã hủy."

    def run(self, which: int) -> None:
        destruction_requests.confirm(self.report.pk, which, by=self.officer)


class WithdrawDestruction(RetentionAction):
    """Withdraw or refuse a proposal."""

    name, done = "withdraw_destruction", "Đã bỏ đề nghị hủy."

    def run(self, which: int) -> None:
        destruction_requests.withdraw(self.report.pk, which, by=self.officer)


class GrantErasure(RetentionAction):
    name, done = "grant_erasure", "Đã xóa toàn bộ dữ liệu của tin."

    def run(self) -> None:
        erasure_requests.grant_erasure(self.report.pk, by=self.officer, version=self.version)


class RefuseErasure(RetentionAction):
    name, done = "refuse_erasure", "Đã trả lời người báo."

    def run(self) -> None:
        erasure_requests.refuse_erasure(
            self.report.pk, by=self.officer, version=self.version, reason=self.reason
        )


class ReopenErasure(RetentionAction):
    """Reopen a refused erasure request."""

    name, done = "reopen_erasure_request", "Đã đưa đề nghị xóa ra xem lại."

    def run(self) -> None:
        erasure_requests.reopen_request(
            self.report.pk, by=self.officer, version=self.version, reason=self.reason
        )


class GiveCaseFile(ReportView):
    """Download the report as an archive, audited before."""

    http_method_names = ["post"]
    permission = CASE_FILE_PERMISSION

    def post(self, request: HttpRequest) -> HttpResponseBase:
        may_personal = self.officer.has_perm(EXPORT_PERSONAL_PERMISSION)
        if "personal" in request.POST and not may_personal:
            raise PermissionDenied
        form = RequiredReasonForm(request.POST, may_personal=may_personal)
        if not form.is_valid():
            return set_status(render_page(request, self.report, form=form), 422)
        return self.write(form.cleaned_data["reason"], bool(form.cleaned_data.get("personal")))

    def write(self, reason: str, personal: bool) -> HttpResponseBase:
        report, by = self.report, self.officer
        talk = by.has_perm("reports.decide_case")
        text = documents.case_text(report, personal=personal, talk=talk)
        record = partial(
            events.log_event, "report", report.pk, "case_exported", by=by, reason=reason,
            format="zip", personal=personal,
        )  # fmt: skip

        def write_zip(file: IO[bytes]) -> dict[str, Any]:
            return {"files": write_case_zip(file, report, text, pictures=personal)}

        name = f"tin-{report.public_number}.zip"
        return give_file(name, "application/zip", write_zip, record, _MAX_MEMORY_BYTES)


def render_page(
    request: HttpRequest,
    report: Report,
    *,
    form: RequiredReasonForm | None = None,
    typed: tuple[str, str] = ("", ""),
) -> HttpResponse:
    """Return the page; `typed` is (name of an action, its typed reason)."""
    by, hold = get_officer(request), legal_holds.current_hold(report.pk)
    return render(
        request,
        "admin/reports/report/retention.html",
        f"Giữ, xuất, hủy: tin {report.public_number}",
        Report,
        report=report,
        hold=hold,
        hold_by=officer_name(hold.actor) if hold else "",
        hold_reason=highlighting.plain_line(hold.reason) if hold else "",
        things=destructible_items(report, by),
        form=form or RequiredReasonForm(may_personal=by.has_perm(EXPORT_PERSONAL_PERMISSION)),
        reasons=dict([typed]),
        typed_reason=highlighting.plain_line(typed[1]),
        **erasure_panel(report, by),
        **{name: by.has_perm(permission) for name, permission in _PERMISSIONS.items()},
    )


def destructible_items(report: Report, by: User) -> list[DestructibleItem]:
    """Return what of a report could be destroyed, in three statements."""
    rows = DestructionRequest.objects.filter(report=report, confirmed_at=None, withdrawn_at=None)
    open_ones = {row.target: row for row in rows.select_related("proposed_by")}
    files = [
        (Target.FILE, file.pk, f"Tệp số {number}: {filetypes.by_media_type(file.media_type).word}")
        for number, file in enumerate(storage.files_of_report(report), 1)
        if file.erased_at is None
    ]
    followups = [
        (Target.FOLLOWUP, x.pk, f"{x.get_kind_display()}, {format_datetime(x.received_at)}")
        for x in report.followups.filter(erased_at=None).order_by("received_at")
    ]
    return [
        DestructibleItem(what, target, title, row, bool(row and row.proposed_by_id == by.pk))
        for what, target, title in (*files, *followups)
        for row in [open_ones.get(target)]
    ]


def _list_events(report: Report, kind: str) -> QuerySet[AuditEvent]:
    return events.events_for("report", report.pk).filter(kind=kind)


def _reopen_reason(report: Report) -> str:
    act = _list_events(report, "erasure_request_reopened").first()
    return highlighting.plain_line(act.detail.get("reason", "")) if act else ""


def erasure_panel(report: Report, by: User) -> dict[str, Any]:
    """Return the context of the open (redacted) or refused request, in six statements at most."""
    newest, panel = erasure_requests.latest_request(report.pk), FollowupPanel(report)
    waits = newest is not None and newest.decided_at is None and not report.erased_at
    pending = newest if waits else None
    words = panel.redact(encryption.decrypt_field(pending, "text") or "") if pending else ""
    against = erasure.find_blocker(report.pk) if newest else ""
    facts = effective_facts(report)
    return {
        "erasure_request": pending,
        "refused_request": None if pending or against or report.erased_at else newest,
        "reopen_reason": _reopen_reason(report) if pending and pending.reopened_at else "",
        "is_reopened_by_me": pending is not None and pending.reopened_by == by,
        "knew_code": pending is not None and erasure_requests.knew_code(report.pk, by),
        "released": pending and _list_events(report, "one_time_word_issued").first(),
        "may_reopen": by.has_perm(ERASURE_REQUEST_TABLE["reopen_erasure_request"].permission),
        "request_words": highlighting.plain_line(words),
        "request_blocker": AGAINST.get(against, ""),
        "suggested_answer": MUST_BE_KEPT[report.language] if pending and against else "",
        "fact_summary": detail.summary(report, facts),
        "may_grant": by.has_perm(erasure_requests.GRANT),
        "may_refuse": by.has_perm("reports.close_case"),
    }
