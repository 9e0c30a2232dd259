"""Views that reveal or download sealed data of a report, audited before."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.html import format_html, format_html_join

from accounts.sessions import get_officer
from core import encryption
from core.audit import events
from core.responses import HttpResponseSeeOther
from desk.labels.decisions import NOT_RELEASED
from desk.pages.http import download, post_text, set_status
from desk.reports import attachments, contact_views, followups
from desk.reports.base import ReportAction, ReportView
from desk.reports.decision_forms import MAX_REASON_CHARS
from desk.reports.detail import MAX_EVENTS
from desk.reports.followups import FollowupPanel, Sealed
from desk.reports.navigation import filters_of, list_address, page_address
from desk.reports.page import REVEAL_REASONS, find_latest_reveal, render_page
from reports.attachments import storage
from reports.cases import visibility
from reports.extraction.numbering_plan import MAX_NUMBER_CHARS_READ
from reports.facts import contact_index
from reports.models import FileCheck, Followup, Report
from reports.submission import receipt_codes
from reports.tracking import code_recovery

MAX_OWN_REPORTS = 10  # that one number is said to have made
PLAIN_TEXT = "text/plain; charset=utf-8"
REVEAL_PERMISSION = contact_views.PERMISSION
MIN_REVEAL_REASON_CHARS, MAX_REVEAL_REASON_CHARS = 5, 300
_FIELDS = {"message": "text", "followup": "story"}  # name of the sealed field


def get_reveal_reason(request: HttpRequest) -> str:
    """Return the posted reason, on one line."""
    return " ".join(request.POST.get("why", "").replace("\0", "").split())[:MAX_REVEAL_REASON_CHARS]


def find_reveal_refusal(request: HttpRequest, report: Report, by: User) -> str:
    """Return why nothing is revealed, "" where it may be.

    A reason reveals once: a form already used carries an older reveal than the newest.
    """
    if len(get_reveal_reason(request)) < MIN_REVEAL_REASON_CHARS:
        return f"Chưa hiện. Ghi vì sao cần xem, ví dụ: {REVEAL_REASONS[0].lower()}."
    if request.POST.get("seen", "0") != str(find_latest_reveal(report, by)):
        return "Chưa hiện. Mỗi lý do chỉ hiện một lần, lần ấy đã hiện. Cần xem nữa thì bấm lại."
    return ""


class RevealView(ReportView):
    http_method_names = ["post"]
    permission = REVEAL_PERMISSION

    def open_sealed(self, sealed: Sealed, what: str, **detail: str) -> str:
        """Return the decrypted text, audited before; "" and a message where it is undecryptable."""
        report = self.report
        events.log_event("report", report.pk, "revealed", by=self.officer, field=what, **detail)
        text = encryption.decrypt(sealed, _FIELDS.get(what, what), report.pk)
        if text is None:
            messages.error(self.request, "Không mở được: không có, đã xóa, hoặc thiếu khóa.")
        return text or ""

    def give_whole(self, text: str, what: str) -> HttpResponse | None:
        """Return the text as a download if the officer asks for the whole, else None."""
        if not (text and "whole" in self.request.POST):
            return None
        return download(text, f"{self.report.public_number}-{what}.txt", PLAIN_TEXT)


class RevealField(RevealView):
    """Reveal one sealed field once, on the page or as a download."""

    def post(self, request: HttpRequest, what: str) -> HttpResponse:
        reason = get_reveal_reason(request)
        if refusal := find_reveal_refusal(request, self.report, self.officer):
            messages.error(request, refusal)
            revealed = {"refused": what, "why": reason}
            return set_status(render_page(request, self.report, revealed=revealed), 422)
        text = self.open_sealed(self.find_sealed(what), what, reason=reason)
        revealed = {what: text, "why": reason}
        return self.give_whole(text, what) or render_page(request, self.report, revealed=revealed)

    def find_sealed(self, what: str) -> Sealed:
        if what == "story":
            return self.report.story_sealed
        return FollowupPanel(self.report).latest_sealed(what)


class ShowContact(RevealView):
    """Show number and phrase together, on the page of the officer who says why, for a while."""

    def post(self, request: HttpRequest) -> HttpResponse:
        report, reason = self.report, get_reveal_reason(request)
        if len(reason) < MIN_REVEAL_REASON_CHARS:
            messages.error(request, "Chưa hiện. Chọn hoặc ghi vì sao gọi.")
            revealed = {"refused": "contact", "why": reason}
            return set_status(render_page(request, report, revealed=revealed), 422)
        log = list(events.events_for("report", report.pk)[:MAX_EVENTS])
        if not contact_views.find_end(request, report, log, FollowupPanel(report)):
            contact_views.record_view(request, report, reason)
        return HttpResponseSeeOther(f"{page_address(report.pk, filters_of(request.POST))}#call")


class RevealFollowup(RevealView):
    """Reveal one message or follow-up unmasked, on the page or as a download."""

    def post(self, request: HttpRequest, what: str, which: int | UUID) -> HttpResponse:
        sealed = followups.sealed_text_or_404(self.report, what, which)
        text = self.open_sealed(sealed, what, target=str(which))
        return self.give_whole(text, what) or render_page(request, self.report, opened=which)


class RevealFile(RevealView):
    """Download the original of an attachment, audited before."""

    def post(self, request: HttpRequest, file: UUID) -> HttpResponseBase:
        row = get_object_or_404(self.report.files.select_related("check_result"), pk=file)
        if attachments.is_infected(row) and "harmful" not in request.POST:
            messages.error(request, "Tệp này có mã độc. Xem cảnh báo ở dưới trước khi tải.")
            return render_page(request, self.report)
        number = attachments.file_ordinal(self.report, row)
        events.log_event(
            "report", self.report.pk, "revealed", by=self.officer, field="file", number=number
        )
        try:
            return attachments.attachment(self.report, row, number)
        except storage.DecryptionError:
            messages.error(request, "Không mở được bản gốc: đã xóa, đã hỏng, hoặc thiếu khóa.")
        return render_page(request, self.report)


class ShowPicture(ReportView):
    """Return the redrawn picture of an attachment, audited once a day."""

    permission = REVEAL_PERMISSION

    def get(self, request: HttpRequest, file: UUID) -> HttpResponse:
        row = get_object_or_404(self.report.files.filter(erased_at=None), pk=file)
        check = get_object_or_404(FileCheck, file=row)
        try:
            picture = attachments.open_clean_copy(check)
        except storage.DecryptionError as error:
            raise Http404 from error
        attachments.log_picture_view(self.report, self.officer)
        return picture


class DownloadText(ReportView):
    """Download the redacted texts of a report as a file, audited before."""

    def get(self, request: HttpRequest) -> HttpResponse:
        report, may_read = self.report, self.officer.has_perm("reports.decide_case")
        later = followups.full_texts(report) if may_read else []
        events.log_event("report", report.pk, "revealed", by=self.officer, field="text")
        text = followups.working_copy_text(report, later)
        return download(text, f"{report.public_number}.txt", PLAIN_TEXT)


def find_own_number(request: HttpRequest) -> HttpResponse:
    """Lead to the reports that left a number to be called back on; each found is on record as a look,
    and so is a search that finds none.
    """
    by = get_officer(request, REVEAL_PERMISSION)
    found = _list_reports_of_contact(post_text(request, "text")[:MAX_NUMBER_CHARS_READ], by)
    for report in found:
        events.log_event("report", report.pk, "contact_searched", by=by)
    if not found:
        events.log_event("page", "own_number", "contact_searched", by=by)
        messages.info(request, "Không có tin nào để lại số này làm số gọi lại. Đã ghi nhật ký.")
    else:
        pages = [(page_address(each.pk, ""), each.public_number) for each in found]
        links = format_html_join(", ", '<a href="{}">{}</a>', pages)
        messages.info(request, format_html("Số để gọi lại của tin {}. Đã ghi nhật ký.", links))
    return HttpResponseSeeOther(list_address(""))


def _list_reports_of_contact(typed: str, by: User) -> list[Report]:
    """Return the newest visible reports with this number, or a follow-up with it."""
    indexes = contact_index.blind_indexes(typed)
    later = Followup.objects.filter(contact_index__in=indexes, erased_at=None)
    keys = Report.objects.filter(contact_index__in=indexes, erased_at=None).values("pk")
    rows = Report.objects.filter(pk__in=keys.union(later.values("report"))).only("public_number")
    return list(visibility.visible_reports(rows, by).order_by("-received_at")[:MAX_OWN_REPORTS])


class ReleaseCode(ReportAction):
    """Reveal once the word with which the reporter fetches a new code."""

    errors = (code_recovery.ReleaseError,)
    max_reason_chars = MAX_REASON_CHARS

    def run(self) -> str:
        word = code_recovery.issue_one_time_word(self.report, self.officer, self.reason)
        return " ".join(receipt_codes.format_code(word))

    def show_result(self, result: str) -> HttpResponse:
        messages.success(self.request, "Đọc số tin và chữ dùng một lần ở dưới cho người gọi.")
        spoken = "; ".join(map(receipt_codes.phonetic_group, result.split()))
        return render_page(self.request, self.report, revealed={"word": result, "spoken": spoken})

    def show_error(self, error: code_recovery.ReleaseError) -> HttpResponse:
        messages.error(self.request, NOT_RELEASED[error.code])
        page = render_page(self.request, self.report, revealed={"reason": self.reason})
        return set_status(page, 422)
