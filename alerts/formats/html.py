"""Pages, list, history and plain text of warnings. Pure functions of revisions, time and active language."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

from alerts.formats.wording import Voice, list_voices, localize
from alerts.models import AlertRevision, CancelReason, MsgType, State
from alerts.models.content import Content
from core.province import province
from core.province_names import build_page_context, get_police_name

_KINDS: Mapping[str, str] = {
    MsgType.ALERT: _("Phát lần đầu"),
    MsgType.UPDATE: _("Cập nhật"),
    CancelReason.OVER: _("Hết hiệu lực"),
    CancelReason.ERROR: _("Rút lại"),
}
_PARTS: Mapping[str, str] = {
    "title": _("tiêu đề"),
    "short_title": _("tiêu đề ngắn"),
    "summary": _("tóm tắt"),
    "advice": _("việc phải làm"),
    "steps": _("cách họ lừa"),
    "sms": _("tin nhắn"),
    "sms_marked": _("tin nhắn"),
    "sms_share": _("tin để nhắn nhau"),
    "loudspeaker": _("bài đọc loa"),
    "english": _("bản tiếng Anh"),
    "translations": _("bản đọc, bản dịch"),
    "document": _("văn bản gốc"),
    "audience": _("gửi đến ai"),
    "communes": _("xã, phường"),
    "offices": _("cơ quan bị giả danh"),
    "scenario": _("kiểu lừa"),
    "urgency": _("mức độ"),
    "severity": _("mức độ"),
    "certainty": _("mức độ"),
    "response_type": _("người dân cần làm gì"),
    "reviewed_on": _("ngày rà soát"),
}


@dataclass(frozen=True)
class VersionEntry:
    """A version; `changed` names what differs from the one before, "" of the first."""

    revision: AlertRevision
    kind: str
    changed: str
    readable: bool

    @property
    def planned(self) -> bool:
        """Return whether it was issued before it took effect."""
        return self.revision.effective > self.revision.sent


def version_entries(revisions: Sequence[AlertRevision]) -> list[VersionEntry]:
    """Return an entry a version, in the given order; of a withdrawn warning not readable."""
    withdrawn = revisions[0].frozen_content.message.is_withdrawn
    changes = [
        changed_fields(before.frozen_content, after.frozen_content)
        for after, before in pairwise(revisions)
    ]
    return [
        VersionEntry(revision, _kind_label(revision), change, readable=not withdrawn)
        for revision, change in zip(revisions, [*changes, ""], strict=True)
    ]


def superseded_before_onset(revisions: Sequence[AlertRevision]) -> list[int]:
    """Return the versions that were replaced or cancelled before they took effect."""
    visible = {revision.version for revision in revisions}
    return sorted(set(range(1, revisions[0].version)) - visible)


def changed_fields(before: Content, after: Content) -> str:
    """Return the parts that differ, each named once: "tóm tắt, thời hạn"; "" of a Cancel."""
    if after.message.msg_type == MsgType.CANCEL:
        return ""
    parts = [name for part, name in _PARTS.items() if getattr(before, part) != getattr(after, part)]
    if before.message.expires != after.message.expires:
        parts.append(_("thời hạn"))
    return ", ".join(map(gettext, dict.fromkeys(parts)))


def _kind_label(revision: AlertRevision) -> str:
    return gettext(_KINDS[revision.frozen_content.message.ending or revision.msg_type])


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
        "entries": version_entries(revisions),
        "never_shown": superseded_before_onset(revisions),
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
