"""Pages, list and plain text of warnings. Pure functions of revisions, time and active language."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from alerts.formats import history
from alerts.formats.wording import Voice, list_voices, localize
from alerts.models import AlertRevision, MsgType, State
from core.province import province
from core.province_names import build_page_context, get_police_name

# A block of data in a page ends at the first "</script", wherever that stands.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def render_detail(revision: AlertRevision, now: datetime, *, preview: bool = False) -> str:
    """Return the warning's own page, which also prints as one A4 sheet."""
    context = template_context(revision, now) | {"preview": preview}
    context["voices"] = [] if context["over"] else _list_players(revision, preview=preview)
    if not preview:
        context["announcement"] = special_announcement_json(revision)
        context["here"] = reverse("warnings:detail", args=[revision.frozen_content.slug])
    return _render("alerts/detail.html", context)


def render_print(revision: AlertRevision, now: datetime, *, preview: bool = False) -> str:
    """Return the same page set for paper, without links to other pages."""
    return _render("alerts/print.html", template_context(revision, now) | {"preview": preview})


def render_list(in_force: Sequence[AlertRevision], ended: Sequence[AlertRevision]) -> str:
    here = reverse("warnings:list")
    return _render("alerts/list.html", {"in_force": in_force, "ended": ended, "here": here})


def render_history(revisions: Sequence[AlertRevision], now: datetime) -> str:
    """Return the page of every version of one warning, newest first."""
    context = template_context(revisions[0], now) | {
        "entries": history.version_entries(revisions),
        "never_shown": history.superseded_before_onset(revisions),
        "here": reverse("warnings:history", args=[revisions[0].frozen_content.slug]),
    }
    return _render("alerts/history.html", context)


def render_text(revision: AlertRevision, now: datetime) -> str:
    """Return the warning as plain text, not marked as safe: nothing in it is escaped."""
    return _render("alerts/van-ban.txt", template_context(revision, now)) + ""


def template_context(revision: AlertRevision, now: datetime) -> dict[str, object]:
    words, state = revision.frozen_content, revision.state(now)
    web = urlsplit(words.message.web)
    return {
        "revision": revision,
        "words": words,
        "local": localize(words),
        "message": words.message,
        "in_force": state is State.IN_FORCE,
        "scheduled": state is State.SCHEDULED,
        "withdrawn": words.message.is_withdrawn,
        "over": state.is_over,
        "texts": []
        if state.is_over
        else [each for each in list_voices(revision) if each.words.title],
        "portal": f"{web.scheme}://{web.netloc}",
        "ended_at": revision.sent if state is State.CANCELLED else revision.expires,
    }


def _list_players(revision: AlertRevision, *, preview: bool) -> list[Voice]:
    """Return the languages with addresses on this portal: those of a draft are the desk's."""
    voices = list_voices(revision)
    return [replace(each, url=_player_path(each, preview=preview)) for each in voices]


def _player_path(voice: Voice, *, preview: bool) -> str:
    if preview and voice.words.sound:
        return reverse("admin:alerts_alert_sound", args=[voice.words.sound.sha256])
    return urlsplit(voice.url).path


def special_announcement_json(revision: AlertRevision) -> SafeString | None:
    """Return schema.org's SpecialAnnouncement, escaped for a script element; None of a cancelled warning."""
    head, local = revision.frozen_content.message, localize(revision.frozen_content)
    if head.msg_type == MsgType.CANCEL:
        return None
    values: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "SpecialAnnouncement",
        "name": local.title,
        "text": "\n".join((local.summary, *local.advice)),
        "url": local.web,
        "datePosted": head.effective.isoformat(),
        "inLanguage": "vi" if local.borrowed else get_language(),
        "spatialCoverage": {"@type": "AdministrativeArea", "name": province.name},
        "announcementLocation": {
            "@type": "GovernmentOffice",
            "name": get_police_name(),
            "telephone": province.hotline_key,
        },
    }
    if head.expires:
        values["expires"] = head.expires.isoformat()
    return SafeString(json.dumps(values, ensure_ascii=False).translate(_ESCAPES))  # nosec B703


def _render(name: str, context: dict[str, object]) -> str:
    return render_to_string(name, build_page_context() | context, using="public")
