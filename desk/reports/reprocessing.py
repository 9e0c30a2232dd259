"""Reprocessing of reports: the list of runs, and a page to start one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import db
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from core.responses import HttpResponseSeeOther
from desk.labels.formatting import format_count, officer_name
from desk.pages.http import render
from desk.pages.lists import NoDetailAdminMixin
from reports.models import ReprocessingRun
from reports.triage import report_triage, reprocessing

MAX_BATCH = reprocessing.MAX_BATCH
START_RUN_PERMISSION = "reports.add_reprocessingrun"
REPROCESS_ONE_PERMISSION = "reports.decide_case"


@admin.register(ReprocessingRun)
class ReprocessingRunAdmin(NoDetailAdminMixin, OwnFiltersAdmin[ReprocessingRun]):
    """The runs, read-only; a page of its own starts one."""

    list_display = ("started_at", "who", "rules", "reports", "finished_at")
    empty_value_display = "đang xếp"  # until `finished_at`

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReprocessingRun]:
        return super().get_queryset(request).select_related("actor")

    def get_urls(self) -> list[URLPattern]:
        view = require_http_methods(["GET", "HEAD", "POST"])(self.start)
        start = self.admin_site.admin_view(view)
        return [path("start/", start, name="reports_reprocessingrun_start"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Đọc lại tin", **_newest(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def start(self, request: HttpRequest) -> HttpResponse:
        """Render the rules and the count of outdated reports; posted, start a run."""
        get_officer(request, START_RUN_PERMISSION)
        if request.method == "POST":
            _begin(request)
            return HttpResponseSeeOther(reverse("admin:reports_reprocessingrun_changelist"))
        return render(
            request,
            "admin/reports/reprocessingrun/start.html",
            "Đọc lại những tin theo bộ quy tắc cũ",
            ReprocessingRun,
            rules=report_triage.RULES_VERSION,
            run=reprocessing.unfinished(),
            reports=_count_outdated(),
        )

    @admin.display(description="ai")
    def who(self, run: ReprocessingRun) -> str:
        return officer_name(run.actor) if run.actor else "Quản trị máy chủ"

    @admin.display(description="bộ quy tắc")
    def rules(self, run: ReprocessingRun) -> str:
        return f"{run.rules_version}, mọi tin" if run.include_current else run.rules_version

    @admin.display(description="số tin")
    def reports(self, run: ReprocessingRun) -> str:
        return format_count(run.total)


def reprocess_selected(request: HttpRequest, reports: Sequence[UUID]) -> None:
    """Reprocess some reports, with messages of how many."""
    if len(reports) > MAX_BATCH:
        most = format_count(MAX_BATCH)
        messages.error(request, f"Chưa làm gì. Mỗi lần chọn nhiều nhất {most} tin.")
        return
    count = reprocessing.reprocess_selected(reports, by=get_officer(request))
    if count:
        text = (
            f"Máy sẽ đọc lại {format_count(count)} tin, thường chỉ vài giây. Quyết định giữ nguyên."
        )
        messages.success(request, text)
    if left := len(reports) - count:
        text = f"{format_count(left)} tin để nguyên: đang chờ máy đọc, đang phải giữ nguyên, hoặc đã xóa dữ liệu."
        messages.info(request, text)


def _begin(request: HttpRequest) -> None:
    """Start a run or resume the unfinished one, with a message."""
    by = get_officer(request)
    try:
        run = reprocessing.start(by=by)
    except reprocessing.NothingToReprocessError:
        messages.info(request, "Mọi tin đã theo bộ quy tắc hiện nay, không có gì phải đọc lại.")
    except reprocessing.RunInProgressError as error:
        again = reprocessing.resume(error.run, by=by)
        messages.info(request, "Đã cho máy làm tiếp." if again else "Đang có một lượt đọc lại rồi.")
    except db.Error:
        messages.error(request, "Chưa bắt đầu được, máy chủ đang bận. Vài phút nữa bấm lại.")
    else:
        text = f"Đã bắt đầu đọc lại {format_count(run.total)} tin. Máy tự làm, trang này đóng cũng được."
        messages.success(request, text)


def _newest(request: HttpRequest) -> dict[str, Any]:
    run = ReprocessingRun.objects.order_by("-id").first()
    return {
        "run": run,
        "progress": reprocessing.progress(run) if run else None,
        "rules": report_triage.RULES_VERSION,
        "may_start": request.user.has_perm(START_RUN_PERMISSION),
    }


def _count_outdated() -> int | None:
    """Return the count of outdated reports; None on a database error, as a timeout."""
    try:
        return reprocessing.count()
    except db.Error:
        return None
