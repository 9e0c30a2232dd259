"""Style sheets inside their page, which save a request, and their hash for the page's policy."""

import base64
import hashlib
from functools import cache

from django.template.loader import render_to_string


@cache
def style_source(template: str) -> str:
    """Return the source of a Content-Security-Policy for `<style>{% include template %}</style>`."""
    style = render_to_string(template, using="public")
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
