"""Pages of disputes about a number, an account or a link; `disputes` writes the answer."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.sessions import get_officer
from core import encryption
from core.admin_pages import OwnFiltersAdmin
from core.audit import events
from desk.labels.formatting import format_datetime, officer_name
from desk.numbers.findings import public_words
from desk.pages.actions import ReadOnlyActionsMixin, RowAction, action_history
from desk.pages.http import post_text, render
from desk.pages.lists import PeriodFilter
from desk.reports import search
from desk.reports.indicators import newest_naming
from reports.extraction import redaction
from reports.models import Dispute
from reports.numbers import disputes, findings
from reports.numbers.subjects import subject_of

REVEAL_PERMISSION = "reports.reveal_contact"


class OpenFilter(admin.SimpleListFilter):
    """Filter by status; open disputes by default."""

    title = "trạng thái"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rest = [each for each in Dispute.Status.choices if each[0] != Dispute.Status.OPEN]
        return [*rest, ("all", "Tất cả")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the choices, the default one named as open, not all."""
        first, *rest = super().choices(changelist)
        yield {**first, "display": Dispute.Status.OPEN.label}
        yield from rest

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        if self.value() == "all" or (not self.value() and request.GET.get(SEARCH_VAR)):
            return queryset
        return queryset.filter(status=self.value() or Dispute.Status.OPEN)


class AnswerDispute(RowAction):
    """Uphold the dispute, which a colleague must confirm, or reject it."""

    def run(self) -> bool:
        is_upheld = self.request.POST.get("decision") == "upheld"
        text = post_text(self.request, "answer")
        disputes.answer(self.row.pk, upheld=is_upheld, text=text, by=self.officer)
        return is_upheld

    def show_result(self, result: bool) -> HttpResponse:
        self.done = "Đã đề nghị gỡ. Chờ người khác xác nhận." if result else "Đã giữ nguyên."
        return super().show_result(result)


class ConfirmClearing(RowAction):
    """Clear it, as a colleague proposed."""

    done = "Đã gỡ."

    def run(self) -> None:
        disputes.confirm_clearing(self.row.pk, by=self.officer)


class RevealContact(RowAction):
    """Reveal the contact number once, audited before."""

    permission = reauthenticate = REVEAL_PERMISSION
    what = "contact"

    def run(self) -> str | None:
        events.log_event("dispute", self.row.pk, "revealed", by=self.officer, field=self.what)
        return encryption.decrypt_field(self.row, self.what)

    def show_result(self, result: str | None) -> HttpResponse:
        context = {
            **self.model_admin.sidebar(self.request, self.row),
            "number": self.model_admin.number_column(self.row),
            "why": self.model_admin.reason_column(self.row),
            self.what: result or "Không mở được",
        }
        template, title = "admin/reports/dispute/revealed.html", context.pop("title")
        return render(self.request, template, title, Dispute, **context)


class RevealReason(RevealContact):
    """Reveal the unredacted reason once, audited before."""

    what = "reason"

    def run(self) -> str:
        return super().run() or "Không ghi"


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyActionsMixin, OwnFiltersAdmin[Dispute]):
    """Disputes, the next due first."""

    change_form_template = "admin/reports/dispute/change_form.html"
    list_display = ("public_number", "number_column", "kind", "due", "status_column", "received_at")
    list_filter = (OpenFilter, "kind", PeriodFilter)
    ordering = ("due_at", "received_at")
    search_fields = ("public_number",)  # shows the box; see get_search_results
    search_help_text = "Mã đề nghị, hoặc số, tài khoản, đường link cần xem lại."
    list_select_related = ("upheld_by",)
    row_actions = {
        "answer": AnswerDispute,
        "agree": ConfirmClearing,
        "reveal": RevealContact,
        "reveal_reason": RevealReason,
    }
    fields = readonly_fields = (
        "number_column", "kind", "reason_column", "received_at", "due", "status_column", "answer", "answered",
    )  # fmt: skip

    def sidebar(self, request: HttpRequest, dispute: Dispute) -> dict[str, Any]:
        by, subject = get_officer(request), subject_of(dispute)
        finding = findings.open_accusation(subject)
        number = encryption.decrypt_field(dispute, "number") or ""
        return {
            "dispute": dispute,
            "may_answer": dispute.status == Dispute.Status.OPEN and by.has_perm(disputes.ANSWER),
            "may_agree": disputes.may_confirm_clearing(dispute, by),
            "may_reject": finding is None or finding.proposed_by_id != by.pk,
            "is_masked": _reason(dispute) != self.reason_column(dispute),
            "may_reveal": by.has_perm(REVEAL_PERMISSION),
            **public_words(subject, number),
            "naming": newest_naming(dispute.key, by, dispute.kind, dispute.bank),
            "record": action_history("dispute", dispute.pk),
            "title": f"Đề nghị xem lại {dispute.public_number}",
        }

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return (search.disputes(queryset, search_term) if search_term else queryset), False

    @admin.display(description="số, tài khoản, link")
    def number_column(self, dispute: Dispute) -> str:
        return encryption.decrypt_field(dispute, "number") or "–"

    @admin.display(description="vì sao")
    def reason_column(self, dispute: Dispute) -> str:
        contact = encryption.decrypt_field(dispute, "contact") or ""
        return redaction.redact(_reason(dispute), contact).text

    @admin.display(description="hạn trả lời", ordering="due_at")
    def due(self, dispute: Dispute) -> str:
        if dispute.due_at is None:
            return "–"
        is_late = dispute.status == Dispute.Status.OPEN and dispute.due_at < timezone.now()
        return f"{format_datetime(dispute.due_at)}{', quá hạn' if is_late else ''}"

    @admin.display(description="trạng thái", ordering="status")
    def status_column(self, dispute: Dispute) -> str:
        if dispute.status == Dispute.Status.OPEN and dispute.upheld_by:
            return f"{officer_name(dispute.upheld_by)} đề nghị gỡ, chờ người khác xác nhận"
        return dispute.get_status_display()

    @admin.display(description="trả lời lúc")
    def answered(self, dispute: Dispute) -> str:
        if dispute.answered_at is None:
            return "–"
        return f"{format_datetime(dispute.answered_at)}, {officer_name(dispute.answered_by)}"


def _reason(dispute: Dispute) -> str:
    return encryption.decrypt_field(dispute, "reason") or "Không ghi"
