"""The desk's pages of partner agencies and of deliveries to them."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.cache import add_never_cache_headers

from accounts.sessions import get_officer
from alerts.delivery import deliveries, partners
from alerts.formats import frames
from alerts.models import Delivery, PartnerAgency
from alerts.static_pages import generator
from core import encryption, webhooks
from core.admin_pages import OwnFiltersAdmin, ReadOnlyAdminMixin, row_action_path
from core.audit import events
from core.models import PartnerChannel
from core.province import province

CHANGE = "alerts.change_partneragency"
SEALED = ("contact", "webhook", "mail")
_WIDE = {"class": "vTextField", "autocomplete": "off"}


class PartnerForm(forms.ModelForm[PartnerAgency]):
    """An agency, with its encrypted fields in the clear and one of its `origins` a line."""

    contact = forms.CharField(
        label="Người phụ trách, số điện thoại",
        max_length=200,
        required=False,
        widget=forms.TextInput(_WIDE),
    )
    webhook = forms.CharField(
        label="Địa chỉ webhook",
        max_length=webhooks.MAX_URL_LENGTH,
        required=False,
        help_text="Để trống nếu cơ quan không có phần mềm nhận. Chỉ https.",
        widget=forms.TextInput(_WIDE),
    )
    mail = forms.EmailField(label="Thư điện tử", required=False, widget=forms.EmailInput(_WIDE))
    origins = forms.CharField(
        label="Trang gắn khung",
        required=False,
        help_text=f"Mỗi dòng một địa chỉ, ví dụ: {province.agency_url_example}",
        widget=forms.Textarea({"rows": 3, "cols": 60}),
    )

    class Meta:
        model = PartnerAgency
        fields = (
            "name", "kind", "contact", "webhook", "mail", "origins", "is_active", "disabled_reason",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in SEALED:
                self.initial[name] = encryption.decrypt_field(self.instance, name) or ""
            self.initial["origins"] = "\r\n".join(self.instance.origins)

    def clean_webhook(self) -> str:
        url: str = self.cleaned_data["webhook"]
        if url:
            try:
                webhooks.parse_webhook_url(url)
            except webhooks.WebhookDeliveryError as error:
                raise forms.ValidationError(webhooks.URL_PROBLEMS[error.code]) from None
        return url

    def clean_origins(self) -> list[str]:
        origins = list(dict.fromkeys(map(_parse_origin, self.cleaned_data["origins"].split())))
        if frames.limited_to_partners():
            registered = dict.fromkeys((*frames.partner_origins(), *origins))
            fitting = frames.truncate_to_header(registered)
            if rest := [origin for origin in origins if origin not in fitting]:
                problem = f"Danh sách trang gắn khung đã đầy: {', '.join(rest)}."
                raise forms.ValidationError(problem)
        return origins

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if "webhook" in values and "mail" in values and not (values["webhook"] or values["mail"]):
            self.add_error("mail", "Cần ít nhất một nơi nhận: webhook hoặc thư.")
        if not values.get("is_active") and not values.get("disabled_reason"):
            self.add_error("disabled_reason", "Ghi lý do ngừng gửi cho cơ quan này.")
        return values

    def encrypt(self) -> None:
        for name in SEALED:
            sealed = encryption.encrypt(self.cleaned_data[name], name)
            setattr(self.instance, f"{name}_sealed", sealed)


def _parse_origin(line: str) -> str:
    """Return scheme, host and port alone. Raises ValidationError."""
    try:
        url = webhooks.parse_webhook_url(line)
    except webhooks.WebhookDeliveryError as error:
        raise forms.ValidationError(f"{line[:80]}: {webhooks.URL_PROBLEMS[error.code]}") from None
    return f"{urlsplit(line).scheme}://{url.authority}"


@admin.register(PartnerAgency)
class PartnerAdmin(OwnFiltersAdmin[PartnerAgency]):
    """Agencies, which are switched off, never removed: the audit log names them."""

    form = PartnerForm
    list_display = ["name", "kind", "is_active", "channel_labels", "stopped_channels"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name"]
    actions = None

    @admin.display(description="nhận qua")
    def channel_labels(self, partner: PartnerAgency) -> str:
        labels = [each.label for each in PartnerChannel if partner.has_channel(each)]
        return ", ".join(labels) or "không kênh nào"

    @admin.display(description="tự ngừng")
    def stopped_channels(self, partner: PartnerAgency) -> str:
        return ", ".join(PartnerChannel(each).label for each in partner.stopped_channels)

    def get_urls(self) -> list[URLPattern]:
        views = {"renew": self.rotate_secret, "reopen": self.reopen}
        actions = [row_action_path(self, name, view) for name, view in views.items()]
        return actions + super().get_urls()

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: PartnerAgency, form: Any, change: bool) -> None:
        """Save, and log which of the addresses changed, not what they are."""
        form.encrypt()
        super().save_model(request, obj, form, change)
        kind, fields = "partner_changed" if change else "partner_added", form.changed_data
        events.log_event("partner", obj.pk, kind, by=get_officer(request), fields=fields)
        if frames.limited_to_partners() and {"origins", "is_active"} & set(fields):
            generator.enqueue_rebuild()

    def get_fields(self, request: HttpRequest, obj: PartnerAgency | None = None) -> Any:
        """Return the fields, without addresses for who may only view."""
        if obj is None or self.has_change_permission(request, obj):
            return super().get_fields(request, obj)
        return ["name", "kind", "is_active", "disabled_reason"]

    def response_add(
        self, request: HttpRequest, obj: PartnerAgency, post_url_continue: str | None = None
    ) -> HttpResponse:
        response = self._first_secret_response(request, obj)
        return response or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: PartnerAgency) -> HttpResponse:
        return self._first_secret_response(request, obj) or super().response_change(request, obj)

    def _first_secret_response(
        self, request: HttpRequest, partner: PartnerAgency
    ) -> HttpResponse | None:
        if partner.webhook_sealed is None or partner.secret_sealed is not None:
            return None
        return self._new_secret_response(request, partner)

    def _new_secret_response(self, request: HttpRequest, partner: PartnerAgency) -> HttpResponse:
        """Return the page with a new secret, which is displayed only once."""
        secret = partners.create_secret(partner, by=get_officer(request))
        context = self.admin_site.each_context(request)
        context |= {"title": "Khóa webhook", "partner": partner, "secret": secret}
        response = TemplateResponse(request, "admin/alerts/partneragency/secret.html", context)
        add_never_cache_headers(response)
        return response

    def rotate_secret(self, request: HttpRequest, pk: int) -> HttpResponse:
        get_officer(request, CHANGE)
        return self._new_secret_response(request, get_object_or_404(PartnerAgency, pk=pk))

    def reopen(self, request: HttpRequest, pk: int) -> HttpResponse:
        by = get_officer(request, CHANGE)
        partners.reopen(get_object_or_404(PartnerAgency, pk=pk), by=by)
        messages.success(request, "Đã mở lại. Cảnh báo chưa nhận thì bấm Gửi lại.")
        return HttpResponseRedirect(reverse("admin:alerts_partneragency_change", args=[pk]))

    def has_delete_permission(self, request: HttpRequest, obj: PartnerAgency | None = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdminMixin, OwnFiltersAdmin[Delivery]):
    """Deliveries to agencies with their attempts: read-only, but to send again."""

    list_display = ["partner", "identifier", "channel", "state", "attempts", "last_attempt"]
    list_display_links = ["identifier"]
    list_filter = ["state", "channel", "partner"]
    list_select_related = ["partner", "revision"]
    search_fields = ["partner__name", "revision__identifier"]
    show_full_result_count = False
    fields = [
        "partner", "identifier", "channel", "state", "attempts", "next_attempt_at", "created_at", "ended_at",
    ]  # fmt: skip
    readonly_fields = ["identifier"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return deliveries to agencies alone: who subscribed is private."""
        rows = super().get_queryset(request).filter(partner__isnull=False)
        return rows.prefetch_related("attempt_log")

    @admin.display(description="mã cảnh báo", ordering="revision__identifier")
    def identifier(self, row: Delivery) -> str:
        return row.revision.identifier

    @admin.display(description="lần thử gần nhất")
    def last_attempt(self, row: Delivery) -> str:
        return "; ".join(
            f"{each.attempted_at:%d/%m %H:%M} {webhooks.attempt_label(each.outcome, each.status)}"
            for each in row.attempt_log.all()[:1]
        )

    def get_urls(self) -> list[URLPattern]:
        return [row_action_path(self, "resend", self.resend), *super().get_urls()]

    def resend(self, request: HttpRequest, pk: int) -> HttpResponse:
        by = get_officer(request, CHANGE)
        row = get_object_or_404(Delivery, pk=pk, partner__isnull=False)
        try:
            deliveries.resend(row.pk, by=by)
        except deliveries.ResendError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Đang gửi lại.")
        alert = row.revision.alert_id
        return HttpResponseRedirect(reverse("admin:alerts_alert_change", args=[alert]))
