"""The formats that list warnings, one row each: address, file of the front server and preview follow from it.

A renderer is pure: revisions, the present time and the portal's address in, bytes out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.formats import feeds
from alerts.models import AlertRevision


@dataclass(frozen=True)
class ListFormat:
    """One format: name of its URL, file name below /canh-bao/, media type, label at the desk, renderer."""

    name: str
    file_name: str
    content_type: str
    label: str
    render: Callable[[Sequence[AlertRevision], datetime, str], bytes]


LIST_FORMATS = (
    ListFormat("rss", "rss.xml", "application/rss+xml; charset=utf-8", "Nguồn tin RSS", feeds.rss),
    ListFormat(
        "atom", "atom.xml", "application/atom+xml; charset=utf-8", "Nguồn tin Atom", feeds.atom
    ),
    ListFormat(
        "json_feed", "feed.json", "application/feed+json", "Nguồn tin JSON Feed", feeds.json_feed
    ),
)
