"""What a draft would be, for the desk alone: previews in every format, marked as not issued; and what a text in
review changes in the edition that was issued, field by field and word by word.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone, translation

from alerts import publishing
from alerts.formats import cap, frames, html, print_files
from alerts.formats.feeds import LIST_FORMATS
from alerts.formats.wording import ENGLISH
from alerts.models import (
    MAX_LOUDSPEAKER_SYLLABLES,
    MAX_MARKED_SMS_CHARS,
    MAX_SMS_CHARS,
    Alert,
    AlertRevision,
    Language,
    State,
)
from alerts.models.cap_terms import Certainty, ResponseType, Severity, Urgency
from alerts.models.content import Content, MessageHeader
from alerts.public_words import NOT_WRITTEN, field_label
from alerts.responses import allow_framing
from reports.campaigns.campaign_stats import code_label

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
    yield "Trả lời oEmbed", frames.oembed_response(frame, portal).decode()
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


# --- what a text in review changes

_CODES = {"urgency": Urgency, "severity": Severity, "certainty": Certainty, "response_type": ResponseType}  # fmt: skip
MAX_COMPARED = 40_000  # pairs of words that are all looked at
_WORDS = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Part:
    text: str
    is_changed: bool


@dataclass(frozen=True)
class FieldDifference:
    label: str
    old: list[Part]
    new: list[Part]


def list_differences(alert: Alert) -> list[FieldDifference]:
    """Return the fields that differ from the issued edition, [] where none was issued."""
    if alert.current is None:
        return []
    issued, next_one = alert.current.frozen_content, publishing.preview(alert).frozen_content
    old, new = issued.as_json(), next_one.as_json()
    names = [name for name in new if name not in NOT_WRITTEN]
    texts = [(name, _format(name, old[name]), _format(name, new[name])) for name in names]
    texts.append(("expires", _format_time(issued.message), _format_time(next_one.message)))
    return [
        FieldDifference(field_label(name), *_compare(before, after))
        for name, before, after in texts
        if before != after
    ]


def _format(name: str, value: Any) -> str:
    """Return a value of a message as an officer reads it, each part on its line."""
    if isinstance(value, list):
        return "\n".join(_format(name, each) for each in value)
    if isinstance(value, dict) and "sha256" in value:
        return f"[tệp tiếng {value['seconds']} giây, mã {value['sha256'][:12]}]"
    if isinstance(value, dict):
        shown = {"name": value["name"]} if "codename" in value else value
        return "\n".join(
            filter(
                None,
                (_format(key if key == "language" else "", each) for key, each in shown.items()),
            )
        )
    if name == "language":
        return f"{Language(value).label}:"
    if name == "scenario" and value:
        return code_label(value)
    return str(_CODES[name](value).label) if name in _CODES else str(value or "")


def _format_time(message: MessageHeader) -> str:
    return f"{timezone.localtime(message.expires):%H:%M, %d/%m/%Y}" if message.expires else ""


def _compare(old: str, new: str) -> tuple[list[Part], list[Part]]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    is_long = len(before) * len(after) > MAX_COMPARED  # words that are frequent join nothing there
    blocks = SequenceMatcher(None, before, after, autojunk=is_long).get_opcodes()
    return (
        _join((before[a:b], kind != "equal") for kind, a, b, _, _ in blocks),
        _join((after[a:b], kind != "equal") for kind, _, _, a, b in blocks),
    )


def _join(runs: Iterable[tuple[list[str], bool]]) -> list[Part]:
    return [Part("".join(words), is_changed) for words, is_changed in runs if words]
