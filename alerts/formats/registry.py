"""The formats that list warnings, one row each; address, static file and preview follow from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.formats import feeds
from alerts.models import AlertRevision

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
    ListFormat("rss", "rss.xml", "application/rss+xml; charset=utf-8", "Nguồn tin RSS", feeds.rss),
    ListFormat("atom", "atom.xml", _ATOM_TYPE, "Nguồn tin Atom", feeds.atom),
    ListFormat(
        "json_feed", "feed.json", "application/feed+json", "Nguồn tin JSON Feed", feeds.json_feed
    ),
    ListFormat("cap_index", "cap.xml", _ATOM_TYPE, "Danh mục CAP", feeds.cap_index),
)
