"""Which sites may frame a warning: every one, or those alone that FRAME_ANCESTORS names. The word
`partners` in it stands for what the agencies at the desk have registered.
"""

import contextlib
import re
from collections.abc import Collection
from itertools import accumulate, chain

from django.conf import settings
from django.db import Error as DatabaseTrouble

from alerts.models import PartnerAgency

PARTNERS = "partners"
MAX_LENGTH = 7000  # signs of all names together: servers on the way take no header without end
_ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")


def frame_ancestors() -> str:
    """The sources of a frame's `frame-ancestors`. A name that is no origin lets nobody in; our own
    pages show what a frame looks like.
    """
    if not settings.FRAME_ANCESTORS:
        return "*"
    named = dict.fromkeys((*filter(is_origin, settings.FRAME_ANCESTORS), *_registered()))
    return " ".join(("'self'", *truncate_to_header(named)))


def limited_to_partners() -> bool:
    """Whether what agencies register decides who may frame."""
    return PARTNERS in settings.FRAME_ANCESTORS


def _registered() -> list[str]:
    """Without a database nobody is let in whom the setting does not name."""
    if limited_to_partners():
        with contextlib.suppress(DatabaseTrouble):
            return list(filter(is_origin, partner_origins()))
    return []


def partner_origins() -> list[str]:
    """The origins of the agencies that are active, each once, first come first. One statement."""
    rows = PartnerAgency.objects.filter(is_active=True).order_by("pk")
    names = chain.from_iterable(rows.values_list("origins", flat=True))
    return list(dict.fromkeys(names))


def truncate_to_header(names: Collection[str]) -> list[str]:
    """As many of them, in their order, as a header has room for."""
    sizes = accumulate(len(name) + 1 for name in names)
    return [name for name, size in zip(names, sizes, strict=True) if size <= MAX_LENGTH]


def is_origin(text: str) -> bool:
    """Scheme, host and at most a port, as a browser writes an origin: no path, no wildcard."""
    return _ORIGIN.fullmatch(text) is not None
