"""Pages of officers' findings on numbers, accounts and links; `findings` writes them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from core.models import Proposal
from desk.labels.formatting import format_datetime, format_phone
from desk.pages.actions import (
    RowAction,
    ServiceAddMixin,
    ServiceFormMixin,
    action_history,
    four_eyes_buttons,
)
from desk.pages.http import parse_int, post_text
from desk.pages.validators import AnyDayField
from desk.reports import search
from desk.reports.indicators import count_reports_naming, newest_naming
from reports.blocking import partners, requests
from reports.cases import visibility
from reports.extraction import phones
from reports.extraction.bank_accounts_and_links import defang_link
from reports.models import Indicator, NumberFinding, Report, SubjectKind
from reports.numbers import findings, lookup, office_questions, report_counts, subjects
from reports.numbers.subjects import Subject, subject_of


class FindingForm(ServiceFormMixin, forms.ModelForm[NumberFinding]):
    """A proposal of a finding."""

    valid_until = AnyDayField(label="Có giá trị đến")

    class Meta:
        model = NumberFinding
        fields = ("number", "finding", "reason", "valid_until")

    def build_row(self, values: dict[str, Any]) -> NumberFinding:
        row = findings.validate_finding(**values, by=self.by)
        values["number"] = row.number  # of a link the host, not what was pasted
        return row


class StatusFilter(admin.SimpleListFilter):
    """Filter for findings that wait for a second officer."""

    title = "trạng thái"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Chờ người khác xác nhận")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[NumberFinding]
    ) -> QuerySet[NumberFinding]:
        return queryset & unconfirmed_findings() if self.value() else queryset


def unconfirmed_findings() -> QuerySet[NumberFinding]:
    """Return the findings that wait for a second officer."""
    waiting = NumberFinding.objects.filter(confirmed_at=None, withdrawn_at=None)
    return waiting.filter(valid_until__gte=timezone.localdate())


class ConfirmFinding(RowAction):
    """Confirm a colleague's proposal."""

    done = "Đã xác nhận. Trang kiểm tra nói điều này từ bây giờ."
    permission = findings.CONFIRM

    def run(self) -> None:
        findings.confirm(self.row.pk, by=self.officer)


class WithdrawFinding(RowAction):
    """Withdraw a finding, or propose to withdraw a confirmed one."""

    done = "Đã gỡ ghi nhận."
    proposed = "Đã đề nghị gỡ. Ghi nhận vẫn hiện cho đến khi một chỉ huy khác xác nhận."

    def run(self) -> Proposal | None:
        return findings.withdraw(self.row.pk, self.reason, by=self.officer)


class ProposeBlock(RowAction):
    """Propose to a colleague to ask a partner to block it."""

    def run(self) -> Proposal:
        partner = parse_int(post_text(self.request, "partner")) or 0
        return requests.propose(self.row.pk, partner, self.reason, by=self.officer)


@admin.register(NumberFinding)
class NumberFindingAdmin(ServiceAddMixin, OwnFiltersAdmin[NumberFinding]):
    """Findings: one officer proposes, another confirms; confirmed and valid ones are public."""

    form = FindingForm
    change_form_template = "admin/reports/numberfinding/change_form.html"
    list_display = (
        "subject_column", "kind", "finding", "status_column", "valid_until", "proposed_by", "confirmed_by",
    )  # fmt: skip
    list_select_related = ("proposed_by", "confirmed_by")
    list_filter = (StatusFilter, "kind")
    ordering = ("-proposed_at",)
    search_fields = ("number", "key__exact")  # shows the box; see get_search_results
    search_help_text = "Số điện thoại, số tài khoản hoặc đường link."
    add_title = "Đề nghị ghi nhận một số, tài khoản, link"
    added = "Đã đề nghị. Chờ người khác xác nhận."
    row_actions = {"confirm": ConfirmFinding, "withdraw": WithdrawFinding, "block": ProposeBlock}

    def get_fields(self, request: HttpRequest, obj: NumberFinding | None = None) -> Any:
        proposal: tuple[str, ...] = ("number", "finding", "reason", "valid_until")
        if obj:
            proposal = ("subject_column", "kind", *proposal[1:])
        decided = ("status_column", "proposed_by", "confirmed_by", "withdrawn_by")
        return (*proposal, *decided) if obj else proposal

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        finding = NumberFinding.Finding.CONFIRMED
        usual = {"finding": finding, "valid_until": findings.usual_end()}
        first, report = initial_from_indicator(request)
        return usual | first | ({"reason": f"Tin {report.public_number}."} if report else {})

    def save_model(self, request: HttpRequest, obj: NumberFinding, form: Any, change: bool) -> None:
        findings.store_proposal(obj)

    def sidebar(self, request: HttpRequest, row: NumberFinding) -> dict[str, Any]:
        by, stands = get_officer(request), row.withdrawn_at is None
        is_accused = requests.find_accusation(row.pk)
        may = four_eyes_buttons(
            row, by, findings.CONFIRM, waits=stands and row.confirmed_at is None
        )
        return {
            **may,
            "may_withdraw": stands
            and (by.has_perm(findings.PROPOSE) if row.confirmed_at else may["may_end"]),
            "record": action_history("number", row.pk),
            **public_words(subject_of(row), row.number),
            "named": count_reports_naming(row.key, row.kind, row.bank),
            "naming": newest_naming(row.key, by, row.kind, row.bank),
            "days": report_counts.DAYS,
            "blocks": row.block_requests.select_related("partner").order_by("-pk"),
            "partners": partners.list_for(row)
            if is_accused and by.has_perm(findings.PROPOSE)
            else (),
            "owner": partners.find_owner(row),
            "title": f"Ghi nhận về {row.get_kind_display()} {_legible(row)}",
        }

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return (search.findings(queryset, search_term) if search_term else queryset), False

    @admin.display(description="số, tài khoản, link", ordering="number")
    def subject_column(self, row: NumberFinding) -> str:
        return _legible(row)

    @admin.display(description="trạng thái")
    def status_column(self, row: NumberFinding) -> str:
        if row.withdrawn_at:
            return f"Đã gỡ {format_datetime(row.withdrawn_at)}"
        if row.confirmed_at is None:
            return "Chờ người khác xác nhận"
        if row.valid_until < timezone.localdate():
            return "Hết giá trị"
        return f"Đã xác nhận {format_datetime(row.confirmed_at)}"


def public_words(subject: Subject, typed: str) -> dict[str, Any]:
    """Return what the public page says of it now, what offices answered, and the signs that its reports
    were arranged.
    """
    asked = {"questions": office_questions.list_about(subject)}
    if subject.kind == SubjectKind.NUMBER:
        signal = report_counts.coordination_signal(subject.key)
        verdict = lookup.lookup_number(phones.parse(typed))
        return {**asked, "verdict": verdict, "coordination_signal": signal}
    return {**asked, "verdict": subjects.lookup_subject(subject)}


def _legible(row: NumberFinding) -> str:
    return defang_link(row.number) if row.kind == SubjectKind.LINK else row.number


def initial_from_indicator(request: HttpRequest) -> tuple[dict[str, str], Report | None]:
    """Return what a report names and the report, by the key in the query: no URL holds a number."""
    key = parse_int(request.GET.get("indicator", ""), max_digits=18) or 0
    named = Indicator.objects.filter(pk=key, kind__in=SubjectKind.values).exclude(key="")
    rows = visibility.visible_via_report(named, get_officer(request))
    row = rows.select_related("report__case", "report__facts").first()
    if row is None:
        return {}, None
    is_link = row.kind == SubjectKind.LINK
    text = row.key if is_link else " ".join(filter(None, (row.bank, format_phone(row.key))))
    return {"number": text}, row.report
