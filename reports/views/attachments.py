"""Pictures, recordings and papers that a resident sends along with the receipt code."""

import structlog
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.form_data import Fields, sanitize_fields
from core.province import province
from core.same_origin import is_same_origin
from reports.attachments import filetypes, storage, upload_handler
from reports.attachments.storage import PendingUpload, Refusal, RefusedError
from reports.attachments.upload_handler import MultipartForm, Upload
from reports.models import Report
from reports.submission.forms import CodeForm
from reports.tracking import followup_feedback, followups
from reports.tracking.followup_forms import FollowupForm
from reports.tracking.followup_parser import FollowupFormParser
from reports.tracking.followups import FollowupSubmission, ReportErasedError
from reports.tracking.status_timeline import UploadResult
from reports.views.code_lookup import render_invalid, report_for_code_or_error
from reports.views.form_errors import FormError
from reports.views.tracking import FOREIGN_LOOK, code_page, status_page

log = structlog.get_logger(__name__)

_MAX_NAME_LENGTH = 32  # signs of a name that are shown back
NOT_NOW = FormError(
    503,
    _("Chưa nhận được ảnh, ghi âm"),
    format_lazy(
        _(
            "Trang đang gặp trục trặc. Tin của bạn vẫn còn nguyên."
            " Chờ một phút, gõ mã rồi gửi lại. Gấp thì gọi {hotline}."
        ),
        hotline=province.hotline,
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
NOTHING = UploadResult("", _("Chưa chọn ảnh, bản ghi âm nào. Chọn xong rồi bấm Gửi."))
ERASED = UploadResult("", _("Tin này đã xóa dữ liệu nên không nhận thêm."))
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
# What filetypes.py calls things, for the translators: it is pure and knows no language.
_KINDS = (_("ảnh"), _("bản ghi âm"), _("bản ghi"), _("bản PDF"), _("tệp"))


@csrf_exempt  # a visitor has no cookie to ride on; the code in the body is the key
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def send_files(request: HttpRequest) -> HttpResponse:
    """Files for the report whose code stands before them in the body; the page about the report
    again, with a line for each.
    """
    if request.method != "POST":
        return redirect("reports:track")
    try:
        with upload_handler.parse_multipart(request) as form:
            return _answer(request, form)
    except upload_handler.UnreadableError as error:
        data = sanitize_fields(error.fields)
        return _ask_again(request, CodeForm(data), data, UNREADABLE)


def _answer(request: HttpRequest, sent: MultipartForm) -> HttpResponse:
    data = sanitize_fields(sent.fields)
    form = CodeForm(data)
    if not is_same_origin(request):
        return _ask_again(request, form, data, FOREIGN_LOOK)
    try:
        report = report_for_code_or_error(request, form) if form.is_valid() else None
        if report is None:
            return _ask_again(request, form, data, WRONG_CODE)
        words = _add_story(report, data)
        lines = _take_all(sent, report) or ([] if words else [NOTHING])
        return status_page(request, report, form, _status(words + lines), lines=lines, notice=words)
    except DatabaseTrouble:
        return _ask_again(request, form, data, NOT_NOW)


def _ask_again(
    request: HttpRequest, form: CodeForm, data: Fields, trouble: FormError
) -> HttpResponse:
    """The page that asks for the code; where words came along, the form that gives them back."""
    if not data.get("story", "").strip():
        return code_page(request, form, trouble)
    add = FollowupForm(data)
    add.ask_for_code()
    return render_invalid(request, "reports/followup/form.html", form, trouble, shown=add)


def _add_story(report: Report, data: Fields) -> list[UploadResult]:
    """Keep the words that came along with the files; what their writer is told."""
    said = FollowupSubmission(story=data.get("story", ""))
    if said.is_empty:
        return []
    try:
        addition = followups.submit_followup(report, said, FollowupFormParser(data).submission_key)
    except ReportErasedError:
        return [ERASED]
    return [
        UploadResult("", text, 200)
        for text in followup_feedback.confirmation_sentences(said, addition)
    ]


def _take_all(sent: MultipartForm, report: Report) -> list[UploadResult]:
    """A line for each file, and one for all those that nobody looked at."""
    lines = [_take(upload, report) for upload in sent.uploads]
    if more := sent.surplus:
        sentence = ngettext(
            "Còn %(more)s cái nữa chưa nhận. Mỗi tin nhận đến %(most)s ảnh, bản ghi âm, PDF.",
            "Còn %(more)s cái nữa chưa nhận. Mỗi tin nhận đến %(most)s ảnh, bản ghi âm, PDF.",
            more,
        )
        lines.append(UploadResult("", sentence % {"more": more, "most": storage.MAX_COUNT}))
    return lines


def _take(upload: Upload, report: Report) -> UploadResult:
    """Keep one file; what its sender is told."""
    draft = upload.draft
    if upload.refusal:
        return _refused(draft, upload.refusal)
    try:
        is_new = storage.store(draft, report)
    except RefusedError as refused:
        return _refused(draft, refused.why)
    kind = gettext(draft.type.word) if draft.type else ""
    what = {"kind": kind, "size": filetypes.format_size(draft.size)}
    taken = gettext("Đã nhận %(kind)s %(size)s.")
    before = gettext("Đã nhận %(kind)s %(size)s từ trước, giữ một bản.")
    return UploadResult(display_name(draft.name), (taken if is_new else before) % what, 200)


def _refused(draft: PendingUpload, why: Refusal) -> UploadResult:
    log.info("file.refused", why=why)
    status, text = _REFUSED[why]
    return UploadResult(display_name(draft.name), text, status)


def display_name(name: str) -> str:
    """A file's name as its sender is shown it again; its beginning is enough."""
    return name if len(name) <= _MAX_NAME_LENGTH else f"{name[:_MAX_NAME_LENGTH]}…"


def _status(lines: list[UploadResult]) -> int:
    """200 where anything came in, else what the first refusal is."""
    told = [line.status for line in lines]
    return 200 if 200 in told else told[0]
