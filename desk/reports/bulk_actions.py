"""Actions on many reports of the queue: form, execution, result page."""

from collections.abc import Iterator
from contextlib import nullcontext
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from accounts.sessions import get_officer
from core.audit import events
from core.errors import ActionError
from core.form_data import parse_uuid
from core.responses import HttpResponseSeeOther
from desk.labels.decisions import MISSING
from desk.labels.formatting import format_count
from desk.pages.http import parse_int, render, set_status
from desk.reports.base import VIEW_PERMISSION
from desk.reports.decision_forms import DecisionForm
from reports.campaigns import membership
from reports.campaigns.campaign_codes import campaign_for_field
from reports.cases import bulk as many
from reports.cases import replies, transitions, visibility, workflow
from reports.cases.bulk import MAX_COUNT, ReportVersion, Result
from reports.models import Campaign, CannedReply, Case, Report

MAX_LIST_CHARS = 64 * 1024  # of the rows
MAX_SHOWN_NUMBERS = 60
TITLES = {
    "assign": "Phân công",
    "close": "Kết thúc xử lý",
    "junk": "Đánh dấu tin rác",
    "second": "Đồng ý xóa khi hết hạn giữ",
    many.ATTACH: "Gắn vào đợt",
    many.SHIFT: "Bàn giao ca",
    many.MESSAGE: "Nhắn người báo",
}
REFUSED = {
    "stale": "có người vừa xử lý tin này; xem lại rồi làm",
    "status": "trạng thái hiện nay không làm được việc này",
    "permission": "bạn không có quyền với tin này",
    "pending": "người báo còn đang bị ép, chưa ai gọi được, có lời hoặc đề nghị chưa trả lời, hay mất tiền mà chưa báo ngân hàng nào; mở tin ra quyết định",
    "moved": "tin vừa được chuyển sang đợt khác",
    "there": "tin đã ở đợt này rồi",
    "written": "tin rác, tin rút, đã xóa dữ liệu, hoặc người báo vừa được nhắn trong 24 giờ",
    "asked": "người báo có lời hoặc đề nghị chưa trả lời; mở tin ra trả lời riêng",
    "danger": "người báo còn bị ép hoặc chưa ai gọi được; gọi trước, không nhắn chung",
    "crime": "tin báo về tội phạm: lời nhắn là thông báo kết quả; mở tin ra nhắn riêng",
    "blank": "câu mẫu còn chỗ trống, có đường dẫn hay số chưa công bố với tin này; mở tin ra nhắn riêng",
    "gone": "không có tin này, hoặc bạn không được xem",
    "late": "chưa kịp làm; chọn lại và làm tiếp",
    "database": "máy chủ bận; chọn lại và làm tiếp",
    "other": "tin này không làm được; mở tin để xem vì sao",
}


class AttachForm(forms.Form):
    use_required_attribute = False
    code = forms.CharField(
        label="Mã đợt, như Đ-26-XK9 hoặc XK9",
        max_length=40,
        error_messages={"required": "Chưa ghi mã đợt."},
    )
    reason = forms.CharField(
        label="Vì sao thuộc đợt này",
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Chưa ghi lý do."},
    )

    def clean_code(self) -> Campaign:
        """Return the campaign of this code, or the one it was merged into."""
        try:
            return campaign_for_field(self.cleaned_data["code"])
        except ActionError as error:
            raise forms.ValidationError(str(error)) from error

    def questions(self) -> list[forms.BoundField]:
        return list(self)


class MessageForm(forms.Form):
    """A prepared text; it is sent only as it was shown."""

    use_required_attribute = False
    reply = forms.ModelChoiceField(
        CannedReply.objects.usable(many.MESSAGE), label="Câu mẫu", empty_label="Chọn câu mẫu…"
    )

    def questions(self) -> list[forms.BoundField]:
        return list(self)

    def clean(self) -> None:
        if reply := self.cleaned_data.get("reply"):
            self.shown = sha256(f"{reply.text}\0{reply.text_en}".encode()).hexdigest()
            if self.data.get("seen") != self.shown:
                raise forms.ValidationError("Đọc câu sẽ gửi rồi bấm gửi.", code="unseen")


def _make_action(verb: str, title: str, permission: str) -> Any:
    @admin.action(description=title, permissions=[permission])
    def show_many(model_admin: Any, request: HttpRequest, queryset: QuerySet[Report]) -> Any:
        rows = list(snapshot_rows(queryset, MAX_COUNT + 1))
        if len(rows) <= MAX_COUNT:
            return show_form(request, verb, rows)
        messages.error(request, too_many())
        return None

    show_many.__name__ = f"{verb}_many"
    return show_many


def show_form(request: HttpRequest, verb: str, rows: list[ReportVersion]) -> HttpResponse:
    return _render_form(request, verb, rows, form_for(verb, request, typed=None), uuid4())


ACTIONS = (
    _make_action("assign", "Phân công…", "assign"),
    _make_action("close", "Kết thúc xử lý…", "close"),
    _make_action("junk", "Tin rác…", "close"),
    _make_action("second", "Đồng ý xóa tin rác, tin rút…", "close"),
    _make_action(many.ATTACH, "Gắn vào đợt…", "group"),
)


def run_bulk(request: HttpRequest, verb: str) -> HttpResponse:
    """Run the verb for each report, or return the form with its errors (422)."""
    by = get_officer(request, VIEW_PERMISSION, permission(verb))
    key = idempotency_key(request.POST.get("key", ""))
    if many.load_result(key, by) is not None:
        messages.info(request, "Lần bấm này đã làm rồi, không làm lại.")
        return _see_result(key)
    rows = list(parse_rows(" ".join(request.POST.getlist("rows"))[:MAX_LIST_CHARS]))
    if not rows or len(rows) > MAX_COUNT:
        messages.error(request, too_many() if rows else "Chưa làm gì. Chưa chọn tin nào.")
        return HttpResponseSeeOther(reverse("admin:reports_report_changelist"))
    with transaction.atomic() if verb == many.SHIFT else nullcontext():  # with its record
        return _carry_out(request, verb, rows, key)


def _carry_out(
    request: HttpRequest, verb: str, typed: list[ReportVersion], key: UUID
) -> HttpResponse:
    form, by = form_for(verb, request, typed=request.POST), get_officer(request)
    rows, gone = _split_visible(by, typed)
    result = _try(verb, form, rows, request)
    if result is None and form.has_error(NON_FIELD_ERRORS, "unseen"):
        return _render_form(request, verb, rows, form, key)
    if result is None:
        messages.error(request, "Chưa làm gì. Xem lại chỗ báo lỗi; những gì đã gõ còn nguyên.")
        return set_status(_render_form(request, verb, rows, form, key), 422)
    for row in gone:  # the answer does not tell an invisible report from none
        events.log_event("report", row.report, "refused", by=by, verb=verb)
        result.refused.append((str(row.report), "gone"))
    to = form.cleaned_data.get("officer")
    many.store_result(key, verb, result, by, officer=to and to.pk)
    return _see_result(key)


def _try(verb: str, form: Any, rows: list[ReportVersion], request: HttpRequest) -> Result | None:
    """Return the result; None where the form has errors, which are added to it."""
    try:
        return execute(verb, form, rows, request) if form.is_valid() else None
    except workflow.ReasonMissingError as error:
        form.add_error(error.code, MISSING[error.code])
    except ActionError as error:
        form.add_error("code" if "code" in form.fields else None, str(error))
    return None


def _split_visible(
    viewer: User, typed: list[ReportVersion]
) -> tuple[list[ReportVersion], list[ReportVersion]]:
    """Return the visible rows, with their public numbers, and the others."""
    keys = [row.report for row in typed]
    visible = visibility.visible_reports(Report.objects.filter(pk__in=keys), viewer)
    numbers = dict(visible.order_by().values_list("pk", "public_number"))
    rows = [
        ReportVersion(row.report, numbers[row.report], row.version, row.campaign)
        for row in typed
        if row.report in numbers
    ]
    return rows, [row for row in typed if row.report not in numbers]


def _see_result(key: UUID) -> HttpResponse:
    return HttpResponseSeeOther(reverse("admin:reports_report_bulk_result", args=[key]))


def show_result(request: HttpRequest, key: UUID) -> HttpResponse:
    """Render the stored result of one execution. Raises Http404."""
    stored = many.load_result(key, get_officer(request, VIEW_PERMISSION))
    if stored is None:
        raise Http404
    verb, result = stored
    template, groups = "admin/reports/report/bulk_result.html", refusals_by_reason(result)
    return render(request, template, TITLES.get(verb, verb), Report, result=result, groups=groups)


def _render_form(
    request: HttpRequest, verb: str, rows: list[ReportVersion], form: Any, key: UUID
) -> HttpResponse:
    left, groups = split_refused(verb, rows)
    acted = format_count(len(left))
    label, preview = f"{TITLES[verb]} {acted} tin", _load_preview(form, left)
    if verb == many.MESSAGE:
        label = f"Gửi cho {acted} người báo" if preview else "Xem trước lời nhắn"
    return render(
        request,
        "admin/reports/report/bulk.html",
        f"{TITLES[verb]}: {acted} tin",
        Report,
        button=label,
        preview=preview,
        address=f"admin:reports_report_bulk_{verb}",
        rows=left[:MAX_SHOWN_NUMBERS],
        left=max(0, len(left) - MAX_SHOWN_NUMBERS),
        groups=groups,
        listed=" ".join(map(row_token, rows)),
        form=form,
        key=key,
    )


def split_refused(
    verb: str, rows: list[ReportVersion]
) -> tuple[list[ReportVersion], list[tuple[str, list[str]]]]:
    """Return the rows that the act will reach, and the numbers of those that it leaves, by reason."""
    refused = many.find_refusals(verb, rows)
    left_out = [(row.number, refused[row.report]) for row in rows if row.report in refused]
    reached = [row for row in rows if row.report not in refused]
    return reached, refusals_by_reason(Result(refused=left_out))


def _load_preview(form: Any, rows: list[ReportVersion]) -> list[tuple[str, str]]:
    """Return language and words as the first of the reporters would read them."""
    if not (rows and hasattr(form, "shown")):
        return []
    case = Case.objects.select_related("report__facts").get(pk=rows[0].report)
    reply, languages = form.cleaned_data["reply"], Report.Language.values
    return [(language, replies.fill(reply, case, language)) for language in languages]


def permission(verb: str) -> str:
    if verb == many.SHIFT:
        return transitions.DECIDE
    return membership.PERMISSION if verb == many.ATTACH else transitions.TABLE[verb].permission


def form_for(verb: str, request: HttpRequest, typed: Any) -> Any:
    if verb == many.ATTACH:
        return AttachForm(typed, label_suffix="")
    if verb == many.SHIFT:
        form = DecisionForm("assign", typed, {"reason": "Bàn giao ca."}, by=get_officer(request))
        nobody = "Trả về tin chờ xử lý"
        form.fields["officer"].empty_label = nobody  # type: ignore[attr-defined]
        return form
    return (
        MessageForm(typed, label_suffix="") if verb == many.MESSAGE else DecisionForm(verb, typed)
    )


def execute(verb: str, form: Any, rows: list[ReportVersion], request: HttpRequest) -> Result:
    """Return the result of the verb for each row. Raises ActionError for the form."""
    typed = {name: value for name, value in form.cleaned_data.items() if name != "version"}
    if verb == many.ATTACH:
        actor = membership.Actor(get_officer(request), typed["reason"])
        return many.attach(typed["code"].pk, rows, actor)
    if verb == many.SHIFT:
        return many.hand_over_shift(rows, get_officer(request), **typed)
    if verb == many.MESSAGE:
        return many.message_each(rows, get_officer(request), typed["reply"])
    return many.apply_to_each(verb, rows, get_officer(request), typed)


def snapshot_rows(queryset: QuerySet[Report], most: int) -> Iterator[ReportVersion]:
    """Yield at most `most` reports of the list with their present versions."""
    columns = ("pk", "public_number", "case__version", "campaign_link__campaign")
    for row in queryset.values_list(*columns)[:most]:
        yield ReportVersion(*row)


def row_token(row: ReportVersion) -> str:
    return f"{row.report}:{row.version}:{row.campaign or ''}"


def parse_rows(text: str) -> Iterator[ReportVersion]:
    """Yield the distinct valid rows of a posted list."""
    for each in dict.fromkeys(text.split()):
        report, version, campaign = [*each.split(":"), "", ""][:3]
        key, number = parse_uuid(report), parse_int(version)
        if key and number is not None:
            yield ReportVersion(key, "", number, parse_uuid(campaign))


def idempotency_key(typed: str) -> UUID:
    return parse_uuid(typed) or uuid4()


def refusals_by_reason(result: Result) -> list[tuple[str, list[str]]]:
    by_reason: dict[str, list[str]] = {}
    for number, why in result.refused:
        by_reason.setdefault(REFUSED.get(why, why), []).append(number)
    return list(by_reason.items())


def too_many() -> str:
    return f"Chưa làm gì. Mỗi lần chọn nhiều nhất {format_count(MAX_COUNT)} tin. Lọc cho ít lại rồi làm từng phần."
