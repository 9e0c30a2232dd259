"""Pictures, recordings and papers that a resident sends along with the receipt code."""

import structlog
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from reports import files, filetypes, uploads
from reports.files import Draft, Refusal, RefusedError
from reports.forms import CodeForm
from reports.models import Report
from reports.posted import kept
from reports.tracking import Line
from reports.uploads import Received, Upload
from reports.views.posting import Trouble, from_our_page
from reports.views.tracking import FOREIGN_LOOK, code_page, found_by, standing_page

log = structlog.get_logger(__name__)

_LONGEST_NAME = 32  # signs of a name that are shown back
_KEPT = "Tin của bạn vẫn còn nguyên."
_AGAIN = "Gửi lại sau ít phút."
_FULL = f"Mỗi tin nhận đến {files.MOST} ảnh, bản ghi âm, PDF."
NOT_NOW = Trouble(
    503,
    "Chưa nhận được ảnh, ghi âm",
    f"Trang đang gặp trục trặc. {_KEPT} Chờ một phút, gõ mã rồi gửi lại. Gấp thì gọi 02373.725.725.",
)
UNREADABLE = Trouble(
    400,
    "Chưa nhận được ảnh, ghi âm",
    f"Có thể do mạng đứt giữa chừng. {_KEPT} Gõ mã rồi gửi lại.",
)
NOTHING = Line("", "Chưa chọn ảnh, bản ghi âm nào. Chọn xong rồi bấm Gửi.")
_REFUSED = {
    Refusal.EMPTY: (422, "Bên trong không có gì. Chọn lại rồi gửi."),
    Refusal.TOO_LARGE: (413, "Nặng quá 10 MB, chưa nhận. Chụp lại nhỏ hơn, hoặc cắt bớt rồi gửi."),
    Refusal.UNKNOWN_TYPE: (
        415,
        "Chưa nhận: đây không phải ảnh, ghi âm hay PDF. Bạn chụp màn hình rồi gửi ảnh đó.",
    ),
    Refusal.TOO_MANY: (422, f"Chưa nhận. {_FULL}"),
    Refusal.ERASED: (422, "Tin này đã xóa dữ liệu nên không nhận thêm."),
    Refusal.BUSY: (503, f"Nhiều người đang gửi cùng lúc. {_KEPT} {_AGAIN}"),
    Refusal.NO_ROOM: (503, f"Máy chủ hết chỗ, chưa nhận được. {_KEPT} {_AGAIN}"),
    Refusal.NOT_WRITTEN: (503, f"Máy chủ chưa ghi được. {_KEPT} {_AGAIN}"),
}


@csrf_exempt  # a visitor has no cookie to ride on; the code in the body is the key
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def send_files(request: HttpRequest) -> HttpResponse:
    """Files for the report whose code stands before them in the body; the page about the report
    again, with a line for each.
    """
    if request.method != "POST":
        return redirect("reports:track")
    if not from_our_page(request):
        return code_page(request, CodeForm(), FOREIGN_LOOK)
    try:
        with uploads.received(request) as form:
            return _answer(request, form)
    except uploads.UnreadableError:
        return code_page(request, CodeForm(), UNREADABLE)


def _answer(request: HttpRequest, sent: Received) -> HttpResponse:
    form = CodeForm(kept(sent.fields))
    if not form.is_valid():
        return code_page(request, form)
    try:
        report = found_by(form)
        if report is None:
            return code_page(request, form)
        lines = [_take(upload, report) for upload in sent.uploads] or [NOTHING]
        if sent.surplus:
            lines.append(Line("", f"Còn {sent.surplus} cái nữa chưa nhận. {_FULL}", 422))
        return standing_page(request, report, form, _status(lines), lines=lines)
    except DatabaseTrouble:
        return code_page(request, form, NOT_NOW)


def _take(upload: Upload, report: Report) -> Line:
    """Keep one file; what its sender is told."""
    draft = upload.draft
    if upload.refusal:
        return _refused(draft, upload.refusal)
    try:
        is_new = files.keep(draft, report)
    except RefusedError as refused:
        return _refused(draft, refused.why)
    what = f"{draft.type.word if draft.type else ''} {filetypes.megabytes(draft.size)}"
    text = f"Đã nhận {what}." if is_new else f"Đã nhận {what} từ trước, giữ một bản."
    return Line(shown(draft.name), text, 200)


def _refused(draft: Draft, why: Refusal) -> Line:
    log.info("file.refused", why=why)
    status, text = _REFUSED[why]
    return Line(shown(draft.name), text, status)


def shown(name: str) -> str:
    """A file's name as its sender is shown it again; its beginning is enough."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _status(lines: list[Line]) -> int:
    """200 where anything came in, else what the first refusal is."""
    told = [line.status for line in lines]
    return 200 if 200 in told else told[0]
