"""A draft in every format in which it would go out, marked as not said: for the desk alone."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse
from django.utils import translation

from alerts.embed import oembed
from alerts.formats import cap, html
from alerts.formats.localization import ENGLISH
from alerts.formats.registry import LIST_FORMATS
from alerts.models import (
    MAX_LOUDSPEAKER_SYLLABLES,
    MAX_MARKED_SMS_CHARS,
    MAX_SMS_CHARS,
    AlertRevision,
)
from alerts.models.content import Content

MARK, MARK_IN_ENGLISH = "[Bản xem trước] ", "[Preview] "


@dataclass(frozen=True)
class TextWithLimit:
    """A text that has a longest length: so many of `unit`, at most `most`."""

    name: str
    text: str
    length: int
    most: int
    unit: str = "ký tự"

    @property
    def too_long(self) -> bool:
        return self.length > self.most


def as_draft_preview(revision: AlertRevision) -> AlertRevision:
    """The same under a name that no word is given, with a title that says what it is: these leave
    the page as files.
    """
    words, shown = revision.frozen_content, copy(revision)
    message = replace(words.message, identifier=f"XEM-TRUOC-{words.message.version}")
    english = words.english
    if english.title:
        english = replace(english, title=MARK_IN_ENGLISH + english.title)
    content = replace(words, message=message, title=MARK + words.title, english=english)
    vars(shown).pop("frozen_content", None)  # read before
    shown.identifier, shown.content = message.identifier, content.as_json()
    return shown


def texts(revision: AlertRevision, now: datetime, portal: str) -> Iterator[tuple[str, str]]:
    """What is text: name and content."""
    shown = as_draft_preview(revision)
    yield "Chữ thường (van-ban.txt)", html.render_text(shown, now)
    with translation.override(ENGLISH):
        yield "Chữ thường, tiếng Anh", html.render_text(shown, now)
    for each in LIST_FORMATS:
        yield each.label, each.render([shown], now, portal).decode()
    yield "Danh mục CAP", cap.render_cap_index([shown], portal).decode()
    frame = portal + reverse("alerts:alert_frame", args=[shown.frozen_content.slug])
    yield (
        "Trả lời oEmbed",
        oembed.oembed_response(frame, portal, oembed.WIDTH, oembed.HEIGHT).decode(),
    )
    yield "Bản CAP, ghi là Draft, chưa ký", cap.render_cap_message(shown, draft=True).decode()


def measured(words: Content) -> Iterator[TextWithLimit]:
    """What is sent to phones or read aloud, each with its length."""
    for name, text in ("của Công an", words.sms), ("để người dân nhắn nhau", words.sms_share):
        yield TextWithLimit(f"Tin nhắn {name}", text, len(text), MAX_SMS_CHARS)
    yield TextWithLimit(
        "Tin nhắn có dấu", words.sms_marked, len(words.sms_marked), MAX_MARKED_SMS_CHARS
    )
    read = len(words.loudspeaker.split())
    yield TextWithLimit(
        "Bài đọc loa xã", words.loudspeaker, read, MAX_LOUDSPEAKER_SYLLABLES, "tiếng"
    )


def picture(revision: AlertRevision, now: datetime) -> bytes:
    from alerts.formats import share_image  # noqa: PLC0415 - what draws weighs on a process of web

    return share_image.render_og_image(as_draft_preview(revision), revision.state(now))


def square(revision: AlertRevision, now: datetime) -> bytes:
    from alerts.formats import share_image as picture  # noqa: PLC0415 - see above

    return picture.render_square_image(as_draft_preview(revision), revision.state(now))


def poster(revision: AlertRevision) -> bytes:
    from alerts.formats import poster_pdf  # noqa: PLC0415 - see above

    return poster_pdf.render_poster(as_draft_preview(revision))


def pack(revision: AlertRevision, now: datetime) -> bytes:
    from alerts.formats import print_bundle  # noqa: PLC0415 - see above

    return print_bundle.build_zip(as_draft_preview(revision), now)
