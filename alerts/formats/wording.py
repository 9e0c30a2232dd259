"""The words of a warning as pages show them: localized, split into sentences and numbers to call,
and further languages with the addresses of their recordings.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.text import slugify

from alerts.models import AlertRevision, Language
from alerts.models.content import Content, Translation
from core.province import province
from core.text import normalize

ENGLISH = "en"
SOUND_TYPE = "audio/mpeg"
_HOTLINE = re.sub(r"[. ]", "[. ]?", province.hotline)
_NUMBERS = re.compile(rf"(?<![\d.])({_HOTLINE}|113)(?![\d]|\.\d)")
# A line that ends within one of them reads as another word.
_NAMES = re.compile(f"{re.escape(province.police)}|[Cc]ông an (?:tỉnh|xã)|mã OTP")
_SENTENCE = re.compile(r"(?<=[.?])\s+")


@dataclass(frozen=True)
class LocalizedContent:
    """A warning in one language: `web` is its page, `share` a message to others; `borrowed` marks
    Vietnamese words on an English page.
    """

    title: str
    summary: str
    advice: tuple[str, ...]
    web: str
    share: str
    borrowed: bool = False


def localize(words: Content) -> LocalizedContent:
    """Return the words in the active language; Vietnamese where there are no English ones."""
    english, is_english = words.english, translation.get_language() == ENGLISH
    web = words.message.web_in_english if is_english else words.message.web
    if is_english and words.speaks_english:
        share = f"{english.title}. {web}"
        return LocalizedContent(english.title, english.summary, english.advice, web, share)
    return LocalizedContent(
        words.title, words.summary, words.advice, web, words.sms_share, borrowed=is_english
    )


def urls_by_language(name: str, *args: str) -> dict[str, str]:
    paths = {}
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            paths[language] = reverse(name, args=args)
    return paths


@dataclass(frozen=True)
class TextSegment:
    """A piece of text; `tel` is the number to call if the piece is one."""

    text: str
    tel: str = ""


def split_hotlines(text: str) -> list[TextSegment]:
    """Return the text split at the two hotline numbers, so that a template can link them."""
    segments = []
    for index, part in enumerate(_NUMBERS.split(text)):
        digits = "".join(filter(str.isdecimal, part)) if index % 2 else ""
        segments.append(TextSegment(part, digits))
    return [segment for segment in segments if segment.text]


def first_sentence(text: str) -> str:
    return _SENTENCE.split(text, maxsplit=1)[0]


def bind_names(text: str) -> str:
    """Return the text on one line with spaces inside names that no line may end at."""
    plain = " ".join(text.split())
    return _NAMES.sub(lambda name: name[0].replace(" ", "\N{NO-BREAK SPACE}"), plain)


def remaining_sentences(text: str) -> str:
    return text[len(first_sentence(text)) :].strip()


def syllables(text: str) -> int:
    """Return the number of syllables: in Vietnamese, the words between spaces."""
    return len(text.split())


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
