"""The desk of agencies that warnings are brought to, and of each bringing."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_POST

from alerts.delivery import partners, service
from alerts.delivery.partner_forms import PartnerForm
from alerts.embed import frame_ancestors
from alerts.models import Channel, Delivery, PartnerAgency
from alerts.static_pages import generator
from core.audit import events
from core.readonly_admin import ReadOnlyAdminMixin

if TYPE_CHECKING:
    _Partners = admin.ModelAdmin[PartnerAgency]
    _Deliveries = admin.ModelAdmin[Delivery]
else:
    _Partners = _Deliveries = admin.ModelAdmin

KEEP = "alerts.change_partneragency"


def _keeper(request: HttpRequest) -> User:
    """Who keeps the agencies. Raises PermissionDenied."""
    if not isinstance(request.user, User) or not request.user.has_perm(KEEP):
        raise PermissionDenied
    return request.user


@admin.register(PartnerAgency)
class PartnerAdmin(_Partners):
    """Written down, switched off, never removed: the record speaks of them."""

    form = PartnerForm
    list_display = ["name", "kind", "is_active", "channel_labels", "stopped_channels"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name"]
    actions = None

    @admin.display(description="nhận qua")
    def channel_labels(self, partner: PartnerAgency) -> str:
        return (
            ", ".join(each.label for each in Channel if partner.has_channel(each))
            or "không kênh nào"
        )

    @admin.display(description="tự ngừng")
    def stopped_channels(self, partner: PartnerAgency) -> str:
        return ", ".join(Channel(each).label for each in partner.stopped_channels)

    def get_urls(self) -> list[URLPattern]:
        acts = {"renew": self.rotate_secret, "reopen": self.reopen}
        return [
            path(f"<int:pk>/{name}/", self._guarded(act), name=f"alerts_partneragency_{name}")
            for name, act in acts.items()
        ] + super().get_urls()

    def _guarded(self, act: Callable[..., HttpResponse]) -> Callable[..., Any]:
        return self.admin_site.admin_view(require_POST(act))

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: PartnerAgency, form: Any, change: bool) -> None:
        """On record is which of the addresses changed, not what they are."""
        form.seal()
        super().save_model(request, obj, form, change)
        kind = "partner_changed" if change else "partner_added"
        events.log_event("partner", obj.pk, kind, by=_officer(request), fields=form.changed_data)
        if frame_ancestors.limited_to_partners() and {"origins", "is_active"} & set(
            form.changed_data
        ):
            generator.enqueue_rebuild()

    def get_fields(self, request: HttpRequest, obj: PartnerAgency | None = None) -> Any:
        """Who may only look sees no address."""
        if obj is None or self.has_change_permission(request, obj):
            return super().get_fields(request, obj)
        return ["name", "kind", "is_active", "disabled_reason"]

    def response_add(
        self, request: HttpRequest, obj: PartnerAgency, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._first_key(request, obj) or super().response_add(
            request, obj, post_url_continue
        )

    def response_change(self, request: HttpRequest, obj: PartnerAgency) -> HttpResponse:
        return self._first_key(request, obj) or super().response_change(request, obj)

    def _first_key(self, request: HttpRequest, partner: PartnerAgency) -> HttpResponse | None:
        if partner.webhook_sealed is None or partner.secret_sealed is not None:
            return None
        return self._key_shown(request, partner)

    def _key_shown(self, request: HttpRequest, partner: PartnerAgency) -> HttpResponse:
        """The key, in this answer and never again."""
        secret = partners.new_secret(partner, by=_officer(request))
        context = self.admin_site.each_context(request)
        context |= {"title": "Khóa webhook", "partner": partner, "secret": secret}
        answer = TemplateResponse(request, "admin/alerts/partneragency/secret.html", context)
        add_never_cache_headers(answer)
        return answer

    def rotate_secret(self, request: HttpRequest, pk: int) -> HttpResponse:
        _keeper(request)
        return self._key_shown(request, get_object_or_404(PartnerAgency, pk=pk))

    def reopen(self, request: HttpRequest, pk: int) -> HttpResponse:
        by = _keeper(request)
        partners.reopen(get_object_or_404(PartnerAgency, pk=pk), by=by)
        messages.success(request, "Đã mở lại. Cảnh báo chưa nhận thì bấm Gửi lại.")
        return HttpResponseRedirect(reverse("admin:alerts_partneragency_change", args=[pk]))

    def has_delete_permission(self, request: HttpRequest, obj: PartnerAgency | None = None) -> bool:
        return False


def _officer(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdminMixin, _Deliveries):
    """What went to which agency, and each try; to read, and to send once more."""

    list_display = ["partner", "identifier", "channel", "state", "attempts", "last"]
    list_display_links = ["identifier"]
    list_filter = ["state", "channel"]
    list_select_related = ["partner", "revision"]
    search_fields = ["partner__name", "revision__identifier"]
    show_full_result_count = False
    fields = [
        "partner", "identifier", "channel", "state", "attempts", "next_attempt_at", "created_at", "ended_at",
    ]  # fmt: skip
    readonly_fields = ["identifier"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        """Agencies alone: who subscribed is nobody's business."""
        rows = super().get_queryset(request).filter(partner__isnull=False)
        return rows.prefetch_related("attempt_log")

    @admin.display(description="mã cảnh báo", ordering="revision__identifier")
    def identifier(self, row: Delivery) -> str:
        return row.revision.identifier

    @admin.display(description="lần thử gần nhất")
    def last(self, row: Delivery) -> str:
        return "; ".join(
            f"{each.attempted_at:%d/%m %H:%M} {partners.attempt_label(each.outcome, each.status)}"
            for each in row.attempt_log.all()[:1]
        )

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(require_POST(self.resend))
        own = [path("<int:pk>/resend/", act, name="alerts_delivery_resend")]
        return own + super().get_urls()

    def resend(self, request: HttpRequest, pk: int) -> HttpResponse:
        by = _keeper(request)
        row = get_object_or_404(Delivery, pk=pk, partner__isnull=False)
        try:
            service.resend(row.pk, by=by)
        except service.ResendError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Đang gửi lại.")
        alert = row.revision.alert_id
        return HttpResponseRedirect(reverse("admin:alerts_alert_change", args=[alert]))
