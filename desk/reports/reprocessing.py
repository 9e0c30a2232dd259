"""Reading reports again, at the desk: the runs and how far the newest is, a page to start one,
and words for what was asked of single reports.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import Error as DatabaseTrouble
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from desk.labels import codes as labels
from desk.pages.base import officer, see_other
from desk.pages.pagination import NoDetailAdminMixin
from reports.models import ReprocessingRun
from reports.triage import reprocessing, service

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[ReprocessingRun]
else:
    _Admin = admin.ModelAdmin

MAX_BATCH = reprocessing.MAX_BATCH
MANY = "reports.add_reprocessingrun"
ONE = "reports.decide_case"


@admin.register(ReprocessingRun)
class ReprocessingRunAdmin(NoDetailAdminMixin, _Admin):
    """Who had reports read again, and when; a run is started on a page of its own."""

    list_display = ("when", "who", "rules", "reports", "done")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReprocessingRun]:
        return super().get_queryset(request).select_related("actor")

    def get_urls(self) -> list[URLPattern]:
        begin = self.admin_site.admin_view(
            require_http_methods(["GET", "HEAD", "POST"])(self.start)
        )
        return [path("start/", begin, name="reports_reprocessingrun_start"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Đọc lại tin", **_newest(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def start(self, request: HttpRequest) -> HttpResponse:
        """Say what a run would do and how many reports it is about; after the button, start it."""
        if not request.user.has_perm(MANY):
            raise PermissionDenied
        if request.method == "POST":
            _begin(request)
            return see_other(reverse("admin:reports_reprocessingrun_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Đọc lại những tin theo bộ quy tắc cũ",
            "opts": self.opts,
            "rules": service.RULES_VERSION,
            "run": reprocessing.unfinished(),
            "reports": _counted(),
        }
        return TemplateResponse(request, "admin/reports/reprocessingrun/start.html", context)

    @admin.display(description="bắt đầu")
    def when(self, run: ReprocessingRun) -> str:
        return f"{timezone.localtime(run.started_at):%H:%M, %d/%m/%Y}"

    @admin.display(description="ai")
    def who(self, run: ReprocessingRun) -> str:
        return labels.officer_name(run.actor) if run.actor else "Quản trị máy chủ"

    @admin.display(description="bộ quy tắc")
    def rules(self, run: ReprocessingRun) -> str:
        return f"{run.rules_version}, mọi tin" if run.include_current else run.rules_version

    @admin.display(description="số tin")
    def reports(self, run: ReprocessingRun) -> str:
        return labels.format_count(run.total)

    @admin.display(description="giao xong")
    def done(self, run: ReprocessingRun) -> str:
        if run.finished_at is None:
            return "đang giao"
        return f"{timezone.localtime(run.finished_at):%H:%M, %d/%m/%Y}"


def reprocess_selected(request: HttpRequest, reports: Sequence[UUID]) -> None:
    """Have some reports read again and say what becomes of them."""
    if len(reports) > MAX_BATCH:
        most = labels.format_count(MAX_BATCH)
        messages.error(request, f"Chưa làm gì. Mỗi lần chọn nhiều nhất {most} tin.")
        return
    owed = reprocessing.reprocess_selected(reports, by=officer(request))
    if owed:
        told = f"Máy sẽ đọc lại {labels.format_count(owed)} tin, thường chỉ vài giây. Quyết định giữ nguyên."
        messages.success(request, told)
    if left := len(reports) - owed:
        told = f"{labels.format_count(left)} tin để nguyên: đang chờ máy đọc, đang phải giữ nguyên, hoặc đã xóa dữ liệu."
        messages.info(request, told)


def _begin(request: HttpRequest) -> None:
    """Start a run, or set the one that is there going again, and say which."""
    by = officer(request)
    try:
        run = reprocessing.start(by=by)
    except reprocessing.NothingToReprocessError:
        messages.info(request, "Mọi tin đã theo bộ quy tắc hiện nay, không có gì phải đọc lại.")
    except reprocessing.RunInProgressError as error:
        again = reprocessing.resume(error.run, by=by)
        messages.info(request, "Đã cho máy làm tiếp." if again else "Đang có một lượt đọc lại rồi.")
    except DatabaseTrouble:
        messages.error(request, "Chưa bắt đầu được, máy chủ đang bận. Vài phút nữa bấm lại.")
    else:
        told = f"Đã bắt đầu đọc lại {labels.format_count(run.total)} tin. Máy tự làm, trang này đóng cũng được."
        messages.success(request, told)


def _newest(request: HttpRequest) -> dict[str, Any]:
    """The newest run and how far it is."""
    run = ReprocessingRun.objects.order_by("-id").first()
    return {
        "run": run,
        "progress": reprocessing.progress(run) if run else None,
        "rules": service.RULES_VERSION,
        "may_start": request.user.has_perm(MANY),
    }


def _counted() -> int | None:
    """How many reports a run would be about; None where counting took too long."""
    try:
        return reprocessing.count()
    except DatabaseTrouble:
        return None
