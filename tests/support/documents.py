"""Headings of Markdown pages, as links name them."""

import re
from functools import cache
from pathlib import Path


@cache
def list_anchors(page: Path) -> frozenset[str]:
    """Return what may follow `#` in a link to the page."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return frozenset(re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in titles)
