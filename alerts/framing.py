"""Which sites may frame a warning: every one, or those alone that FRAMES_ONLY_FOR names."""

import re

from django.conf import settings

_ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")


def ancestors() -> str:
    """The sources of a frame's `frame-ancestors`. A name that is no origin lets nobody in; our own
    pages show what a frame looks like.
    """
    if not settings.FRAMES_ONLY_FOR:
        return "*"
    return " ".join(("'self'", *filter(is_origin, settings.FRAMES_ONLY_FOR)))


def is_origin(text: str) -> bool:
    """Scheme, host and at most a port, as a browser writes an origin: no path, no wildcard."""
    return _ORIGIN.fullmatch(text) is not None
