"""Who asks for a second look at a number, at the desk; `findings` writes the answer."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils import timezone

from accounts.reauthentication import reauthentication_required
from core import encryption
from core.audit import events
from desk.labels import codes as labels
from desk.pages.base import (
    ReadOnlyActionsMixin,
    action_history,
    format_datetime,
    officer,
    post_text,
)
from desk.reports import search
from desk.reports.indicators import newest_naming
from reports.extraction import phones, redaction
from reports.models import Dispute
from reports.numbers import coordination_signals, findings, lookup

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Dispute]
else:
    _Admin = admin.ModelAdmin

REVEAL = "reports.reveal_contact"


class OpenFilter(admin.SimpleListFilter):
    """What waits, unless somebody asks for the rest."""

    title = "trạng thái"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rest = [each for each in Dispute.Status.choices if each[0] != Dispute.Status.OPEN]
        return [*rest, ("all", "Tất cả")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """The stock first choice is what waits, not everything."""
        first, *rest = super().choices(changelist)
        yield {**first, "display": Dispute.Status.OPEN.label}
        yield from rest

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        if self.value() == "all" or (not self.value() and request.GET.get(SEARCH_VAR)):
            return queryset
        return queryset.filter(status=self.value() or Dispute.Status.OPEN)


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyActionsMixin, _Admin):
    """Who asks for a second look, the next to be answered first."""

    change_form_template = "admin/reports/dispute/change_form.html"
    list_display = ("public_number", "number_column", "due", "standing", "received")
    list_filter = (OpenFilter,)
    show_facets = admin.ShowFacets.NEVER
    ordering = ("due_at", "received_at")
    search_fields = ("public_number",)  # shows the box; `search` reads what is meant
    search_help_text = "Mã đề nghị, hoặc số điện thoại cần xem lại."
    list_select_related = ("upheld_by",)
    fields = ("number_column", "reason_column", "received", "due", "standing", "answer", "answered")
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        return [
            self.act("<uuid:pk>/answer/", self.answer_view, "answer"),
            self.act("<uuid:pk>/agree/", self.confirm_view, "agree"),
            self.act("<uuid:pk>/reveal/", reauthentication_required(self.reveal, REVEAL), "reveal"),
            self.act(
                "<uuid:pk>/reveal-reason/",
                reauthentication_required(self.reveal_reason, REVEAL),
                "reveal_reason",
            ),
            *super().get_urls(),
        ]

    def sidebar(self, request: HttpRequest, dispute: Dispute) -> dict[str, Any]:
        finding, by = findings.open_accusation(dispute.key), officer(request)
        return {
            "dispute": dispute,
            "may_answer": dispute.status == Dispute.Status.OPEN and by.has_perm(findings.ANSWER),
            "may_agree": findings.may_agree(dispute, by),
            "may_reject": finding is None or finding.proposed_by_id != by.pk,
            "is_masked": _reason(dispute) != self.reason_column(dispute),
            "may_reveal": by.has_perm(REVEAL),
            "verdict": _verdict(dispute),
            "naming": newest_naming(dispute.key, by),
            "concert": coordination_signals.coordination_signal(dispute.key),
            "record": action_history("dispute", dispute.pk),
            "title": f"Đề nghị xem lại {dispute.public_number}",
        }

    def answer_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Answer: upheld or not."""
        get_object_or_404(Dispute, pk=pk)
        by, text = officer(request), post_text(request, "answer")
        upheld = request.POST.get("decision") == "upheld"
        return self.run_action(
            request,
            pk,
            lambda: findings.answer(pk, upheld=upheld, text=text, by=by),
            "Đã đề nghị gỡ. Chờ người khác xác nhận." if upheld else "Đã giữ nguyên.",
        )

    def confirm_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Confirm what a colleague found right."""
        get_object_or_404(Dispute, pk=pk)
        by = officer(request)
        return self.run_action(
            request, pk, lambda: findings.confirm_clearing(pk, by=by), "Đã gỡ số."
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return (search.disputes(queryset, search_term) if search_term else queryset), False

    def reveal(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show the number to ring once; on record before it is shown."""
        return self._revealed(
            request, pk, "contact", lambda row: encryption.decrypt_field(row, "contact")
        )

    def reveal_reason(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show the reason as it came, once; on record before it is shown."""
        return self._revealed(request, pk, "reason", _reason)

    def _revealed(
        self, request: HttpRequest, pk: UUID, what: str, opened: Callable[[Dispute], str | None]
    ) -> HttpResponse:
        dispute = get_object_or_404(Dispute, pk=pk)
        if not request.user.has_perm(REVEAL):
            raise PermissionDenied
        events.log_event("dispute", pk, "revealed", by=officer(request), what=what)
        context = {
            **self.admin_site.each_context(request),
            **self.sidebar(request, dispute),
            "opts": self.opts,
            "shown": self.number_column(dispute),
            "why": self.reason_column(dispute),
            what: opened(dispute) or "Không mở được",
        }
        return TemplateResponse(request, "admin/reports/dispute/revealed.html", context)

    @admin.display(description="số")
    def number_column(self, dispute: Dispute) -> str:
        return encryption.decrypt_field(dispute, "number") or "–"

    @admin.display(description="vì sao")
    def reason_column(self, dispute: Dispute) -> str:
        contact = encryption.decrypt_field(dispute, "contact") or ""
        return redaction.redact(_reason(dispute), contact).text

    @admin.display(description="nhận lúc", ordering="received_at")
    def received(self, dispute: Dispute) -> str:
        return format_datetime(dispute.received_at)

    @admin.display(description="hạn trả lời", ordering="due_at")
    def due(self, dispute: Dispute) -> str:
        if dispute.due_at is None:
            return "–"
        is_late = dispute.status == Dispute.Status.OPEN and dispute.due_at < timezone.now()
        return f"{format_datetime(dispute.due_at)}{', quá hạn' if is_late else ''}"

    @admin.display(description="trạng thái", ordering="status")
    def standing(self, dispute: Dispute) -> str:
        if dispute.status == Dispute.Status.OPEN and dispute.upheld_by:
            return f"{labels.officer_name(dispute.upheld_by)} đề nghị gỡ, chờ người khác xác nhận"
        return dispute.get_status_display()

    @admin.display(description="trả lời lúc")
    def answered(self, dispute: Dispute) -> str:
        if dispute.answered_at is None:
            return "–"
        return f"{format_datetime(dispute.answered_at)}, {labels.officer_name(dispute.answered_by)}"


def _verdict(dispute: Dispute) -> lookup.Verdict:
    """What the public page says of the number at this moment."""
    return lookup.lookup_number(phones.parse(encryption.decrypt_field(dispute, "number") or ""))


def _reason(dispute: Dispute) -> str:
    """What was written, as it came."""
    return encryption.decrypt_field(dispute, "reason") or "Không ghi"
