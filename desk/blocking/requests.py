"""Pages of requests to block: every clock, the letters, what the partner said, keep or end."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from core.audit import events
from core.models import Proposal
from core.webhooks import attempt_label
from desk.labels.formatting import format_datetime
from desk.pages.actions import ReadOnlyActionsMixin, RowAction, action_history
from desk.pages.http import download, parse_int, post_text
from reports.blocking import answers, letters, requests
from reports.extraction.bank_accounts_and_links import defang_link
from reports.models import BlockLetter, BlockRequest, SubjectKind
from reports.monitoring.alarms import format_duration
from reports.numbers import findings

State = BlockRequest.State
_ITS_LETTERS = BlockLetter.objects.filter(request=OuterRef("pk"))


def list_late() -> QuerySet[BlockRequest]:
    """Return the requests with a letter whose receipt is overdue."""
    return BlockRequest.objects.filter(Exists(_ITS_LETTERS.unreceived(timezone.now())))


def list_to_call() -> QuerySet[BlockRequest]:
    """Return those of them about which the machine does no more."""
    return BlockRequest.objects.filter(Exists(_ITS_LETTERS.to_call(timezone.now())))


_WORK = {
    "late": ("Quá giờ chưa xác nhận", list_late),
    "call": ("Máy thôi gửi, phải gọi điện", list_to_call),
    "ending": ("Sắp hết hạn, cần xem lại", requests.list_ending),
}


class WorkFilter(admin.SimpleListFilter):
    """Filter by what is to be done."""

    title = "việc"
    parameter_name = "viec"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, label) for code, (label, _) in _WORK.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = _WORK.get(self.value() or "")
        return queryset.filter(pk__in=chosen[1]().values("pk")) if chosen else queryset


class ProposeKeeping(RowAction):
    """Propose to a colleague to keep the block."""

    is_kept = True

    def run(self) -> Proposal:
        return requests.propose_review(self.row.pk, self.reason, keep=self.is_kept, by=self.officer)


class ProposeEnd(ProposeKeeping):
    """Propose to a colleague to end the block."""

    is_kept = False


class RecordAnswer(RowAction):
    """Record what the partner said by telephone or on paper, to its newest letter."""

    done = "Đã ghi là nơi chặn đã nhận."
    proposed = "Đã ghi. Một người khác xác nhận thì mới tính, và mới báo cho người báo."
    permission = findings.PROPOSE

    def run(self) -> Proposal | None:
        typed = post_text(self.request, "answer")
        return answers.record_told(self.row, typed, self.reason, by=self.officer)


class SendAgain(RowAction):
    """Send once more what the machine gave up or waits in vain for."""

    done = "Máy gửi lại một lần, chậm nhất nửa giờ nữa. Vẫn chưa được thì gọi điện."
    permission = findings.PROPOSE

    def run(self) -> None:
        letters.send_again(self.row, by=self.officer)


class PrintLetter(RowAction):
    """Download a letter of the request, on record: who has its link answers for the partner."""

    def run(self) -> BlockLetter:
        rows = BlockLetter.objects.select_related("request__finding", "request__partner")
        pk = parse_int(post_text(self.request, "letter")) or 0
        letter = get_object_or_404(rows, pk=pk, request=self.row)
        events.log_event("block", self.row.pk, "block_letter_printed", by=self.officer)
        return letter

    def show_result(self, result: BlockLetter) -> HttpResponse:
        name = f"{result.number}-{result.year}.pdf"
        return download(letters.render_pdf(result), name, "application/pdf")


@admin.register(BlockRequest)
class BlockRequestAdmin(ReadOnlyActionsMixin, OwnFiltersAdmin[BlockRequest]):
    """Requests, newest first: from the first report to the letter, the receipt and the block."""

    change_form_template = "admin/reports/blockrequest/change_form.html"
    list_display = ("subject", "partner", "state", "asked_after", "received_after", "blocked_after", "until")  # fmt: skip
    list_filter = (WorkFilter, "state", "partner")
    list_select_related = ("finding", "partner")
    ordering = ("-requested_at",)
    actions = None
    fields = readonly_fields = (
        "subject", "partner", "state", "refusal", "asked_after", "received_after", "blocked_after", "until",
        "ending", "proposed_by", "confirmed_by",
    )  # fmt: skip
    row_actions = {
        "keep": ProposeKeeping, "end": ProposeEnd, "answer": RecordAnswer, "again": SendAgain,
        "letter": PrintLetter,
    }  # fmt: skip

    def sidebar(self, request: HttpRequest, row: BlockRequest) -> dict[str, Any]:
        may_propose = get_officer(request).has_perm(findings.PROPOSE)
        rows = row.letters.order_by("pk")
        newest = row.letters.select_related("request").first()
        is_told = answers.TOLD.has_open(row.pk)
        may_tell = may_propose and not is_told
        return {
            "letters": [
                (each, letters.format_number(each), describe_letter(each)) for each in rows
            ],
            "is_told": is_told,
            "answers": answers.list_answers(newest) if newest and may_tell else [],
            "is_to_call": may_propose and row.letters.to_call(timezone.now()).exists(),
            "may_review": may_propose and row.state != State.ENDED,
            "may_keep": may_propose and row.state not in {State.ENDED, State.REFUSED},
            "term": requests.TERM.days,
            "record": action_history("block", row.pk),
            "title": f"Đề nghị chặn {self.subject(row)}",
        }

    @admin.display(description="số, tài khoản, link", ordering="finding__number")
    def subject(self, row: BlockRequest) -> str:
        is_link = row.finding.kind == SubjectKind.LINK
        text = defang_link(row.finding.number) if is_link else row.finding.number
        return " ".join(filter(None, (row.finding.bank, text)))

    @admin.display(description="từ tin đầu đến đề nghị", ordering="requested_at")
    def asked_after(self, row: BlockRequest) -> str:
        first = row.reported_at
        return format_clock(first, row.requested_at) if first else "Không có tin"

    @admin.display(description="đến khi nhận", ordering="received_at")
    def received_after(self, row: BlockRequest) -> str:
        return _format_wait(row, row.received_at)

    @admin.display(description="đến khi chặn", ordering="blocked_at")
    def blocked_after(self, row: BlockRequest) -> str:
        return "Từ chối" if row.state == State.REFUSED else _format_wait(row, row.blocked_at)

    @admin.display(description="chặn đến", ordering="blocked_until")
    def until(self, row: BlockRequest) -> str:
        if row.ended_at:
            return f"Đã thôi {format_datetime(row.ended_at)}"
        left = format_clock(timezone.now(), row.blocked_until)
        return f"{format_datetime(row.blocked_until)}, còn {left}"


def _format_wait(row: BlockRequest, at: datetime | None) -> str:
    """Return how long it took from the request, or that somebody still waits."""
    if at:
        return format_clock(row.requested_at, at)
    if row.ended_at:
        return "–"
    return f"đang chờ, {format_clock(row.requested_at, timezone.now())}"


def format_clock(start: datetime, end: datetime) -> str:
    return format_duration(max(0.0, (end - start).total_seconds()))


def describe_letter(letter: BlockLetter) -> str:
    """Return how far a letter is: sent, confirmed, overdue, and the last attempt where it failed."""
    if letter.received_at:
        return f"xác nhận {format_datetime(letter.received_at)}"
    if letter.dropped_at:
        return "không cần gửi nữa"
    is_late = letter.receive_by < timezone.now()
    parts = [f"gửi {format_datetime(letter.sent_at)}" if letter.sent_at else "chưa gửi được"]
    if letter.outcome not in {"", "ok"}:
        parts.append(attempt_label(letter.outcome, letter.status))
    if letter.reminded_at:
        parts.append(f"nhắc {format_datetime(letter.reminded_at)}")
    parts.append(f"{'quá hạn' if is_late else 'hạn'} xác nhận {format_datetime(letter.receive_by)}")
    if is_late and letter.next_attempt_at is None:
        parts.append("máy thôi gửi, phải gọi điện")
    return "; ".join(parts)
