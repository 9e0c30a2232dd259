"""The link to the same page in the other language; the language of a page is in its path alone."""

from typing import Any, NamedTuple

from django import template
from django.urls import translate_url
from django.utils.translation import get_language

register = template.Library()


class LanguageLink(NamedTuple):
    """Address of a page in its other language, with the code and the own name of that language."""

    address: str
    code: str
    name: str


@register.simple_tag(takes_context=True)
def language_switch_link(context: template.Context) -> LanguageLink | None:
    """Return the link; None where the page has one language, or neither request nor path (`here`)."""
    request: Any = getattr(context, "request", None)
    here = request.path if request else context.get("here")
    if not here:
        return None
    code, name = ("vi", "Tiếng Việt") if get_language() == "en" else ("en", "English")
    address = translate_url(here, code)
    return LanguageLink(address, code, name) if address != here else None
