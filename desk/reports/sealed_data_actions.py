"""What is sealed of a report, shown or given at the desk: each look asks who is there, and is on record
before it is given.
"""

from collections.abc import Callable
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from accounts import reauthentication
from core import encryption
from core.audit import events
from desk.pages.base import officer, post_text
from desk.reports import attachments, followups, sealed_data_reasons, text_download
from desk.reports.decision_forms import MAX_WORDS, NOT_RELEASED
from desk.reports.followups import FollowupPanel, Sealed
from reports.attachments import storage
from reports.models import FileCheck, Report
from reports.submission import receipt_codes
from reports.tracking import code_recovery

REVEAL = "reports.reveal_contact"
_FIELDS = {"message": "text", "addition": "story"}  # where what is asked for lies


class RevealActionsMixin:
    """Words, files and the code of a reporter, one at a time."""

    admin_site: admin.AdminSite
    _get: Callable[[HttpRequest, UUID | str], Report]
    _page: Callable[..., HttpResponse]
    _post: Callable[..., URLPattern]

    def reveal_urls(self) -> list[URLPattern]:
        once = [
            self._reveal_url(f"reveal-{what}/", self.reveal, f"reveal_{what}", what=what)
            for what in sealed_data_reasons.SEALED
        ]
        later_words = [
            self._reveal_url(
                f"reveal-{what}/<{key}:which>/", self.reveal_followup, f"reveal_{what}", what=what
            )
            for what, key in (("message", "int"), ("addition", "uuid"))
        ]
        return [
            *once,
            *later_words,
            self._reveal_url("release-code/", self.release_code, "release_code"),
            self._reveal_url("file/<uuid:file>/", self.original, "reveal_file"),
            self._look_url("picture/<uuid:file>/", self.picture, "picture"),
            self._look_url("text/", self.download_text, "text"),
        ]

    def _reveal_url(
        self, route: str, view: reauthentication.View, name: str, **given: str
    ) -> URLPattern:
        """Personal data is given to who has lately said who they are."""
        asked_again = reauthentication.reauthentication_required(view, REVEAL)
        return self._post(f"<uuid:pk>/{route}", asked_again, f"reports_report_{name}", **given)

    def _look_url(self, route: str, view: reauthentication.View, name: str) -> URLPattern:
        shown = self.admin_site.admin_view(require_safe(view))
        address: URLPattern = path(f"<uuid:pk>/{route}", shown, name=f"reports_report_{name}")
        return address

    def download_text(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Give the whole working copy of what was typed as a file, on record before it is given."""
        report = self._get(request, pk)
        said = followups.full_texts(report) if request.user.has_perm("reports.decide_case") else []
        events.log_event("report", report.pk, "revealed", by=officer(request), what="text")
        return text_download.attachment(
            text_download.working_copy_text(report, said), report.public_number
        )

    def reveal(self, request: HttpRequest, pk: UUID, what: str) -> HttpResponse:
        """Show one sealed thing once, or give it whole; on record before it is shown."""
        report = self._get(request, pk)
        if not request.user.has_perm(REVEAL):
            raise PermissionDenied
        why = sealed_data_reasons.reveal_reason(request)
        if told := sealed_data_reasons.reveal_refusal(request, report, officer(request)):
            messages.error(request, told)
            page = self._page(request, report, shown={"asked": what, "why": why})
            page.status_code = 422
            return page
        sealed = (
            report.story_sealed if what == "story" else FollowupPanel(report).latest_sealed(what)
        )
        text = self._opened(request, report, sealed, what, reason=why)
        if text and "whole" in request.POST:
            return text_download.attachment(text, f"{report.public_number}-{what}")
        return self._page(request, report, shown={what: text, "why": why})

    def reveal_followup(
        self, request: HttpRequest, pk: UUID, what: str, which: int | UUID
    ) -> HttpResponse:
        """Show one message or addition as it came, or give it whole; on record before that."""
        report = self._get(request, pk)
        if not request.user.has_perm(REVEAL):
            raise PermissionDenied
        sealed = followups.sealed_text_or_404(report, what, which)
        text = self._opened(request, report, sealed, what, which=str(which))
        if text and "whole" in request.POST:
            return text_download.attachment(text, f"{report.public_number}-{what}")
        return self._page(request, report, opened=which)

    def _opened(
        self, request: HttpRequest, report: Report, sealed: Sealed, what: str, **which: str
    ) -> str:
        """The sealed words, on record before they are; "" when they do not open, which is told."""
        events.log_event("report", report.pk, "revealed", by=officer(request), what=what, **which)
        text = encryption.decrypt(sealed, _FIELDS.get(what, what), report.pk)
        if text is None:
            messages.error(request, "Không mở được: không có, đã xóa, hoặc thiếu khóa.")
        return text or ""

    def release_code(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show, once, the word with which the reporter fetches a new code."""
        report = self._get(request, pk)
        reason = post_text(request, "reason")[:MAX_WORDS]
        try:
            word = " ".join(
                receipt_codes.format_code(
                    code_recovery.issue_one_time_word(report, officer(request), reason)
                )
            )
        except code_recovery.ReleaseError as error:
            if error.why == "permission":
                raise PermissionDenied from error
            messages.error(request, NOT_RELEASED[error.why])
            page = self._page(request, report, shown={"reason": reason})
            page.status_code = 422
            return page
        messages.success(request, "Đọc số tin và chữ dùng một lần ở dưới cho người gọi.")
        spoken = "; ".join(map(receipt_codes.phonetic_group, word.split()))
        return self._page(request, report, shown={"word": word, "spoken": spoken})

    def original(self, request: HttpRequest, pk: UUID, file: UUID) -> HttpResponseBase:
        """Give the original of a file that was sent along, on record before it is given."""
        report = self._get(request, pk)
        if not request.user.has_perm(REVEAL):
            raise PermissionDenied
        row = get_object_or_404(report.files.select_related("check_result"), pk=file)
        if attachments.is_infected(row) and "harmful" not in request.POST:
            messages.error(request, "Tệp này có mã độc. Xem cảnh báo ở dưới trước khi tải.")
            return self._page(request, report)
        number = attachments.file_ordinal(report, row)
        by = officer(request)
        events.log_event("report", report.pk, "revealed", by=by, what="file", number=number)
        try:
            return attachments.attachment(report, row, number)
        except storage.DecryptionError:
            messages.error(request, "Không mở được bản gốc: đã xóa, đã hỏng, hoặc thiếu khóa.")
        return self._page(request, report)

    def picture(self, request: HttpRequest, pk: UUID, file: UUID) -> HttpResponse:
        """Show the picture that was drawn anew from what was sent; on record once a day."""
        report = self._get(request, pk)
        if not request.user.has_perm(REVEAL):
            raise PermissionDenied
        row = get_object_or_404(report.files.filter(erased_at=None), pk=file)
        check = get_object_or_404(FileCheck, file=row)
        try:
            answer = attachments.open_clean_copy(check)
        except storage.DecryptionError as error:
            raise Http404 from error
        attachments.log_picture_view(report, officer(request))
        return answer
