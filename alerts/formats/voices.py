"""Each further language of a warning with the address of its sound: what every format shows. Pure."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils.text import slugify

from alerts.models import AlertRevision, Language
from alerts.models.content import Translation
from core.text import normalize

MEDIA_TYPE = "audio/mpeg"


@dataclass(frozen=True)
class Voice:
    """A language of a warning; `url` is its recording's, "" where there is none."""

    words: Translation
    url: str

    @property
    def name(self) -> str:
        return str(Language(self.words.language).label)

    @property
    def stem(self) -> str:
        """Return the name as it stands in a file's name."""
        return slugify(normalize(self.name))


def list_voices(revision: AlertRevision) -> list[Voice]:
    """Return the languages in the order of the pages; none of a warning that was cancelled."""
    words = revision.frozen_content
    if words.message.ending:
        return []
    web = urlsplit(words.message.web)
    portal = f"{web.scheme}://{web.netloc}"
    return [
        Voice(each, portal + sound_path(revision.identifier, each.language) if each.sound else "")
        for each in words.translations
    ]


def sound_path(identifier: str, language: str) -> str:
    return reverse("alerts:sound", args=[identifier, language])
