"""Programs of agencies that use the API: what each may do, and its keys."""

from ipaddress import ip_network
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, reverse
from django.utils.cache import add_never_cache_headers

from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin, row_action_path
from core.api import keys
from core.audit import events
from core.errors import ActionError
from core.models import ApiClient, ApiKey
from core.responses import HttpResponseSeeOther
from desk.pages.actions import action_history
from desk.pages.http import parse_int, render
from desk.pages.lists import NoDeleteAdminMixin

CHANGE = "core.change_apiclient"
_MAX_PER_MINUTE = 600  # of all doors together so many are a flood


class ApiClientForm(forms.ModelForm[ApiClient]):
    scopes = forms.MultipleChoiceField(
        label="Được làm gì",
        choices=ApiClient.Scope.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    networks = forms.CharField(
        label="Chỉ nhận từ mạng",
        required=False,
        help_text="Mỗi dòng một địa chỉ hay một mạng, ví dụ 203.0.113.0/24. Để trống: nhận từ mọi nơi.",
        widget=forms.Textarea({"rows": 3, "cols": 40}),
    )
    max_per_minute = forms.IntegerField(
        label="Nhiều nhất mấy lượt mỗi phút", min_value=1, max_value=_MAX_PER_MINUTE, initial=60
    )

    class Meta:
        model = ApiClient
        fields = ("name", "scopes", "networks", "max_per_minute")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["networks"] = "\r\n".join(self.instance.networks)

    def clean_networks(self) -> list[str]:
        try:
            typed = self.cleaned_data["networks"].split()
            return [str(ip_network(each, strict=False)) for each in typed]
        except ValueError as error:
            raise forms.ValidationError(
                "Có dòng không phải địa chỉ mạng. Ví dụ: 203.0.113.7 hoặc 203.0.113.0/24"
            ) from error


@admin.register(ApiClient)
class ApiClientAdmin(NoDeleteAdminMixin, OwnFiltersAdmin[ApiClient]):
    """Programs with their keys; one is ended by revoking its keys, since reports name it."""

    form = ApiClientForm
    list_display = ("name", "scope_labels", "valid_keys", "max_per_minute")
    search_fields = ("name",)
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("keys")

    @admin.display(description="được làm gì")
    def scope_labels(self, client: ApiClient) -> str:
        return "; ".join(ApiClient.Scope(each).label for each in client.scopes)

    @admin.display(description="khóa dùng được")
    def valid_keys(self, client: ApiClient) -> str:
        valid = [str(key) for key in client.keys.all() if key.revoked_at is None]
        return ", ".join(valid) or "Chưa có, hoặc đã thu hồi"

    def get_urls(self) -> list[URLPattern]:
        views = {"issue": self.issue_key, "revoke": self.revoke_key}
        actions = [row_action_path(self, name, view) for name, view in views.items()]
        return actions + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        keys = ApiKey.objects.filter(client=parse_int(object_id) or 0).select_related("created_by")
        context = {"keys": keys, "record": action_history("api_client", object_id)}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def response_post_save_add(self, request: HttpRequest, obj: ApiClient) -> HttpResponseSeeOther:
        """Go on to the page of the new program, where its first key is made."""
        return self._return_to(request, obj.pk)

    def save_model(self, request: HttpRequest, obj: ApiClient, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        now = {name: form.cleaned_data[name] for name in form.Meta.fields}
        events.log_event("api_client", obj.pk, "api_client_saved", by=get_officer(request), **now)

    def issue_key(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the page with a new key, which is displayed only once."""
        by = get_officer(request, CHANGE)
        client = get_object_or_404(ApiClient, pk=pk)
        try:
            key = keys.issue(client, by=by)
        except ActionError as error:
            return self._return_to(request, client.pk, error)
        page = render(
            request, "admin/core/apiclient/key.html", "Khóa mới", ApiClient, client=client, key=key
        )
        add_never_cache_headers(page)
        return page

    def revoke_key(self, request: HttpRequest, pk: int) -> HttpResponse:
        by = get_officer(request, CHANGE)
        typed = parse_int(request.POST.get("key", "")) or 0
        key = get_object_or_404(ApiKey, pk=typed, client=pk)
        try:
            keys.revoke(key, by=by)
        except ActionError as error:
            return self._return_to(request, pk, error)
        messages.success(request, f"Đã thu hồi khóa {key}. Lần gọi sau bị từ chối.")
        return self._return_to(request, pk)

    def _return_to(
        self, request: HttpRequest, pk: int, error: ActionError | None = None
    ) -> HttpResponseSeeOther:
        if error:
            messages.error(request, f"Chưa làm. {error}")
        return HttpResponseSeeOther(reverse("admin:core_apiclient_change", args=[pk]))
