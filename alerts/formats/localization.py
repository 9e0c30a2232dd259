"""What a page says of a warning in its own language: the English words, where somebody wrote them,
else the Vietnamese ones, marked as such.
"""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from alerts.models.content import Content

ENGLISH = "en"


@dataclass(frozen=True)
class LocalizedContent:
    """`web` is the page in this language, `share` a message to others. What is `borrowed` is
    Vietnamese on a page that is not.
    """

    title: str
    summary: str
    advice: tuple[str, ...]
    web: str
    share: str
    borrowed: bool = False


def localize(words: Content) -> LocalizedContent:
    """A warning in the language of the page that is being written."""
    head, english = words.message, words.english
    if translation.get_language() != ENGLISH:
        return LocalizedContent(words.title, words.summary, words.advice, head.web, words.sms_share)
    web = head.web_in_english
    if words.speaks_english:
        share = f"{english.title}. {web}"
        return LocalizedContent(english.title, english.summary, english.advice, web, share)
    return LocalizedContent(
        words.title, words.summary, words.advice, web, words.sms_share, borrowed=True
    )


def urls_by_language(name: str, *args: str) -> dict[str, str]:
    """Where a page stands, by language."""
    found = {}
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            found[language] = reverse(name, args=args)
    return found
