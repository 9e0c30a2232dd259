"""oEmbed 1.0: which frame stands for an address of ours. Pure."""

import html
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve, reverse
from django.utils import translation

from core.province import province

WIDTH, HEIGHT = 320, 420
_TITLE = f"Cảnh báo lừa đảo của {province.police}"


@dataclass(frozen=True)
class OembedTarget:
    """What a page is asked to be embedded as: the frame's address, and whose words are in it."""

    frame: str
    slug: str = ""


def resolve_url(url: str, portal: str) -> OembedTarget | None:
    """The frame for a page of either language or a frame of this portal; None for all else."""
    if not url.startswith(f"{portal}/"):
        return None
    try:
        path = urlsplit(url).path
        with translation.override(translation.get_language_from_path(path)):
            found = resolve(path)
    except (Resolver404, ValueError):
        return None
    if found.view_name in {"warnings:detail", "alerts:alert_frame"}:
        slug = found.kwargs["slug"]
        return OembedTarget(portal + reverse("alerts:alert_frame", args=[slug]), slug)
    if found.view_name in {"warnings:list", "alerts:frame", "reports:home"}:
        return OembedTarget(portal + reverse("alerts:frame"))
    return None


def oembed_response(frame: str, portal: str, most_width: int, most_height: int) -> bytes:
    """The response, JSON; never wider or higher than the asker has room for."""
    width, height = min(WIDTH, most_width), min(HEIGHT, most_height)
    code = (
        f'<iframe src="{html.escape(frame)}" title="{_TITLE}" width="{width}" height="{height}"'
        ' loading="lazy"></iframe>'
    )
    values = {
        "version": "1.0",
        "type": "rich",
        "title": _TITLE,
        "provider_name": province.police,
        "provider_url": f"{portal}/",
        "cache_age": 60,
        "width": width,
        "height": height,
        "html": code,
    }
    return json.dumps(values, ensure_ascii=False).encode()
