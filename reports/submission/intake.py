"""Write a submission as a report: once, in one transaction.

One statement writes the report, its receipt, the outbox item of its triage and its origin digests
(flood_detection.py); a trigger opens the case. After COMMIT a NOTIFY wakes the relay.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import structlog
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.functional import SimpleLazyObject

from core import encryption, tracing
from core.audit import events
from core.database import PreparedStatement, call_or_reconnect, execute_pipeline, log_database_error
from core.errors import NotAllowedError
from core.keys import content_digests, newest_key
from core.outbox import queue
from core.outbox.queue import Priority
from reports.extraction.bank_accounts_and_links import ACCOUNT_CUE
from reports.extraction.redaction import RedactedCopy
from reports.facts import abuse_flags, contact_index
from reports.models import Case, Report
from reports.models.report import new_public_number
from reports.notices import addresses
from reports.submission import receipt_codes
from reports.submission.sources import WEB, IntakeSource

log = structlog.get_logger(__name__)

TRIAGE_TASK = "reports.triage"
FILING_PERMISSION = "reports.file_report"
OFFICER_SOURCES = (
    Report.Source.PHONE,
    Report.Source.WALK_IN,
    Report.Source.LETTER,
    Report.Source.DESK,
)

_REPORT_COLUMNS = (
    "id", "public_number", "source", "api_client_id", "external_id", "language", "submission_key", "content_digest",
    "happening_now", "channel", "caller_number", "claimed_office", "claimed_name",
    "story", "demands", "money_lost", "money_lost_raw", "commune_id", "commune_raw", "on_behalf",
    "accounts", "links", "called_on", "called_on_raw", "answers", "flags", "story_sealed", "contact_sealed", "phrase_sealed", "contact_index",
)  # fmt: skip


def _insert_sql(*columns: str) -> str:
    # One statement is one transaction. As three of the ORM's, with BEGIN and COMMIT around them,
    # it cost half of the request (bar 1 of `make bench`).
    return f"""
WITH report AS (
    INSERT INTO reports_report ({", ".join(columns)})
    VALUES ({", ".join(f"%({name})s" for name in columns)})
    ON CONFLICT (submission_key, content_digest) DO NOTHING
    RETURNING id
), receipt AS (
    INSERT INTO reports_receipt (report_id, derived_with, hashed_with, code_hash)
    SELECT id, %(key_id)s, %(key_id)s, %(code_hash)s FROM report
), item AS (
    INSERT INTO core_outboxitem (task, key, priority, traceparent)
    SELECT %(task)s, id::text, %(priority)s, %(traceparent)s FROM report
), flood_sample AS (
    INSERT INTO reports_floodsample (report_id, origin_digests)
    SELECT id, %(came_from)s::text[] FROM report WHERE %(came_from)s::text[] IS NOT NULL
)
SELECT true FROM report
"""  # noqa: S608  # nosec B608


# Planned once a connection, which saves a fifth of PostgreSQL's work for a report.
_WRITE = PreparedStatement("take_in", _insert_sql(*_REPORT_COLUMNS))
# For demo reports, which are backdated.
_WRITE_BACKDATED = _insert_sql(*_REPORT_COLUMNS, "received_at")
_DERIVED = ("flags", "commune_id", "called_on", "language", "email")
_AS_TYPED = (
    "happening_now", "channel", "caller_number", "money_lost", "commune_id", "on_behalf", "language",
    "called_on",
)  # fmt: skip
# Redacted beside the story; a caller's number is evidence as it was typed.
_FIELDS = ("claimed_office", "claimed_name", "called_on_raw", "money_lost_raw", "commune_raw")


@dataclass(frozen=True)
class CallDetails:
    """What a report and a follow-up tell alike, as typed, free of NUL and lone surrogates
    (core/form_data.py); `called_on`: the day that `called_day` means, if any.
    """

    story: str = ""
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


@dataclass(frozen=True)
class ReportSubmission(CallDetails):
    """The form of a report; None: no answer."""

    happening_now: bool | None = None
    channel: str = ""
    caller_number: str = ""
    claimed_office: str = ""
    claimed_name: str = ""
    demands: tuple[str, ...] = ()
    money_lost: bool | None = None
    email: str = ""  # for notices (reports/notices/)
    on_behalf: bool = False
    answers: Mapping[str, str] = field(default_factory=dict)
    language: str = Report.Language.VIETNAMESE


@dataclass(frozen=True)
class SubmissionResult:
    """A stored report, its public number, its receipt code if it can be shown, and whether it was
    stored before.
    """

    report: Report
    number: str
    code: str | None
    again: bool


def submit_report(
    typed: ReportSubmission, submission_key: str, source: IntakeSource = WEB
) -> SubmissionResult:
    """Write a submission and return its report and code.

    The same words under the same key are the same report and code, other words a further report.
    Raises DatabaseError or InterfaceError when it is not known to be written, and where nobody could
    open it later.
    """
    encryption.require_right_keys()
    # Safe even if the first try was written: the same words are the same report.
    accepted = call_or_reconnect(lambda: _accept(typed, submission_key, source))
    if typed.email.strip():
        with log_database_error(log, "report.keep_email_failed"):
            addresses.register(accepted.report.pk, typed.email, replaces=False)
    return accepted


def _accept(typed: ReportSubmission, submission_key: str, source: IntakeSource) -> SubmissionResult:
    digests = _digests(typed, submission_key)
    if before := _find_under_older_keys(digests, submission_key):
        return _repeated_result(before)
    row, code = _build_row(typed, submission_key, digests[0], source)
    if not _write(row):
        sent = {"submission_key": submission_key, "content_digest": row["content_digest"]}
        return _repeated_result(Report.objects.select_related("receipt").get(**sent))
    queue.notify_throttled()
    report = SimpleLazyObject(lambda: Report.objects.get(pk=row["id"]))  # a browser needs no row
    return SubmissionResult(cast("Report", report), row["public_number"], code, again=False)


def file_on_behalf(
    typed: ReportSubmission, submission_key: str, source: str, by: User
) -> SubmissionResult:
    """Submit for somebody else and log who filed it, once. Raises NotAllowedError."""
    if not by.has_perm(FILING_PERMISSION):
        raise NotAllowedError
    accepted = submit_report(typed, submission_key, IntakeSource(source))
    _log_filing(accepted.report, by)
    return accepted


def file_row(typed: ReportSubmission, submission_key: str, by: User) -> SubmissionResult:
    """Submit a row of a list for somebody else, once by its key, also where it was understood otherwise
    when it came before. Raises NotAllowedError.
    """
    sent = Report.objects.filter(submission_key=submission_key).select_related("receipt")
    # In no order: for the first by its key PostgreSQL may go through the whole table.
    if (before := next(iter(sent), None)) is None or not by.has_perm(FILING_PERMISSION):
        return file_on_behalf(typed, submission_key, Report.Source.FILE, by)
    _log_filing(before, by)
    return _repeated_result(before)


def _log_filing(report: Report, by: User) -> None:
    """Log who filed a report, once: also after a first try that ended between report and log."""
    with transaction.atomic():
        Case.objects.select_for_update().get(report_id=report.pk)
        if not events.events_for("report", report.pk).filter(kind="filed").exists():
            events.log_event("report", report.pk, "filed", by=by, source=report.source)


def submit_demo_report(
    typed: ReportSubmission, submission_key: str, received_at: datetime
) -> SubmissionResult:
    """Write a demo report with a past time of receipt, once, without waking the relay."""
    digests = _digests(typed, submission_key)
    if before := _find_under_older_keys(digests, submission_key):
        return _repeated_result(before)
    row, code = _build_row(typed, submission_key, digests[0], WEB)
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_BACKDATED, row | {"received_at": received_at})
        is_new = cursor.fetchone() is not None
    sent = {"submission_key": submission_key, "content_digest": row["content_digest"]}
    report = Report.objects.get(**sent)
    return SubmissionResult(report, report.public_number, code, again=not is_new)


def _build_row(
    typed: ReportSubmission, submission_key: str, digest: bytes, source: IntakeSource
) -> tuple[dict[str, Any], str]:
    """Return the values of a report's row by name, and its code."""
    key = newest_key()
    code = receipt_codes.derive_code(submission_key, digest, key)
    report_id = uuid4()
    row = _evidence(typed, report_id) | {
        "id": report_id,
        "public_number": new_public_number(),
        "source": source.kind,
        "api_client_id": source.client_id,
        "external_id": source.external_id,
        "came_from": source.origin_digests,
        "submission_key": submission_key,
        "content_digest": digest,
        "key_id": key.id,
        "code_hash": receipt_codes.code_hash(code, key),
        "task": TRIAGE_TASK,
        "priority": _pick_priority(typed, source),
        "traceparent": tracing.traceparent.get(),
    }
    return row, code


def _pick_priority(typed: ReportSubmission, source: IntakeSource) -> Priority:
    """Return when a report is triaged: the rows of a list, which were told long ago, let everybody go first,
    and a flood of flagged reports may not delay real emergencies.
    """
    if source.kind == Report.Source.FILE:
        return Priority.IDLE
    is_urgent = typed.happening_now and not abuse_flags.is_deprioritized(typed.flags)
    return Priority.URGENT if is_urgent else Priority.USUAL


def _find_under_older_keys(digests: list[bytes], submission_key: str) -> Report | None:
    """Return the report with the same words, digested under a rotated key, or None."""
    if len(digests) == 1:
        return None
    sent = Report.objects.filter(submission_key=submission_key, content_digest__in=digests[1:])
    return sent.select_related("receipt").first()


def _repeated_result(report: Report) -> SubmissionResult:
    code = receipt_codes.recover_code(report)
    return SubmissionResult(report, report.public_number, code, again=True)


def _evidence(typed: ReportSubmission, report_id: UUID) -> dict[str, Any]:
    """Return the typed values by column: personal ones encrypted, the working copy redacted."""
    copy = RedactedCopy((typed.contact, typed.email))
    redacted = {name: copy.redact_field(getattr(typed, name)) for name in _FIELDS}
    as_typed = {name: getattr(typed, name) for name in _AS_TYPED}
    return (
        redacted
        | as_typed
        | {
            "accounts": [copy.redact_field(line, ACCOUNT_CUE) for line in typed.accounts],
            "links": [copy.redact_field(link) for link in typed.links],
            "story": copy.redact(typed.story),
            "story_sealed": encryption.encrypt(
                copy.sealed_original(typed.story), "story", report_id
            ),
            "demands": list(typed.demands),
            "contact_sealed": encryption.encrypt(typed.contact, "contact", report_id),
            "contact_index": contact_index.blind_index(typed.contact),
            "phrase_sealed": encryption.encrypt(typed.phrase, "phrase", report_id),
            "answers": json.dumps(typed.answers, ensure_ascii=False, sort_keys=True),
            "flags": list(dict.fromkeys([*typed.flags, *copy.flags])),
        }
    )


def _write(row: dict[str, Any]) -> bool:
    """Write report, receipt and outbox item; return False if the report exists."""
    with connection.cursor() as cursor:
        execute_pipeline(cursor, row, _WRITE)
        return cursor.fetchone() is not None


def _digests(typed: ReportSubmission, submission_key: str) -> list[bytes]:
    # Without derived values and language: pressing the button again is the same report.
    words = {name: value for name, value in vars(typed).items() if name not in _DERIVED}
    return content_digests("content digest", submission_key, words)
