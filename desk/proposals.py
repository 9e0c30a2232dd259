"""Acts that take two people: the list of what one proposed, and the buttons of another."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.db.models import DateField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from accounts.officer_accounts import ACCOUNT, AccountError
from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from core.audit import proposals
from core.audit.proposals import Act, RowAct, Values
from core.errors import ActionError
from core.models import Proposal
from desk import users
from desk.blocking.partners import show_secret
from desk.labels.formatting import format_datetime, link_source, officer_name
from desk.pages.actions import ReadOnlyActionsMixin, RowAction, action_history, four_eyes_buttons
from reports.blocking.answers import TOLD, Answer
from reports.blocking.partners import PARTNER, SECRET
from reports.blocking.requests import BLOCK, REVIEW, TERM
from reports.models import BlockingPartner, BlockRequest, NumberFinding, Office, OfficeQuestion
from reports.numbers import findings
from reports.numbers.findings import WITHDRAWAL
from reports.numbers.office_questions import DENIAL
from reports.reference import confirmed_statements
from reports.reference.confirmed_statements import BANK_HOTLINE, OFFICE, OFFICE_NUMBER, STATEMENT

# Each act, its name, and the page of what it is about.
_KINDS: dict[str, tuple[Act, str, str]] = {
    act.kind: (act, label, f"admin:{page}")
    for act, label, page in (
        (STATEMENT, "Câu trên trang công khai", "reports_publicstatement_change"),
        (OFFICE, "Lời về cơ quan bị giả danh", "reports_office_change"),
        (OFFICE_NUMBER, "Số công bố của cơ quan", "reports_officenumber_change"),
        (BANK_HOTLINE, "Số gọi gấp của ngân hàng", "reports_bankhotline_change"),
        (DENIAL, "Câu trả lời của cơ quan lên trang kiểm tra", "reports_officequestion_change"),
        (WITHDRAWAL, "Gỡ ghi nhận về một số, tài khoản, link", "reports_numberfinding_change"),
        (PARTNER, "Nơi chặn số, tài khoản, link", "reports_blockingpartner_change"),
        (SECRET, "Khóa webhook của nơi chặn", "reports_blockingpartner_change"),
        (BLOCK, "Đề nghị chặn", "reports_numberfinding_change"),
        (TOLD, "Nơi chặn trả lời qua điện thoại, giấy", "reports_blockrequest_change"),
        (REVIEW, "Xem lại một đề nghị chặn", "reports_blockrequest_change"),
        (ACCOUNT, "Tài khoản, vai trò của cán bộ", "auth_user_change"),
    )
}
# A unit's name is the label of its number; the key is the number as programs write it.
_UNSAID = {"key", "unit_id"}
# What an act that saves no row is about.
_TARGETS: dict[str, type[Model]] = {
    WITHDRAWAL.kind: NumberFinding,
    SECRET.kind: BlockingPartner,
    BLOCK.kind: NumberFinding,
    TOLD.kind: BlockRequest,
    REVIEW.kind: BlockRequest,
    DENIAL.kind: OfficeQuestion,
    ACCOUNT.kind: User,
}
_NUMBERS = (OFFICE_NUMBER.kind, BANK_HOTLINE.kind)
_ACCOUNT_CHANGES = {
    "close": "Khóa tài khoản", "reopen": "Mở lại tài khoản", "role": "Đổi vai trò",
    "link": "Nối tài khoản ngành",
}  # fmt: skip


def open_for(user: User) -> QuerySet[Proposal]:
    """Return the open proposals of others that the officer may decide."""
    rows = _select_for(user, Proposal.objects.filter(state=Proposal.State.OPEN))
    return rows.exclude(proposed_by=user)


def _select_for(user: User, rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Return the proposals that the officer made or may decide; none about their own account."""
    kinds = [kind for kind, (act, *_) in _KINDS.items() if user.has_perm(act.permission)]
    rows = rows.exclude(kind=ACCOUNT.kind, target=str(user.pk))
    return rows.filter(Q(kind__in=kinds) | Q(proposed_by=user))


def _confirm(row: Proposal, by: User) -> None:
    """Carry out what a colleague proposed. Raises ActionError and what the service of the act raises."""
    number = row.new_values.get("number", "")
    is_new = number and number != row.old_values.get("number")
    if is_new and (why := findings.publication_blocker(number)):  # as when it was proposed
        raise ActionError(why)
    proposals.confirm(_KINDS[row.kind][0], row.pk, by=by)


class ConfirmProposal(RowAction):
    """Carry out what a colleague proposed."""

    errors = (ActionError, AccountError)
    done = "Đã xác nhận. Các trang công khai đổi theo trong vòng hai phút."
    dones = {
        ACCOUNT.kind: "Đã xác nhận. Tài khoản đổi theo ngay.",
        PARTNER.kind: "Đã xác nhận. Từ bây giờ gửi theo địa chỉ này.",
        BLOCK.kind: "Đã xác nhận. Công văn đang gửi đi.",
        REVIEW.kind: "Đã xác nhận. Công văn đang gửi đi.",
        TOLD.kind: "Đã xác nhận. Câu trả lời được tính từ bây giờ.",
    }

    def run(self) -> None:
        _confirm(self.row, self.officer)
        self.done = self.dones.get(self.row.kind, self.done)

    def show_result(self, result: Any) -> HttpResponse:
        if self.row.kind == SECRET.kind:
            return show_secret(self.request, self.row.target)
        return super().show_result(result)

    def get_error_message(self, error: Any) -> str:
        return (
            users.NOT_DONE[error.code] if isinstance(error, AccountError) else f"Chưa làm. {error}"
        )


class RefuseProposal(RowAction):
    """Refuse the proposal, or withdraw one's own."""

    done = "Đã bỏ đề nghị. Mọi thứ giữ như cũ."

    def run(self) -> None:
        proposals.refuse(_KINDS[self.row.kind][0], self.row.pk, self.reason, by=self.officer)


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyActionsMixin, OwnFiltersAdmin[Proposal]):
    """What one officer proposed, and what became of it, for who may decide it or proposed it."""

    change_form_template = "admin/core/proposal/change_form.html"
    list_display = ("what", "target_link", "new_value", "status_column", "proposed_by")
    list_select_related = ("proposed_by", "decided_by")
    list_filter = ("state",)
    fields = readonly_fields = (
        "what", "target_link", "old_value", "new_value", "source_link", "reason", "status_column",
        "proposed_by", "decided_by",
    )  # fmt: skip
    row_actions = {"confirm": ConfirmProposal, "refuse": RefuseProposal}
    actions = ("confirm_numbers",)

    def has_confirm_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(confirmed_statements.CONFIRM)

    @admin.action(description="Đã đối chiếu, xác nhận các số đã chọn", permissions=["confirm"])
    def confirm_numbers(self, request: HttpRequest, rows: QuerySet[Proposal]) -> None:
        """Confirm the ticked proposals of numbers, each by itself; others take their own page."""
        done, by = 0, get_officer(request)
        numbers = rows.filter(kind__in=_NUMBERS, state=Proposal.State.OPEN).order_by("pk")
        for row in numbers:
            try:
                _confirm(row, by)
                done += 1
            except ActionError as error:
                messages.error(request, f"{_name_target(row)}: {error}")
        messages.success(request, f"Đã xác nhận {done} số. Việc khác thì mở từng đề nghị.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Proposal]:
        user, rows = get_officer(request), super().get_queryset(request)
        office = Office.objects.filter(pk=OuterRef("office_pk")).values("name")
        office_pk = Coalesce(KT("new_values__office_id"), KT("old_values__office_id"))
        rows = rows.annotate(office_pk=office_pk, office_name=Subquery(office[:1]))
        # Who may not view them is refused by Django, on record.
        return _select_for(user, rows) if self.has_view_permission(request) else rows

    def sidebar(self, request: HttpRequest, row: Proposal) -> dict[str, Any]:
        waits = row.state == Proposal.State.OPEN
        permission = _KINDS[row.kind][0].permission
        may = four_eyes_buttons(row, get_officer(request), permission, waits=waits)
        return {
            **may,
            "may_refuse": waits and may["may_end"],
            "record": action_history("proposal", row.pk),
            "title": self.what(row),
        }

    @admin.display(description="việc")
    def what(self, row: Proposal) -> str:
        return _KINDS[row.kind][1]

    @admin.display(description="về")
    def target_link(self, row: Proposal) -> str:
        if not row.target:
            return f"Mục mới: {_name_target(row)}"
        page = reverse(_KINDS[row.kind][2], args=[row.target])
        return format_html('<a href="{}">{}</a>', page, _name_target(row))

    @admin.display(description="trạng thái")
    def status_column(self, row: Proposal) -> str:
        at = f" {format_datetime(row.decided_at)}" if row.decided_at else ""
        by = f", {officer_name(row.decided_by)}" if row.decided_by else ""
        return f"{row.get_state_display()}{at}{by}"

    @admin.display(description="mở nguồn để đối chiếu")
    def source_link(self, row: Proposal) -> str:
        return link_source(row.new_values.get("source", "")) or "–"

    @admin.display(description="đang là")
    def old_value(self, row: Proposal) -> str:
        if row.kind == ACCOUNT.kind and row.state == Proposal.State.OPEN:
            roles = map(str, Group.objects.filter(user=int(row.target)))
            return ", ".join(roles) or "Chưa có vai trò"
        return _describe_values(row, row.old_values) or "–"

    @admin.display(description="đổi thành")
    def new_value(self, row: Proposal) -> str:
        describe = _NEW_VALUES.get(row.kind)
        return describe(row) if describe else _describe_values(row, row.new_values) or "Gỡ"


def _describe_account(row: Proposal) -> str:
    values = row.new_values
    group = Group.objects.filter(pk=values.get("group", 0)).first()
    change = f"{_ACCOUNT_CHANGES[values['act']]} {group or values.get('subject', '')}"
    return f"{User.objects.get(pk=row.target)}: {change.strip()}"


def _name_target(row: Proposal) -> str:
    """Return the name of the row that the proposal is about, as it stands or shall stand."""
    act = _KINDS[row.kind][0]
    if not isinstance(act, RowAct):
        model = _TARGETS[row.kind]
        return str(model._default_manager.filter(pk=row.target).first() or "–")  # noqa: SLF001
    stored = act.model._default_manager.filter(pk=row.target or None).first()  # noqa: SLF001
    return str(stored or act.model(**(row.new_values or row.old_values)))


def _describe_values(row: Proposal, values: Values) -> str:
    """Return the columns that change, in words, "" for none."""
    act = _KINDS[row.kind][0]
    if not isinstance(act, RowAct):
        return ""
    columns = act.model._meta.concrete_fields  # noqa: SLF001
    changed = [each for each in columns if each.attname in values and _is_changed(row, each)]
    return ";\n".join(
        f"{field.verbose_name}: {_describe_column(row, field, values[field.attname])}"
        for field in changed
    )


def _is_changed(row: Proposal, field: Any) -> bool:
    """Return whether a column that is told of changes; one that was and stays empty does not."""
    old, new = (values.get(field.attname) or "" for values in (row.old_values, row.new_values))
    return field.attname not in _UNSAID and bool(old != new)


def _describe_column(row: Proposal, field: Any, value: Any) -> str:
    if field.attname == "office_id" and value == getattr(row, "office_pk", None):
        return getattr(row, "office_name", None) or str(value)
    return _describe_value(field, value)


def _describe_value(field: Any, value: Any) -> str:
    if isinstance(value, bool):
        return "có" if value else "không"
    if value and isinstance(field, DateField):
        return f"{date.fromisoformat(value):%d/%m/%Y}"
    lines = value if isinstance(value, list) else [value]
    return "; ".join(str(each) for each in lines if each or each == 0) or "(bỏ trống)"


def _describe_block(row: Proposal) -> str:
    partner = BlockingPartner.objects.get(pk=row.new_values["partner"])
    return f"Gửi {partner} công văn đề nghị chặn {_name_target(row)} trong {TERM.days} ngày"


_REVIEWS = {True: f"Giữ chặn tiếp {TERM.days} ngày từ lúc xác nhận", False: "Thôi chặn ngay"}
# What an act that saves no row would do.
_NEW_VALUES: dict[str, Callable[[Proposal], str]] = {
    WITHDRAWAL.kind: lambda row: f"Gỡ ghi nhận {NumberFinding.objects.get(pk=row.target)}",
    DENIAL.kind: lambda _: "Trang kiểm tra nói cơ quan cho biết không dùng",
    ACCOUNT.kind: _describe_account,
    SECRET.kind: lambda _: "Khóa mới, hiện một lần cho người xác nhận. Khóa cũ hết dùng ngay",
    BLOCK.kind: _describe_block,
    TOLD.kind: lambda row: f"Ghi nơi chặn trả lời: {Answer(row.new_values['answer']).label}",
    REVIEW.kind: lambda row: _REVIEWS[row.new_values["keep"]],
}
