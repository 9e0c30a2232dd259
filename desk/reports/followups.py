"""What came after a report, as its page shows it: the talk with the reporter and what was added.

Sealed words are opened here for who may decide on reports; numbers of papers and cards and the
reporter's own contact are masked in them. The words as they came are shown once, on record.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Left, Length
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from core import encryption
from core.audit.events import NO_LOOK
from core.models import AuditEvent
from desk.labels import codes as labels
from desk.labels import highlighting
from desk.labels.highlighting import TruncatedText
from reports.extraction import redaction
from reports.facts.merged_report import iter_followups, tells_phrase
from reports.models import Followup, Message, Report

Sealed = bytes | memoryview | None

MAX_SHOWN = 30  # messages, and followups
MAX_READ_BYTES = 60  # followups; `later` takes fewer in
SIGNS = 8000  # of all messages, and of all stories that were added
PARTS = 400
_HEAVY = ("story", "story_sealed", "phrase_sealed")  # left in the database until asked for
_MASKED = frozenset({"masked_id", "masked_card", "masked_contact"})
_LEG = (("number", "Số"), ("channel", "Gọi bằng"), ("office", "Xưng là"), ("name", "Tên nêu"))


@dataclass(frozen=True)
class MessageRow:
    """One message. `masks` says whether something of it is hidden; without `text` none opens."""

    pk: int
    at: datetime
    who: str
    is_reporters: bool
    text: TruncatedText | None
    masks: bool
    erased_at: datetime | None


@dataclass(frozen=True)
class FollowupRow:
    """One addition: the rows that say something, its story, whether something of it is hidden."""

    row: Followup
    said: list[tuple[str, str]]
    story: TruncatedText
    notes: list[str]
    masks: bool


@dataclass(frozen=True)
class FollowupPanel:
    """All that came after one report, as far as a page has room. `opened` is the key of the one
    message or addition whose sealed words are shown as they came: that is on record already.
    """

    report: Report
    opened: object = None

    @cached_property
    def followups(self) -> list[Any]:
        """The followups, the newest first, of each story its beginning. One statement."""
        rows = (
            self.report.followups.select_related("commune")
            .defer(*_HEAVY)
            .annotate(
                beginning=Left("story", SIGNS),
                signs=Length("story"),
                has_story=Q(story_sealed__isnull=False),
                has_phrase=Q(phrase_sealed__isnull=False),
            )
        )
        return list(rows.order_by("-received_at", "-id")[:MAX_READ_BYTES])

    def latest_sealed(self, what: str) -> Sealed:
        """The newest contact or phrase that was told, sealed."""
        return next((each for each in self._told(what) if each is not None), None)

    def _told(self, what: str) -> Iterator[Sealed]:
        """Each contact or phrase, the newest first; None where none was told."""
        for each in (*self.followups, self.report):
            if getattr(each, f"has_{what}", True):
                yield getattr(each, f"{what}_sealed")

    @cached_property
    def contacts(self) -> list[str]:
        """The reporter's numbers, to mask by; they go nowhere else."""
        about = self.report.pk
        told = (each for each in self._told("contact") if each is not None)
        return [encryption.decrypt(each, "contact", about) or "" for each in told]

    def redact(self, text: str) -> str:
        """A message without what would say whose it is."""
        for contact in self.contacts or [""]:
            text = redaction.redact(text, contact).text
        return text

    def added(self) -> list[FollowupRow]:
        """The followups as they are shown."""
        room = SIGNS
        shown = []
        for row in self.followups[:MAX_SHOWN]:
            shown.append(self._added(row, room))
            room = max(0, room - row.signs)
        return shown

    @cached_property
    def messages(self) -> list[Message]:
        """The newest messages, the newest first, one more than is shown. One statement."""
        rows = self.report.messages.select_related("actor").order_by("-id")
        return list(rows[: MAX_SHOWN + 1])

    def thread(self) -> list[MessageRow]:
        """The newest messages in the order in which they were written."""
        room, shown = SIGNS, []
        for row in self.messages[:MAX_SHOWN]:
            text = encryption.decrypt_field(row, "text")
            shown.append(self._said(row, text, room))
            room = max(0, room - len(text or ""))
        return shown[::-1]

    def _said(self, row: Message, text: str | None, room: int) -> MessageRow:
        is_whole = row.pk == self.opened
        body = text if is_whole and text else self.redact(text or "")
        return MessageRow(
            pk=row.pk,
            at=row.sent_at,
            who=labels.officer_name(row.actor) if row.actor else "Người báo",
            is_reporters=row.actor is None,
            text=None if text is None else highlighting.truncate(body, most=room, pieces=PARTS),
            masks=body != (text or ""),
            erased_at=row.erased_at,
        )

    def _added(self, row: Any, room: int) -> FollowupRow:
        raw = encryption.decrypt_field(row, "story") if row.pk == self.opened else None
        return FollowupRow(
            row=row,
            said=[(title, highlighting.plain_line(text)) for title, text in _rows(row) if text],
            story=_beginning(row, room) if raw is None else _shown(raw, room),
            notes=[labels.flag_label(code) for code in row.flags],
            masks=raw is None and row.has_story and any(code in _MASKED for code in row.flags),
        )


def _beginning(row: Any, room: int) -> TruncatedText:
    """What there is room for of a story of which the beginning alone was read."""
    shown = _shown(row.beginning, room)
    return replace(shown, left=shown.left + row.signs - len(row.beginning))


def _shown(text: str, room: int) -> TruncatedText:
    return highlighting.truncate(text, most=room, pieces=PARTS)


def full_texts(report: Report) -> list[tuple[str, str]]:
    """Every addition and message, each with its title, the oldest first; masked as on the page."""
    later = FollowupPanel(report)
    told = [
        (f"{each.get_kind_display()} {_clock(each.received_at)}", _text_of(each))
        for each in iter_followups(report)
    ]
    for row in report.messages.select_related("actor").order_by("id"):
        who = labels.officer_name(row.actor) if row.actor else "Người báo"
        text = later.redact(encryption.decrypt_field(row, "text") or "")
        told.append((f"{who} nhắn {_clock(row.sent_at)}", text))
    return told


def _text_of(row: Followup) -> str:
    said = [f"{title}: {text}" for title, text in _rows(row) if text]
    return "\n".join(filter(None, (*said, row.story)))


def _clock(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M, %d/%m/%Y}"


def withdrawal_of(followups: Iterable[Followup]) -> Followup | None:
    """The newest wish to withdraw, if there is one."""
    return next((each for each in followups if each.kind == Followup.Kind.WITHDRAWAL), None)


def _rows(row: Followup) -> Iterator[tuple[str, str]]:
    for number, leg in enumerate(row.callers, 1):
        yield f"Người gọi thứ {number}", "; ".join(_leg(leg))
    yield "Tài khoản nhận", "; ".join(row.accounts)
    yield "Đường link", "; ".join(row.links)
    day = f"{row.called_on:%d/%m/%Y}" if row.called_on else ""
    yield "Gọi lúc", " ".join(filter(None, (day, _in_quotes(row.called_on_raw))))
    yield "Số tiền ghi lại", row.money_lost_raw
    yield "Xã, phường ghi lại", row.commune.name if row.commune else _in_quotes(row.commune_raw)
    yield "Số để gọi lại", "Có số mới, xem ở trên" if row.contact_sealed else ""
    yield "Câu hẹn", "Có câu mới, xem ở trên" if tells_phrase(row) else ""


def _leg(leg: Any) -> Iterator[str]:
    """What one caller of a chain said to be; an unknown form is shown as it is."""
    if not isinstance(leg, dict):
        yield str(leg)
        return
    spoken = {"office": labels.office_label, "channel": labels.channel_label}
    for name, title in _LEG:
        if said := str(leg.get(name) or ""):
            yield f"{title}: {spoken.get(name, str)(said)}"


def _in_quotes(text: str) -> str:
    return f"(ghi “{text}”)" if text else ""


def sealed_text_or_404(report: Report, what: str, which: int | UUID) -> Sealed:
    """The sealed words of one message or addition of this report. Raises Http404."""
    if what == "message":
        return get_object_or_404(report.messages, pk=which).text_sealed
    return get_object_or_404(report.followups, pk=which).story_sealed


def _unanswered(
    sealed: FollowupPanel,
    recorded: Iterable[AuditEvent],
    sent: Iterable[datetime],
    *,
    may_read: bool,
) -> tuple[datetime, str] | None:
    """When the reporter said or *sent* last what no person has acted on since, and under which
    heading of the page it stands. Files of a report that nobody has acted on came with it.
    """
    acts = [each.created_at for each in recorded if each.actor and each.kind not in NO_LOOK]
    told = [(each.sent_at, "talk") for each in sealed.messages if may_read and each.actor is None]
    wish = Followup.Kind.WITHDRAWAL  # stands above the page by itself
    told += [(each.received_at, "added") for each in sealed.followups if each.kind != wish]
    told += [(at, "files") for at in sent if acts]
    newest = max(told, default=None)
    return newest if newest and (not acts or newest[0] > max(acts)) else None


def panel_context(
    request: HttpRequest,
    sealed: FollowupPanel,
    recorded: Iterable[AuditEvent],
    sent: Iterable[datetime],
) -> dict[str, Any]:
    """What the page says of what came after the report; `recorded`: its events, `sent`: when its
    files came.
    """
    may_read = request.user.has_perm("reports.decide_case")
    newest = _unanswered(sealed, recorded, sent, may_read=may_read)
    return {
        "fresh_at": newest and newest[0],
        "fresh_where": newest and newest[1],
        "has_contact": sealed.latest_sealed("contact") is not None,
        "has_phrase": sealed.latest_sealed("phrase") is not None,
        "withdrawal": withdrawal_of(sealed.followups),
        "followups": sealed.added(),
        "followups_left": len(sealed.followups) - MAX_SHOWN,
        "thread": sealed.thread() if may_read else [],
        "thread_is_cut": may_read and len(sealed.messages) > MAX_SHOWN,
    }


# The texts of one line, and their titles.
LINES = {
    "caller_number": "Số gọi đến",
    "claimed_name": "Tên, chức vụ họ nêu",
    "money_lost_raw": "Số tiền đã ghi",
    "commune_raw": "Xã, phường đã ghi",
}


def working_copy_text(report: Report, later: Iterable[tuple[str, str]] = ()) -> str:
    """Every text of the working copy under its title, then what came later; the empty ones left
    out.
    """
    texts = [("Lời kể", report.story)]
    texts += [(title, getattr(report, name)) for name, title in LINES.items()]
    texts += later
    return "\n\n".join(f"{title}:\n{text}" for title, text in texts if text)


def is_truncated(report: Report, story: highlighting.TruncatedText) -> bool:
    """Whether the page of a report leaves out some of what was typed."""
    return story.left > 0 or any(
        len(getattr(report, name)) > highlighting.MAX_OF_LINE for name in LINES
    )


def attachment(text: str, name: str) -> HttpResponse:
    """The text as a file that no browser opens by itself. `name` has ASCII signs alone."""
    return HttpResponse(
        text,
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.txt"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )
