"""Renderers for people: page, list and plain text. Each a pure function of revisions, of the moment
and of the language that is spoken; none asks the database.
"""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.template.loader import render_to_string
from django.urls import reverse

from alerts.formats import history, schema_org
from alerts.formats.localization import localize
from alerts.models import AlertRevision, State
from core.province_names import build_page_context


def render_detail(revision: AlertRevision, now: datetime, *, preview: bool = False) -> str:
    """The warning's own page, which also prints as one A4 sheet."""
    facts = template_context(revision, now) | {"preview": preview}
    if not preview:
        facts["announcement"] = schema_org.special_announcement_json(revision)
        facts["here"] = reverse("warnings:detail", args=[revision.frozen_content.slug])
    return _html("alerts/detail.html", facts)


def render_print(revision: AlertRevision, now: datetime, *, preview: bool = False) -> str:
    """The same, set for paper on the screen too, without the ways to other pages."""
    return _html("alerts/print.html", template_context(revision, now) | {"preview": preview})


def render_list(in_force: Sequence[AlertRevision], ended: Sequence[AlertRevision]) -> str:
    """All warnings, those in force first."""
    here = reverse("warnings:list")
    return _html("alerts/list.html", {"in_force": in_force, "ended": ended, "here": here})


def render_history(said: Sequence[AlertRevision], now: datetime) -> str:
    """Every version of one warning, newest first as they come."""
    facts = template_context(said[0], now) | {
        "entries": history.version_entries(said),
        "never_shown": history.superseded_before_onset(said),
        "here": reverse("warnings:history", args=[said[0].frozen_content.slug]),
    }
    return _html("alerts/history.html", facts)


def render_text(revision: AlertRevision, now: datetime) -> str:
    """The warning as text, for a notice board, a chat or a reading voice."""
    text = _html("alerts/van-ban.txt", template_context(revision, now))
    return text + ""  # no longer marked as safe: nothing in it is escaped, a page must do that


def template_context(revision: AlertRevision, now: datetime) -> dict[str, object]:
    """What templates say of one revision at `now`."""
    state = revision.state(now)
    return {
        "revision": revision,
        "words": revision.frozen_content,
        "local": localize(revision.frozen_content),
        "message": revision.frozen_content.message,
        "in_force": state is State.IN_FORCE,
        "scheduled": state is State.SCHEDULED,
        "withdrawn": revision.frozen_content.message.ending == "error",
        "over": state in {State.CANCELLED, State.EXPIRED},
        "portal": _portal(revision),
        "ended_at": revision.sent if state is State.CANCELLED else revision.expires,
    }


def _portal(revision: AlertRevision) -> str:
    """Where the portal stood when this was said."""
    web = urlsplit(revision.frozen_content.message.web)
    return f"{web.scheme}://{web.netloc}"


def _html(name: str, context: dict[str, object]) -> str:
    return render_to_string(name, build_page_context() | context, using="public")
