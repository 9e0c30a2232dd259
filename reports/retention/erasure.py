"""Erasure of reports: for the purge, reporters' requests, and confirmed destructions.

Rows stay, emptied, so counts and audit log stay whole. The callers' numbers, which are not the
reporter's, stay until their own retention ends. Each erasure is noted outside the database too
(erasure_log.py), since a restore brings the report back.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import reduce
from itertools import chain
from typing import Any
from urllib.parse import quote_plus, unquote_plus
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, F, Func, Model, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Now
from django.db.models.lookups import Regex
from django.utils import timezone

from core import encryption
from core.audit import events
from core.database import set_local
from core.errors import CodedError
from core.outbox import queue
from reports.campaigns import regrouping
from reports.cases import corrections, deadlines, legal_holds
from reports.cases.locks import lock_case, lock_report
from reports.extraction import redaction, story_reader
from reports.models import (
    BankLetter,
    CampaignAction,
    CampaignLink,
    CampaignMembershipChange,
    Case,
    Correction,
    DestructionRequest,
    ErasureRequest,
    EvidenceFile,
    ExtractedFacts,
    FingerprintKey,
    Followup,
    Indicator,
    LegalHold,
    MergeProposal,
    Message,
    NoticeAddress,
    NumberFinding,
    Report,
    ReportFingerprint,
    TransferSlip,
    ZaloThread,
)
from reports.models.retention import contacts_erased, report_erased
from reports.numbers.report_counts import CALLERS
from reports.retention import erasure_log
from reports.submission import intake

REMOVE_TASK = "reports.remove_files"
NOTICE = "notice"  # an address, on the list of erasures
ERASED_PLACEHOLDER = "đã xóa"  # replaces officers' words; also in migration 0002
_MAX_FOLLOWUPS_READ = 2**31 - 1  # an extraction of fewer follow-ups never replaces it
_NAMES: dict[str, Any] = {
    "story_sealed": None, "contact_sealed": None, "contact_index": None, "phrase_sealed": None,
}  # fmt: skip
_REPORT = _NAMES | {
    "story": "", "claimed_name": "", "commune_raw": "", "caller_number": "", "money_lost_raw": "",
    "accounts": [], "links": [], "called_on": None, "called_on_raw": "", "external_id": "",
}  # fmt: skip
_EMPTY: Mapping[type[Model], Mapping[str, Any]] = {
    EvidenceFile: {"name_sealed": None},
    Message: {"text_sealed": None, "story": ""},
    Followup: _NAMES | {
        "story": "", "callers": [], "accounts": [], "links": [], "called_on": None, "called_on_raw": "",
        "money_lost_raw": "", "commune": None, "commune_raw": "",
    },
}  # fmt: skip
# Texts of officers and the machine about a report.
_REMARKS: Mapping[type[Model], tuple[str, ...]] = {
    CampaignLink: ("reason",),
    CampaignMembershipChange: ("before_reason",),
    MergeProposal: ("reason",),
    Correction: ("reason",),
    TransferSlip: ("reason", "uncalled_reason", "receiver", "answer", "end_reason"),
    BankLetter: ("bank", "account", "holder", "transferred_when", "text", "answer"),
    LegalHold: ("reason", "released_reason"),
    DestructionRequest: ("reason",),
}


class ErasureScope(StrEnum):
    """The part to erase; NAMES: what identifies the reporter, with the original story."""

    WHOLE = "whole"
    NAMES = "names"
    FILES = "files"
    MESSAGES = "messages"


ACTS = {
    ErasureScope.WHOLE: "erased",
    ErasureScope.NAMES: "contact_erased",
    ErasureScope.FILES: "files_erased",
    ErasureScope.MESSAGES: "messages_erased",
}  # kind of the audit event, without which a trigger refuses the erasure


class ErasureError(CodedError):
    """Nothing was erased: `code` is held, crime_report, gone or, of a file, handed_over."""


def erase(
    report_id: UUID,
    part: ErasureScope = ErasureScope.WHOLE,
    *,
    cause: str,
    by: User | None = None,
    until: datetime | None = None,
) -> None:
    """Erase a report or a part of it as of `until`, and log it. Raises ErasureError."""
    with transaction.atomic():
        lock_case(report_id)  # before the report, in the order of the workflow
        _check_erasable(report_id)
        events.log_event("report", report_id, ACTS[part], by=by, cause=cause)
        _PARTS[part](report_id, until or timezone.now())
        erasure_log.append_on_commit(part, report_id)
        transaction.on_commit(queue.notify)


def take_back_file(report_id: UUID, file_id: UUID) -> None:
    """Erase one file because its sender wants it back. Raises ErasureError: held, crime_report, gone, or
    handed_over where another unit has it.
    """
    with transaction.atomic():
        lock_case(report_id)  # before the report, in the order of the workflow
        _check_erasable(report_id)
        file = EvidenceFile.objects.filter(pk=file_id, report=report_id, erased_at=None).first()
        if file is None:
            raise ErasureError("gone")
        slips = TransferSlip.objects.filter(report=report_id, created_at__gte=file.received_at)
        if slips.exists():
            raise ErasureError("handed_over")
        events.log_event("report", report_id, "file_taken_back", file=str(file.pk))
        erase_rows(EvidenceFile.objects.filter(pk=file.pk))
        erasure_log.append_on_commit(DestructionRequest.What.FILE, file.pk)
        transaction.on_commit(queue.notify)


def forget_addresses(rows: QuerySet[NoticeAddress]) -> None:
    """Delete the addresses of those who want no mails; an archive does not bring them back for long."""
    for pk in rows.values_list("pk", flat=True):
        erasure_log.append_on_commit(NOTICE, pk)
    rows.delete()


def reports_with_scope(part: ErasureScope) -> QuerySet[Report]:
    """Return the reports of which that part is not erased."""
    present = Report.objects.filter(erased_at=None)
    if part is ErasureScope.NAMES:
        named = ~Q(**dict.fromkeys(_NAMES))
        followups = Followup.objects.filter(named, report=OuterRef("pk"), erased_at=None)
        report = named | ~Q(external_id="")  # by which the agency knows who it is of
        return present.filter(report | Exists(followups) | Q(notice_address__isnull=False))
    table = {ErasureScope.FILES: EvidenceFile, ErasureScope.MESSAGES: Message}.get(part)
    if table is None:
        return present
    return present.filter(Exists(_rows_of(table, OuterRef("pk")).filter(erased_at=None)))


def erase_rows(rows: QuerySet[Any]) -> int:
    """Empty files, follow-ups or messages; return how many. A logged act must allow it."""
    present = rows.filter(erased_at=None)
    if rows.model is EvidenceFile:
        for pk in present.values_list("pk", flat=True):
            # Enqueued in the same transaction, so that none stays when a process dies in between.
            queue.enqueue(REMOVE_TASK, pk)
    return present.update(erased_at=Now(), **_EMPTY[rows.model])


def _check_erasable(report_id: UUID) -> None:
    if lock_report(report_id).erased_at:
        raise ErasureError("gone")
    if against := find_blocker(report_id):
        raise ErasureError(against)


def find_blocker(report_id: UUID) -> str:
    """Return what keeps a report from being erased: "held", "crime_report" or ""."""
    if legal_holds.is_held(report_id):
        return "held"
    is_crime = Case.objects.filter(pk=report_id, status=Case.Status.CRIME_REPORT).exists()
    return "crime_report" if is_crime else ""


def _erase_whole(report_id: UUID, _: datetime) -> None:
    _block_extraction(report_id)  # first: a running extraction ends before the rest is erased
    _erase_contacts(report_id, _rows_of(Followup, report_id))
    Report.objects.filter(pk=report_id).update(erased_at=Now(), **_REPORT)
    _rows_of(NoticeAddress, report_id).delete()
    for table in _EMPTY:
        erase_rows(_rows_of(table, report_id))
    _erase_indicators(report_id)
    _erase_remarks(report_id)
    deadlines.cancel_all(report_id)


def _erase_names(report_id: UUID, until: datetime) -> None:
    followups = Followup.objects.filter(report=report_id, erased_at=None, received_at__lte=until)
    _erase_contacts(report_id, followups)
    Report.objects.filter(pk=report_id).update(external_id="", **_NAMES)
    followups.update(**_NAMES)
    NoticeAddress.objects.filter(report=report_id, added_at__lte=until).delete()


def _erase_files(report_id: UUID, until: datetime) -> None:
    erase_rows(EvidenceFile.objects.filter(report=report_id, received_at__lte=until))


def _erase_messages(report_id: UUID, until: datetime) -> None:
    erase_rows(Message.objects.filter(report=report_id, sent_at__lte=until))
    queue.enqueue_once(intake.TRIAGE_TASK, report_id)  # what was read in them goes too


_PARTS: Mapping[ErasureScope, Callable[[UUID, datetime], None]] = {
    ErasureScope.WHOLE: _erase_whole,
    ErasureScope.NAMES: _erase_names,
    ErasureScope.FILES: _erase_files,
    ErasureScope.MESSAGES: _erase_messages,
}


def _rows_of(table: type[Model], report_id: UUID | OuterRef) -> QuerySet[Any]:
    return table._default_manager.filter(report=report_id)  # noqa: SLF001


def _erase_contacts(report_id: UUID, followups: QuerySet[Followup]) -> None:
    """Erase the reporter's contacts from campaign actions, and where `contacts_erased` reaches; no further
    text by Zalo comes to the report.
    """
    _rows_of(ZaloThread, report_id).delete()
    mailboxes = NoticeAddress.objects.filter(report=report_id)
    rows = (*Report.objects.filter(pk=report_id), *followups)
    texts = [encryption.decrypt_field(row, "contact") or "" for row in rows]
    texts += [encryption.decrypt_field(row, "address") or "" for row in mailboxes]
    contacts = {each for text in texts for each in redaction.identifying_strings(text)}
    contacts -= _list_callers(contacts)
    if not contacts:
        return
    for act in find_rows_with_contact(CampaignAction, contacts, "reason"):
        act.reason = _strip_contacts(act.reason, contacts, ERASED_PLACEHOLDER)
        act.save(update_fields=["reason"])
    contacts_erased.send(sender=Report, contacts=contacts)


def _list_callers(contacts: Iterable[str]) -> set[str]:
    """Return the numbers that a report names or a finding is about."""
    rows: Any = (Indicator.objects, NumberFinding.objects)
    keys = [f"+84{contact}" for contact in contacts]
    named = (each.filter(key__in=keys).values_list("key", flat=True) for each in rows)
    return {key.removeprefix("+84") for key in chain(*named)}


def _strip_contacts(text: str, contacts: Iterable[str], mask: str) -> str:
    return reduce(
        lambda left, contact: redaction.strip_strings(left, contact, mask), contacts, text
    )


def find_rows_with_contact(
    table: type[Model], contacts: Collection[str], *fields: str
) -> list[Any]:
    """Return the rows whose fields name a mail address or a number in any spelling. The database
    selects roughly, by the digits, in one statement for all of them.
    """
    numbers = "|".join(filter(str.isdecimal, contacts))
    spellings = {quote(contact) for contact in contacts for quote in (str, quote_plus)}
    mails = "|".join(map(re.escape, (each for each in spellings if not each.isdecimal())))
    roughly = Q()
    for field in fields:
        digits = Func(
            F(field), Value(r"%[0-9A-F]{2}|\D"), Value(""), Value("g"),
            function="regexp_replace", output_field=TextField(),
        )  # fmt: skip
        roughly |= Q(Regex(digits, numbers)) if numbers else Q()
        roughly |= Q(**{f"{field}__iregex": mails}) if mails else Q()
    rows = table._default_manager.filter(roughly)  # noqa: SLF001
    texts = {row: " | ".join(unquote_plus(getattr(row, field)) for field in fields) for row in rows}
    return [row for row, text in texts.items() if _strip_contacts(text, contacts, "") != text]


def _block_extraction(report_id: UUID) -> None:
    """Empty the words of the extracted facts, and let no later extraction replace them."""
    row = ExtractedFacts(
        report_id=report_id,
        scenario=story_reader.UNCLEAR,
        priority=0,
        rules_version="",
        followups_read=_MAX_FOLLOWUPS_READ,
    )
    ExtractedFacts.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["report"],
        update_fields=["reasons", "search_text", "commune", "commune_raw", "followups_read"],
    )


def _erase_indicators(report_id: UUID) -> None:
    """Erase all indicators but the callers' numbers, which the number lookup counts."""
    indicators = Indicator.objects.filter(report=report_id)
    callers = indicators.filter(kind=Indicator.Kind.NUMBER, source__in=CALLERS).exclude(key="")
    indicators.exclude(pk__in=callers.values("pk")).delete()
    callers.update(raw=F("key"))
    regrouping.enqueue_if_changed(report_id)
    _erase_fingerprint(report_id)


def erase_caller_numbers(report_id: UUID) -> None:
    Indicator.objects.filter(report=report_id).delete()


def _erase_fingerprint(report_id: UUID) -> None:
    for fingerprint in ReportFingerprint.objects.filter(report=report_id):
        keys = FingerprintKey.objects.filter(
            key__in=fingerprint.lookup_keys, created_at=fingerprint.created_at
        )
        keys.filter(report_id=report_id).delete()
    ReportFingerprint.objects.filter(report=report_id).delete()


def _erase_remarks(report_id: UUID) -> None:
    """Erase officers' words beside the report and in its audit events; the chain stays whole."""
    # As a person: a trigger lets the machine move no link that an officer placed.
    set_local("reports.person", "erasing")
    for table, fields in _REMARKS.items():
        _rows_of(table, report_id).update(**dict.fromkeys(fields, ERASED_PLACEHOLDER))
    corrections.erase_named(report_id)
    set_local("reports.person", "")
    ErasureRequest.objects.filter(report=report_id).update(text_sealed=None)
    report_erased.send(sender=Report, report_id=report_id)
    events.redact_details_of("report", report_id, reason=ERASED_PLACEHOLDER)
