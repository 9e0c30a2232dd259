"""What a reporter says after the report: intake's second door, with the receipt as its key.

An addition, or a message to the desk, is evidence like the report: written once, in one
transaction with the triage that it owes, personal words sealed and masked out of the working copy.
The same words under the same key are the same row.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from core import encryption
from core.keys import FieldKey, field_keys, newest_key
from core.outbox import queue
from reports.cases import deadlines
from reports.extraction import phones, redaction, story_reader
from reports.extraction.accounts_and_links import MAX_NUMBER_CHARS_READ
from reports.extraction.redaction import RedactedCopy
from reports.facts import merged_report
from reports.facts.merged_report import Caller
from reports.models import Followup, Message, Report
from reports.submission.intake import TRIAGE

# Of one report: far more than anybody in need says, and what desk and machine can read.
MAX_ADDITIONS = 40
MAX_WISHES = 5  # to withdraw, counted by themselves: who has said much may still wish so
MAX_MESSAGES = 100
READ_AT_ONCE = 4000  # signs that are read while somebody waits: 40 ms
_ACCOUNT = "stk "  # what stands in the field for accounts is one, with or without the word

_DERIVED = ("flags", "commune_id", "called_on")
T = TypeVar("T", Followup, Message)

_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


class ReportErasedError(Exception):
    """The report's personal data are gone, and nothing more is taken in for it."""


class LimitReachedError(Exception):
    """As much has been said of the report as is taken in by this way."""


@dataclass(frozen=True)
class FollowupSubmission:
    """What was typed on a form of the tracking page. `called_day` is the choice that was made,
    `called_on` the day that came of it, None where none can be told.
    """

    kind: str = Followup.Kind.MORE
    story: str = ""
    legs: tuple[Caller, ...] = ()
    accounts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    called_day: str = ""
    called_on: date | None = None
    called_on_raw: str = ""
    money_lost_raw: str = ""
    commune_raw: str = ""
    commune_id: str | None = None
    contact: str = ""
    phrase: str = ""
    flags: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said."""
        lists = (self.legs, self.accounts, self.links)
        texts = (
            self.story, self.called_day, self.called_on_raw, self.money_lost_raw, self.commune_raw,
            self.contact, self.phrase,
        )  # fmt: skip
        return not any(lists) and not any(text.strip() for text in texts)


@dataclass(frozen=True)
class FollowupResult:
    """An addition that is in the database, and whether it is there only now."""

    addition: Followup
    is_new: bool


def submit_followup(
    report: Report, said: FollowupSubmission, submission_key: str
) -> FollowupResult:
    """Keep an addition, once.

    Raises ErasedError, FullError, or DatabaseError where it is not known to be written.
    """
    words = {name: told for name, told in asdict(said).items() if name not in _DERIVED}
    with transaction.atomic():
        # Decisions lock the case before the report: so does this.
        case = deadlines.lock_case(report.pk) if _is_pressing(said.story) else None
        _hold(report)
        if before := _filter_sent(report.followups.all(), submission_key, words).first():
            return FollowupResult(before, is_new=False)
        if _is_full(report, said.kind):
            raise LimitReachedError
        addition = _row(report, said, submission_key, words)
        addition.save(force_insert=True)
        if said.kind != Followup.Kind.WITHDRAWAL:
            queue.enqueue_once(TRIAGE, report.pk)
        if case:
            deadlines.restart_review_deadline(case)
    queue.notify()
    return FollowupResult(addition, is_new=True)


def submit_reply(report: Report, text: str, submission_key: str) -> bool:
    """Keep a message of the reporter; False when it is kept already. Raises as `add`."""
    with transaction.atomic():
        case = deadlines.lock_case(report.pk) if _is_pressing(text) else None  # first, as above
        _hold(report)
        if _filter_sent(report.messages.filter(actor=None), submission_key, text).exists():
            return False
        if report.messages.filter(actor=None).count() >= MAX_MESSAGES:
            raise LimitReachedError
        Message(
            report=report,
            text_sealed=encryption.encrypt(text, "text", report.pk),
            submission_key=submission_key,
            content_digest=_digest(text, submission_key, newest_key()),
        ).save(force_insert=True)
        if case:
            deadlines.restart_review_deadline(case)
    return True


def _is_pressing(text: str) -> bool:
    """Whether it tells of pressing that goes on, or of money that has just gone."""
    if not text.strip():
        return False
    said = story_reader.extract_from_story(truncate_middle(text))
    return said.ongoing or any(reason.fact == "just_now" for reason in said.reasons)


def truncate_middle(text: str) -> str:
    """As much as is read while somebody waits: how it began, and what goes on now, said last."""
    half = READ_AT_ONCE // 2
    return text if len(text) <= READ_AT_ONCE else f"{text[:half]}\n{text[-half:]}"


def _hold(report: Report) -> None:
    """Nobody else adds to this report, or erases it, until COMMIT."""
    locked = Report.objects.select_for_update(no_key=True).only("erased_at").get(pk=report.pk)
    if locked.erased_at:
        raise ReportErasedError


def _is_full(report: Report, kind: str) -> bool:
    wish = Followup.Kind.WITHDRAWAL
    if kind == wish:
        return report.followups.filter(kind=wish).count() >= MAX_WISHES
    return report.followups.exclude(kind=wish).count() >= MAX_ADDITIONS


def _filter_sent(rows: QuerySet[T], submission_key: str, words: object) -> QuerySet[T]:
    """The rows of a report that hold these words, under whichever of our keys they came."""
    digests = [_digest(words, submission_key, key) for key in field_keys()]
    return rows.filter(submission_key=submission_key, content_digest__in=digests)


def _digest(words: object, submission_key: str, key: FieldKey) -> bytes:
    # Keyed, as a report's is: a bare hash would let the holder of a dump try numbers against it.
    return key.mac("later digest", _json([submission_key, words]).encode())


def _row(report: Report, said: FollowupSubmission, submission_key: str, words: object) -> Followup:
    copy = RedactedCopy(
        (
            encryption.decrypt_field(merged_report.merged_report(report), "contact") or "",
            said.contact,
        )
    )
    story = copy.redact(said.story)
    fields = {
        "callers": [_leg(copy, leg) for leg in said.legs],
        "accounts": [copy.redact_field(line, _ACCOUNT) for line in said.accounts],
        "links": [copy.redact_field(link) for link in said.links],
        "called_on_raw": copy.redact_field(said.called_on_raw),
        "money_lost_raw": copy.redact_field(said.money_lost_raw),
        "commune_raw": copy.redact_field(said.commune_raw),
    }
    return Followup(
        report=report,
        kind=said.kind,
        submission_key=submission_key,
        content_digest=_digest(words, submission_key, newest_key()),
        story=story,
        story_sealed=encryption.encrypt(copy.sealed_original(said.story), "story", report.pk),
        **fields,
        called_on=said.called_on,
        commune_id=said.commune_id,
        flags=list(dict.fromkeys([*said.flags, *copy.flags])),
        contact_sealed=encryption.encrypt(said.contact, "contact", report.pk),
        contact_index=redaction.blind_index(said.contact),
        phrase_sealed=encryption.encrypt(said.phrase, "phrase", report.pk),
    )


def _leg(copy: RedactedCopy, leg: Caller) -> dict[str, Any]:
    """One caller; two numbers in one field are no card."""
    texts = asdict(leg)
    for name in ("office", "name"):
        texts[name] = copy.redact_field(texts[name])
    if not _is_readable(leg.number) or "masked_contact" in copy.redact_silently(leg.number).flags:
        texts["number"] = copy.redact_field(leg.number)
    return texts


def _is_readable(number: str) -> bool:
    return any(phone.key for phone in phones.parse_many(number[:MAX_NUMBER_CHARS_READ]))
