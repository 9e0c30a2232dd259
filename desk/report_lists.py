"""Pages of lists that communes send: upload one, see what the machine makes of it, have it filed, follow that."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from accounts.sessions import get_officer, leave_end_of_session
from core.form_data import CappedUploadHandler, sanitize_text
from core.responses import HttpResponseSeeOther
from desk.labels.codes import flag_label
from desk.pages.http import render, set_status
from reports.models import Report, ReportList
from reports.submission import intake, report_lists
from reports.submission.forms import ReportForm
from reports.submission.report_lists import MAX_BYTES, MAX_ROWS, Summary
from reports.submission.row_parser import FIELDS, HEADINGS, PROBLEMS
from reports.submission.table_reader import TableError

REFRESH_SECONDS = "5"  # while the machine files
MAX_NAME_CHARS = 200
OTHER_COLUMNS = "Chưa đổi: trang gửi lên không đủ cột của bảng. Chọn lại ở dưới rồi bấm lần nữa."
NO_FILE = "Chưa chọn tệp, hoặc tệp trống."
TOO_LARGE = f"Tệp nặng hơn {MAX_BYTES // 1024**2} MB, không nhận. Bỏ ảnh, bỏ cột thừa, hoặc chia thành nhiều tệp."


def show_lists(request: HttpRequest) -> HttpResponse:
    """Render the officer's lists of the last day; posted, take a new one."""
    _require_filing_officer(request)
    # Before the token in the form is checked, which reads the form.
    request.upload_handlers = [CappedUploadHandler("file", MAX_BYTES)]
    return _take_list(request) if request.method == "POST" else _render_lists(request)


@csrf_protect
def _take_list(request: HttpRequest) -> HttpResponse:
    file = request.FILES.get("file")
    if file is None or not file.size:
        return _render_lists(request, NO_FILE)
    if file.size > MAX_BYTES:
        return _render_lists(request, TOO_LARGE)
    name = sanitize_text(file.name or "")[:MAX_NAME_CHARS]
    try:
        return _go_to(report_lists.upload(name, file.read(), get_officer(request)))
    except TableError as error:
        return _render_lists(request, str(error))


def show_list(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Render a list of the officer's own as it stands; posted, do what was pressed."""
    report_list = get_object_or_404(ReportList, pk=pk, officer=_require_filing_officer(request))
    if request.method != "POST":
        return leave_end_of_session(_render_list)(request, report_list)
    act = request.POST.get("act")
    if act == "remove" and not report_list.is_filing:
        report_list.delete()
        messages.success(request, "Đã bỏ danh sách. Những tin đã nhập từ đó vẫn còn.")
        return HttpResponseSeeOther(reverse("admin:reports_report_lists"))
    if act == "resume":
        report_lists.resume(report_list)
    elif act == "columns" and not report_list.is_done:
        _name_fields(request, report_list)
    elif act == "take_back" and not report_list.is_done:
        report_lists.take_back(report_list, request.POST.getlist("row"))
    elif act == "file":
        report_lists.start_filing(report_list)
    return _go_to(report_list)


def _name_fields(request: HttpRequest, report_list: ReportList) -> None:
    chosen = request.POST.getlist("field")
    try:
        report_lists.name_fields(report_list, [each if each in FIELDS else "" for each in chosen])
    except ValueError:
        messages.error(request, OTHER_COLUMNS)


def _require_filing_officer(request: HttpRequest) -> User:
    by = get_officer(request)
    if not by.has_perm(intake.FILING_PERMISSION):
        raise PermissionDenied
    return by


def _go_to(report_list: ReportList) -> HttpResponse:
    return HttpResponseSeeOther(reverse("admin:reports_report_list", args=[report_list.pk]))


def _render_lists(request: HttpRequest, error: str = "") -> HttpResponse:
    own = ReportList.objects.filter(officer=get_officer(request)).order_by("-uploaded_at")
    page = render(
        request,
        "admin/reports/report/lists.html",
        "Nhập danh sách",
        Report,
        error=error,
        lists=[(each, Summary.load(each)) for each in own],
        most_rows=MAX_ROWS,
        headings=HEADINGS.values(),
    )
    return set_status(page, 422 if error else 200)


def _render_list(request: HttpRequest, report_list: ReportList) -> HttpResponse:
    summary, stands_still = Summary.load(report_list), report_lists.stands_still(report_list)
    page = render(
        request,
        "admin/reports/report/list.html",
        "Danh sách gửi lên",
        Report,
        list=report_list,
        bad=report_list.total - report_list.good - len(summary.set_aside),
        summary=summary,
        stands_still=stands_still,
        is_refreshed="yen" not in request.GET,
        columns=[(*column, _list_choices(column[1])) for column in summary.columns],
        problems=list(_describe(summary.problems)),
        doubts=list(_describe(summary.doubts)),
        set_aside_reason=PROBLEMS["set_aside"],
    )
    if report_list.is_filing and not stands_still and "yen" not in request.GET:
        page["Refresh"] = REFRESH_SECONDS
    return page


def _list_choices(field: str) -> Iterator[tuple[str, str]]:
    """Yield the fields that a column can fill, with its own where lists seldom have it."""
    yield "", "Vào lời kể"
    if field and field not in HEADINGS:
        yield field, str(ReportForm.base_fields[field].label or field)
    yield from ((name, names[0]) for name, names in HEADINGS.items())


def _describe(remarks: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield where each remark is, as a spreadsheet names it, and what it says."""
    for place, heading, code in remarks:
        where = f"Dòng {place}" if place.isdecimal() else f"Ô {place} ({heading})"
        yield where, PROBLEMS.get(code) or flag_label(code)


def urls(site: AdminSite) -> list[URLPattern]:
    methods = require_http_methods(["GET", "HEAD", "POST"])
    lists = site.admin_view(csrf_exempt(methods(show_lists)))
    one = site.admin_view(methods(show_list))
    return [
        path("reports/report/lists/", lists, name="reports_report_lists"),
        path("reports/report/lists/<uuid:pk>/", one, name="reports_report_list"),
    ]
