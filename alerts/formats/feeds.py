"""The warnings as RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1. Pure; newest first, ended ones marked."""

import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.etree.ElementTree import Element  # nosec B405

from alerts.formats import xml
from alerts.formats.cap import MEDIA_TYPE as CAP_TYPE
from alerts.formats.feed_entry import Told, address_of_message, last_said, published_at, told
from alerts.models import AlertRevision

TITLE = "Cảnh báo lừa đảo của Công an tỉnh Thanh Hóa"
ABOUT = "Cảnh báo về các cuộc gọi giả danh cơ quan nhà nước."
_SOURCE = "Công an tỉnh Thanh Hóa"
MOST = 50  # entries; older warnings stand on their pages


def rss(revisions: Sequence[AlertRevision], now: datetime, portal: str) -> bytes:
    """RSS 2.0 with the link to itself that aggregators want."""
    root = Element("rss", {"version": "2.0", "xmlns:atom": "http://www.w3.org/2005/Atom"})
    channel = xml.add(root, "channel")
    xml.add(channel, "title", TITLE)
    xml.add(channel, "link", f"{portal}/canh-bao/")
    xml.add(channel, "description", ABOUT)
    xml.add(channel, "language", "vi")
    xml.add(channel, "lastBuildDate", format_datetime(last_said(revisions)))
    address = f"{portal}/canh-bao/rss.xml"
    marks = {"rel": "self", "type": "application/rss+xml", "href": address}
    xml.add(channel, "atom:link", marks=marks)
    for revision in revisions:
        _item(channel, told(revision, now))
    return xml.document(root)


def _item(channel: Element, said: Told) -> None:
    item = xml.add(channel, "item")
    xml.add(item, "title", said.title)
    xml.add(item, "link", said.address)
    xml.add(item, "guid", said.name, {"isPermaLink": "false"})
    xml.add(item, "pubDate", format_datetime(said.since))
    xml.add(item, "description", _as_html(said.text))


def atom(revisions: Sequence[AlertRevision], now: datetime, portal: str) -> bytes:
    """Atom; each entry also leads to its CAP message."""
    feed = Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": "vi"})
    xml.add(feed, "id", f"{portal}/canh-bao/")
    xml.add(feed, "title", TITLE)
    xml.add(feed, "subtitle", ABOUT)
    xml.add(feed, "updated", published_at(revisions))
    xml.add(xml.add(feed, "author"), "name", _SOURCE)
    xml.add(feed, "link", marks={"rel": "self", "href": f"{portal}/canh-bao/atom.xml"})
    xml.add(feed, "link", marks={"rel": "alternate", "href": f"{portal}/canh-bao/"})
    for revision in revisions:
        _entry(feed, told(revision, now), address_of_message(revision, portal))
    return xml.document(feed)


def _entry(feed: Element, said: Told, message: str) -> None:
    entry = xml.add(feed, "entry")
    xml.add(entry, "id", message)
    xml.add(entry, "title", said.title)
    xml.add(entry, "updated", said.since.isoformat())
    xml.add(entry, "link", marks={"rel": "alternate", "href": said.address})
    xml.add(entry, "link", marks={"rel": "related", "type": CAP_TYPE, "href": message})
    xml.add(entry, "summary", said.summary)
    xml.add(entry, "content", said.text, {"type": "text"})


def json_feed(revisions: Sequence[AlertRevision], now: datetime, portal: str) -> bytes:
    """JSON Feed 1.1."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "description": ABOUT,
        "home_page_url": f"{portal}/canh-bao/",
        "feed_url": f"{portal}/canh-bao/feed.json",
        "language": "vi",
        "authors": [{"name": _SOURCE, "url": f"{portal}/"}],
        "items": [_json_item(told(revision, now)) for revision in revisions],
    }
    return json.dumps(feed, ensure_ascii=False).encode()


def _json_item(said: Told) -> dict[str, Any]:
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
