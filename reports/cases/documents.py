"""The documents of a report: numbered slips for other units, numbered letters to banks, a ZIP of the case."""

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from core.audit import events
from core.errors import ActionError, CodedError
from reports.attachments import storage
from reports.cases.legal_holds import ReportErasedError
from reports.cases.locks import lock_case
from reports.models import BankLetter, Case, Report, TransferSlip
from reports.notices import addresses

SUMS = "SHA256SUMS.txt"


class DocumentError(CodedError, ActionError):
    """Nothing was written: `code` is same (such a letter waits for its
    answer), answered, or amount (the bank holds more than was asked).
    """


def issue_transfer_slip(case: Case, by: User, **values: Any) -> TransferSlip:
    """Return a new slip; the caller has locked the case."""
    number = TransferSlip.next_number()
    return TransferSlip.objects.create(**number, report_id=case.pk, actor=by, **values)


def issue_bank_letter(report_id: UUID, by: User, words: Mapping[str, Any]) -> BankLetter:
    """Return a new letter; the caller has locked the case. `words`: bank, account, holder, amount_vnd,
    transferred_when, text. Raises DocumentError.
    """
    same = {name: words[name] for name in ("account", "amount_vnd")}
    if BankLetter.objects.filter(report=report_id, answered_at=None, **same).exists():
        raise DocumentError("same")
    number = BankLetter.next_number()
    return BankLetter.objects.create(**number, report_id=report_id, actor=by, **words)


def record_answer(letter: BankLetter, by: User, *, frozen_vnd: int, answer: str) -> None:
    """Record how much the bank holds. Raises DocumentError, or ReportErasedError."""
    with transaction.atomic():
        if lock_case(letter.report_id).report.erased_at:
            raise ReportErasedError
        row = BankLetter.objects.get(pk=letter.pk)
        if row.answered_at:
            raise DocumentError("answered")
        if frozen_vnd > row.amount_vnd:
            raise DocumentError("amount")
        row.frozen_vnd, row.answer = frozen_vnd, answer
        row.answered_by, row.answered_at = by, timezone.now()
        row.save()
        told = {"letter": str(row), "frozen": frozen_vnd}
        events.log_event("report", row.report_id, "bank_letter_answered", by=by, **told)
        if frozen_vnd:
            addresses.owe([row.report_id])


@dataclass(frozen=True)
class ZipEntry:
    """One file of the archive; its name is ASCII."""

    name: str
    content: bytes


def write_case_zip(file: IO[bytes], report: Report, text: str, *, pictures: bool) -> int:
    """Write the archive of a report, *text* first; return the number of pictures in it."""
    drawn = list(_iter_pictures(report)) if pictures else []
    folder = f"tin-{report.public_number}"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        members = [ZipEntry("tin.txt", text.encode()), *drawn]
        for member in members:
            archive.writestr(f"{folder}/{member.name}", member.content)
        sums = [f"{hashlib.sha256(each.content).hexdigest()}  {each.name}\n" for each in members]
        archive.writestr(f"{folder}/{SUMS}", "".join(sums))
    return len(drawn)


def _iter_pictures(report: Report) -> Iterator[ZipEntry]:
    """Yield the sanitized copies in the order of their files, without lost ones."""
    files = storage.files_of_report(report).select_related("check_result")
    for number, file in enumerate(files, 1):
        check = getattr(file, "check_result", None)
        if file.erased_at or check is None or check.copy_id is None:
            continue
        extension = "png" if check.media_type == "image/png" else "jpg"
        try:
            yield ZipEntry(f"tep/{number:02}.{extension}", storage.open_clean_copy(check.copy_id))
        except storage.DecryptionError:
            continue
