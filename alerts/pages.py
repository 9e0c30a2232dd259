"""Renderers for people: page, list, frame and plain text. Each a pure function of revisions and
of the moment; none asks the database.
"""

from collections.abc import Sequence
from datetime import datetime

from django.template.loader import render_to_string

from alerts.models import AlertRevision, State

IN_FRAME = 3  # what 320 × 420 pixels hold


def page(revision: AlertRevision, now: datetime, *, preview: bool = False) -> str:
    """The warning's own page, which also prints as one A4 sheet."""
    return _html("alerts/detail.html", _facts(revision, now) | {"preview": preview})


def listing(in_force: Sequence[AlertRevision], ended: Sequence[AlertRevision]) -> str:
    """All warnings, those in force first."""
    return _html("alerts/list.html", {"in_force": in_force, "ended": ended})


def frame(revision: AlertRevision, now: datetime, *, preview: bool = False) -> str:
    """One warning, to stand in another site's page."""
    return _html("alerts/frame.html", _facts(revision, now) | {"preview": preview})


def newest_frame(revisions: Sequence[AlertRevision], now: datetime) -> str:
    """The newest warnings in force, to stand in another site's page."""
    if len(revisions) == 1:
        return frame(revisions[0], now)
    newest = revisions[0] if revisions else None
    return _html("alerts/frames.html", {"revisions": revisions[:IN_FRAME], "revision": newest})


def frame_away() -> str:
    """A frame whose warnings cannot be read at the moment: whom to ring all the same."""
    return _html("alerts/frame_away.html", {})


def plain(revision: AlertRevision, now: datetime) -> str:
    """The warning as text, for a notice board, a chat or a reading voice."""
    text = render_to_string("alerts/van-ban.txt", _facts(revision, now), using="public")
    return text + ""  # no longer marked as safe: nothing in it is escaped, a page must do that


def _facts(revision: AlertRevision, now: datetime) -> dict[str, object]:
    state = revision.state(now)
    return {
        "revision": revision,
        "words": revision.words,
        "message": revision.words.message,
        "in_force": state is State.IN_FORCE,
        "scheduled": state is State.SCHEDULED,
        "withdrawn": revision.words.message.ending == "error",
        "over": state in {State.CANCELLED, State.EXPIRED},
        "ended_at": revision.sent if state is State.CANCELLED else revision.expires,
    }


def _html(name: str, context: dict[str, object]) -> str:
    return render_to_string(name, context, using="public")
