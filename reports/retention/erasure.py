"""Erasing what people confided. One way for the nightly purge, for whoever asks with the code, and
for two officers who have one file or addition destroyed.

Rows stay, emptied: what was counted stays counted, and the record of acts stays whole. What is
left of a caller is the number itself, which is not the reporter's, until its own time is over.
Whatever is erased is noted outside the database too (erased_list.py), for a restore from an archive
brings it back.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote_plus, unquote_plus
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Exists, F, Func, Model, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Now
from django.db.models.lookups import Contains
from django.utils import timezone

from core import encryption
from core.audit import events
from core.outbox import queue
from desk.models import ReportViewer, SavedSearch
from reports.cases import deadlines, legal_holds
from reports.extraction import redaction, story_reader
from reports.models import (
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
    NumberFinding,
    Report,
    ReportFingerprint,
    TransferSlip,
)
from reports.numbers.report_counts import CALLERS
from reports.retention import erasure_log

REMOVE = "reports.remove_file"
GONE = "đã xóa"  # in the place of what an officer wrote (migration 0047)
_NEVER_READ_AGAIN = 2**31 - 1  # additions: a reading that knew fewer never replaces it
_NAMES: dict[str, Any] = {
    "story_sealed": None, "contact_sealed": None, "contact_index": None, "phrase_sealed": None,
}  # fmt: skip
_REPORT = _NAMES | {
    "story": "", "claimed_name": "", "commune_raw": "", "caller_number": "", "money_lost_raw": "",
}  # fmt: skip
_EMPTY: Mapping[type[Model], Mapping[str, Any]] = {
    EvidenceFile: {"name_sealed": None},
    Message: {"text_sealed": None},
    Followup: _NAMES | {
        "story": "", "callers": [], "accounts": [], "links": [], "called_on": None, "called_on_raw": "",
        "money_lost_raw": "", "commune": None, "commune_raw": "",
    },
}  # fmt: skip
# Where officers, and the machine, wrote beside a report.
_BESIDE: Mapping[type[Model], tuple[str, ...]] = {
    CampaignLink: ("reason",),
    CampaignMembershipChange: ("before_reason",),
    MergeProposal: ("reason",),
    Correction: ("reason",),
    TransferSlip: ("reason",),
    LegalHold: ("reason", "released_reason"),
    DestructionRequest: ("reason",),
}


class ErasureScope(StrEnum):
    """What of a report is erased. NAMES: all that tells whose it is, the sealed story too; the
    working copy stays.
    """

    WHOLE = "whole"
    NAMES = "names"
    FILES = "files"
    MESSAGES = "messages"


ACTS = {
    ErasureScope.WHOLE: "erased",
    ErasureScope.NAMES: "contact_erased",
    ErasureScope.FILES: "files_erased",
    ErasureScope.MESSAGES: "messages_erased",
}  # on record, by which alone the database lets it pass


class ErasureError(Exception):
    """It was not done: `why` is held, crime or gone. Nothing has been written."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def erase(
    report_id: UUID,
    part: ErasureScope = ErasureScope.WHOLE,
    *,
    why: str,
    by: User | None = None,
    until: datetime | None = None,
) -> None:
    """Erase a report, or what of a part had come in until then, on record. `why` is a code. Raises
    ErasureError.
    """
    with transaction.atomic():
        deadlines.lock_case(report_id)  # before the report, as whoever decides on it locks them
        _must_be_free(report_id)
        events.log_event("report", report_id, ACTS[part], by=by, why=why)
        _PARTS[part](report_id, until or timezone.now())
        erasure_log.append_on_commit(part, report_id)
        transaction.on_commit(queue.notify)


def reports_with_scope(part: ErasureScope) -> QuerySet[Report]:
    """Reports of which that part is still there."""
    present = Report.objects.filter(erased_at=None)
    if part is ErasureScope.NAMES:
        named = ~Q(**dict.fromkeys(_NAMES))
        told = Followup.objects.filter(named, report=OuterRef("pk"), erased_at=None)
        return present.filter(named | Exists(told))
    table = {ErasureScope.FILES: EvidenceFile, ErasureScope.MESSAGES: Message}.get(part)
    return (
        present.filter(Exists(_of(table, OuterRef("pk")).filter(erased_at=None)))
        if table
        else present
    )


def erase_rows(rows: QuerySet[Any]) -> int:
    """Take the words out of files, additions or messages, and the files off the disk; how many. An
    act that is on record must allow it (triggers).
    """
    present = rows.filter(erased_at=None)
    if rows.model is EvidenceFile:
        for pk in present.values_list("pk", flat=True):
            # Owed in the same transaction, so that none stays when a process dies in between.
            queue.enqueue(REMOVE, pk)
    return present.update(erased_at=Now(), **_EMPTY[rows.model])


def _must_be_free(report_id: UUID) -> None:
    if legal_holds.lock_report(report_id).erased_at:
        raise ErasureError("gone")
    if legal_holds.is_held(report_id):
        raise ErasureError("held")
    if Case.objects.filter(report=report_id, status=Case.Status.ACTIONED).exists():
        raise ErasureError("crime")


def _whole(report_id: UUID, _: datetime) -> None:
    _stop_readers(report_id)  # first: who is writing now ends before the rest is taken
    _clear_of_contacts(report_id, _of(Followup, report_id))
    Report.objects.filter(pk=report_id).update(erased_at=Now(), **_REPORT)
    for table in _EMPTY:
        erase_rows(_of(table, report_id))
    _empty_what_was_read(report_id)
    _empty_what_was_written(report_id)
    deadlines.cancel_all(report_id)


def _names(report_id: UUID, until: datetime) -> None:
    told = Followup.objects.filter(report=report_id, erased_at=None, received_at__lte=until)
    _clear_of_contacts(report_id, told)
    Report.objects.filter(pk=report_id).update(**_NAMES)
    told.update(**_NAMES)


def _files(report_id: UUID, until: datetime) -> None:
    erase_rows(EvidenceFile.objects.filter(report=report_id, received_at__lte=until))


def _messages(report_id: UUID, until: datetime) -> None:
    erase_rows(Message.objects.filter(report=report_id, sent_at__lte=until))


_PARTS: Mapping[ErasureScope, Callable[[UUID, datetime], None]] = {
    ErasureScope.WHOLE: _whole,
    ErasureScope.NAMES: _names,
    ErasureScope.FILES: _files,
    ErasureScope.MESSAGES: _messages,
}


def _of(table: type[Model], report_id: UUID | OuterRef) -> QuerySet[Any]:
    return table._default_manager.filter(report=report_id)  # noqa: SLF001


def _clear_of_contacts(report_id: UUID, additions: QuerySet[Followup]) -> None:
    """What officers wrote beside no one report, where a contact of the reporter stands in it: why
    they acted on a campaign, and searches that they keep.
    """
    rows = (*Report.objects.filter(pk=report_id), *additions)
    contacts = filter(None, (encryption.decrypt_field(row, "contact") for row in rows))
    told = {each for contact in contacts for each in redaction.identifying_strings(contact)}
    for each in filter(_is_the_reporters, told):
        for act in _holding_it(CampaignAction, each, "reason"):
            act.reason = redaction.strip_strings(act.reason, each, GONE)
            act.save(update_fields=["reason"])
        for search in _holding_it(SavedSearch, each, "name", "query"):
            events.log_event("search", search.pk, "search_removed", why="contact")
            search.delete()


def _is_the_reporters(told: str) -> bool:
    """Whether officers who write it can mean the reporter alone: a number that somebody told of, or
    that a finding is about, is what they work on.
    """
    key = f"+84{told}"
    return not (
        Indicator.objects.filter(key=key).exists() or NumberFinding.objects.filter(key=key).exists()
    )


def _holding_it(table: type[Model], told: str, *fields: str) -> list[Any]:
    """Rows in which a mail address or a number stands, however it is spelled, also as an address of
    a page has it. The database looks roughly: for the digits, whatever stands between them.
    """
    roughly = Q()
    for field in fields:
        only = Func(
            F(field), Value(r"%[0-9A-F]{2}|\D"), Value(""), Value("g"),
            function="regexp_replace", output_field=TextField(),
        )  # fmt: skip
        as_typed = Q(**{f"{field}__icontains": told}) | Q(
            **{f"{field}__icontains": quote_plus(told)}
        )
        roughly |= Q(Contains(only, told)) if told.isdecimal() else as_typed
    rows = table._default_manager.filter(roughly)  # noqa: SLF001
    words = {row: " | ".join(unquote_plus(getattr(row, field)) for field in fields) for row in rows}
    return [row for row, text in words.items() if redaction.strip_strings(text, told, GONE) != text]


def _stop_readers(report_id: UUID) -> None:
    """What the machine had read stays as codes, without its words, and is never read again: a
    triage that knew the words before comes too late.
    """
    row = ExtractedFacts(
        report_id=report_id,
        scenario=story_reader.UNCLEAR,
        priority=0,
        rules_version="",
        followups_read=_NEVER_READ_AGAIN,
    )
    ExtractedFacts.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["report"],
        update_fields=["reasons", "search_text", "commune", "commune_raw", "followups_read"],
    )


def _empty_what_was_read(report_id: UUID) -> None:
    """Of all that was named only the callers' numbers stay, as the look at a number counts them."""
    found = Indicator.objects.filter(report=report_id)
    numbers = found.filter(kind=Indicator.Kind.NUMBER, place__in=CALLERS)
    kept = numbers.exclude(key="")
    found.exclude(pk__in=kept.values("pk")).delete()
    kept.update(raw=F("key"))
    _forget_footprint(report_id)


def erase_caller_numbers(report_id: UUID) -> None:
    """Take the callers' numbers too, when their own time is over."""
    Indicator.objects.filter(report=report_id).delete()


def _forget_footprint(report_id: UUID) -> None:
    """No report finds this one any more."""
    for print_ in ReportFingerprint.objects.filter(report=report_id):
        keys = FingerprintKey.objects.filter(
            key__in=print_.lookup_keys, created_at=print_.created_at
        )
        keys.filter(report_id=report_id).delete()
    ReportFingerprint.objects.filter(report=report_id).delete()


def _empty_what_was_written(report_id: UUID) -> None:
    """Officers' words: beside the report, and in the record of acts, whose chain holds without."""
    _say_who("erasing")
    for table, words in _BESIDE.items():
        _of(table, report_id).update(**dict.fromkeys(words, GONE))
    _say_who("")
    ErasureRequest.objects.filter(report=report_id).update(text_sealed=None)
    ReportViewer.objects.filter(report=report_id).delete()
    events.redact_details_of("report", report_id, reason=GONE)


def _say_who(person: str) -> None:
    """As people's acts on campaigns do: where an officer placed a report the machine moves nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('reports.person', %s, true)", [person])
