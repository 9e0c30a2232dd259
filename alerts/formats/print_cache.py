"""Posters, pictures and packs, made once for each revision and state: each takes a tenth of a second,
and what draws them is loaded when first asked for, since it would weigh on every process of web.
"""

from functools import lru_cache

from django.utils import timezone

from alerts.models import AlertRevision

_KEPT = 12  # a few hundred kilobytes each


def picture(revision: AlertRevision) -> bytes:
    """What chats show beside a link, PNG."""
    return _made("picture", _Named(revision))


def poster(revision: AlertRevision) -> bytes:
    """The sheet for the wall, PDF."""
    return _made("poster", _Named(revision))


def pack(revision: AlertRevision) -> bytes:
    """All that is printed, read aloud or sent on, ZIP."""
    return _made("pack", _Named(revision))


class _Named:
    """A revision by its name and state, for a cache that must not hold two of the same."""

    def __init__(self, revision: AlertRevision) -> None:
        self.revision = revision
        self.key = (revision.identifier, revision.content_hash, revision.state(timezone.now()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=_KEPT)
def _made(what: str, named: _Named) -> bytes:
    from alerts.formats import (  # noqa: PLC0415 - heavy: loaded when first asked for
        poster_pdf,
        print_bundle,
        share_image,
    )

    revision = named.revision
    if what == "picture":
        return share_image.render_og_image(revision, named.key[2])
    return (
        poster_pdf.render_poster(revision)
        if what == "poster"
        else print_bundle.build_zip(revision, timezone.now())
    )
