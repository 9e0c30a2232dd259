"""Upload of pictures, recordings and documents for the report of a receipt code."""

from uuid import UUID

import structlog
from django import db
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.form_data import Fields, is_same_origin, sanitize_fields
from core.province_names import insert_hotline
from reports.attachments import filetypes, storage, upload_handler
from reports.attachments.storage import PendingUpload, Refusal, RefusedError
from reports.attachments.upload_handler import MultipartForm, Upload
from reports.cases.legal_holds import ReportErasedError
from reports.models import Report
from reports.retention import erasure
from reports.submission.forms import CodeForm
from reports.tracking import followup_feedback, followups
from reports.tracking.followups import FollowupSubmission
from reports.tracking.forms import FollowupForm, FollowupFormParser
from reports.tracking.status_timeline import UploadResult
from reports.views.codes import code_page, render_invalid, report_for_code_or_error
from reports.views.form_errors import FormError, form_view
from reports.views.status import status_page
from reports.views.tracking import ERASED, FOREIGN, FOREIGN_LOOKUP, answer_for_code

log = structlog.get_logger(__name__)

_MAX_NAME_LENGTH = 32
NOT_NOW = FormError(
    503,
    _("Chưa nhận được ảnh, ghi âm"),
    insert_hotline(
        _(
            "Trang đang gặp trục trặc. Tin của bạn vẫn còn nguyên."
            " Chờ một phút, gõ mã rồi gửi lại. Gấp thì gọi {hotline}."
        )
    ),
)
UNREADABLE = FormError(
    400,
    _("Chưa nhận được ảnh, ghi âm"),
    _("Có thể do mạng đứt giữa chừng. Tin của bạn vẫn còn nguyên. Gõ mã rồi gửi lại."),
)
WRONG_CODE = FormError(
    422,
    _("Chưa nhận ảnh, ghi âm: mã chưa đúng"),
    _("Gõ lại mã tin báo, rồi chọn lại ảnh. Tin của bạn vẫn còn nguyên."),
)
NO_FILE = UploadResult("", _("Chưa chọn ảnh, bản ghi âm nào. Chọn xong rồi bấm Gửi."))
_REFUSED: dict[Refusal, tuple[int, str | Promise]] = {
    Refusal.EMPTY: (422, _("Bên trong không có gì. Chọn lại rồi gửi.")),
    Refusal.TOO_LARGE: (
        413,
        _("Nặng quá 10 MB, chưa nhận. Chụp lại nhỏ hơn, hoặc cắt bớt rồi gửi."),
    ),
    Refusal.UNKNOWN_TYPE: (
        415,
        _("Chưa nhận: đây không phải ảnh, ghi âm hay PDF. Bạn chụp màn hình rồi gửi ảnh đó."),
    ),
    Refusal.TOO_MANY: (422, _("Chưa nhận. Mỗi tin nhận đến 5 ảnh, bản ghi âm, PDF.")),
    Refusal.ERASED: (422, ERASED.text),
    Refusal.BUSY: (
        503,
        _("Nhiều người đang gửi cùng lúc. Tin của bạn vẫn còn nguyên. Gửi lại sau ít phút."),
    ),
    Refusal.NO_ROOM: (
        503,
        _("Máy chủ hết chỗ, chưa nhận được. Tin của bạn vẫn còn nguyên. Gửi lại sau ít phút."),
    ),
    Refusal.NOT_WRITTEN: (
        503,
        _("Máy chủ chưa ghi được. Tin của bạn vẫn còn nguyên. Gửi lại sau ít phút."),
    ),
}
NOT_RECALLED = FormError(
    503,
    _("Chưa rút lại được"),
    _("Trang đang gặp trục trặc, tài liệu vẫn còn đó. Chờ một phút rồi thử lại."),
)
# Why a file stays, by the codes of erasure.ErasureError.
_KEPT: dict[str, str | Promise] = {
    "held": insert_hotline(
        _("Chưa rút lại được: tin này đang được giữ theo luật. Cần hỏi, gọi {hotline}.")
    ),
    "crime_report": insert_hotline(
        _("Chưa rút lại được: tin đã chuyển cơ quan điều tra. Cần hỏi, gọi {hotline}.")
    ),
    "handed_over": insert_hotline(
        _("Không rút lại được: tài liệu này đã chuyển cho nơi xử lý. Cần hỏi, gọi {hotline}.")
    ),
    "gone": _("Tài liệu này không còn ở đây."),
}
# For makemessages: filetypes.py holds these words untranslated.
_KINDS = (_("ảnh"), _("bản ghi âm"), _("bản ghi"), _("bản PDF"), _("tệp"))


@form_view
def send_files(request: HttpRequest) -> HttpResponse:
    """Store the files of the report whose code precedes them; return a line for each. The front server
    asks first, by HEAD, whether there is a ticket.
    """
    ticket = request.GET.get(upload_handler.TICKET_PARAMETER)
    if request.method == "HEAD" and ticket is not None:
        return HttpResponse(status=204 if upload_handler.is_ticket_valid(ticket) else 403)
    if request.method != "POST":
        return redirect("reports:track")
    try:
        with upload_handler.parse_multipart(request) as form:
            return _answer(request, form)
    except upload_handler.UnreadableError as error:
        data = sanitize_fields(error.fields)
        return _form_page(request, CodeForm(data), data, UNREADABLE)


@form_view
def recall_file(request: HttpRequest) -> HttpResponse:
    """Erase one file that was sent by mistake."""
    if request.method != "POST":
        return redirect("reports:track")
    return answer_for_code(request, FOREIGN, NOT_RECALLED, _recall)


def _recall(request: HttpRequest, report: Report, form: CodeForm) -> HttpResponse:
    try:
        erasure.take_back_file(report.pk, UUID(form.data.get("file", "")))
        result = UploadResult("", _("Đã xóa tài liệu đó. Tin báo của bạn vẫn còn."), 200)
    except ValueError:
        result = UploadResult("", _KEPT["gone"])
    except erasure.ErasureError as error:
        result = UploadResult("", _KEPT[error.code])
    return status_page(request, report, form, result.status, confirmation=[result])


def _answer(request: HttpRequest, upload_form: MultipartForm) -> HttpResponse:
    data = sanitize_fields(upload_form.fields)
    form = CodeForm(data)
    if not is_same_origin(request):
        return _form_page(request, form, data, FOREIGN_LOOKUP)
    try:
        report = report_for_code_or_error(request, form) if form.is_valid() else None
        if report is None:
            return _form_page(request, form, data, WRONG_CODE)
        confirmation = _save_story(report, data)
        lines = _store_all(upload_form, report) or ([] if confirmation else [NO_FILE])
        statuses = [line.status for line in confirmation + lines]
        status = 200 if 200 in statuses else statuses[0]
        return status_page(request, report, form, status, lines=lines, confirmation=confirmation)
    except db.Error:
        return _form_page(request, form, data, NOT_NOW)


def _form_page(
    request: HttpRequest, form: CodeForm, data: Fields, error: FormError
) -> HttpResponse:
    """Return the page that asks for the code; with a story, the form that gives it back."""
    if not data.get("story", "").strip():
        return code_page(request, form, error)
    followup_form = FollowupForm(data)
    followup_form.ask_for_code()
    return render_invalid(
        request, "reports/followup/form.html", form, error, returned_form=followup_form
    )


def _save_story(report: Report, data: Fields) -> list[UploadResult]:
    """Save the story sent with the files; return the lines of its confirmation."""
    submission = FollowupSubmission(story=data.get("story", ""))
    if submission.is_empty:
        return []
    try:
        result = followups.submit_followup(
            report, submission, FollowupFormParser(data).submission_key
        )
    except ReportErasedError:
        return [ERASED]
    sentences = followup_feedback.confirmation_sentences(submission, result)
    return [UploadResult("", text, 200) for text in sentences]


def _store_all(upload_form: MultipartForm, report: Report) -> list[UploadResult]:
    """Return a line for each file, and one for all beyond the limit."""
    lines = [_store(upload, report) for upload in upload_form.uploads]
    if more := upload_form.surplus:
        sentence = ngettext(
            "Còn %(more)s cái nữa chưa nhận. Mỗi tin nhận đến %(most)s ảnh, bản ghi âm, PDF.",
            "Còn %(more)s cái nữa chưa nhận. Mỗi tin nhận đến %(most)s ảnh, bản ghi âm, PDF.",
            more,
        )
        lines.append(UploadResult("", sentence % {"more": more, "most": storage.MAX_COUNT}))
    return lines


def _store(upload: Upload, report: Report) -> UploadResult:
    draft = upload.draft
    if upload.refusal:
        return _refuse(draft, upload.refusal)
    try:
        is_new = storage.store(draft, report)
    except RefusedError as refused:
        return _refuse(draft, refused.code)
    kind = gettext(draft.type.word) if draft.type else ""
    values = {"kind": kind, "size": filetypes.format_size(draft.size)}
    new = gettext("Đã nhận %(kind)s %(size)s.")
    repeated = gettext("Đã nhận %(kind)s %(size)s từ trước, giữ một bản.")
    return UploadResult(_shorten(draft.name), (new if is_new else repeated) % values, 200)


def _refuse(draft: PendingUpload, code: Refusal) -> UploadResult:
    log.info("file.refused", code=code)
    status, text = _REFUSED[code]
    return UploadResult(_shorten(draft.name), text, status)


def _shorten(name: str) -> str:
    return name if len(name) <= _MAX_NAME_LENGTH else f"{name[:_MAX_NAME_LENGTH]}…"
