"""Warnings for other sites' pages. Pure functions of revisions, the moment and the manner: a plain
frame has no script, a live one looks for news and tells its height.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.template.loader import render_to_string

from alerts.formats.html import template_context
from alerts.formats.text import first_sentence
from alerts.models import AlertRevision
from core.province_names import build_page_context

HOLDS = 3  # warnings that 320 × 420 pixels hold
# What stands in every frame above its warnings (frame_base.html), so that none needs room for it.
FIRST = ("Đang bị ép thì gọi 113.", "Lỡ chuyển tiền thì gọi ngân hàng trước.")


def render_single(
    revision: AlertRevision, now: datetime, *, live: bool = False, preview: bool = False
) -> str:
    """One warning with its advice."""
    advice = [
        line for line in map(first_sentence, revision.frozen_content.advice) if line not in FIRST
    ]
    facts = template_context(revision, now) | {"preview": preview, "advice": advice}
    return _html("alerts/frame.html", facts, live=live)


def render_latest(revisions: Sequence[AlertRevision], now: datetime, *, live: bool = False) -> str:
    """The newest warnings by name; a single one with its advice."""
    if len(revisions) == 1:
        return render_single(revisions[0], now, live=live)
    newest = revisions[0] if revisions else None
    context: dict[str, object] = {"revisions": revisions[:HOLDS], "revision": newest}
    return _html("alerts/frames.html", context, live=live)


def render_unavailable() -> str:
    """A frame whose warnings cannot be read at the moment: whom to ring all the same."""
    return _html("alerts/frame_unavailable.html", {}, live=False)


def filter_by_commune(revisions: Iterable[AlertRevision], codename: str) -> list[AlertRevision]:
    """Those for the commune and those for the whole province."""
    return [
        revision
        for revision in revisions
        if not (places := revision.frozen_content.communes)
        or codename in {place.codename for place in places}
    ]


def filter_by_office(revisions: Iterable[AlertRevision], codename: str) -> list[AlertRevision]:
    """Those of callers who pose as the office."""
    return [
        revision
        for revision in revisions
        if codename in {office.codename for office in revision.frozen_content.offices}
    ]


def _html(name: str, context: dict[str, object], *, live: bool) -> str:
    return render_to_string(name, build_page_context() | context | {"live": live}, using="public")
