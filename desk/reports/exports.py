"""The filtered queue as a file, bounded in rows and audited before it is sent."""

import contextlib
import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import wrap
from typing import IO, Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import urlencode

from accounts.sessions import get_officer
from core import encryption, spreadsheets
from core.audit import events
from core.spreadsheets import MAX_CHARS, Cell
from desk.labels import codes, highlighting
from desk.labels.formatting import format_count, format_phone, officer_name
from desk.pages.http import SAFE_HEADERS, render, set_status
from desk.reports import saved_searches
from desk.reports.indicators import caller_by_report
from reports.facts import followup_facts
from reports.facts.effective_facts import effective_facts, typed_place_of
from reports.models import Followup, Indicator, Report
from reports.reference import gazetteer

BATCH_SIZE = 500
HEADER = (
    "Mã tin", "Nhận lúc", "Nguồn", "Ưu tiên", "Điểm ưu tiên", "Kiểu lừa", "Số gọi đến", "Họ xưng",
    "Thiệt hại (đồng)", "Xã, phường", "Đợt", "Trạng thái", "Kết quả", "Cán bộ xử lý",
    "Đơn vị nhận", "Số để gọi lại", "Số gọi kể sau", "Tài khoản nhận", "Đường link",
)  # fmt: skip
PERSONAL = (
    "Nơi ở như đã ghi", "Lời kể (đã che số giấy tờ, số thẻ)", "Lời kể thêm (cũng đã che)",
)  # fmt: skip
_HIDDEN = "có, đã che"
_LATER = (Indicator.IndicatorSource.FOLLOWUP, Indicator.IndicatorSource.OFFICER)
_KINDS = (Indicator.Kind.NUMBER, Indicator.Kind.ACCOUNT, Indicator.Kind.LINK)
EXPORT_PERMISSION = "reports.export_queue"
EXPORT_PERSONAL_PERMISSION = "reports.export_personal"
MIN_REASON_CHARS = 5
MAX_MEMORY_BYTES = 4 * 1024 * 1024
_CSV, _XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument."
_WRITERS: Mapping[str, tuple[Callable[..., int], str]] = {
    "xlsx": (spreadsheets.write_xlsx, f"{_XLSX}spreadsheetml.sheet"),
    "csv": (spreadsheets.write_csv, _CSV),
}


@dataclass(frozen=True)
class FollowupValues:
    """Follow-ups of some reports, by their keys: callers, contacts, indicators by kind, stories."""

    callers: Mapping[UUID, Any]
    contacts: Mapping[UUID, Any]
    named: Mapping[UUID, Mapping[str, list[str]]]
    stories: Mapping[UUID, list[str]]


def iter_export_rows(keys: Sequence[UUID], *, personal: bool) -> Iterator[Sequence[Cell]]:
    """Yield the header, then a row a report in the order of the keys, loaded in batches."""
    yield (*HEADER, *PERSONAL) if personal else HEADER
    for begin in range(0, len(keys), BATCH_SIZE):
        batch = keys[begin : begin + BATCH_SIZE]
        reports = _load_reports(batch, personal=personal)
        later = FollowupValues(
            caller_by_report(batch),
            _contacts(batch),
            _indicators(batch, personal=personal),
            _stories(batch) if personal else {},
        )
        for key in batch:
            if report := reports.get(key):
                yield _row(report, later, personal=personal)


def _load_reports(keys: Sequence[UUID], *, personal: bool) -> dict[UUID, Report]:
    heavy = ["facts__search_text", "facts__reasons", "story_sealed", "phrase_sealed"]
    rows = Report.objects.select_related("case__officer", "facts", "campaign_link__campaign")
    return rows.defer(*heavy, *([] if personal else ["story"])).in_bulk(keys)


def _contacts(keys: Sequence[UUID]) -> dict[UUID, Any]:
    """Return the newest sealed contact among the follow-ups, by report."""
    later = Followup.objects.filter(report__in=keys, contact_sealed__isnull=False)
    return dict(later.order_by("received_at").values_list("report_id", "contact_sealed"))


def _indicators(keys: Sequence[UUID], *, personal: bool) -> Mapping[UUID, Mapping[str, list[str]]]:
    """Return the later callers, accounts and links of each report by kind.

    Unparsed ones are a person's own words, so only with `personal`.
    """
    kinds, values = Indicator.Kind, defaultdict[UUID, dict[str, list[str]]](dict)
    rows = Indicator.objects.filter(
        Q(kind__in=(kinds.ACCOUNT, kinds.LINK)) | Q(source__in=_LATER), report__in=keys
    ).exclude(flags__contains=[followup_facts.CORRECTED])
    columns = "report_id", "kind", "key", "raw", "bank", "holder"
    for report, kind, key, raw, bank, holder in rows.order_by("id").values_list(*columns):
        text = _legible(kind, key) if key else highlighting.plain_line(raw) if personal else ""
        text = " ".join(filter(None, (bank, text, holder if personal else "")))
        texts = values[report].setdefault(kind, [])
        if text and text not in texts:
            texts.append(text)
    return values


def _legible(kind: str, key: str) -> str:
    """Return the key with digits in groups: a spreadsheet would round a long run of digits."""
    if kind == Indicator.Kind.NUMBER:
        return format_phone(key)
    return " ".join(wrap(key, 4)) if key.isdecimal() else key


def _stories(keys: Sequence[UUID]) -> Mapping[UUID, list[str]]:
    """Return the stories of the follow-ups by report, oldest first."""
    stories = defaultdict[UUID, list[str]](list)
    withdrawal = Followup.Kind.WITHDRAWAL
    rows = Followup.objects.filter(report__in=keys, story__gt="").exclude(kind=withdrawal)
    for report, story in rows.order_by("received_at", "id").values_list("report_id", "story"):
        stories[report].append(story)
    return stories


def _row(report: Report, later: FollowupValues, *, personal: bool) -> Sequence[Cell]:
    case, facts = report.case, effective_facts(report)
    caller, texts = later.callers.get(report.pk), later.named.get(report.pk, {})
    contact = later.contacts.get(report.pk, report.contact_sealed)
    link = getattr(report, "campaign_link", None)
    cells: list[Cell] = [
        report.public_number,
        timezone.localtime(report.received_at),
        report.get_source_display(),
        codes.priority_label(facts.priority).word,
        "" if facts.priority is None else facts.priority,
        codes.code_label(facts.scenario) if facts.scenario else codes.UNTRIAGED,
        format_phone(caller.key) if caller and caller.key else "",
        codes.office_label(report.claimed_office) if report.claimed_office else "",
        "" if facts.money_lost_vnd is None else facts.money_lost_vnd,
        gazetteer.commune_name(facts.commune),
        link.campaign.code if link else "",
        str(case.get_status_display()),
        str(case.get_outcome_display()) if case.outcome else "",
        officer_name(case.officer) if case.officer else "",
        case.unit_name,
        _contact(contact, report.pk, personal=personal),
        *("; ".join(texts.get(kind, [])) for kind in _KINDS),
    ]
    if personal:
        stories = [report.story, "\n".join(later.stories.get(report.pk, []))]
        cells += [highlighting.plain_line(typed_place_of(report))]
        cells += [highlighting.plain_line(story, MAX_CHARS) for story in stories]
    return cells


def _contact(sealed: Any, report_id: UUID, *, personal: bool) -> str:
    if sealed is None:
        return ""
    if not personal:
        return _HIDDEN
    contact = encryption.decrypt(sealed, "contact", report_id)
    return highlighting.plain_line(contact or "không mở được")


class ReasonForm(forms.Form):
    """Whether to include personal data, and the reason, required if so or if `always`."""

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
        values = super().clean() or {}
        values["reason"] = " ".join(values.get("reason", "").split())
        if (self.always or values.get("personal")) and len(values["reason"]) < MIN_REASON_CHARS:
            self.add_error("reason", "Ghi vì sao cần xuất, gửi cho ai.")
        return values


class RequiredReasonForm(ReasonForm):
    always = True


class ExportForm(ReasonForm):
    format = forms.ChoiceField(
        label="Dạng tệp", choices=[("xlsx", "Excel (.xlsx)"), ("csv", "CSV")], initial="xlsx"
    )
    field_order = ("format", "personal", "reason")


def export(request: HttpRequest) -> HttpResponseBase:
    """Render the form; posted, return the file or the form with its errors."""
    by = get_officer(request)
    may_personal = by.has_perm(EXPORT_PERSONAL_PERMISSION)
    if not by.has_perm(EXPORT_PERMISSION) or ("personal" in request.POST and not may_personal):
        raise PermissionDenied
    if request.method == "GET":
        return _render_form(request, ExportForm(may_personal=may_personal))
    form = ExportForm(request.POST, may_personal=may_personal)
    if not form.is_valid():
        return _render_form(request, form, status=422)
    keys = _list_keys(request)
    if len(keys) > settings.EXPORT_MAX_ROWS:
        most = format_count(settings.EXPORT_MAX_ROWS)
        form.add_error(None, f"Chưa xuất. Có hơn {most} tin: lọc hoặc tìm hẹp lại rồi xuất.")
        return _render_form(request, form, status=422)
    return _file(request, form.cleaned_data, keys)


def _list_keys(request: HttpRequest) -> list[Any]:
    """Return the keys of the filtered list in its order, at most one above the limit."""
    query = request.GET.copy()
    query.pop(PAGE_VAR, None)
    request.GET = query  # type: ignore[assignment]
    try:
        rows = admin.site.get_model_admin(Report).get_changelist_instance(request).queryset
    except IncorrectLookupParameters:
        return []
    return list(rows.values_list("pk", flat=True)[: settings.EXPORT_MAX_ROWS + 1])


def _render_form(request: HttpRequest, form: ExportForm, status: int = 200) -> HttpResponse:
    page = render(
        request,
        "admin/reports/report/export.html",
        "Xuất danh sách tin",
        Report,
        form=form,
        most=format_count(settings.EXPORT_MAX_ROWS),
        query=request.GET.urlencode(),
    )
    return set_status(page, status)


def _file(request: HttpRequest, values: Mapping[str, Any], keys: list[Any]) -> FileResponse:
    write, media_type = _WRITERS[values["format"]]
    personal = bool(values.get("personal"))
    record = partial(
        events.log_event, "export", uuid4(), "exported", by=get_officer(request),
        format=values["format"], personal=personal, **_describe_filter(request),
        **({"reason": values["reason"]} if values["reason"] else {}),
    )  # fmt: skip
    name = f"tin-{timezone.localtime():%Y%m%d-%H%M}.{values['format']}"

    def write_rows(file: IO[bytes]) -> dict[str, Any]:
        return {"rows": write(file, iter_export_rows(keys, personal=personal)) - 1}

    return give_file(name, media_type, write_rows, record)


def _describe_filter(request: HttpRequest) -> dict[str, Any]:
    """Return the filter without the searched text, which may be personal data."""
    names = [name for name in saved_searches.KNOWN if name in request.GET and name != SEARCH_VAR]
    values = {name: request.GET[name][:64] for name in names}
    filters = urlencode(sorted(values.items()))
    return {"filter": filters, "searched": bool(request.GET.get(SEARCH_VAR))}


def give_file(
    name: str,
    media_type: str,
    write: Callable[[IO[bytes]], dict[str, Any]],
    record: Callable[..., object],
    max_memory_bytes: int = MAX_MEMORY_BYTES,
) -> FileResponse:
    """Return a download that no browser opens by itself, without compression.

    `write` writes the file and returns what is to be told of it; `record` logs that and its SHA-256
    before it is given.
    """
    with contextlib.ExitStack() as unless_given:
        file = unless_given.enter_context(tempfile.SpooledTemporaryFile(max_memory_bytes))
        facts = write(file)
        file.seek(0)
        record(**facts, sha256=hashlib.file_digest(file, "sha256").hexdigest())
        file.seek(0)
        unless_given.pop_all()  # the response closes it
    headers = SAFE_HEADERS | {"Content-Encoding": "identity"}
    return FileResponse(
        file, as_attachment=True, filename=name, content_type=media_type, headers=headers
    )
