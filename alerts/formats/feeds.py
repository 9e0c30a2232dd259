"""The warnings as RSS 2.0, Atom (RFC 4287), JSON Feed 1.1 and an Atom index of CAP, and the row of each:
address, static file and preview follow from it. Pure; newest first.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any
from xml.etree.ElementTree import Element  # nosec B405

from alerts.formats import cap
from alerts.formats.wording import SOUND_TYPE, Voice, list_voices
from alerts.formats.xml import add_child, serialize
from alerts.models import AlertRevision
from core.province import province

TITLE = f"Cảnh báo lừa đảo của {province.police}"
ABOUT = "Cảnh báo về các cuộc gọi giả danh cơ quan nhà nước."
MAX_COUNT = 50  # entries; older warnings stand on their pages
_DISTANT_PAST = datetime.fromtimestamp(0, tz=UTC)


@dataclass(frozen=True)
class FeedEntry:
    """A warning in a feed: `name` is the revision's identifier, `address` its page, `since` its onset,
    `sounds` its recordings while it is not over.
    """

    name: str
    address: str
    title: str
    text: str
    summary: str
    since: datetime
    sounds: tuple[Voice, ...] = ()


def feed_entry(revision: AlertRevision, now: datetime) -> FeedEntry:
    """Return the entry as it reads at `now`; of a withdrawn warning title and end alone."""
    words, head = revision.frozen_content, revision.frozen_content.message
    is_over = revision.state(now).is_over
    ended = "[Hết hiệu lực] " if is_over else ""
    sounds = () if is_over else (each for each in list_voices(revision) if each.url)
    sentence = revision.ending_sentence
    text = "\n".join(filter(None, (sentence, words.summary, "\n".join(words.advice))))
    return FeedEntry(
        name=revision.identifier,
        address=head.web,
        title=f"{'[Đã rút lại] ' if head.is_withdrawn else ended}{words.title}",
        summary=sentence if head.is_withdrawn else words.summary,
        text=sentence if head.is_withdrawn else text,
        since=head.effective,
        sounds=tuple(sounds),
    )


def rss(revisions: Sequence[AlertRevision], now: datetime, portal: str) -> bytes:
    """Return RSS 2.0 with the link to itself that aggregators want."""
    root = Element("rss", {"version": "2.0", "xmlns:atom": "http://www.w3.org/2005/Atom"})
    channel = add_child(root, "channel")
    add_child(channel, "title", TITLE)
    add_child(channel, "link", f"{portal}/canh-bao/")
    add_child(channel, "description", ABOUT)
    add_child(channel, "language", "vi")
    add_child(channel, "lastBuildDate", format_datetime(_last_changed(revisions)))
    link = {"rel": "self", "type": "application/rss+xml", "href": f"{portal}/canh-bao/rss.xml"}
    add_child(channel, "atom:link", attributes=link)
    for entry in (feed_entry(revision, now) for revision in revisions):
        item = add_child(channel, "item")
        add_child(item, "title", entry.title)
        add_child(item, "link", entry.address)
        add_child(item, "guid", entry.name, {"isPermaLink": "false"})
        add_child(item, "pubDate", format_datetime(entry.since))
        # Escaped once more than XML asks: RSS readers take a description for HTML.
        add_child(item, "description", escape(entry.text, quote=False).replace("\n", "<br>"))
        for voice in entry.sounds[:1]:  # RSS has room for one
            add_child(item, "enclosure", attributes=_describe_sound(voice, "url"))
    return serialize(root)


def atom(revisions: Sequence[AlertRevision], now: datetime, portal: str) -> bytes:
    """Return Atom; each entry also links to its CAP message."""
    page = f"{portal}/canh-bao/"
    feed = _start_atom(revisions, page, f"{page}atom.xml", TITLE)
    add_child(feed, "subtitle", ABOUT)
    add_child(feed, "link", attributes={"rel": "alternate", "href": page})
    for revision in revisions:
        entry, message = feed_entry(revision, now), _cap_message_url(revision, portal)
        element = _add_atom_entry(feed, message, entry.title, entry.since.isoformat())
        add_child(element, "link", attributes={"rel": "alternate", "href": entry.address})
        _add_cap_link(element, "related", message)
        for voice in entry.sounds:
            link = {"rel": "enclosure", "hreflang": voice.words.language, "title": voice.name}
            add_child(element, "link", attributes=link | _describe_sound(voice, "href"))
        add_child(element, "summary", entry.summary)
        add_child(element, "content", entry.text, {"type": "text"})
    return serialize(feed)


def cap_index(revisions: Sequence[AlertRevision], _now: datetime, portal: str) -> bytes:
    """Return an Atom feed of CAP messages, cancels among them, so that a program learns of the end."""
    address = f"{portal}/canh-bao/cap.xml"
    feed = _start_atom(revisions, address, address, f"{TITLE}, dạng CAP 1.2")
    for revision in revisions:
        words, message = revision.frozen_content, _cap_message_url(revision, portal)
        at = cap.cap_datetime(words.message.effective)
        element = _add_atom_entry(feed, message, cap.headline(words), at)
        _add_cap_link(element, "alternate", message)
        add_child(element, "summary", cap.description(words))
    return serialize(feed)


def json_feed(revisions: Sequence[AlertRevision], now: datetime, portal: str) -> bytes:
    entries = [feed_entry(revision, now) for revision in revisions]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "description": ABOUT,
        "home_page_url": f"{portal}/canh-bao/",
        "feed_url": f"{portal}/canh-bao/feed.json",
        "language": "vi",
        "authors": [{"name": province.police, "url": f"{portal}/"}],
        "items": [
            {
                "id": entry.name,
                "url": entry.address,
                "title": entry.title,
                "summary": entry.summary,
                "content_text": entry.text,
                "date_published": entry.since.isoformat(),
            }
            | _attachments(entry)
            for entry in entries
        ],
    }
    return json.dumps(feed, ensure_ascii=False).encode()


def _describe_sound(voice: Voice, address: str) -> dict[str, str]:
    size = voice.words.sound.size if voice.words.sound else 0
    return {address: voice.url, "type": SOUND_TYPE, "length": str(size)}


def _attachments(entry: FeedEntry) -> dict[str, Any]:
    """Return JSON Feed's list of recordings; nothing where there are none."""
    sounds = [
        {
            "url": voice.url,
            "mime_type": SOUND_TYPE,
            "title": voice.name,
            "size_in_bytes": sound.size,
            "duration_in_seconds": sound.seconds,
        }
        for voice in entry.sounds
        if (sound := voice.words.sound)
    ]
    return {"attachments": sounds} if sounds else {}


def _start_atom(revisions: Sequence[AlertRevision], name: str, address: str, title: str) -> Element:
    feed = Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": "vi"})
    add_child(feed, "id", name)
    add_child(feed, "title", title)
    add_child(feed, "updated", _last_changed(revisions).isoformat())
    add_child(add_child(feed, "author"), "name", province.police)
    add_child(feed, "link", attributes={"rel": "self", "href": address})
    return feed


def _add_atom_entry(feed: Element, name: str, title: str, updated: str) -> Element:
    entry = add_child(feed, "entry")
    add_child(entry, "id", name)
    add_child(entry, "title", title)
    add_child(entry, "updated", updated)
    return entry


def _add_cap_link(entry: Element, relation: str, address: str) -> None:
    add_child(entry, "link", attributes={"rel": relation, "type": cap.MEDIA_TYPE, "href": address})


def _cap_message_url(revision: AlertRevision, portal: str) -> str:
    return f"{portal}/canh-bao/cap/{revision.identifier}.xml"


def _last_changed(revisions: Sequence[AlertRevision]) -> datetime:
    effective = (revision.frozen_content.message.effective for revision in revisions)
    return max(effective, default=_DISTANT_PAST)


# --- the formats that list warnings

_ATOM_TYPE = "application/atom+xml; charset=utf-8"


@dataclass(frozen=True)
class ListFormat:
    """A format; `file_name` is below /canh-bao/, `render` takes revisions, the time and the portal's
    address.
    """

    name: str
    file_name: str
    content_type: str
    label: str
    render: Callable[[Sequence[AlertRevision], datetime, str], bytes]


LIST_FORMATS = (
    ListFormat("rss", "rss.xml", "application/rss+xml; charset=utf-8", "Nguồn tin RSS", rss),
    ListFormat("atom", "atom.xml", _ATOM_TYPE, "Nguồn tin Atom", atom),
    ListFormat("json_feed", "feed.json", "application/feed+json", "Nguồn tin JSON Feed", json_feed),
    ListFormat("cap_index", "cap.xml", _ATOM_TYPE, "Danh mục CAP", cap_index),
)
