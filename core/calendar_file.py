"""A calendar file of one event (RFC 5545), which calendars of phones and computers open; its content
lines, which are those of vCard (RFC 6350) too.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

CONTENT_TYPE = "text/calendar; charset=utf-8"
_MAX_LINE_BYTES = 75
_ESCAPED = re.compile(r"[\\;,]")


def render_event(uid: str, start: datetime, title: str, text: str) -> str:
    """Return the file of a quarter of an hour that begins at a wall-clock time, with a reminder then.

    The time has no zone: a calendar takes it as its owner's. The same `uid` is the same event.
    """
    ends, stamp = start + timedelta(minutes=15), datetime.now(UTC)
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//portal//calendar file//VI", "METHOD:PUBLISH",
        "BEGIN:VEVENT", f"UID:{uid}", f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{start:%Y%m%dT%H%M%S}", f"DTEND:{ends:%Y%m%dT%H%M%S}",
        f"SUMMARY:{escape_text(title)}", f"DESCRIPTION:{escape_text(text)}",
        "BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{escape_text(title)}", "TRIGGER:PT0M",
        "END:VALARM", "END:VEVENT", "END:VCALENDAR",
    )  # fmt: skip
    return render_lines(lines)


def render_lines(lines: Iterable[str]) -> str:
    return "".join(f"{_fold(line)}\r\n" for line in lines)


def escape_text(text: str) -> str:
    return "\\n".join(_ESCAPED.sub(r"\\\g<0>", text).splitlines())


def _fold(line: str) -> str:
    """Return a line in pieces of 75 bytes at most, no character cut, each but the first after a space."""
    if len(line.encode()) <= _MAX_LINE_BYTES:
        return line
    pieces, room = [""], _MAX_LINE_BYTES
    for sign in line:
        room -= len(sign.encode())
        if room < 0:
            pieces.append("")
            room = _MAX_LINE_BYTES - 1 - len(sign.encode())
        pieces[-1] += sign
    return "\r\n ".join(pieces)
