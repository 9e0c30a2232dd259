"""Changes of published numbers at the desk: asked for on the numbers' own pages, decided here."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, reverse

from desk.pages.base import (
    ReadOnlyActionsMixin,
    action_history,
    format_datetime,
    four_eyes_buttons,
    officer,
    post_text,
    see_other,
)
from reports.models import PublishedNumberChange
from reports.numbers import official_numbers
from reports.numbers.findings import FindingError

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[PublishedNumberChange]
else:
    _Admin = admin.ModelAdmin

ASKED = "Đã đề nghị. Số cũ giữ nguyên cho đến khi một người khác xác nhận."
_NAMES = {
    "name": "Ngân hàng", "office_id": "Cơ quan", "number": "Số", "label": "Bộ phận",
    "label_en": "Bộ phận, tiếng Anh", "source": "Công bố ở đâu", "verified_on": "Đối chiếu ngày",
}  # fmt: skip


class FourEyesAdminMixin:
    """A page whose save button asks a colleague and writes nothing by itself."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self._ask(request, obj, official_numbers.propose)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._ask(request, obj, official_numbers.propose_removal)

    def _ask(self, request: HttpRequest, obj: Any, ask: Any) -> None:
        try:
            ask(obj, officer(request))
            messages.success(request, ASKED)
        except FindingError as error:
            messages.error(request, f"Chưa đề nghị. {error}")

    def save_related(self, *args: Any) -> None:
        """There is nothing beside the row."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The change is on record by itself."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The change is on record by itself."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """The change is on record by itself."""

    def response_add(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return see_other(reverse("admin:reports_publishednumberchange_changelist"))

    response_change = response_delete = response_add


@admin.register(PublishedNumberChange)
class NumberChangeAdmin(ReadOnlyActionsMixin, _Admin):
    """What waits for a second officer, and what came of the rest."""

    change_form_template = "admin/reports/publishednumberchange/change_form.html"
    list_display = ("__str__", "table", "status_column", "proposed_by", "decided_by")
    list_select_related = ("proposed_by", "decided_by")
    list_filter = ("outcome",)
    show_facets = admin.ShowFacets.NEVER
    fields = readonly_fields = (
        "table",
        "act",
        "old_value",
        "new_value",
        "status_column",
        "proposed_by",
        "decided_by",
    )

    def get_urls(self) -> list[URLPattern]:
        return [
            self.act("<int:pk>/confirm/", self.confirm, "confirm"),
            self.act("<int:pk>/refuse/", self.refuse, "refuse"),
            *super().get_urls(),
        ]

    def sidebar(self, request: HttpRequest, row: PublishedNumberChange) -> dict[str, Any]:
        waits = not row.outcome
        may = four_eyes_buttons(row, officer(request), official_numbers.CONFIRM, waits=waits)
        return {
            **may,
            "may_refuse": waits and may["may_end"],
            "record": action_history("published", row.pk),
            "title": str(row),
        }

    def confirm(self, request: HttpRequest, pk: int) -> HttpResponse:
        get_object_or_404(PublishedNumberChange, pk=pk)
        by, told = (
            officer(request),
            "Đã xác nhận. Các trang công khai đổi theo trong vòng hai phút.",
        )
        return self.run_action(request, pk, lambda: official_numbers.confirm(pk, by=by), told)

    def refuse(self, request: HttpRequest, pk: int) -> HttpResponse:
        get_object_or_404(PublishedNumberChange, pk=pk)
        by, reason = officer(request), post_text(request, "reason")
        return self.run_action(
            request, pk, lambda: official_numbers.refuse(pk, reason, by=by), "Đã giữ nguyên số cũ."
        )

    @admin.display(description="trạng thái")
    def status_column(self, row: PublishedNumberChange) -> str:
        if row.decided_at:
            return f"{row.get_outcome_display()} {format_datetime(row.decided_at)}"
        return "Chờ người khác xác nhận"

    @admin.display(description="đang là")
    def old_value(self, row: PublishedNumberChange) -> str:
        return _told(row.old_values) or "Chưa có"

    @admin.display(description="đổi thành")
    def new_value(self, row: PublishedNumberChange) -> str:
        return _told(row.new_values) or "Bỏ khỏi danh sách"


def _told(values: dict[str, str]) -> str:
    return "; ".join(
        f"{_NAMES[name]}: {text}" for name, text in values.items() if text and name in _NAMES
    )
