"""Many reports at once, from the queue: choose, say what and why, read what was done and what was not."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST, require_safe

from core.audit import events
from desk import labels
from desk.pages.base import officer, see_other
from desk.reports.decision_forms import MISSING, DecisionForm
from desk.reports.search import campaign_for_field
from reports.campaigns import grouping_locks
from reports.cases import bulk as many
from reports.cases import transitions, workflow
from reports.cases.bulk import MAX_COUNT, ReportVersion, Result
from reports.models import Campaign, Report

MAX_LENGTH = 64 * 1024  # signs of the list of rows
SHOWN = 60  # numbers that the page before the press names
TITLES = {
    "assign": "Phân công",
    "close": "Kết thúc xử lý",
    "junk": "Đánh dấu tin rác",
    many.ATTACH: "Gắn vào đợt",
}
REFUSED = {
    "stale": "có người vừa xử lý tin này; xem lại rồi làm",
    "status": "trạng thái hiện nay không làm được việc này",
    "permission": "bạn không có quyền với tin này",
    "pending": "người báo còn đang bị ép, có lời hoặc đề nghị chưa trả lời; mở tin ra kết thúc",
    "moved": "tin vừa được chuyển sang đợt khác",
    "there": "tin đã ở đợt này rồi",
    "gone": "không có tin này, hoặc bạn không được xem",
    "late": "chưa kịp làm; chọn lại và làm tiếp",
    "trouble": "máy chủ bận; chọn lại và làm tiếp",
    "other": "tin này không làm được; mở tin để xem vì sao",
}


class AttachForm(forms.Form):
    """Into which campaign, and why."""

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
        """The campaign that goes on under this code."""
        try:
            return campaign_for_field(self.cleaned_data["code"])
        except grouping_locks.GroupingError as error:
            raise forms.ValidationError(str(error)) from error

    def questions(self) -> list[forms.BoundField]:
        return list(self)


class BulkActionsMixin:
    """The acts of the queue. Each is asked on a page of its own, which keeps what the officer saw."""

    admin_site: admin.AdminSite
    opts: Any
    get_queryset: Callable[[HttpRequest], QuerySet[Report]]
    has_view_permission: Callable[..., bool]
    bulk_actions = ("assign_many", "close_many", "junk_many", "attach_many")

    def bulk_urls(self) -> list[URLPattern]:
        acts: list[URLPattern] = [
            path(
                f"bulk/{verb}/",
                self.admin_site.admin_view(require_POST(self.bulk)),
                {"verb": verb},
                name=f"reports_report_bulk_{verb}",
            )
            for verb in TITLES
        ]
        told = self.admin_site.admin_view(require_safe(self.bulk_result))
        return [*acts, path("bulk/<uuid:key>/", told, name="reports_report_bulk_told")]

    @admin.action(description="Phân công…", permissions=["assign"])
    def assign_many(self, request: HttpRequest, queryset: QuerySet[Report]) -> HttpResponse | None:
        return self._chosen(request, "assign", queryset)

    @admin.action(description="Kết thúc xử lý…", permissions=["close"])
    def close_many(self, request: HttpRequest, queryset: QuerySet[Report]) -> HttpResponse | None:
        return self._chosen(request, "close", queryset)

    @admin.action(description="Tin rác…", permissions=["close"])
    def junk_many(self, request: HttpRequest, queryset: QuerySet[Report]) -> HttpResponse | None:
        return self._chosen(request, "junk", queryset)

    @admin.action(description="Gắn vào đợt…", permissions=["group"])
    def attach_many(self, request: HttpRequest, queryset: QuerySet[Report]) -> HttpResponse | None:
        return self._chosen(request, many.ATTACH, queryset)

    def has_assign_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(permission("assign"))

    def has_close_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(permission("close"))

    def has_group_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(permission(many.ATTACH))

    def _chosen(
        self, request: HttpRequest, verb: str, queryset: QuerySet[Report]
    ) -> HttpResponse | None:
        """Ask what is needed for the chosen reports, as they are now."""
        rows = list(snapshot_rows(queryset, MAX_COUNT + 1))
        if len(rows) > MAX_COUNT:
            messages.error(request, too_many())
            return None
        return self._ask(request, verb, rows, form_for(verb), uuid4())

    def bulk(self, request: HttpRequest, verb: str) -> HttpResponse:
        """Do it for each, or show the page again with what was typed and why nothing was done."""
        by, key = officer(request), idempotency_key(request.POST.get("key", ""))
        if not (self.has_view_permission(request) and by.has_perm(permission(verb))):
            raise PermissionDenied
        if many.load_result(key, by) is not None:
            return self._tell(request, key, "Lần bấm này đã làm rồi, không làm lại.")
        asked = list(parse_rows(request.POST.get("rows", "")[:MAX_LENGTH]))
        if not asked or len(asked) > MAX_COUNT:
            messages.error(request, too_many() if asked else "Chưa làm gì. Chưa chọn tin nào.")
            return see_other(reverse("admin:reports_report_changelist"))
        return self._carry_out(request, verb, asked, key)

    def _carry_out(
        self, request: HttpRequest, verb: str, asked: list[ReportVersion], key: UUID
    ) -> HttpResponse:
        form = form_for(verb, request)
        rows, gone = self._named(request, asked)
        try:
            result = execute(verb, form, rows, request) if form.is_valid() else None
        except workflow.ReasonMissing as error:
            form.add_error(error.what, MISSING[error.what])
            result = None
        except grouping_locks.GroupingError as error:
            form.add_error("code", str(error))
            result = None
        if result is None:
            messages.error(request, "Chưa làm gì. Xem lại chỗ báo lỗi; những gì đã gõ còn nguyên.")
            page = self._ask(request, verb, rows, form, key)
            page.status_code = 422
            return page
        for row in gone:  # another unit's, or none: which of the two is not told
            events.log_event("report", row.report, "refused", by=officer(request), verb=verb)
            result.refused.append((str(row.report), "gone"))
        many.store_result(key, verb, result, officer(request))
        return self._tell(request, key)

    def _named(
        self, request: HttpRequest, asked: list[ReportVersion]
    ) -> tuple[list[ReportVersion], list[ReportVersion]]:
        """The rows with the numbers of reports that this officer sees, and those that are none."""
        mine = self.get_queryset(request).filter(pk__in=[row.report for row in asked]).order_by()
        numbers = dict(mine.values_list("pk", "public_number"))
        rows = [
            ReportVersion(row.report, numbers[row.report], row.version, row.campaign)
            for row in asked
            if row.report in numbers
        ]
        return rows, [row for row in asked if row.report not in numbers]

    def _tell(self, request: HttpRequest, key: UUID, note: str = "") -> HttpResponse:
        if note:
            messages.info(request, note)
        return see_other(reverse("admin:reports_report_bulk_told", args=[key]))

    def bulk_result(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """What became of one press."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        told = many.load_result(key, officer(request))
        if told is None:
            raise Http404
        verb, result = told
        given = {
            "title": TITLES.get(verb, verb),
            "result": result,
            "groups": refusals_by_reason(result),
        }
        return self._shown(request, "bulk_told", given)

    def _ask(
        self, request: HttpRequest, verb: str, rows: list[ReportVersion], form: Any, key: UUID
    ) -> HttpResponse:
        given = {
            "title": f"{TITLES[verb]}: {labels.format_count(len(rows))} tin",
            "button": f"{TITLES[verb]} {labels.format_count(len(rows))} tin",
            "address": f"admin:reports_report_bulk_{verb}",
            "rows": rows[:SHOWN],
            "left": max(0, len(rows) - SHOWN),
            "listed": " ".join(map(row_token, rows)),
            "form": form,
            "key": key,
        }
        return self._shown(request, "bulk", given)

    def _shown(self, request: HttpRequest, name: str, given: dict[str, Any]) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **given}
        return TemplateResponse(request, f"admin/reports/report/{name}.html", context)


def permission(verb: str) -> str:
    return grouping_locks.PERMISSION if verb == many.ATTACH else transitions.TABLE[verb].permission


def form_for(verb: str, request: HttpRequest | None = None) -> Any:
    """What is asked before a verb, filled with what was posted."""
    data = request.POST if request else None
    return AttachForm(data, label_suffix="") if verb == many.ATTACH else DecisionForm(verb, data)


def execute(verb: str, form: Any, rows: list[ReportVersion], request: HttpRequest) -> Result:
    """Raises WorkflowError or GroupingError where what was typed will not do."""
    typed = {name: value for name, value in form.cleaned_data.items() if name != "version"}
    if verb == many.ATTACH:
        hand = grouping_locks.Actor(officer(request), typed["reason"])
        return many.attach(typed["code"].pk, rows, hand)
    return many.apply_to_each(verb, rows, officer(request), typed)


def snapshot_rows(queryset: QuerySet[Report], most: int) -> Iterator[ReportVersion]:
    """The first reports of the list as they stand."""
    columns = ("pk", "public_number", "case__version", "campaign_link__campaign")
    for row in queryset.values_list(*columns)[:most]:
        yield ReportVersion(*row)


def row_token(row: ReportVersion) -> str:
    return f"{row.report}:{row.version}:{row.campaign or ''}"


def parse_rows(text: str) -> Iterator[ReportVersion]:
    """The rows that a page listed, each once; what is none is left out."""
    for each in dict.fromkeys(text.split()):
        report, version, campaign = [*each.split(":"), "", ""][:3]
        if (key := _uuid(report)) and version.isdecimal() and len(version) < 10:
            yield ReportVersion(key, "", int(version), _uuid(campaign))


def idempotency_key(typed: str) -> UUID:
    """The key of a press; one that came without is given its own."""
    return _uuid(typed) or uuid4()


def refusals_by_reason(result: Result) -> list[tuple[str, list[str]]]:
    """The numbers that were refused, by the reason as it is told."""
    by_reason: dict[str, list[str]] = {}
    for number, why in result.refused:
        by_reason.setdefault(REFUSED.get(why, why), []).append(number)
    return list(by_reason.items())


def too_many() -> str:
    most = labels.format_count(MAX_COUNT)
    return f"Chưa làm gì. Mỗi lần chọn nhiều nhất {most} tin. Lọc cho ít lại rồi làm từng phần."


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None
