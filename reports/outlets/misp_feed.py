"""The findings as a MISP feed: an event for each day on which something was confirmed, a manifest of
them, and the hashes by which a MISP looks for what it shares with the feed.

What has ended stays in its event, deleted, as long as ends are listed. MISP knows whole seconds, and asks for
an event once its timestamp is past the one that it has: see `compute_timestamp`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from django.utils import timezone

from core.province import province
from reports.models import SubjectKind
from reports.outlets.listed_findings import LATE_COMMIT, NAMESPACE, ListedFinding

_FEED = uuid5(NAMESPACE, "misp")
_DAY = "%Y%m%d"
_FIRST_YEAR = 2000
_AUTHOR = {"name": province.police, "uuid": str(uuid5(NAMESPACE, "author"))}
_TAGS = [{"name": "tlp:green"}, {"name": 'misp:confidence-level="usually-confident"'}]
_TYPES = {
    SubjectKind.NUMBER: ("phone-number", "Financial fraud"),
    SubjectKind.ACCOUNT: ("bank-account-nr", "Financial fraud"),
    SubjectKind.LINK: ("domain", "Network activity"),
}


@lru_cache(maxsize=1024)
def event_id(day: date) -> UUID:
    """Return the id of a day's event: that of the feed, its last eight digits the day."""
    return UUID(hex=f"{_FEED.hex[:24]}{day:{_DAY}}")


def parse_event_id(event: UUID) -> date | None:
    """Return the day of an event, None for what is none of ours."""
    try:
        day = date.fromisoformat(event.hex[24:])
    except ValueError:
        return None
    return day if day.year >= _FIRST_YEAR and event == event_id(day) else None


def compute_timestamp(changed_at: datetime, read_at: datetime) -> int:
    """Return the timestamp of an event that last changed then, as who begins to read at `read_at` is told: the
    second of reading while a change may come that is older, then one that stays. It may repeat an event
    and misses no change.
    """
    return min(int(read_at.timestamp()), int((changed_at + LATE_COMMIT).timestamp()) + 1)


def build_manifest(
    last_changes: Mapping[date, datetime], read_at: datetime
) -> dict[str, dict[str, Any]]:
    """Return what a MISP reads first: the events by their id."""
    return {
        str(event_id(day)): _describe_event(day, compute_timestamp(at, read_at))
        for day, at in sorted(last_changes.items())
    }


def _describe_event(day: date, timestamp: int) -> dict[str, Any]:
    return {
        "info": f"Số, tài khoản, trang kẻ gian đã dùng, xác nhận ngày {day:%d/%m/%Y}",
        "date": day.isoformat(),
        "timestamp": str(timestamp),
        "threat_level_id": "2",
        "analysis": "2",
        "Orgc": _AUTHOR,
        "Tag": _TAGS,
    }


def build_event(day: date, findings: Iterable[ListedFinding], read_at: datetime) -> dict[str, Any]:
    """Return the event of a day with all that was confirmed on it, of which there is something."""
    attributes = [_build_attribute(each) for each in findings]
    timestamp = compute_timestamp(max(each.changed_at for each in findings), read_at)
    of_event = {
        "uuid": str(event_id(day)),
        "published": True,
        "publish_timestamp": str(timestamp),
        "Attribute": attributes,
    }
    return {"Event": _describe_event(day, timestamp) | of_event}


def _build_attribute(finding: ListedFinding) -> dict[str, Any]:
    kind, category = _find_type(finding)
    until = timezone.localtime(finding.expires_at)
    return {
        "uuid": str(finding.id),
        "type": kind,
        "category": category,
        "value": value_of(finding),
        "comment": " ".join(filter(None, (finding.bank, f"có giá trị đến {until:%H:%M %d/%m/%Y}"))),
        # An end within the second of its beginning is newer.
        "timestamp": str(int(finding.changed_at.timestamp()) + finding.is_ended),
        "to_ids": not finding.is_ended,
        "deleted": finding.is_ended,
    }


def value_of(finding: ListedFinding) -> str:
    return f"https://{finding.key}" if _find_type(finding)[0] == "url" else finding.key


def _find_type(finding: ListedFinding) -> tuple[str, str]:
    """Return the type and the category of MISP."""
    kind, category = _TYPES[SubjectKind(finding.kind)]
    return ("url" if kind == "domain" and "/" in finding.key else kind), category


def render_hashes(findings: Iterable[ListedFinding]) -> bytes:
    """Return lines of MD5 and event, as MISP wants them, of what is in force."""
    return "".join(
        f"{hashlib.md5(value_of(each).encode(), usedforsecurity=False).hexdigest()},"
        f"{event_id(timezone.localdate(each.confirmed_at))}\n"
        for each in findings
    ).encode()
