"""The province's names in the language of the page, for sentences and templates."""

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import format_lazy
from django.utils.translation import get_language
from django_stubs_ext import StrPromise

from core.province import province

HOTLINE_LINK = format_html(
    '<a class="keep" href="tel:{}">{}</a>', province.hotline_dial, province.hotline
)


def get_police_name() -> str:
    """Return what the provincial police are called in the active language."""
    return province.police_en if get_language() == "en" else province.police


def insert_hotline(sentence: StrPromise) -> StrPromise:
    """Return a lazy sentence with the hotline's number for its `{hotline}`."""
    return format_lazy(sentence, hotline=province.hotline)


def build_page_context(request: HttpRequest | None = None) -> dict[str, object]:
    """Return what every template knows of the province: a context processor; `hotline` is a link."""
    english = get_language() == "en"
    return {
        "province": province,
        "police": get_police_name(),
        "police_short": province.police_short_en if english else province.police,
        "police_office": f"Office {province.office}"
        if english
        else f"{province.office_name} ({province.office})",
        "hotline": HOTLINE_LINK,
    }
