"""Submit what a reporter writes after the report: a follow-up, or a message to the desk.

Each is written once, in one transaction with the triage that it needs; personal words are
encrypted, and redacted in the working copy. The same words under the same key are the same row.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet

from core import encryption
from core.keys import content_digests
from core.outbox import queue
from reports.cases import deadlines
from reports.cases.legal_holds import ReportErasedError
from reports.cases.locks import lock_case, lock_report
from reports.extraction import phones, story_reader
from reports.extraction.bank_accounts_and_links import ACCOUNT_CUE
from reports.extraction.numbering_plan import MAX_NUMBER_CHARS_READ
from reports.extraction.phones import ParsedCaller
from reports.extraction.priority import list_dangers
from reports.extraction.redaction import RedactedCopy
from reports.facts import contact_index, merged_report
from reports.facts.merged_report import Caller, MergedReport
from reports.models import Followup, Message, Report
from reports.submission.intake import TRIAGE_TASK, CallDetails

# Of one report: more than anybody needs, and as much as desk and triage can handle.
MAX_FOLLOWUPS = 40
MAX_WITHDRAWALS = 5  # counted apart, so that withdrawing stays possible
MAX_MESSAGES = 100
MAX_CHARS_READ_AT_ONCE = 4000  # read within a request: 40 ms

_DIGEST = "followup digest"
_DERIVED = ("flags", "commune_id", "called_on")
RowT = TypeVar("RowT", Followup, Message)


class LimitReachedError(Exception):
    """The report has as many follow-ups or messages as are accepted."""


@dataclass(frozen=True)
class FollowupSubmission(CallDetails):
    """A posted form of the tracking page."""

    kind: str = Followup.Kind.MORE
    callers: tuple[Caller, ...] = ()

    @property
    def is_empty(self) -> bool:
        lists = (self.callers, self.accounts, self.links)
        texts = (
            self.story, self.called_day, self.called_on_raw, self.money_lost_raw, self.commune_raw,
            self.contact, self.phrase,
        )  # fmt: skip
        return not any(lists) and not any(text.strip() for text in texts)


@dataclass(frozen=True)
class FollowupResult:
    """A saved follow-up, and whether it was saved only now."""

    followup: Followup
    is_new: bool


def submit_followup(
    report: Report, submission: FollowupSubmission, submission_key: str
) -> FollowupResult:
    """Save a follow-up, once. Raises ReportErasedError, LimitReachedError, DatabaseError."""
    words = {name: value for name, value in asdict(submission).items() if name not in _DERIVED}
    withdrawals = Q(kind=Followup.Kind.WITHDRAWAL)
    is_withdrawal = submission.kind == Followup.Kind.WITHDRAWAL
    rows = report.followups.filter(withdrawals if is_withdrawal else ~withdrawals)
    most = MAX_WITHDRAWALS if is_withdrawal else MAX_FOLLOWUPS
    followup = _build_followup(report, submission)
    return FollowupResult(*_save_once(followup, rows, most, submission_key, words))


def submit_reply(report: Report, text: str, submission_key: str) -> bool:
    """Save a message of the reporter; return False if it was saved before. Raises as above."""
    message = Message(
        report=report,
        text_sealed=encryption.encrypt(text, "text", report.pk),
        story=RedactedCopy((_latest_contact(report),)).redact(text),
    )
    rows = report.messages.filter(actor=None)
    return _save_once(message, rows, MAX_MESSAGES, submission_key, text)[1]


def _save_once(
    row: RowT, rows: QuerySet[RowT], most: int, submission_key: str, words: object
) -> tuple[RowT, bool]:
    """Save what a reporter says later, unless these words are among the rows; owe its triage."""
    digests = content_digests(_DIGEST, submission_key, words)
    row.submission_key, row.content_digest = submission_key, digests[0]
    with transaction.atomic():
        # The order of locks of every decision: case, then report.
        case = lock_case(row.report_id) if _is_urgent(row.story) else None
        if lock_report(row.report_id).erased_at:
            raise ReportErasedError
        sent = rows.filter(submission_key=submission_key, content_digest__in=digests)
        if earlier := sent.first():
            return earlier, False
        if rows.count() >= most:
            raise LimitReachedError
        row.save(force_insert=True)
        if getattr(row, "kind", "") != Followup.Kind.WITHDRAWAL:  # read by people alone
            queue.enqueue_once(TRIAGE_TASK, row.report_id)
        if case:
            deadlines.start_call(case)
    queue.notify()
    return row, True


def _is_urgent(text: str) -> bool:
    """Return whether a text tells of a danger."""
    if not text.strip():
        return False
    return bool(list_dangers(story_reader.extract_from_story(truncate_middle(text))))


def truncate_middle(text: str) -> str:
    """Return the beginning and the end of a text, together MAX_CHARS_READ_AT_ONCE."""
    half = MAX_CHARS_READ_AT_ONCE // 2
    return text if len(text) <= 2 * half else f"{text[:half]}\n{text[-half:]}"


def _latest_contact(report: Report) -> str:
    return encryption.decrypt_field(merged_report.merged_report(report), "contact") or ""


def _build_followup(report: Report, submission: FollowupSubmission) -> Followup:
    copy = RedactedCopy((_latest_contact(report), submission.contact))
    return Followup(
        report=report,
        kind=submission.kind,
        story=copy.redact(submission.story),
        callers=[_redact_caller(copy, caller) for caller in submission.callers],
        accounts=[copy.redact_field(line, ACCOUNT_CUE) for line in submission.accounts],
        links=[copy.redact_field(link) for link in submission.links],
        called_on=submission.called_on,
        called_on_raw=copy.redact_field(submission.called_on_raw),
        money_lost_raw=copy.redact_field(submission.money_lost_raw),
        commune_id=submission.commune_id,
        commune_raw=copy.redact_field(submission.commune_raw),
        contact_sealed=encryption.encrypt(submission.contact, "contact", report.pk),
        contact_index=contact_index.blind_index(submission.contact),
        phrase_sealed=encryption.encrypt(submission.phrase, "phrase", report.pk),
        # After every redaction, which adds to the copy's flags and originals.
        flags=list(dict.fromkeys([*submission.flags, *copy.flags])),
        story_sealed=encryption.encrypt(copy.sealed_original(submission.story), "story", report.pk),
    )


def list_numbers(merged: MergedReport) -> list[tuple[str, str]]:
    """Return the callers' readable numbers as they stand, each once: its key, and as it is dialled."""
    found = (phone for caller in merged.callers for phone in _parse_numbers(caller))
    numbers = {phone.key: phones.format_dialled(phone.key) for phone in found if phone.key}
    return list(numbers.items())


def _parse_numbers(caller: Caller) -> tuple[ParsedCaller, ...]:
    return phones.parse_many(caller.number[:MAX_NUMBER_CHARS_READ])


def mark_wrong_numbers(
    submission: FollowupSubmission, merged: MergedReport, keys: Collection[str]
) -> FollowupSubmission:
    """Return the submission as a correction whose callers are all those whose number was not marked as
    wrong; the wrong ones stay on record and count no more.
    """
    wrong = dict(list_numbers(merged)).keys() & set(keys)
    if not wrong:
        return submission
    right = (_drop_numbers(caller, wrong) for caller in merged.callers)
    callers = (*(each for each in right if not each.is_empty), *submission.callers)
    # One must be left for the correction to replace the wrong ones.
    left = callers or (Caller(office=merged.report.claimed_office or "other"),)
    return replace(submission, kind=Followup.Kind.CORRECTION, callers=left)


def _drop_numbers(caller: Caller, wrong: Collection[str]) -> Caller:
    numbers = _parse_numbers(caller)
    if not any(phone.key in wrong for phone in numbers):
        return caller
    right = (phone for phone in numbers if phone.key not in wrong)
    left = ", ".join(phones.format_dialled(phone.key) for phone in right if phone.key)
    return replace(caller, number=left) if left or caller.office or caller.name else Caller()


def _redact_caller(copy: RedactedCopy, caller: Caller) -> dict[str, Any]:
    """Return a caller's fields redacted; a readable number stays, as two may look like a card."""
    fields = asdict(caller) | {
        name: copy.redact_field(getattr(caller, name)) for name in ("office", "name")
    }
    is_readable = any(phone.key for phone in _parse_numbers(caller))
    if not is_readable or "masked_contact" in copy.redact_silently(caller.number).flags:
        fields["number"] = copy.redact_field(caller.number)
    return fields
