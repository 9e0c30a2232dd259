"""Frames of warnings for other sites' pages, and which sites may show them; the HTML that shows one: lines for an agency
to paste, and oEmbed 1.0. Rendering is pure.

A plain frame has no script; a live one polls for changes and reports its height.
"""

import contextlib
import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from html import escape
from itertools import accumulate, chain
from urllib.parse import urlsplit

from django import db
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.utils import translation

from alerts.formats.html import template_context
from alerts.formats.wording import first_sentence
from alerts.models import AlertRevision, PartnerAgency
from core.province import province
from core.province_names import build_page_context

MAX_SHOWN = 3  # warnings that 320 × 420 pixels hold
MAX_WITHDRAWN = 2
# Stands in every frame below its warnings (frame_base.html), so that none repeats it.
FIRST = ("Đang bị ép thì gọi 113.", "Lỡ chuyển tiền thì gọi ngân hàng trước.")
_REPEATED = {*FIRST, "Cúp máy.", "Không chuyển tiền."}
PARTNERS = "partners"  # in FRAME_ANCESTORS: what the agencies at the desk have registered
MAX_ANCESTORS_LENGTH = 7000  # servers on the way limit the length of a header
_ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")


def render_single(
    revision: AlertRevision, now: datetime, *, live: bool = False, preview: bool = False
) -> str:
    context = _single_context(revision, now) | {"preview": preview, "updated": revision.effective}
    return _render("alerts/frame.html", context, live=live)


def _single_context(revision: AlertRevision, now: datetime) -> dict[str, object]:
    sentences = map(first_sentence, revision.frozen_content.advice)
    advice = [line for line in sentences if line not in _REPEATED]
    return template_context(revision, now) | {"advice": advice}


def render_latest(revisions: Sequence[AlertRevision], now: datetime, *, live: bool = False) -> str:
    """Return a frame with the titles of the newest warnings; of a single one with its advice. Of what
    was withdrawn of late the code alone is told; an empty frame says when it was written.
    """
    withdrawn = [each for each in revisions if each.frozen_content.message.is_withdrawn]
    shown = [each for each in revisions if each not in withdrawn]
    context: dict[str, object] = {
        "revisions": shown[:MAX_SHOWN],
        "taken_back": withdrawn[:MAX_WITHDRAWN],
        "updated": revisions[0].effective if revisions else now,
    }
    if len(shown) == 1:
        return _render("alerts/frame.html", _single_context(shown[0], now) | context, live=live)
    return _render("alerts/frames.html", context, live=live)


def render_unavailable() -> str:
    """Return a frame with the numbers to call, for when the warnings cannot be read."""
    return _render("alerts/frame_unavailable.html", {}, live=False)


def _render(name: str, context: dict[str, object], *, live: bool) -> str:
    return render_to_string(name, build_page_context() | context | {"live": live}, using="public")


def filter_by_commune(revisions: Iterable[AlertRevision], codename: str) -> list[AlertRevision]:
    """Return the warnings for the commune and those for the whole province."""
    return [
        revision
        for revision in revisions
        if not (places := revision.frozen_content.communes)
        or codename in {place.codename for place in places}
    ]


def filter_by_office(revisions: Iterable[AlertRevision], codename: str) -> list[AlertRevision]:
    """Return the warnings of callers who impersonate the office, and those that name no office."""
    return [
        revision
        for revision in revisions
        if not (offices := revision.frozen_content.offices)
        or codename in {office.codename for office in offices}
    ]


def frame_ancestors() -> str:
    """Return a frame's `frame-ancestors`: "*", or ourselves and the valid origins of FRAME_ANCESTORS."""
    if not settings.FRAME_ANCESTORS:
        return "*"
    origins = dict.fromkeys(filter(is_origin, (*settings.FRAME_ANCESTORS, *_list_registered())))
    return " ".join(("'self'", *truncate_to_header(origins)))


def limited_to_partners() -> bool:
    """Return whether what agencies register decides who may frame."""
    return PARTNERS in settings.FRAME_ANCESTORS


def partner_origins() -> list[str]:
    """Return the origins of the active agencies without duplicates, in one statement."""
    rows = PartnerAgency.objects.filter(is_active=True).order_by("pk")
    return list(dict.fromkeys(chain.from_iterable(rows.values_list("origins", flat=True))))


def _list_registered() -> list[str]:
    if limited_to_partners():
        with contextlib.suppress(db.Error):
            return partner_origins()
    return []


def truncate_to_header(origins: Collection[str]) -> list[str]:
    """Return as many origins, in order, as a header has room for."""
    sizes = accumulate(len(origin) + 1 for origin in origins)
    pairs = zip(origins, sizes, strict=True)
    return [origin for origin, size in pairs if size <= MAX_ANCESTORS_LENGTH]


def is_origin(text: str) -> bool:
    """Return whether it is scheme, host and at most a port: no path, no wildcard."""
    return _ORIGIN.fullmatch(text) is not None


# --- HTML that shows a frame on another site

TITLE = f"Cảnh báo lừa đảo của {province.police}"
WIDTH, HEIGHT = 320, 420
SIZES = {
    f"{width}x{height}": (width, height)
    for width, height in ((WIDTH, HEIGHT), (300, 250), (300, 600), (600, 420), (728, 90))
}


class EmbedScope(StrEnum):
    """Which warnings a frame shows; the value is the data attribute of the line of script."""

    NEWEST = ""
    COMMUNE = "xa"
    OFFICE = "co-quan"
    WARNING = "canh-bao"


_FRAMES = {
    EmbedScope.NEWEST: "alerts:frame",
    EmbedScope.COMMUNE: "alerts:commune_frame",
    EmbedScope.OFFICE: "alerts:office_frame",
    EmbedScope.WARNING: "alerts:alert_frame",
}


@dataclass(frozen=True)
class EmbedOptions:
    """What an agency chose: `name` of the commune, office or warning, and the frame's size."""

    what: EmbedScope = EmbedScope.NEWEST
    name: str = ""
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def path(self) -> str:
        return reverse(_FRAMES[self.what], args=[self.name] if self.name else [])

    @property
    def source(self) -> str:
        """Return the path of the page that shows the same: the one warning, or all."""
        if self.what is EmbedScope.WARNING:
            return reverse("warnings:detail", args=[self.name])
        return reverse("warnings:list")


def iframe_snippet(address: str, width: int, height: int) -> str:
    """Return an iframe, for editors that let no script through."""
    return (
        f'<iframe src="{escape(address)}" title="{TITLE}" width="{width}" height="{height}"'
        ' frameborder="0" loading="lazy" style="max-width:100%;border:0"></iframe>'
    )


def script_snippet(choice: EmbedOptions, portal: str) -> str:
    """Return a script for a live frame of the right height; without script, a link."""
    data = f' data-{choice.what}="{escape(choice.name)}"' if choice.name else ""
    return (
        f'<script src="{portal}{reverse("alerts:script")}"{data}></script>'
        f'<noscript><a href="{portal}{choice.source}">{TITLE}</a></noscript>'
    )


@dataclass(frozen=True)
class OembedTarget:
    """The frame that an address is embedded as, and the slug if it shows one warning."""

    frame: str
    slug: str = ""


def resolve_url(url: str, portal: str) -> OembedTarget | None:
    """Return the frame for a page of either language or a frame of this portal; None for all else."""
    if not url.startswith(f"{portal}/"):
        return None
    try:
        path = urlsplit(url).path
        with translation.override(translation.get_language_from_path(path)):
            match = resolve(path)
    except (Resolver404, ValueError):
        return None
    if match.view_name in {"warnings:detail", "alerts:alert_frame"}:
        slug = match.kwargs["slug"]
        return OembedTarget(portal + reverse("alerts:alert_frame", args=[slug]), slug)
    if match.view_name in {"warnings:list", "alerts:frame", "reports:home"}:
        return OembedTarget(portal + reverse("alerts:frame"))
    return None


def oembed_response(
    frame: str, portal: str, max_width: int = WIDTH, max_height: int = HEIGHT
) -> bytes:
    """Return the JSON response, no wider or higher than the client has room for."""
    width, height = min(WIDTH, max_width), min(HEIGHT, max_height)
    values = {
        "version": "1.0",
        "type": "rich",
        "title": TITLE,
        "provider_name": province.police,
        "provider_url": f"{portal}/",
        "cache_age": 60,
        "width": width,
        "height": height,
        "html": iframe_snippet(frame, width, height),
    }
    return json.dumps(values, ensure_ascii=False).encode()
