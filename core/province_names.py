"""The province's names in the language of the page, for sentences and templates."""

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import get_language

from core.province import province

HOTLINE_LINK = format_html(
    '<a class="keep" href="tel:{}">{}</a>', province.hotline_dial, province.hotline
)


def get_police_name() -> str:
    """Return what the provincial police are called in the active language."""
    return province.police_en if get_language() == "en" else province.police


def build_page_context(request: HttpRequest | None = None) -> dict[str, object]:
    """Return what every template knows of the province; a context processor.

    `hotline` is the number as a link; a template rendered without a request gets this by hand.
    """
    english = get_language() == "en"
    return {
        "province": province,
        "police": get_police_name(),
        "police_short": province.police_short_en if english else province.police,
        "our_office": f"Office {province.office}"
        if english
        else f"{province.office_name} ({province.office})",
        "hotline": HOTLINE_LINK,
    }
