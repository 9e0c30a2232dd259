"""What is asked of somebody who wants warnings by mail: an address, and three narrowings."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alerts.delivery.subscriptions import SubscriptionFilter
from core.keys import form_token, token_age
from reports.campaigns import campaign_stats
from reports.models import Commune, Office

MAX_LENGTH = 254
_LOOK = {"class": "input"}
_UNKNOWN = {"invalid_choice": _("Chọn một dòng trong danh sách.")}
_WRONG = _("Địa chỉ thư chưa đúng. Ví dụ: ten@coquan.vn.")


class _Places(forms.Select):
    """Names of places stay Vietnamese, and say so to a reading voice."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if value and get_language() == "en":
            option["attrs"]["lang"] = "vi"
        return option


class SubscribeForm(forms.Form):
    """Unbound, it carries a fresh token that says when the page was offered."""

    address = forms.EmailField(
        label=_("Địa chỉ thư điện tử"),
        max_length=MAX_LENGTH,
        widget=forms.EmailInput(_LOOK | {"autocomplete": "email", "required": True}),
        error_messages={
            "required": _("Chưa ghi địa chỉ thư."),
            "invalid": _WRONG,
            "max_length": _("Địa chỉ dài quá, không phải địa chỉ thư."),
        },
    )
    commune = forms.ChoiceField(
        label=_("Xã, phường"), required=False, widget=_Places(_LOOK), error_messages=_UNKNOWN
    )
    scenario = forms.ChoiceField(
        label=_("Kiểu lừa"), required=False, widget=forms.Select(_LOOK), error_messages=_UNKNOWN
    )
    office = forms.ChoiceField(
        label=_("Nơi bị giả danh"),
        required=False,
        widget=forms.Select(_LOOK),
        error_messages=_UNKNOWN,
    )
    token = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"token": form_token()}, label_suffix="")
        self._offer("commune", _("Cả tỉnh"), Commune.objects.values_list("pk", "name"))
        self._offer("scenario", _("Mọi kiểu lừa"), campaign_stats.scenarios())
        self._offer("office", _("Mọi nơi"), _offices())

    def _offer(self, name: str, every: Any, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type  # nosec B101
        field.choices = [("", every), *rows]

    @property
    def filters(self) -> SubscriptionFilter:
        said = self.cleaned_data
        return SubscriptionFilter(said["commune"], said["scenario"], said["office"])

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        if not address.isascii():
            raise forms.ValidationError(_WRONG)
        return address

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if token_age(said.get("token", "")) is None:
            self.data = {**dict(self.data.items()), "token": form_token()}
            raise forms.ValidationError(_("Trang mở lâu quá rồi. Bấm lại một lần nữa là được."))
        return said


def _offices() -> list[tuple[str, str]]:
    """In the page's language, as far as officers have given it."""
    rows = Office.objects.values_list("pk", "name", "name_en")
    is_english = get_language() == "en"
    return [(pk, (is_english and english) or name) for pk, name, english in rows]
