"""What the nightly purge took, and by which rules; the wishes to be erased that wait."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse

from core.province import province
from desk.labels import codes as labels
from desk.pages.base import format_datetime, officer
from desk.pages.pagination import NoDetailAdminMixin
from reports.cases import visibility
from reports.models import ErasureRequest, PurgeRun
from reports.retention.policy import BY_NAME, KINDS, RetentionPolicy

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[PurgeRun]
else:
    _Admin = admin.ModelAdmin

_MAX_WISHES = 50


@admin.register(PurgeRun)
class PurgeRunAdmin(NoDetailAdminMixin, _Admin):
    """One line a night; nothing to change."""

    list_display = ("when", "done", "erased_counts", "retained_counts")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "title": "Xóa dữ liệu hết hạn",
            "rules": [(kind.told, _length(kind)) for kind in KINDS],
            "wishes": _waiting(officer(request)),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description="bắt đầu")
    def when(self, run: PurgeRun) -> str:
        return format_datetime(run.started_at)

    @admin.display(description="xong")
    def done(self, run: PurgeRun) -> str:
        return format_datetime(run.finished_at) if run.finished_at else "đang làm"

    @admin.display(description="đã xóa")
    def erased_counts(self, run: PurgeRun) -> str:
        told = [
            f"{labels.format_count(count)} {BY_NAME[name].told}"
            for name, count in run.counts.items()
            if count and name in BY_NAME
        ]
        return "; ".join(told) or "không có gì hết hạn"


def _waiting(viewer: User) -> list[ErasureRequest]:
    """The wishes that wait, of reports that the viewer may see, the longest first; one that was
    taken up again waits from then.
    """
    if not viewer.has_perm("reports.view_report"):
        return []
    since = Coalesce("taken_up_at", "requested_at")
    wishes = ErasureRequest.objects.open().order_by(since).select_related("report__case")
    return [wish for wish in wishes[:_MAX_WISHES] if visibility.can_see(viewer, wish.report.case)]


def _length(kind: RetentionPolicy) -> str:
    if not kind.period:
        return f"giữ đến khi {province.office} quyết định"
    return f"{kind.period} {'tháng' if kind.is_in_months else 'ngày'}"
