"""The people of the desk: who may enter, as what, and what became of each account.

These pages only show; buttons under them act (`accounts`). Passwords and devices come by invitation
alone, so there is no page for them.
"""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import lockouts, service
from accounts.service import AccountError
from core.province import province
from core.readonly_admin import ReadOnlyAdminMixin
from desk.pages.base import action_history, officer, post_text, see_other
from reports.cases import visibility

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[User]
else:
    _Admin = admin.ModelAdmin

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
Act = Callable[[User, User, HttpRequest], None]

for _model in (User, Group, TOTPDevice, StaticDevice):
    with contextlib.suppress(admin.sites.NotRegistered):  # type: ignore[attr-defined]
        admin.site.unregister(_model)


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """A group is not changed by who is in it: nobody raises their own role."""

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        is_own = obj is not None and obj.user_set.filter(pk=officer(request).pk).exists()
        return super().has_change_permission(request, obj) and not is_own


@admin.register(User)
class PersonAdmin(ReadOnlyAdminMixin, _Admin):
    """Officers by log-in name."""

    change_form_template = "admin/auth/user/change_form.html"
    change_list_template = "admin/auth/user/change_list.html"
    list_display = ("username", "full_name", "role", "unit", "status_column", "last_login")
    list_filter = ("is_active", "groups")
    list_per_page = 100
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("username", "first_name", "last_name")
    ordering = ("username",)
    actions = None
    fields = readonly_fields = (
        "log_in_name",
        "full_name",
        "role",
        "unit",
        "status_column",
        "last_login",
        "date_joined",
    )

    def get_urls(self) -> list[URLPattern]:
        acts: dict[str, tuple[Act, str]] = {
            "close": (_close, "Đã khóa tài khoản. Người này đã bị thoát ra ở mọi nơi."),
            "reopen": (_reopen, "Đã mở lại. Đăng nhập bằng mật khẩu và thiết bị như trước."),
            "role": (_change_role, "Đã đổi vai trò. Người này phải đăng nhập lại."),
            "link": (_link, "Đã nối tài khoản ngành. Người này phải đăng nhập lại."),
            "unlink": (_unlink, "Đã gỡ tài khoản ngành. Người này phải đăng nhập lại."),
            "unlock": (_unlock, "Đã mở khóa đăng nhập. Thử lại được ngay."),
        }
        return [*(self._act(name, *act) for name, act in acts.items()), *super().get_urls()]

    def _act(self, name: str, act: Act, told: str) -> URLPattern:
        @require_POST
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            by = officer(request)
            if not by.has_perm(service.KEEP):
                raise PermissionDenied
            user = get_object_or_404(User, pk=pk)
            try:
                act(user, by, request)
            except AccountError as error:
                messages.error(request, NOT_DONE[error.why])
            else:
                messages.success(request, told)
            return see_other(reverse("admin:auth_user_change", args=[pk]))

        address: URLPattern = path(
            f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"auth_user_{name}"
        )
        return address

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = super().get_queryset(request).filter(is_staff=True)
        rows = rows.annotate(is_blind=Exists(visibility.without_unit().filter(pk=OuterRef("pk"))))
        return rows.select_related("membership__unit").prefetch_related("groups")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        locked = {}
        if request.user.has_perm(service.KEEP):
            locked = lockouts.active_lockouts(self.get_queryset(request))
        people = User.objects.filter(username__in=locked)
        context = {
            "title": "Cán bộ trực ban",
            "locked": [(each, locked[each.username]) for each in people],
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        user: User | None = self.get_object(request, object_id)
        may = request.user.has_perm(service.KEEP)
        lines = action_history("user", object_id)
        context = {
            "title": user.get_username() if user else None,
            "subtitle": None,
            "may_keep": may and user is not None and user != request.user,
            "is_own": user == request.user,
            "locked_until": lockouts.active_lockouts([user]).get(user.username)
            if user and may
            else None,
            "has_oidc": bool(settings.OIDC_ISSUER),
            "is_linked": user is not None and service.is_linked(user),
            "roles": Group.objects.order_by("name"),
            # Who reads acts alone does not read what a lead wrote about a colleague.
            "record": lines if may else [(*line[:3], "") for line in lines],
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

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
        membership = getattr(user, "membership", None)
        if membership:
            return str(membership.unit)
        is_blind = getattr(user, "is_blind", False)
        return "Chưa giao, chưa thấy tin nào" if is_blind else province.office

    @admin.display(description="tài khoản", ordering="is_active")
    def status_column(self, user: User) -> str:
        if user.is_active:
            return "Đang dùng"
        return "Đã khóa" if user.has_usable_password() else "Đã mời, chưa vào"


def _why(request: HttpRequest) -> str:
    return post_text(request, "reason")[:1000]


def _close(user: User, by: User, request: HttpRequest) -> None:
    service.deactivate(user, by=by, reason=_why(request))


def _reopen(user: User, by: User, request: HttpRequest) -> None:
    if not user.has_usable_password():
        raise AccountError("same")
    service.reactivate(user, by=by, reason=_why(request))


def _change_role(user: User, by: User, request: HttpRequest) -> None:
    role = request.POST.get("role", "")
    group = Group.objects.filter(pk=int(role)).first() if _is_key(role) else None
    if group is None:
        raise AccountError("role")
    service.change_role(user, group, by=by, reason=_why(request))


def _is_key(typed: str) -> bool:
    return typed.isascii() and typed.isdecimal() and len(typed) < 10


def _unlock(user: User, by: User, _: HttpRequest) -> None:
    lockouts.clear_lockout(user, by=by)


def _link(user: User, by: User, request: HttpRequest) -> None:
    service.link(user, request.POST.get("subject", ""), by=by, reason=_why(request))


def _unlink(user: User, by: User, request: HttpRequest) -> None:
    service.unlink(user, by=by, reason=_why(request))
