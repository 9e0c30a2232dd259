"""The lines that an agency pastes into its site. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from html import escape

from django.urls import reverse

from core.province import province

TITLE = f"Cảnh báo lừa đảo của {province.police}"
SIZES = {"320x420": (320, 420), "300x250": (300, 250), "600x420": (600, 420)}


class EmbedScope(StrEnum):
    """Which warnings a frame shows; the value is the data attribute of the line of script."""

    NEWEST = ""
    COMMUNE = "xa"
    OFFICE = "co-quan"
    WARNING = "canh-bao"


_PLAIN = {
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
    width: int = 320
    height: int = 420

    @property
    def path(self) -> str:
        """Where the frame without script stands on the portal."""
        return reverse(_PLAIN[self.what], args=[self.name] if self.name else [])

    @property
    def source(self) -> str:
        """The page of the portal that says the same: of the one warning, or of all."""
        if self.what is EmbedScope.WARNING:
            return reverse("warnings:detail", args=[self.name])
        return reverse("warnings:list")


def iframe_snippet(choice: EmbedOptions, portal: str) -> str:
    """A line that works where an editor lets no script through."""
    return (
        f'<iframe src="{portal}{choice.path}" title="{TITLE}" width="{choice.width}"'
        f' height="{choice.height}" loading="lazy"></iframe>'
    )


def script_snippet(choice: EmbedOptions, portal: str) -> str:
    """A line that brings a frame of the right height, which looks for news by itself; without
    script, a link to the warnings.
    """
    chosen = f' data-{choice.what}="{escape(choice.name)}"' if choice.name else ""
    return (
        f'<script src="{portal}{reverse("alerts:script")}"{chosen}></script>'
        f'<noscript><a href="{portal}{choice.source}">{TITLE}</a></noscript>'
    )
