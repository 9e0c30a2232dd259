"""An agency as officers write it down. What is sealed in the row is typed and shown in the clear."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms

from alerts.delivery import safe_http
from alerts.embed import frame_ancestors
from alerts.models import PartnerAgency
from core import encryption
from core.province import province

if TYPE_CHECKING:
    _Form = forms.ModelForm[PartnerAgency]
else:
    _Form = forms.ModelForm

SEALED = ("contact", "webhook", "mail")
_WIDE = {"class": "vTextField", "autocomplete": "off"}
_WRONG = {
    "address": f"Địa chỉ này không đọc được. Ví dụ: {province.agency_url_example}/nhan-canh-bao",
    "scheme": "Địa chỉ phải bắt đầu bằng https://",
    "host": f"Ghi tên miền, không ghi số IP. Ví dụ: {province.agency_url_example}/nhan-canh-bao",
}


class PartnerForm(_Form):
    """`origins` one a line; a machine's way, a person's, and whom to ring."""

    contact = forms.CharField(
        label="Người phụ trách, số điện thoại",
        max_length=200,
        required=False,
        widget=forms.TextInput(_WIDE),
    )
    webhook = forms.CharField(
        label="Địa chỉ webhook",
        max_length=safe_http.MAX_ADDRESS_LENGTH,
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
                safe_http.parse_webhook_url(url)
            except safe_http.WebhookDeliveryError as error:
                raise forms.ValidationError(_WRONG[error.code]) from None
        return url

    def clean_origins(self) -> list[str]:
        lines = self.cleaned_data["origins"].split()
        names = list(dict.fromkeys(map(_origin, lines)))
        if frame_ancestors.limited_to_partners():
            self._refuse_what_does_not_fit(names)
        return names

    def _refuse_what_does_not_fit(self, names: list[str]) -> None:
        known = frame_ancestors.partner_origins()
        every = [*known, *(name for name in names if name not in known)]
        if left_out := [
            name for name in names if name not in frame_ancestors.truncate_to_header(every)
        ]:
            raise forms.ValidationError(f"Danh sách trang gắn khung đã đầy: {', '.join(left_out)}.")

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if "webhook" in said and "mail" in said and not (said["webhook"] or said["mail"]):
            self.add_error("mail", "Cần ít nhất một nơi nhận: webhook hoặc thư.")
        if not said.get("is_active") and not said.get("disabled_reason"):
            self.add_error("disabled_reason", "Ghi lý do ngừng gửi cho cơ quan này.")
        return said

    def seal(self) -> None:
        """Put the sealed halves of what was typed into the instance."""
        for name in SEALED:
            sealed = encryption.encrypt(self.cleaned_data[name], name)
            setattr(self.instance, f"{name}_sealed", sealed)


def _origin(line: str) -> str:
    """Scheme, host and port alone. Raises ValidationError."""
    try:
        to = safe_http.parse_webhook_url(line)
    except safe_http.WebhookDeliveryError as error:
        raise forms.ValidationError(f"{line[:80]}: {_WRONG[error.code]}") from None
    return f"{urlsplit(line).scheme}://{to.authority}"
