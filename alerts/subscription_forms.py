"""What is asked of somebody who wants warnings by mail: an address, and three narrowings."""

from typing import Any

from django import forms

from alerts.subscriptions import Wish
from reports import outline
from reports.models import Commune, Office
from reports.signing import form_token, form_token_age

LONGEST = 254
_LOOK = {"class": "input"}
_UNKNOWN = {"invalid_choice": "Chọn một dòng trong danh sách."}
_WRONG = "Địa chỉ thư chưa đúng. Ví dụ: ten@coquan.vn."


class SubscribeForm(forms.Form):
    """Unbound, it carries a fresh token that says when the page was offered."""

    address = forms.EmailField(
        label="Địa chỉ thư điện tử",
        max_length=LONGEST,
        widget=forms.EmailInput(_LOOK | {"autocomplete": "email", "required": True}),
        error_messages={
            "required": "Chưa ghi địa chỉ thư.",
            "invalid": _WRONG,
            "max_length": "Địa chỉ dài quá, không phải địa chỉ thư.",
        },
    )
    commune = forms.ChoiceField(
        label="Xã, phường", required=False, widget=forms.Select(_LOOK), error_messages=_UNKNOWN
    )
    scenario = forms.ChoiceField(
        label="Kiểu lừa", required=False, widget=forms.Select(_LOOK), error_messages=_UNKNOWN
    )
    office = forms.ChoiceField(
        label="Nơi bị giả danh", required=False, widget=forms.Select(_LOOK), error_messages=_UNKNOWN
    )
    token = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"token": form_token()}, label_suffix="")
        self._offer("commune", "Cả tỉnh", Commune.objects.values_list("pk", "name"))
        self._offer("scenario", "Mọi kiểu lừa", outline.scenarios())
        self._offer("office", "Mọi nơi", Office.objects.values_list("pk", "name"))

    def _offer(self, name: str, every: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type  # nosec B101
        field.choices = [("", every), *rows]

    @property
    def wish(self) -> Wish:
        said = self.cleaned_data
        return Wish(said["commune"], said["scenario"], said["office"])

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        if not address.isascii():
            raise forms.ValidationError(_WRONG)
        return address

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if form_token_age(said.get("token", "")) is None:
            self.data = {**dict(self.data.items()), "token": form_token()}
            raise forms.ValidationError("Trang mở lâu quá rồi. Bấm lại một lần nữa là được.")
        return said
