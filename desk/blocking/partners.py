"""Pages of who can block what: two officers write a partner down, two renew its secret, shown once."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.cache import add_never_cache_headers

from core import encryption, webhooks
from core.admin_pages import OwnFiltersAdmin, row_action_path
from core.audit import proposals
from core.models import PartnerChannel, Proposal
from desk.pages.actions import ProposingAdminMixin, RowAction, action_history
from desk.pages.http import render
from desk.pages.lists import NoDeleteAdminMixin
from reports.blocking import partners
from reports.models import BlockingPartner

CHANGE = "reports.change_blockingpartner"
_EXAMPLES = "Nhà mạng ghi như bảng số (Viettel); ngân hàng ghi tên (Vietcombank); tên miền ghi phần cuối (.vn ghi là vn)."


class PartnerForm(forms.ModelForm[BlockingPartner]):
    """A partner with one of its `owns` a line, and an address that fits its channel."""

    owns = forms.CharField(
        label="Giữ những gì",
        help_text=f"Mỗi dòng một tên. {_EXAMPLES}",
        widget=forms.Textarea({"rows": 4, "cols": 40}),
    )

    class Meta:
        model = BlockingPartner
        fields = ("kind", "name", "owns", "channel", "address", "contact", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["owns"] = "\r\n".join(self.instance.owns)

    def clean_owns(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["owns"].splitlines()]
        owns = list(dict.fromkeys(filter(None, lines)))
        if unknown := partners.find_unknown(self.cleaned_data.get("kind", ""), owns):
            raise forms.ValidationError(
                f"Không có tên này: {', '.join(unknown)[:200]}. {_EXAMPLES}"
            )
        return owns

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if problem := find_address_problem(values.get("channel"), values.get("address", "")):
            self.add_error("address", problem)
        return values


def find_address_problem(channel: str | None, address: str) -> str:
    """Return why nothing can be sent to an address by that channel, "" where it can."""
    try:
        if channel == PartnerChannel.MAIL:
            validate_email(address)
        elif address:
            webhooks.parse_webhook_url(address)
    except ValidationError:
        return "Chưa đúng một địa chỉ thư. Ví dụ: chan-so@nhamang.example"
    except webhooks.WebhookDeliveryError as error:
        return webhooks.URL_PROBLEMS[error.code]
    return ""


class ProposeSecret(RowAction):
    """Propose a new secret of a webhook to a colleague, who is shown it."""

    permission = CHANGE
    proposed = "Đã đề nghị. Chỉ huy khác xác nhận thì thấy khóa, một lần."

    def run(self) -> Proposal:
        return proposals.propose(partners.SECRET, self.row.pk, {}, by=self.officer)


@admin.register(BlockingPartner)
class BlockingPartnerAdmin(
    ProposingAdminMixin, NoDeleteAdminMixin, OwnFiltersAdmin[BlockingPartner]
):
    act = partners.PARTNER
    form = PartnerForm
    list_display = ("name", "kind", "owned", "channel", "contact", "is_active")
    list_filter = ("kind", "is_active")
    search_fields = ("name",)

    @admin.display(description="giữ những gì")
    def owned(self, partner: BlockingPartner) -> str:
        return ", ".join(partner.owns)

    def get_urls(self) -> list[URLPattern]:
        renew = ProposeSecret.as_view(model_admin=self)
        return [row_action_path(self, "renew", renew), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        context = {
            "record": action_history("block_partner", object_id),
            "is_secret_proposed": partners.SECRET.has_open(object_id),
        }
        return super().change_view(request, object_id, *args, extra_context=context, **kwargs)


def show_secret(request: HttpRequest, pk: str) -> HttpResponse:
    """Return the page with a partner's secret, for who confirmed it."""
    partner = BlockingPartner.objects.get(pk=pk)
    context = {"partner": partner, "secret": encryption.decrypt_field(partner, "secret")}
    template = "admin/reports/blockingpartner/secret.html"
    page = render(request, template, "Khóa webhook", BlockingPartner, **context)
    add_never_cache_headers(page)
    return page
