"""The addresses under which an officer puts a fact of the machine right, or takes that back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from desk.pages.base import officer, see_other
from desk.reports import correction_forms
from desk.reports.correction_forms import CorrectionForm
from desk.reports.decision_forms import error_message
from desk.reports.navigation import filters_of, page_address
from reports.cases import corrections, workflow
from reports.models import Report


class CorrectionActionsMixin:
    """The words "wrong, because…" beside each fact of the report page."""

    admin_site: admin.AdminSite
    _get: Callable[[HttpRequest, UUID | str], Report]
    _page: Callable[..., HttpResponse]
    _not_taken: Callable[..., HttpResponse]

    def correct_urls(self) -> list[URLPattern]:
        views: dict[str, Any] = {"correct": self.correct, "uncorrect": self.revert_correction}
        return [
            path(
                f"<uuid:pk>/{verb}/<str:fact>/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"reports_report_{verb}",
            )
            for verb, view in views.items()
        ]

    def correct(self, request: HttpRequest, pk: UUID, fact: str) -> HttpResponse:
        """Put a fact of the machine right, or show what was typed and why not."""
        report = self._get(request, pk)
        if fact not in correction_forms.TITLES:
            raise Http404
        if not officer(request).has_perm("reports.decide_case"):
            raise PermissionDenied
        form = CorrectionForm(fact, request.POST)
        if not form.is_valid():
            messages.error(request, "Chưa lưu. Xem lại chỗ báo lỗi; những gì đã gõ còn nguyên.")
            return self._page(request, report, form=form)
        try:
            form.carry_out(report.case, officer(request))
        except workflow.WorkflowError as error:
            return self._not_taken(request, pk, form, error)
        messages.success(request, "Đã ghi chỗ sửa. Máy có đọc lại cũng không đổi chỗ này.")
        return _back(request, pk)

    def revert_correction(self, request: HttpRequest, pk: UUID, fact: str) -> HttpResponse:
        """Let the machine's reading of a fact hold again."""
        report, typed = self._get(request, pk), request.POST.get("version", "")
        version = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0
        try:
            corrections.revert_correction(pk, by=officer(request), version=version, fact=fact)
        except workflow.NotAllowed as error:
            raise PermissionDenied from error
        except workflow.WorkflowError as error:
            report = self._get(request, pk)
            messages.error(request, error_message(error, report.case, version))
            page = self._page(request, report)
            page.status_code = 409
            return page
        messages.success(request, "Đã lấy lại chỗ sửa. Gợi ý của máy dùng như trước.")
        return _back(request, pk)


def _back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """To the facts of the page, under the list that it was opened from."""
    return see_other(page_address(pk, filters_of(request.POST)) + "#machine")
