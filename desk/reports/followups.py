"""Follow-ups of a report and the messages with its reporter.

Sealed texts are decrypted for officers who may decide, with numbers of papers and cards and the
reporter's contact masked; the originals are revealed once, audited.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Left, Length
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from core import encryption
from core.models import AuditEvent
from desk.labels import codes, highlighting
from desk.labels.formatting import format_datetime, in_quotes, officer_name
from desk.labels.highlighting import TruncatedText
from reports.extraction import redaction
from reports.facts.merged_report import format_call_time, iter_followups, tells_phrase
from reports.models import Followup, Message, Report
from reports.models.report_views import NO_VIEWS

Sealed = bytes | memoryview | None

MAX_SHOWN_ROWS = 30  # of messages, and of follow-ups
MAX_LOADED_ROWS = 60  # of follow-ups
MAX_CHARS = 8000  # of all messages, and of all added stories
MAX_SEGMENTS = 400
_HEAVY = ("story", "story_sealed", "phrase_sealed")  # deferred
_MASKED = frozenset({"masked_id", "masked_card", "masked_contact"})
_CALLER_TITLES = {"number": "Số", "channel": "Gọi bằng", "office": "Xưng là", "name": "Tên nêu"}
# The one-line texts of a report, and their titles.
LINES = {
    "caller_number": "Số gọi đến",
    "claimed_name": "Tên, chức vụ họ nêu",
    "money_lost_raw": "Số tiền đã ghi",
    "commune_raw": "Xã, phường đã ghi",
}


@dataclass(frozen=True)
class MessageRow:
    """One message; `masks`: part of it is masked; `text` None: undecryptable."""

    pk: int
    at: datetime
    who: str
    is_from_reporter: bool
    text: TruncatedText | None
    masks: bool
    erased_at: datetime | None


@dataclass(frozen=True)
class FollowupRow:
    row: Followup
    answers: list[tuple[str, str]]
    story: TruncatedText
    notes: list[str]
    masks: bool


@dataclass(frozen=True)
class FollowupPanel:
    """Follow-ups and messages of a report, within limits; `opened` is the key of the one shown unmasked."""

    report: Report
    opened: int | UUID | None = None

    @cached_property
    def followups(self) -> list[Any]:
        """Return the follow-ups with the beginnings of their stories, newest first, in one statement."""
        rows = (
            self.report.followups.select_related("commune")
            .defer(*_HEAVY)
            .annotate(
                beginning=Left("story", MAX_CHARS),
                chars=Length("story"),
                has_story=Q(story_sealed__isnull=False),
                has_phrase=Q(phrase_sealed__isnull=False),
            )
        )
        return list(rows.order_by("-received_at", "-id")[:MAX_LOADED_ROWS])

    def latest_sealed(self, what: str) -> Sealed:
        """Return the newest contact or phrase, sealed, or None."""
        return next((each for each in self._iter_sealed(what) if each is not None), None)

    def open_latest(self, what: str) -> str:
        """Return the newest contact or phrase, "" for none or where it is undecryptable."""
        return encryption.decrypt(self.latest_sealed(what), what, self.report.pk) or ""

    def find_latest_time(self) -> datetime:
        """Return when the newest contact or phrase came."""
        newer = (row.received_at for row in self.followups if row.contact_sealed or row.has_phrase)
        return next(newer, self.report.received_at)

    def _iter_sealed(self, what: str) -> Iterator[Sealed]:
        """Yield the sealed contacts or phrases, newest first, with None where missing."""
        for each in (*self.followups, self.report):
            if getattr(each, f"has_{what}", True):
                yield getattr(each, f"{what}_sealed")

    @cached_property
    def contacts(self) -> list[str]:
        """Return the reporter's decrypted numbers, for masking only."""
        sealed = (each for each in self._iter_sealed("contact") if each is not None)
        return [encryption.decrypt(each, "contact", self.report.pk) or "" for each in sealed]

    def redact(self, text: str) -> str:
        """Return a message without data that identifies the reporter."""
        for contact in self.contacts or [""]:
            text = redaction.redact(text, contact).text
        return text

    def followup_rows(self) -> list[FollowupRow]:
        room, rows = MAX_CHARS, []
        for row in self.followups[:MAX_SHOWN_ROWS]:
            rows.append(self._followup_row(row, room))
            room = max(0, room - row.chars)
        return rows

    @cached_property
    def messages(self) -> list[Message]:
        """Return the newest messages first, one more than is shown, in one statement."""
        rows = self.report.messages.select_related("actor").order_by("-id")
        return list(rows[: MAX_SHOWN_ROWS + 1])

    def conversation(self) -> list[MessageRow]:
        """Return the newest messages, oldest first."""
        room, rows = MAX_CHARS, []
        for row in self.messages[:MAX_SHOWN_ROWS]:
            text = encryption.decrypt_field(row, "text")
            rows.append(self._message_row(row, text, room))
            room = max(0, room - len(text or ""))
        return rows[::-1]

    def _message_row(self, row: Message, text: str | None, room: int) -> MessageRow:
        is_whole = row.pk == self.opened
        body = text if is_whole and text else self.redact(text or "")
        return MessageRow(
            pk=row.pk,
            at=row.sent_at,
            who=officer_name(row.actor) if row.actor else "Người báo",
            is_from_reporter=row.actor is None,
            text=None if text is None else _truncate(body, room),
            masks=body != (text or ""),
            erased_at=row.erased_at,
        )

    def _followup_row(self, row: Any, room: int) -> FollowupRow:
        raw = encryption.decrypt_field(row, "story") if row.pk == self.opened else None
        return FollowupRow(
            row=row,
            answers=[(title, highlighting.plain_line(text)) for title, text in _rows(row) if text],
            story=_truncate_beginning(row, room) if raw is None else _truncate(raw, room),
            notes=[codes.flag_label(code) for code in row.flags],
            masks=raw is None and row.has_story and any(code in _MASKED for code in row.flags),
        )


def _truncate_beginning(row: Any, room: int) -> TruncatedText:
    """Return the loaded beginning of a story, truncated, counting the rest as omitted."""
    text = _truncate(row.beginning, room)
    return replace(text, left=text.left + row.chars - len(row.beginning))


def _truncate(text: str, room: int) -> TruncatedText:
    return highlighting.truncate(text, most=room, pieces=MAX_SEGMENTS)


def full_texts(report: Report) -> list[tuple[str, str]]:
    """Return every follow-up, then every message, as (title, text), oldest first, masked."""
    later = FollowupPanel(report)
    texts = [
        (f"{each.get_kind_display()} {format_datetime(each.received_at)}", _text_of(each))
        for each in iter_followups(report)
    ]
    for row in report.messages.select_related("actor").order_by("id"):
        who = officer_name(row.actor) if row.actor else "Người báo"
        text = later.redact(encryption.decrypt_field(row, "text") or "")
        texts.append((f"{who} nhắn {format_datetime(row.sent_at)}", text))
    return texts


def _text_of(row: Followup) -> str:
    lines = [f"{title}: {text}" for title, text in _rows(row) if text]
    return "\n".join(filter(None, (*lines, row.story)))


def withdrawal_of(followups: Iterable[Followup]) -> Followup | None:
    """Return the newest withdrawal, or None."""
    return next((each for each in followups if each.kind == Followup.Kind.WITHDRAWAL), None)


def _rows(row: Followup) -> Iterator[tuple[str, str]]:
    for number, caller in enumerate(row.callers, 1):
        yield f"Người gọi thứ {number}", "; ".join(_list_caller_fields(caller))
    yield from list_call_details(row)
    yield "Số tiền ghi lại", row.money_lost_raw
    commune = row.commune.name if row.commune else in_quotes(row.commune_raw)
    yield "Xã, phường ghi lại", commune
    yield "Số để gọi lại", "Có số mới, xem ở trên" if row.contact_sealed else ""
    yield "Câu hẹn", "Có câu mới, xem ở trên" if tells_phrase(row) else ""


def list_call_details(row: Followup | Report) -> Iterator[tuple[str, str]]:
    """Yield what a report or a follow-up says of accounts, links and the time of the call."""
    yield "Tài khoản nhận", "; ".join(row.accounts)
    yield "Đường link", "; ".join(row.links)
    yield "Gọi lúc", format_call_time(row.called_on, in_quotes(row.called_on_raw))


def _list_caller_fields(caller: Any) -> Iterator[str]:
    """Yield the fields of one caller of a chain; an unknown form as text."""
    if not isinstance(caller, dict):
        yield str(caller)
        return
    label = {"office": codes.office_label, "channel": codes.channel_label}
    for name, title in _CALLER_TITLES.items():
        if value := str(caller.get(name) or ""):
            yield f"{title}: {label.get(name, str)(value)}"


def sealed_text_or_404(report: Report, what: str, which: int | UUID) -> Sealed:
    """Return the sealed text of a message or follow-up of this report. Raises Http404."""
    if what == "message":
        return get_object_or_404(report.messages, pk=which).text_sealed
    return get_object_or_404(report.followups, pk=which).story_sealed


def _find_unanswered(
    panel: FollowupPanel,
    log: Iterable[AuditEvent],
    file_times: Iterable[datetime],
    *,
    may_read: bool,
) -> tuple[datetime, str] | None:
    """Return time and section of the reporter's newest words that no officer has acted on since, else
    of the newest file, or None. Files of a report without any act belong to the report itself.
    """
    acts = [each.created_at for each in log if each.actor and each.kind not in NO_VIEWS]
    messages = panel.messages if may_read else ()
    inputs = [(each.sent_at, "conversation") for each in messages if each.actor is None]
    withdrawn = Followup.Kind.WITHDRAWAL  # has a place of its own on the page
    inputs += [
        (each.received_at, "followups") for each in panel.followups if each.kind != withdrawn
    ]
    inputs += [(at, "files") for at in file_times if acts]
    fresh = [each for each in inputs if not acts or each[0] > max(acts)]
    return max(fresh, key=lambda each: (each[1] != "files", each[0]), default=None)


def panel_context(
    request: HttpRequest,
    panel: FollowupPanel,
    log: Iterable[AuditEvent],
    file_times: Iterable[datetime],
) -> dict[str, Any]:
    may_read = request.user.has_perm("reports.decide_case")
    newest = _find_unanswered(panel, log, file_times, may_read=may_read)
    return {
        "fresh_at": newest and newest[0],
        "fresh_where": newest and newest[1],
        "has_contact": panel.latest_sealed("contact") is not None,
        "has_phrase": panel.latest_sealed("phrase") is not None,
        "is_contact_erased": panel.report.erased_at
        or any(event.kind == "contact_erased" for event in log),
        "withdrawal": withdrawal_of(panel.followups),
        "followups": panel.followup_rows(),
        "followups_left": len(panel.followups) - MAX_SHOWN_ROWS,
        "conversation": panel.conversation() if may_read else [],
        "conversation_is_cut": may_read and len(panel.messages) > MAX_SHOWN_ROWS,
    }


def working_copy_text(report: Report, later: Iterable[tuple[str, str]] = ()) -> str:
    """Return every text of the redacted report under its title, then the later ones."""
    texts = [("Lời kể", report.story)]
    texts += [(title, getattr(report, name)) for name, title in LINES.items()]
    texts += later
    return "\n\n".join(f"{title}:\n{text}" for title, text in texts if text)


def is_truncated(report: Report, story: highlighting.TruncatedText) -> bool:
    """Return whether the page of a report omits part of a text."""
    longest = max(len(getattr(report, name)) for name in LINES)
    return story.left > 0 or longest > highlighting.MAX_OF_LINE
