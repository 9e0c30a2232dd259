"""Forms of the public pages: a frame for an agency's site, a code to check, an address for mails and
which of them it gets.
"""

import re
from itertools import islice
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alerts.delivery.signed_links import FILTERS
from alerts.delivery.subscription_filters import SubscriptionFilter
from alerts.formats.frames import SIZES, EmbedOptions, EmbedScope
from alerts.models import AlertRevision, Subscriber
from core.keys import form_token, token_age
from core.province import province
from reports.campaigns import campaign_stats
from reports.models import Commune, Office
from reports.reference import gazetteer

MAX_CODE_LENGTH = 60
MAX_ADDRESS_LENGTH = 254
_MAX_CANDIDATES = 6  # places that an error names
_NO_OFFICE = "khac"  # of callers who name nobody: no warning is about it
_DEFAULT_SIZE = "320x420"
_CODE = re.compile(  # as publishing writes it
    rf"{province.warning_code}-[0-9]{{4}}-[0-9]{{4,}}(?:-[0-9]{{1,4}})?"
)
_CODE_GROUPS = re.compile(r"[A-Z0-9]+")
_EXAMPLE = f"{province.warning_code}-2026-0001-1"
_INPUT = {"class": "input"}
_NOT_OFFERED = {"invalid_choice": _("Chọn một dòng trong danh sách.")}
_NOT_OFFERED_OF_MANY = {"invalid_choice": _("Chọn trong danh sách.")}
_NO_ADDRESS = _("Địa chỉ thư chưa đúng. Ví dụ: ten@coquan.vn.")


def _set_choices(form: forms.Form, name: str, choices: Any) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type  # nosec B101
    field.choices = choices


def _choice_field(label: Any) -> forms.ChoiceField:
    """Return an optional field, whose choices each form sets."""
    return forms.ChoiceField(
        label=label, required=False, widget=forms.Select(_INPUT), error_messages=_NOT_OFFERED
    )


class _PlaceField(forms.CharField):
    """A commune by its present or a former name; cleaned, its codename, "" for none."""

    widget = forms.TextInput(_INPUT | {"list": "communes", "autocomplete": "off"})

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        places = gazetteer.communes()
        match = gazetteer.match_place(typed, places)
        if match.candidates:
            labels = (place.label for place in places if place.codename in match.candidates)
            raise forms.ValidationError(
                _("Có mấy nơi tên này. Ghi một trong các tên: %(names)s."),
                params={"names": ", ".join(islice(labels, _MAX_CANDIDATES))},
            )
        if typed and not match.codename:
            raise forms.ValidationError(
                _("Chưa tìm thấy nơi này. Gõ tên xã, phường cũ hoặc mới, hoặc để trống.")
            )
        return match.codename or ""


class _PlaceListMixin:
    """What a page offers for a `_PlaceField`."""

    communes = property(lambda _: gazetteer.list_communes())


class EmbedForm(_PlaceListMixin, forms.Form):
    show = _choice_field("Hiện cảnh báo nào?")
    commune = _PlaceField(label="Hay chỉ một xã, phường? Tên cũ cũng được", required=False)
    size = forms.ChoiceField(
        label="Khung to bao nhiêu?",
        choices=[(name, f"{width} × {height}") for name, (width, height) in SIZES.items()],
        initial=_DEFAULT_SIZE,
        required=False,
        widget=forms.Select(_INPUT),
        error_messages={"invalid_choice": "Chọn một cỡ trong danh sách."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        contents = [revision.frozen_content for revision in AlertRevision.objects.in_force()]
        warnings = ((content.slug, content.title) for content in contents)
        groups = (
            ("Một cảnh báo", EmbedScope.WARNING, warnings),
            (
                "Theo cơ quan bị giả danh",
                EmbedScope.OFFICE,
                Office.objects.values_list("pk", "name"),
            ),
        )
        choices: list[Any] = [("", "Các cảnh báo mới nhất của cả tỉnh")]
        for label, scope, rows in groups:
            choices.append((label, [(f"{scope}:{key}", name) for key, name in rows]))
        _set_choices(self, "show", choices)

    @property
    def choice(self) -> EmbedOptions:
        """Return what was chosen; the newest warnings in the usual size unless the form is valid."""
        values = self.cleaned_data if self.is_bound and self.is_valid() else {}
        scope, _, name = values.get("show", "").partition(":")
        if commune := values.get("commune"):
            scope, name = EmbedScope.COMMUNE, commune
        width, height = SIZES[values.get("size") or _DEFAULT_SIZE]
        return EmbedOptions(EmbedScope(scope), name, width, height)


class CodeForm(forms.Form):
    """A code as printed in a frame, on a poster or in a message."""

    code = forms.CharField(
        label="Mã cảnh báo",
        help_text=f"Ví dụ: {_EXAMPLE}. Mã nằm ở cuối trang cảnh báo, cuối tờ dán, cuối bản chữ.",
        max_length=MAX_CODE_LENGTH,
        widget=forms.TextInput(_INPUT | {"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={
            "required": f"Chưa ghi mã. Ví dụ: {_EXAMPLE}.",
            "max_length": "Dài quá, không phải mã của cảnh báo.",
        },
    )

    @property
    def is_malformed(self) -> bool:
        """Return whether no warning could have such a code: a typing error, which proves nothing."""
        return not _CODE.fullmatch(self.cleaned_data["code"])

    def clean_code(self) -> str:
        """Return the code however its groups are set apart, also out of the words around it."""
        joined = "-".join(_CODE_GROUPS.findall(self.cleaned_data["code"].upper()))
        found = _CODE.search(joined)
        return found[0] if found else joined


class SubscribeForm(_PlaceListMixin, forms.Form):
    """An address and filters of warnings; unbound, it has a fresh token."""

    address = forms.EmailField(
        label=_("Địa chỉ email"),
        max_length=MAX_ADDRESS_LENGTH,
        widget=forms.EmailInput(_INPUT | {"autocomplete": "email", "required": True}),
        error_messages={
            "required": _("Chưa ghi địa chỉ email."),
            "invalid": _NO_ADDRESS,
            "max_length": _("Địa chỉ dài quá, không phải địa chỉ email."),
        },
    )
    commune = _PlaceField(
        label=_("Xã, phường (tên cũ cũng được; để trống là cả tỉnh)"), required=False
    )
    scenario = _choice_field(_("Kiểu lừa"))
    office = _choice_field(_("Nơi bị giả danh"))
    token = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"token": form_token()}, label_suffix="")
        _set_choices(
            self, "scenario", [("", _("Mọi kiểu lừa")), *campaign_stats.warning_scenarios()]
        )
        _set_choices(self, "office", [("", _("Mọi nơi")), *_list_offices()])

    @property
    def filters(self) -> SubscriptionFilter:
        chosen = (self.cleaned_data[name] for name in ("commune", "scenario", "office"))
        return SubscriptionFilter(*([value] if value else [] for value in chosen))

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        if not address.isascii():
            raise forms.ValidationError(_NO_ADDRESS)
        return address

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if token_age(values.get("token", "")) is None:
            self.data = {**dict(self.data.items()), "token": form_token()}
            raise forms.ValidationError(_("Trang mở lâu quá rồi. Bấm lại một lần nữa là được."))
        return values


def _box_field(label: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages=_NOT_OFFERED_OF_MANY,
    )


class SubscriptionChangeForm(forms.Form):
    """What a subscriber wants to be told: as many of each as they like, none for all."""

    communes = _box_field(_("Xã, phường"))
    scenarios = _box_field(_("Kiểu lừa"))
    offices = _box_field(_("Nơi bị giả danh"))

    def __init__(self, data: Any, subscriber: Subscriber) -> None:
        initial = {name: getattr(subscriber, name) for name in FILTERS}
        super().__init__(data, initial=initial, label_suffix="")
        communes = Commune.objects.order_by("sort_key").values_list("pk", "name")
        choices = communes, campaign_stats.warning_scenarios(), _list_offices()
        for name, rows in zip(FILTERS, choices, strict=True):
            _set_choices(self, name, rows)

    @property
    def filters(self) -> SubscriptionFilter:
        return SubscriptionFilter(**{name: self.cleaned_data[name] for name in FILTERS})


def _list_offices() -> list[tuple[str, str]]:
    named = Office.objects.exclude(pk=_NO_OFFICE)
    rows = named.values_list("pk", "name", "name_en")
    is_english = get_language() == "en"
    return [(pk, (is_english and english) or name) for pk, name, english in rows]
