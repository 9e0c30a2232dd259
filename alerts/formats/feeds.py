"""The warnings as RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1. Pure; newest first, ended ones marked."""

import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.etree.ElementTree import Element  # nosec B405

from alerts.formats import xml
from alerts.formats.cap import MEDIA_TYPE as CAP_TYPE
from alerts.formats.feed_entry import (
    FeedEntry,
    cap_message_url,
    feed_entry,
    last_changed,
    published_at,
)
from alerts.models import AlertRevision
from core.province import province

TITLE = f"Cảnh báo lừa đảo của {province.police}"
ABOUT = "Cảnh báo về các cuộc gọi giả danh cơ quan nhà nước."
MAX_COUNT = 50  # entries; older warnings stand on their pages


def rss(revisions: Sequence[AlertRevision], now: datetime, portal: str) -> bytes:
    """RSS 2.0 with the link to itself that aggregators want."""
    root = Element("rss", {"version": "2.0", "xmlns:atom": "http://www.w3.org/2005/Atom"})
    channel = xml.add_child(root, "channel")
    xml.add_child(channel, "title", TITLE)
    xml.add_child(channel, "link", f"{portal}/canh-bao/")
    xml.add_child(channel, "description", ABOUT)
    xml.add_child(channel, "language", "vi")
    xml.add_child(channel, "lastBuildDate", format_datetime(last_changed(revisions)))
    address = f"{portal}/canh-bao/rss.xml"
    marks = {"rel": "self", "type": "application/rss+xml", "href": address}
    xml.add_child(channel, "atom:link", marks=marks)
    for revision in revisions:
        _item(channel, feed_entry(revision, now))
    return xml.serialize(root)


def _item(channel: Element, said: FeedEntry) -> None:
    item = xml.add_child(channel, "item")
    xml.add_child(item, "title", said.title)
    xml.add_child(item, "link", said.address)
    xml.add_child(item, "guid", said.name, {"isPermaLink": "false"})
    xml.add_child(item, "pubDate", format_datetime(said.since))
    xml.add_child(item, "description", _as_html(said.text))


def atom(revisions: Sequence[AlertRevision], now: datetime, portal: str) -> bytes:
    """Atom; each entry also leads to its CAP message."""
    feed = Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": "vi"})
    xml.add_child(feed, "id", f"{portal}/canh-bao/")
    xml.add_child(feed, "title", TITLE)
    xml.add_child(feed, "subtitle", ABOUT)
    xml.add_child(feed, "updated", published_at(revisions))
    xml.add_child(xml.add_child(feed, "author"), "name", province.police)
    xml.add_child(feed, "link", marks={"rel": "self", "href": f"{portal}/canh-bao/atom.xml"})
    xml.add_child(feed, "link", marks={"rel": "alternate", "href": f"{portal}/canh-bao/"})
    for revision in revisions:
        _entry(feed, feed_entry(revision, now), cap_message_url(revision, portal))
    return xml.serialize(feed)


def _entry(feed: Element, said: FeedEntry, message: str) -> None:
    entry = xml.add_child(feed, "entry")
    xml.add_child(entry, "id", message)
    xml.add_child(entry, "title", said.title)
    xml.add_child(entry, "updated", said.since.isoformat())
    xml.add_child(entry, "link", marks={"rel": "alternate", "href": said.address})
    xml.add_child(entry, "link", marks={"rel": "related", "type": CAP_TYPE, "href": message})
    xml.add_child(entry, "summary", said.summary)
    xml.add_child(entry, "content", said.text, {"type": "text"})


def json_feed(revisions: Sequence[AlertRevision], now: datetime, portal: str) -> bytes:
    """JSON Feed 1.1."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "description": ABOUT,
        "home_page_url": f"{portal}/canh-bao/",
        "feed_url": f"{portal}/canh-bao/feed.json",
        "language": "vi",
        "authors": [{"name": province.police, "url": f"{portal}/"}],
        "items": [_json_item(feed_entry(revision, now)) for revision in revisions],
    }
    return json.dumps(feed, ensure_ascii=False).encode()


def _json_item(said: FeedEntry) -> dict[str, Any]:
    return {
        "id": said.name,
        "url": said.address,
        "title": said.title,
        "summary": said.summary,
        "content_text": said.text,
        "date_published": said.since.isoformat(),
    }


def _as_html(text: str) -> str:
    """RSS readers take a description for HTML, so a text is escaped once more than XML asks."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("\n", "<br>")
