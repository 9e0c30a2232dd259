"""Lists that an officer uploads at the desk: read, looked at, then filed.

The outbox reads a file into sealed parts of PART_ROWS rows, after which the file is gone. The officer sees what
the machine makes of the columns and may say otherwise; then each part is an outbox item of its own, whose rows go
once they are reports. A part that is begun anew files nothing twice. After KEPT nothing of a list is left but its
reports and the audit log.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any, Self

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from core import encryption
from core.audit import events
from core.errors import NotAllowedError
from core.models import OutboxItem
from core.outbox import queue
from core.outbox.queue import Lease, Priority
from reports.models import Report, ReportList, ReportListPart
from reports.submission import intake, row_parser, table_reader
from reports.submission.row_parser import Column, Row, RowKeys
from reports.submission.table_reader import TableError

READ_TASK, FILE_TASK = "reports.read_list", "reports.file_list_part"
TIMEOUT_SECONDS = 4.0  # of a message, which may hold four parts
READING_SECONDS = 8  # of the processor, within a lease
MAX_BYTES = 7 * 1024 * 1024  # below what the front server takes at the desk
MAX_ROWS = 5000  # judged within a lease; a longer one is split, or goes by import_reports
PART_ROWS = 100
MAX_SAMPLES, MAX_SAMPLE_CHARS = 2, 60  # of a column
MAX_REMARKS = 300  # shown of each kind
KEPT = timedelta(days=1)
NOBODY_FILES = "Cán bộ gửi danh sách này không còn quyền nhập tin. Những tin đã nhập vẫn còn."
State = ReportList.State
Keyed = tuple[str, Row]  # the submission key of a row, and the row
Filed = tuple[int, Report]  # the number of a row, and its report


@dataclass
class Summary:
    """What is shown of a list before it is filed; remarks are of cells, (place, heading, code)."""

    name: str
    heading_row: int = 0
    columns: list[tuple[str, str, list[str]]] = field(
        default_factory=list
    )  # heading, field, samples
    problems: list[Any] = field(default_factory=list)
    doubts: list[Any] = field(default_factory=list)
    refusal: str = ""

    @classmethod
    def load(cls, report_list: ReportList) -> Self:
        """Return the summary; an empty one where no key opens it."""
        return cls(**json.loads(encryption.decrypt_field(report_list, "summary") or '{"name": ""}'))

    def seal(self, report_list: ReportList) -> bytes | None:
        return encryption.encrypt(json.dumps(asdict(self)), "summary", report_list.pk)

    def build_columns(self) -> list[Column]:
        return [Column(n, heading, name) for n, (heading, name, _) in enumerate(self.columns)]


def upload(name: str, data: bytes, by: User) -> ReportList:
    """Store a file, sealed, and have it read. Raises NotAllowedError."""
    if not by.has_perm(intake.FILING_PERMISSION):
        raise NotAllowedError
    report_list = ReportList(officer=by)
    report_list.file_sealed = encryption.encrypt_bytes(data, "file", report_list.pk)
    report_list.summary_sealed = Summary(name).seal(report_list)
    with transaction.atomic():
        report_list.save(force_insert=True)
        events.log_event("report_list", report_list.pk, "list_uploaded", by=by)
        _enqueue_work(report_list)
    queue.notify()
    return report_list


def name_fields(report_list: ReportList, fields: Iterable[str]) -> bool:
    """Let the columns fill these fields, and have the rows judged anew; return False where it is too late."""
    summary = Summary.load(report_list)
    columns = zip(summary.columns, fields, strict=False)
    summary.columns = [(heading, name, samples) for (heading, _, samples), name in columns]
    sealed = summary.seal(report_list)
    return _go_on(report_list, State.READY, state=State.READING, summary_sealed=sealed)


def start_filing(report_list: ReportList) -> bool:
    """File the good rows; return False where somebody pressed before."""
    with transaction.atomic():
        begins = _go_on(report_list, State.READY, state=State.FILING, begun_at=Now())
        if begins:
            rows = report_list.good
            by = report_list.officer
            events.log_event("report_list", report_list.pk, "list_filed", by=by, rows=rows)
    return begins


def resume(report_list: ReportList) -> None:
    """Have the machine go on with what stands still."""
    if stands_still(report_list):
        _enqueue_work(report_list)
        queue.notify()


def stands_still(report_list: ReportList) -> bool:
    """Return whether there is something to do and nobody will: its outbox items failed."""
    task, keys = _list_work(report_list)
    waiting = OutboxItem.objects.filter(task=task, key__in=keys, done_at=None, failed_at=None)
    return bool(keys) and not waiting.exists()


def remove(report_list: ReportList) -> None:
    """Remove a list; what is filed of it stays."""
    report_list.delete()


def drop_expired() -> None:
    """Remove what is left of older lists, sealed rows that were never filed among it."""
    ReportList.objects.filter(uploaded_at__lt=Now() - KEPT).delete()


def read_list(lease: Lease) -> None:
    """Read the file of a list into parts, or take its parts, and judge each row by the columns."""
    report_list = ReportList.objects.filter(pk=lease.key, state=State.READING).first()
    if report_list is None:  # removed meanwhile
        queue.mark_done(lease)
        return
    summary, changes = Summary.load(report_list), dict[str, Any]()
    parts = list[ReportListPart]()
    try:
        if report_list.file_sealed is None:
            rows = [each for part in report_list.parts.all() for each in _open_part(part)]
        else:
            rows = _read_file(report_list, summary)
            parts = _build_parts(report_list, rows)
        changes = _judge(summary, [row for _, row in rows]) | {"state": State.READY}
    except TableError as error:
        summary.refusal, changes = str(error), {"state": State.REFUSED}
    with transaction.atomic():
        if queue.mark_done(lease):
            ReportListPart.objects.bulk_create(parts)
            changes |= {"file_sealed": None, "summary_sealed": summary.seal(report_list)}
            ReportList.objects.filter(pk=report_list.pk).update(**changes)


def file_part(lease: Lease) -> None:
    """File the rows of a part, and count them with it in one transaction."""
    parts = ReportListPart.objects.select_related("report_list__officer")
    part = parts.filter(pk=lease.key, rows_sealed__isnull=False).first()
    if part is None:  # filed, or removed meanwhile
        queue.mark_done(lease)
        return
    try:
        filed, refusal = _file_rows(part), ""
    except NotAllowedError:
        filed, refusal = [], NOBODY_FILES
    with transaction.atomic():
        report_list = ReportList.objects.select_for_update().filter(pk=part.report_list_id).first()
        if queue.mark_done(lease) and report_list:
            _count_part(report_list, part, filed, refusal)


def _count_part(
    report_list: ReportList, part: ReportListPart, filed: Sequence[Filed], refusal: str
) -> None:
    """Store what became of a part in its locked list; behind the last, or a refusal, nothing is left to see."""
    summary, begun = Summary.load(report_list), report_list.begun_at
    if not refusal:
        part.reports = [[row, str(report.pk), report.public_number] for row, report in filed]
        part.rows_sealed = None
        part.save(update_fields=["reports", "rows_sealed"])
        report_list.done += len(filed)
        report_list.again += sum(bool(begun and report.received_at < begun) for _, report in filed)
    if refusal or not report_list.parts.filter(rows_sealed__isnull=False).exists():
        report_list.state = State.REFUSED if refusal else State.DONE
        summary.columns, summary.refusal = [], refusal
        report_list.summary_sealed = summary.seal(report_list)
    report_list.save()


read_lists = queue.for_each_lease(read_list)
file_parts = queue.for_each_lease(file_part)


def _go_on(report_list: ReportList, state: str, **changes: Any) -> bool:
    """Bring a list on from a state, with the work of the next; return False where it has left it."""
    with transaction.atomic():
        goes_on = ReportList.objects.filter(pk=report_list.pk, state=state).update(**changes)
        report_list.refresh_from_db()
        if goes_on:
            _enqueue_work(report_list)
    queue.notify()
    return bool(goes_on)


def _enqueue_work(report_list: ReportList) -> None:
    task, keys = _list_work(report_list)
    queue.enqueue_all(task, keys, priority=Priority.IDLE)  # no report may wait for it


def _list_work(report_list: ReportList) -> tuple[str, list[str]]:
    """Return the task and the keys of the items that a list is owed in its state."""
    if report_list.state == State.READING:
        return READ_TASK, [str(report_list.pk)]
    unfiled = report_list.parts.filter(rows_sealed__isnull=False).values_list("pk", flat=True)
    return FILE_TASK, [str(pk) for pk in unfiled] if report_list.state == State.FILING else []


def _read_file(report_list: ReportList, summary: Summary) -> list[Keyed]:
    """Return the rows of the file with their keys, and put its columns into the summary. Raises TableError."""
    data = encryption.decrypt_bytes(report_list.file_sealed, "file", report_list.pk)
    if data is None:
        raise TableError("unreadable")
    table = table_reader.open_table(BytesIO(data), {}, READING_SECONDS)
    keys, rows = RowKeys(table.columns), list[Keyed]()
    for row in table.rows:
        if len(rows) == MAX_ROWS:
            raise TableError("too_long", MAX_ROWS)
        rows.append((keys.next_key(row), row))
    summary.heading_row = table.heading_row
    summary.columns = [
        (column.heading, column.field, _pick_samples(column.place, [row for _, row in rows]))
        for column in table.columns
    ]
    return rows


def _pick_samples(place: int, rows: list[Row]) -> list[str]:
    texts = (row.cells[place].strip() for row in rows if place < len(row.cells))
    samples = dict.fromkeys(text[:MAX_SAMPLE_CHARS] for text in texts if text)
    return list(samples)[:MAX_SAMPLES]


def _build_parts(report_list: ReportList, rows: list[Keyed]) -> list[ReportListPart]:
    parts = []
    for position in range(0, len(rows), PART_ROWS):
        part = ReportListPart(report_list=report_list, position=position)
        text = json.dumps(rows[position : position + PART_ROWS])
        part.rows_sealed = encryption.encrypt(text, "rows", part.pk)
        parts.append(part)
    return parts


def _open_part(part: ReportListPart) -> list[Keyed]:
    """Return the rows of a part. Raises TableError where no key opens them."""
    text = encryption.decrypt_field(part, "rows")
    if text is None:
        raise TableError("unreadable")
    return [(key, Row.restore(row)) for key, row in json.loads(text)]


def _judge(summary: Summary, rows: list[Row]) -> dict[str, Any]:
    """Put what is told of single cells into the summary; return the counts of good and bad rows."""
    columns, good = summary.build_columns(), 0
    summary.problems, summary.doubts = [], []
    for row in rows:
        judged = row_parser.judge_row(columns, row)
        good += judged.submission is not None
        summary.problems += judged.problems
        summary.doubts += judged.doubts
    del summary.problems[MAX_REMARKS:], summary.doubts[MAX_REMARKS:]
    return {"good": good, "bad": len(rows) - good}


def _file_rows(part: ReportListPart) -> list[Filed]:
    """Return the number and the report of each good row. Raises NotAllowedError."""
    columns = Summary.load(part.report_list).build_columns()
    filed = list[Filed]()
    for key, row in _open_part(part):
        submission = row_parser.judge_row(columns, row).submission
        if submission is not None:
            result = intake.file_row(submission, key, part.report_list.officer)
            filed.append((row.number, result.report))
    return filed
