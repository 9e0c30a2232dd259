"""Previews of a draft in every format, marked as not issued: for the desk alone."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse
from django.utils import translation

from alerts.embed import frames, snippets
from alerts.formats import cap, html, print_files
from alerts.formats.feeds import LIST_FORMATS
from alerts.formats.wording import ENGLISH
from alerts.models import (
    MAX_LOUDSPEAKER_SYLLABLES,
    MAX_MARKED_SMS_CHARS,
    MAX_SMS_CHARS,
    AlertRevision,
    State,
)
from alerts.models.content import Content
from alerts.responses import allow_framing

MARK, MARK_IN_ENGLISH = "[Bản xem trước] ", "[Preview] "


@dataclass(frozen=True)
class TextWithLimit:
    name: str
    text: str
    length: int
    most: int
    unit: str = "ký tự"

    @property
    def too_long(self) -> bool:
        return self.length > self.most


def as_draft_preview(revision: AlertRevision) -> AlertRevision:
    """Return a copy with an identifier that is never issued and a marked title, fit for a file."""
    words, draft = revision.frozen_content, copy(revision)
    message = replace(words.message, identifier=f"XEM-TRUOC-{words.message.version}")
    english = words.english
    if english.title:
        english = replace(english, title=MARK_IN_ENGLISH + english.title)
    content = replace(words, message=message, title=MARK + words.title, english=english)
    vars(draft).pop("frozen_content", None)  # the cached property was read before
    draft.identifier, draft.content = message.identifier, content.as_json()
    return draft


def texts(revision: AlertRevision, now: datetime, portal: str) -> Iterator[tuple[str, str]]:
    """Yield name and content of every format that is text."""
    draft = as_draft_preview(revision)
    yield "Chữ thường (van-ban.txt)", html.render_text(draft, now)
    with translation.override(ENGLISH):
        yield "Chữ thường, tiếng Anh", html.render_text(draft, now)
    for each in LIST_FORMATS:
        yield each.label, each.render([draft], now, portal).decode()
    frame = portal + reverse("alerts:alert_frame", args=[draft.frozen_content.slug])
    yield "Trả lời oEmbed", snippets.oembed_response(frame, portal).decode()
    yield "Bản CAP, ghi là Draft, chưa ký", cap.render_cap_message(draft, draft=True).decode()


def texts_with_limit(words: Content) -> list[TextWithLimit]:
    """Return what is sent to phones or read aloud, each with its length."""
    messages = (
        ("Tin nhắn của Công an", words.sms, MAX_SMS_CHARS),
        ("Tin nhắn để người dân nhắn nhau", words.sms_share, MAX_SMS_CHARS),
        ("Tin nhắn có dấu", words.sms_marked, MAX_MARKED_SMS_CHARS),
    )
    limited = [TextWithLimit(name, text, len(text), most) for name, text, most in messages]
    script, most = words.loudspeaker, MAX_LOUDSPEAKER_SYLLABLES
    syllables = len(script.split())
    return [*limited, TextWithLimit("Bài đọc loa xã", script, syllables, most, "tiếng")]


def render_page(revision: AlertRevision, now: datetime) -> HttpResponse:
    return HttpResponse(html.render_detail(revision, now, preview=True))


def render_english_page(revision: AlertRevision, now: datetime) -> HttpResponse:
    with translation.override(ENGLISH):
        return render_page(revision, now)


def render_paper(revision: AlertRevision, now: datetime) -> HttpResponse:
    return HttpResponse(html.render_print(revision, now, preview=True))


def render_frame(revision: AlertRevision, now: datetime) -> HttpResponse:
    frame = HttpResponse(frames.render_single(revision, now, preview=True))
    return allow_framing(frame, ancestors="'self'")


@dataclass(frozen=True)
class FilePreview:
    """A format that is a file: renderer, media type, and a Content-Disposition if it has a name."""

    render: Callable[[AlertRevision, State], bytes]
    content_type: str
    disposition: str = ""

    def __call__(self, revision: AlertRevision, now: datetime) -> HttpResponse:
        content = self.render(as_draft_preview(revision), revision.state(now))
        response = HttpResponse(content, content_type=self.content_type)
        if self.disposition:
            response["Content-Disposition"] = self.disposition
        return response


PAGES: dict[str, Callable[[AlertRevision, datetime], HttpResponse]] = {
    "page": render_page,
    "english": render_english_page,
    "paper": render_paper,
}
OTHERS: dict[str, Callable[[AlertRevision, datetime], HttpResponse]] = {
    "frame": render_frame,
    "picture": FilePreview(print_files.render_picture, "image/png"),
    "square": FilePreview(print_files.render_square, "image/png"),
    "poster": FilePreview(
        print_files.render_poster, "application/pdf", 'inline; filename="xem-truoc-to-dan.pdf"'
    ),
    "pack": FilePreview(
        print_files.render_pack, "application/zip", 'attachment; filename="xem-truoc-tai-lieu.zip"'
    ),
}
