"""What an agency asks of its page: a line for its site, and whether a code is one of ours."""

import re
from typing import Any

from django import forms

from alerts.embed.snippets import SIZES, EmbedOptions, EmbedScope
from alerts.models import selectors
from core.province import province
from reports.models import Commune, Office

MAX_CODE_LENGTH = 60
_CODE = re.compile(  # as publishing writes it
    rf"{province.warning_code}-[0-9]{{4}}-[0-9]{{4,}}-[0-9]{{1,4}}"
)
_EXAMPLE = f"{province.warning_code}-2026-0001-1"
_NEWEST = ("", "Các cảnh báo mới nhất của cả tỉnh")


class EmbedForm(forms.Form):
    """Which warnings, how large."""

    show = forms.ChoiceField(
        label="Hiện cảnh báo nào?",
        required=False,
        widget=forms.Select({"class": "input"}),
        error_messages={"invalid_choice": "Chọn một dòng trong danh sách."},
    )
    size = forms.ChoiceField(
        label="Khung to bao nhiêu?",
        choices=[(name, f"{width} × {height}") for name, (width, height) in SIZES.items()],
        initial="320x420",
        required=False,
        widget=forms.Select({"class": "input"}),
        error_messages={"invalid_choice": "Chọn một cỡ trong danh sách."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        show = self.fields["show"]
        assert isinstance(show, forms.ChoiceField)  # noqa: S101 - narrows the type  # nosec B101
        show.choices = [
            _NEWEST,
            ("Một cảnh báo", [_warning(words.slug, words.title) for words in _in_force()]),
            (
                "Theo xã, phường",
                _rows(EmbedScope.COMMUNE, Commune.objects.values_list("pk", "name")),
            ),
            (
                "Theo cơ quan bị giả danh",
                _rows(EmbedScope.OFFICE, Office.objects.values_list("pk", "name")),
            ),
        ]

    @property
    def choice(self) -> EmbedOptions:
        """What was chosen; the newest warnings in the usual size where nothing can be read."""
        chosen = self.cleaned_data if self.is_bound and self.is_valid() else {}
        what, _, name = chosen.get("show", "").partition(":")
        width, height = SIZES[chosen.get("size") or "320x420"]
        return EmbedOptions(EmbedScope(what), name, width, height)


class CodeForm(forms.Form):
    """A code as it stands in a frame, on a poster or in a message."""

    code = forms.CharField(
        label="Mã cảnh báo",
        help_text=f"Ví dụ: {_EXAMPLE}. Mã nằm ở cuối trang cảnh báo, cuối tờ dán, cuối bản chữ.",
        max_length=MAX_CODE_LENGTH,
        widget=forms.TextInput(
            {"class": "input", "autocomplete": "off", "autocapitalize": "characters"}
        ),
        error_messages={
            "required": f"Chưa ghi mã. Ví dụ: {_EXAMPLE}.",
            "max_length": "Dài quá, không phải mã của cảnh báo.",
        },
    )

    @property
    def is_malformed(self) -> bool:
        """Whether no warning could carry such a code: it was misread, which proves nothing."""
        return not _CODE.fullmatch(self.cleaned_data["code"])

    def clean_code(self) -> str:
        return "".join(self.cleaned_data["code"].split()).upper().replace("–", "-")


def _in_force() -> list[Any]:
    return [revision.frozen_content for revision in selectors.in_force()]


def _warning(slug: str, title: str) -> tuple[str, str]:
    return f"{EmbedScope.WARNING}:{slug}", title


def _rows(what: EmbedScope, rows: Any) -> list[tuple[str, str]]:
    return [(f"{what}:{key}", name) for key, name in rows]
