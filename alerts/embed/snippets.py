"""HTML that shows warnings on another site: lines for an agency to paste, and oEmbed 1.0. Pure."""

import json
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve, reverse
from django.utils import translation

from core.province import province

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
