"""A draft in every format in which it would go out, marked as not said: for the desk alone."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse
from django.utils import translation

from alerts.content import Content
from alerts.embed import oembed
from alerts.formats import cap, feeds
from alerts.formats import html as pages
from alerts.localization import ENGLISH
from alerts.models import LOUDSPEAKER_LONGEST, SMS_LONGEST, SMS_MARKED_LONGEST, AlertRevision

MARK, MARK_IN_ENGLISH = "[Bản xem trước] ", "[Preview] "


@dataclass(frozen=True)
class Measured:
    """A text that has a longest length: so many of `unit`, at most `most`."""

    name: str
    text: str
    length: int
    most: int
    unit: str = "ký tự"

    @property
    def too_long(self) -> bool:
        return self.length > self.most


def marked(revision: AlertRevision) -> AlertRevision:
    """The same under a name that no word is given, with a title that says what it is: these leave
    the page as files.
    """
    words, shown = revision.words, copy(revision)
    message = replace(words.message, identifier=f"XEM-TRUOC-{words.message.version}")
    english = words.english
    if english.title:
        english = replace(english, title=MARK_IN_ENGLISH + english.title)
    content = replace(words, message=message, title=MARK + words.title, english=english)
    vars(shown).pop("words", None)  # read before
    shown.identifier, shown.content = message.identifier, content.as_json()
    return shown


def texts(revision: AlertRevision, now: datetime, portal: str) -> Iterator[tuple[str, str]]:
    """What is text: name and content."""
    shown = marked(revision)
    yield "Chữ thường (van-ban.txt)", pages.plain(shown, now)
    with translation.override(ENGLISH):
        yield "Chữ thường, tiếng Anh", pages.plain(shown, now)
    yield "Nguồn tin RSS", feeds.rss([shown], now, portal).decode()
    yield "Nguồn tin Atom", feeds.atom([shown], now, portal).decode()
    yield "Nguồn tin JSON Feed", feeds.json_feed([shown], now, portal).decode()
    yield "Danh mục CAP", cap.index([shown], portal).decode()
    frame = portal + reverse("alerts:alert_frame", args=[shown.words.slug])
    yield "Trả lời oEmbed", oembed.answer(frame, portal, oembed.WIDTH, oembed.HEIGHT).decode()
    yield "Bản CAP, ghi là Draft, chưa ký", cap.message(shown, draft=True).decode()


def measured(words: Content) -> Iterator[Measured]:
    """What is sent to phones or read aloud, each with its length."""
    for name, text in ("của Công an", words.sms), ("để người dân nhắn nhau", words.sms_share):
        yield Measured(f"Tin nhắn {name}", text, len(text), SMS_LONGEST)
    yield Measured("Tin nhắn có dấu", words.sms_marked, len(words.sms_marked), SMS_MARKED_LONGEST)
    read = len(words.loudspeaker.split())
    yield Measured("Bài đọc loa xã", words.loudspeaker, read, LOUDSPEAKER_LONGEST, "tiếng")


def picture(revision: AlertRevision, now: datetime) -> bytes:
    from alerts.formats import share_image as picture  # noqa: PLC0415 - what draws weighs on a process of web

    return picture.png(marked(revision), revision.state(now))


def square(revision: AlertRevision, now: datetime) -> bytes:
    from alerts.formats import share_image as picture  # noqa: PLC0415 - see above

    return picture.square(marked(revision), revision.state(now))


def poster(revision: AlertRevision) -> bytes:
    from alerts.formats import poster_pdf as poster  # noqa: PLC0415 - see above

    return poster.pdf(marked(revision))


def pack(revision: AlertRevision, now: datetime) -> bytes:
    from alerts.formats import print_bundle as pack  # noqa: PLC0415 - see above

    return pack.archive(marked(revision), now)
