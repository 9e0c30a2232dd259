"""Read-only pages of the desk's accounts, with actions; passwords and devices come by invitation."""

import contextlib
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse

from accounts import officer_accounts
from accounts.officer_accounts import AccountError
from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from core.errors import ActionError
from core.models import Proposal
from core.province import province
from desk.pages.actions import ReadOnlyActionsMixin, RowAction, action_history
from desk.pages.http import parse_int
from reports.cases import visibility

NOT_DONE = {
    "own": "Chưa làm. Không ai tự quyết về tài khoản của mình: nhờ một chỉ huy khác.",
    "last_lead": "Chưa làm. Đây là chỉ huy cuối cùng còn đăng nhập được. Giao vai trò Chỉ huy cho"
    " người khác trước.",
    "reason": "Chưa làm. Ghi lý do rồi bấm lại.",
    "same": "Tài khoản đã như vậy rồi, không có gì thay đổi.",
    "provider": "Chưa làm. Trực ban chưa có nơi cấp tài khoản ngành.",
    "subject": "Chưa làm. Ghi mã tài khoản ngành đúng như trang đăng nhập đã hiện.",
    "taken": "Chưa làm. Mã này đã nối với một cán bộ khác: gỡ ở đó trước.",
    "role": "Chưa làm. Chọn một vai trò trong danh sách.",
}

for _model in (User, Group):
    with contextlib.suppress(admin.sites.NotRegistered):  # type: ignore[attr-defined]
        admin.site.unregister(_model)


@admin.register(Group)
class RoleAdmin(OwnFiltersAdmin[Group], GroupAdmin):
    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        is_own = obj is not None and obj.user_set.filter(pk=get_officer(request).pk).exists()
        return super().has_change_permission(request, obj) and not is_own


class AccountAction(RowAction):
    permission = officer_accounts.KEEP
    errors = (AccountError, ActionError)
    max_reason_chars = 1000

    def get_error_message(self, error: AccountError | ActionError) -> str:
        return NOT_DONE[error.code] if isinstance(error, AccountError) else f"Chưa làm. {error}"


class CloseAccount(AccountAction):
    done = "Đã khóa tài khoản. Người này đã bị thoát ra ở mọi nơi."

    def run(self) -> Proposal | None:
        return officer_accounts.deactivate(self.row, by=self.officer, reason=self.reason)


class ReopenAccount(AccountAction):
    done = "Đã mở lại. Đăng nhập bằng mật khẩu và thiết bị như trước."

    def run(self) -> Proposal | None:
        if not self.row.has_usable_password():
            raise AccountError("same")
        return officer_accounts.reactivate(self.row, by=self.officer, reason=self.reason)


class ChangeRole(AccountAction):
    done = "Đã đổi vai trò. Người này phải đăng nhập lại."

    def run(self) -> Proposal | None:
        key = parse_int(self.request.POST.get("role", ""))
        group = Group.objects.filter(pk=key or 0).first()
        if group is None:
            raise AccountError("role")
        return officer_accounts.change_role(self.row, group, by=self.officer, reason=self.reason)


class LinkAccount(AccountAction):
    done = "Đã nối tài khoản ngành. Người này phải đăng nhập lại."

    def run(self) -> Proposal | None:
        subject = self.request.POST.get("subject", "")
        return officer_accounts.link(self.row, subject, by=self.officer, reason=self.reason)


class UnlinkAccount(AccountAction):
    done = "Đã gỡ tài khoản ngành. Người này phải đăng nhập lại."

    def run(self) -> Proposal | None:
        return officer_accounts.unlink(self.row, by=self.officer, reason=self.reason)


class LiftLockout(AccountAction):
    done = "Đã mở khóa đăng nhập. Thử lại được ngay."

    def run(self) -> None:
        officer_accounts.clear_lockout(self.row, by=self.officer)


@admin.register(User)
class PersonAdmin(ReadOnlyActionsMixin, OwnFiltersAdmin[User]):
    change_form_template = "admin/auth/user/change_form.html"
    change_list_template = "admin/auth/user/change_list.html"
    list_display = ("username", "full_name", "role", "unit", "status_column", "last_login")
    list_filter = ("is_active", "groups")
    list_per_page = 100
    empty_value_display = "Chưa có"
    search_fields = ("username", "first_name", "last_name")
    ordering = ("username",)
    actions = None
    fields = readonly_fields = (
        "log_in_name", "full_name", "role", "unit", "status_column", "last_login", "date_joined",
    )  # fmt: skip
    row_actions = {
        "close": CloseAccount,
        "reopen": ReopenAccount,
        "role": ChangeRole,
        "link": LinkAccount,
        "unlink": UnlinkAccount,
        "unlock": LiftLockout,
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = super().get_queryset(request).filter(is_staff=True)
        rows = rows.annotate(
            has_no_unit=Exists(visibility.without_unit().filter(pk=OuterRef("pk")))
        )
        return rows.select_related("membership__unit").prefetch_related("groups")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = request.user.has_perm(officer_accounts.KEEP)
        locked = officer_accounts.active_lockouts(self.get_queryset(request)) if may else {}
        people = User.objects.filter(username__in=locked)
        context = {
            "title": "Cán bộ trực ban",
            "locked": [(each, locked[each.username]) for each in people],
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def sidebar(self, request: HttpRequest, row: User) -> dict[str, Any]:
        may = request.user.has_perm(officer_accounts.KEEP)
        lines = action_history("user", row.pk)
        return {
            "title": row.get_username(),
            "may_keep": may and row != request.user,
            "is_own": row == request.user,
            "locked_until": officer_accounts.active_lockouts([row]).get(row.username)
            if may
            else None,
            "has_oidc": bool(settings.OIDC_ISSUER),
            "is_linked": officer_accounts.is_linked(row),
            "roles": Group.objects.order_by("name"),
            # Only a lead reads the reasons.
            "record": lines if may else [(*line[:3], "") for line in lines],
        }

    @admin.display(description="tên đăng nhập")
    def log_in_name(self, user: User) -> str:
        return user.get_username()

    @admin.display(description="họ tên")
    def full_name(self, user: User) -> str:
        return user.get_full_name() or "Chưa ghi"

    @admin.display(description="vai trò")
    def role(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or "Chưa có"

    @admin.display(description="đơn vị")
    def unit(self, user: User) -> str:
        if membership := getattr(user, "membership", None):
            return str(membership.unit)
        has_no_unit = getattr(user, "has_no_unit", False)
        return "Chưa giao, chưa thấy tin nào" if has_no_unit else province.office

    @admin.display(description="tài khoản", ordering="is_active")
    def status_column(self, user: User) -> str:
        if user.is_active:
            return "Đang dùng"
        return "Đã khóa" if user.has_usable_password() else "Đã mời, chưa vào"
