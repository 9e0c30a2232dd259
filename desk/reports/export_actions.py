"""The queue as a file: as it is filtered, bounded, counted and on record before it is given."""

import contextlib
import hashlib
import tempfile
import uuid
from collections.abc import Callable, Mapping
from typing import IO, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import urlencode

from core import spreadsheets
from core.audit import events
from desk import labels
from desk.pages.base import officer
from desk.reports import export_rows, saved_searches
from desk.reports.base import page_context
from reports.models import Report

EXPORT, WITH_PERSONAL = "reports.export_queue", "reports.export_personal"
MIN_COUNT = 5  # signs of a reason
_IN_MEMORY = 4 * 1024 * 1024
_CSV, _XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument."
_WRITERS: Mapping[str, tuple[Callable[..., int], str]] = {
    "xlsx": (spreadsheets.write_xlsx, f"{_XLSX}spreadsheetml.sheet"),
    "csv": (spreadsheets.write_csv, _CSV),
}


class ReasonForm(forms.Form):
    """Whether personal data go along, and why: the reason is asked where they do."""

    always = False
    personal = forms.BooleanField(label="Kèm dữ liệu cá nhân", required=False)
    reason = forms.CharField(
        label="Lý do",
        max_length=1000,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"max_length": "Dài quá 1000 ký tự, viết ngắn lại."},
    )

    def __init__(self, data: Any = None, *, may_personal: bool) -> None:
        super().__init__(data, label_suffix="", auto_id="export_%s")
        if not may_personal:
            del self.fields["personal"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["reason"] = " ".join(given.get("reason", "").split())
        if (self.always or given.get("personal")) and len(given["reason"]) < MIN_COUNT:
            self.add_error("reason", "Ghi vì sao cần xuất, gửi cho ai.")
        return given


class ExportForm(ReasonForm):
    format = forms.ChoiceField(
        label="Dạng tệp", choices=[("xlsx", "Excel (.xlsx)"), ("csv", "CSV")], initial="xlsx"
    )
    field_order = ("format", "personal", "reason")


def export(request: HttpRequest) -> HttpResponseBase:
    """Ask for the kind of file; after the button, give it."""
    by = officer(request)
    may_personal = by.has_perm(WITH_PERSONAL)
    if not by.has_perm(EXPORT) or ("personal" in request.POST and not may_personal):
        raise PermissionDenied
    if request.method == "GET":
        return _render_form(request, ExportForm(may_personal=may_personal))
    form = ExportForm(request.POST, may_personal=may_personal)
    if not form.is_valid():
        return _render_form(request, form, status=422)
    keys = _list_keys(request)
    if len(keys) > settings.EXPORT_MAX_ROWS:
        most = labels.format_count(settings.EXPORT_MAX_ROWS)
        form.add_error(None, f"Chưa xuất. Có hơn {most} tin: lọc hoặc tìm hẹp lại rồi xuất.")
        return _render_form(request, form, status=422)
    return _file(request, form.cleaned_data, keys)


def _list_keys(request: HttpRequest) -> list[Any]:
    """Return the reports of the present filter in its order, one more than may be."""
    query = request.GET.copy()
    query.pop(PAGE_VAR, None)
    request.GET = query  # type: ignore[assignment]
    try:
        rows = admin.site.get_model_admin(Report).get_changelist_instance(request).queryset
    except IncorrectLookupParameters:
        return []
    return list(rows.values_list("pk", flat=True)[: settings.EXPORT_MAX_ROWS + 1])


def _render_form(request: HttpRequest, form: ExportForm, status: int = 200) -> HttpResponse:
    context = page_context(
        request,
        "Xuất danh sách tin",
        form=form,
        most=labels.format_count(settings.EXPORT_MAX_ROWS),
        query=request.GET.urlencode(),
    )
    return TemplateResponse(request, "admin/reports/report/export.html", context, status=status)


def _file(request: HttpRequest, given: Mapping[str, Any], keys: list[Any]) -> FileResponse:
    write, media_type = _WRITERS[given["format"]]
    personal = bool(given.get("personal"))
    with contextlib.ExitStack() as unless_given:
        file = unless_given.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
        count = write(file, export_rows.iter_export_rows(keys, personal=personal)) - 1
        events.log_event(
            "export", uuid.uuid4(), "exported", by=officer(request), format=given["format"],
            rows=count, personal=personal, sha256=digest(file), **_describe_filter(request),
            **({"reason": given["reason"]} if given["reason"] else {}),
        )  # fmt: skip
        unless_given.pop_all()  # the answer closes it
    name = f"tin-{timezone.localtime():%Y%m%d-%H%M}.{given['format']}"
    return attachment(file, name, media_type)


def _describe_filter(request: HttpRequest) -> dict[str, Any]:
    """The filter by its codes, as the queue knows them. Not what was typed, into the search box or the
    address: it may be somebody's name or number.
    """
    known = [name for name in saved_searches.KNOWN if name in request.GET and name != SEARCH_VAR]
    asked = {name: request.GET[name][:64] for name in known}
    searched = bool(request.GET.get(SEARCH_VAR))
    return {"filter": urlencode(sorted(asked.items())), "searched": searched}


def digest(file: IO[bytes]) -> str:
    """The SHA-256 of a whole file in hex; it stands at its beginning afterwards."""
    file.seek(0)
    found = hashlib.sha256()
    while piece := file.read(1 << 20):
        found.update(piece)
    file.seek(0)
    return found.hexdigest()


def attachment(file: IO[bytes], name: str, media_type: str) -> FileResponse:
    """A file that no browser opens by itself and nobody keeps on the way."""
    answer = FileResponse(file, as_attachment=True, filename=name, content_type=media_type)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Encoding"] = "identity"
    return answer
