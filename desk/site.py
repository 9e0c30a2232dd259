"""The admin site of the desk, with second factor and OIDC."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django_otp.admin import OTPAdminAuthenticationForm, OTPAdminSite
from django_otp.models import Device

from accounts import reauthentication, sessions
from accounts.oidc import views
from core.province import province
from desk import help_pages

WRONG = (
    "Tên đăng nhập, mật khẩu hoặc mã xác nhận chưa đúng. Mã trên điện thoại đổi 30 giây một lần:"
    " gõ mã đang hiện. Mỗi mã chỉ dùng được một lần. Vừa gõ sai thì chờ một lát rồi"
    " thử lại; sai 5 lần thì phải chờ 15 phút."
)
# The menu: groups of models in the order of use; a model that is not named stands in the last.
MENU = {
    "Tin báo": ("Report", "Proposal", "Dispute", "CannedReply"),
    "Đợt và số": (
        "Campaign", "NumberFinding", "OfficeQuestion", "BlockRequest", "BlockingPartner", "OfficeNumber", "BankHotline",
        "LookalikeDomain",
    ),
    "Cảnh báo": ("Alert", "AlertRevision", "PartnerAgency", "Delivery", "PublicStatement"),
    "Quản trị": (
        "User", "Unit", "RoutingRule", "Commune", "Office", "ApiClient", "CalendarException", "AuditEvent",
    ),
}  # fmt: skip


class DeskLogin(OTPAdminAuthenticationForm):
    """Name, password and code on one page, with the same answer whichever is wrong."""

    otp_device = None
    otp_challenge = None
    otp_token = forms.CharField(
        label="Mã xác nhận",
        help_text="6 chữ số trên điện thoại, hoặc một mã dự phòng.",
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "text"}),
    )
    error_messages = {"invalid_login": WRONG, "inactive": WRONG}
    # Also for a throttled device: another sentence would reveal that the password was right.
    otp_error_messages = dict.fromkeys(OTPAdminAuthenticationForm.otp_error_messages, WRONG)

    def confirm_login_allowed(self, user: Any) -> None:
        if not (user.is_active and user.is_staff):
            raise ValidationError(WRONG, code="invalid_login")

    def clean_otp_token(self) -> str:
        return "".join(self.cleaned_data["otp_token"].split()).lower()

    def clean_otp(self, user: User | None) -> None:
        """Count a wrong code like a wrong password: else no lock-out would reveal a right password."""
        try:
            super().clean_otp(user)
        except ValidationError:
            names = {"username": self.cleaned_data.get("username")}
            user_login_failed.send(sender=__name__, credentials=names, request=self.request)
            raise

    def _chosen_device(self, user: User) -> Device | None:
        return reauthentication.lock_device_for(user, self.cleaned_data.get("otp_token", ""))

    def _update_form(self, user: User) -> None:
        """Do nothing: send no password back into the page."""


class DeskSite(OTPAdminSite):
    site_title = f"Trực ban tiếp nhận tin, {province.office}"
    site_header = f"Trực ban tiếp nhận tin, {province.office}"
    index_title = "Trang chủ"
    site_url = "/"
    enable_nav_sidebar = False
    empty_value_display = "–"
    login_form = DeskLogin
    login_template = "admin/login.html"
    logout_template = "admin/logged_out.html"

    def register(self, model: Any, admin_class: Any = None, **options: Any) -> None:
        """Register pages of ours: a package's own pages of devices would show their secrets, whichever of
        its modules and ours is imported first.
        """
        if admin_class is None or not admin_class.__module__.startswith("django_otp."):
            super().register(model, admin_class, **options)

    def get_urls(self) -> list[Any]:
        # Those modules register models at this site, so it must exist before their import.
        from desk import dashboard, hotline, report_lists, shift_handover  # noqa: PLC0415
        from desk.leaders import page as leaders  # noqa: PLC0415
        from desk.numbers import card  # noqa: PLC0415
        from desk.numbers import number_drafts as drafts  # noqa: PLC0415
        from desk.numbers import published_numbers as numbers  # noqa: PLC0415
        from desk.reports import urls as report_urls  # noqa: PLC0415

        pages: tuple[tuple[str, str, Any], ...] = (
            ("leaders/", "leaders", leaders.show_page),
            ("leaders/paper/", "leaders_paper", leaders.give_paper),
            ("reports/numberfinding/card/", "reports_numberfinding_card", card.show_card),
            ("reports/officenumber/drafts/", "reports_officenumber_drafts", drafts.show_drafts),
            ("reports/officenumber/units/", "reports_officenumber_units", numbers.paste_numbers),
            ("reports/report/file/question/", "reports_report_question", hotline.count_question),
            ("reports/report/handovers/", "reports_report_handovers", dashboard.show_handovers),
            ("reports/report/shift/", "reports_report_shift", shift_handover.show_shift),
        )
        # The back button finds the same submission key (hotline.py).
        filing = self.admin_view(hotline.file_report, cacheable=True)
        return [
            *help_pages.urls(self),
            *sessions.urls(self),
            *views.urls(self),
            *report_urls.urls(self),
            *report_lists.urls(self),
            *(path(route, self.admin_view(view), name=name) for route, name, view in pages),
            path("reports/report/file/", filing, name="reports_report_file"),
            *super().get_urls(),
        ]

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"has_oidc": views.is_configured()} | (extra_context or {})
        answer: HttpResponse = super().login(request, context)
        return answer

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Log out, offering the log-out at the OIDC provider too."""
        context = views.end_session_context(request) if request.method == "POST" else {}
        answer: HttpResponse = super().logout(request, context | (extra_context or {}))
        return answer

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change the password and end the officer's other sessions."""
        response: HttpResponse = super().password_change(request, extra_context)
        if request.method == "POST" and response.status_code == HttpResponseRedirect.status_code:
            sessions.end_other_sessions(request, "password_changed")
        return response

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        raise PermissionDenied  # no form completes a typed name

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the groups of the menu with the models that the officer may see."""
        apps = super().get_app_list(request)
        models = {
            model["object_name"]: model
            for app in apps for model in app["models"] if model["admin_url"]
        }  # fmt: skip
        groups: list[dict[str, Any]] = [
            {"name": name, "models": [models.pop(each) for each in names if each in models]}
            for name, names in MENU.items()
        ]
        groups[-1]["models"] += models.values()
        return [group for group in groups if group["models"]]

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the start page, which has the menu: the desk knows no applications."""
        return HttpResponseRedirect(reverse("admin:index"))
