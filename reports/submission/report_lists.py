"""Lists that an officer uploads at the desk: read and judged at once, then filed in the background.

The rows lie sealed until they are reports. Each step files STEP_ROWS, stores how far it came and enqueues the next;
one that is begun anew files nothing twice. KEPT after its upload, or after its beginning, nothing
of it is left but its reports and the audit log.
"""

import json
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from io import BytesIO
from typing import Any, Self

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Coalesce, Now

from core import encryption
from core.audit import events
from core.models import OutboxItem
from core.outbox import queue
from core.outbox.queue import Lease, Priority
from reports.models import Report, ReportList
from reports.submission import intake, table_reader
from reports.submission.row_parser import Column, Row, RowKeys, judge_row
from reports.submission.table_reader import TableError

FILE_TASK = "reports.file_list"
TIMEOUT_SECONDS = 4.0  # of a message, which may hold steps of four lists
READING_SECONDS = 8  # of the processor, while an officer waits
MAX_BYTES = 7 * 1024 * 1024  # below what the front server takes at the desk
MAX_ROWS = 5000  # a longer list is split, or goes by import_reports
MAX_LISTS = 30  # of an officer, of which rows still lie sealed
MAX_CHARS = 16 * 1024**2  # of all cells: a small workbook may name one long text in each of them
STEP_ROWS = 100  # filed within a lease, many times over
MAX_SAMPLES, MAX_SAMPLE_CHARS = 2, 60  # of a column
MAX_REMARKS = 300  # shown of each kind
KEPT = timedelta(days=1)
_turn = threading.Lock()  # one file is unpacked at a time in each process
Keyed = tuple[str, Row]  # the submission key of a row, and the row


@dataclass
class Summary:
    """What is shown of a list; remarks are of cells, (place, heading, code)."""

    name: str
    heading_row: int = 0
    columns: list[tuple[str, str, list[str]]] = field(
        default_factory=list
    )  # heading, field, samples
    problems: list[Any] = field(default_factory=list)
    doubts: list[Any] = field(default_factory=list)
    set_aside: list[Any] = field(default_factory=list)

    @classmethod
    def load(cls, report_list: ReportList) -> Self:
        """Return the summary; an empty one where no key opens it."""
        return cls(**json.loads(encryption.decrypt_field(report_list, "summary") or '{"name": ""}'))

    def build_columns(self) -> list[Column]:
        return [Column(n, heading, name) for n, (heading, name, _) in enumerate(self.columns)]


def upload(name: str, data: bytes, by: User) -> ReportList:
    """Return the list of a file, judged and sealed. Raises TableError."""
    if ReportList.objects.filter(officer=by, rows_sealed__isnull=False).count() >= MAX_LISTS:
        raise TableError("too_many", MAX_LISTS)
    with _turn:
        table = table_reader.open_table(BytesIO(data), {}, READING_SECONDS)
        keys, rows, chars = RowKeys(table.columns), list[Keyed](), 0
        for row in table.rows:
            chars += sum(map(len, row.cells))
            if len(rows) == MAX_ROWS:
                raise TableError("too_long", MAX_ROWS)
            if chars > MAX_CHARS:
                raise TableError("too_large")
            rows.append((keys.next_key(row), row))
    if not rows:
        raise TableError("blank")
    columns = [
        (each.heading, each.field, _pick_samples(each.place, rows)) for each in table.columns
    ]
    report_list = ReportList(officer=by, total=len(rows))
    report_list.rows_sealed = encryption.encrypt(json.dumps(rows), "rows", report_list.pk)
    _judge(report_list, Summary(name, table.heading_row, columns), rows)
    report_list.save(force_insert=True)
    return report_list


def name_fields(report_list: ReportList, fields: Iterable[str]) -> None:
    """Let the columns fill these fields, and judge the rows anew, unless the list is being filed. Raises
    ValueError where they are not as many as the columns.
    """
    summary = Summary.load(report_list)
    columns = zip(summary.columns, fields, strict=True)
    summary.columns = [(heading, name, samples) for (heading, _, samples), name in columns]
    _store_judged(report_list, summary, _open_rows(report_list))


def take_back(report_list: ReportList, numbers: Collection[str]) -> None:
    """Let the rows of these numbers, which were set aside, be calls, unless the list is being filed."""
    rows = [
        (key, row._replace(is_set_aside=row.is_set_aside and str(row.number) not in numbers))
        for key, row in _open_rows(report_list)
    ]
    report_list.rows_sealed = encryption.encrypt(json.dumps(rows), "rows", report_list.pk)
    _store_judged(report_list, Summary.load(report_list), rows)


def _store_judged(report_list: ReportList, summary: Summary, rows: Sequence[Keyed]) -> None:
    _judge(report_list, summary, rows)
    names = ("summary_sealed", "rows_sealed", "good")
    changes = {name: getattr(report_list, name) for name in names}
    ReportList.objects.filter(pk=report_list.pk, begun_at=None).update(**changes)


def start_filing(report_list: ReportList) -> None:
    """File the good rows, once however often it is pressed, and log who had them filed."""
    with transaction.atomic():
        if ReportList.objects.filter(pk=report_list.pk, begun_at=None).update(begun_at=Now()):
            about, rows = ("report_list", report_list.pk), report_list.good
            events.log_event(*about, "list_filed", by=report_list.officer, rows=rows)
            _enqueue_step(report_list)
    queue.notify()


def resume(report_list: ReportList) -> None:
    """Go on with a list that stands still, once however often it is pressed."""
    with transaction.atomic():
        locked = ReportList.objects.select_for_update().filter(pk=report_list.pk).first()
        if locked and stands_still(locked):
            _enqueue_step(locked)
    queue.notify()


def stands_still(report_list: ReportList) -> bool:
    """Return whether nothing enqueues what is left: steps of it failed."""
    steps = OutboxItem.objects.filter(task=FILE_TASK, key=str(report_list.pk))
    return report_list.is_filing and not steps.filter(done_at=None, failed_at=None).exists()


def drop_expired() -> None:
    """Remove what is left of older lists, rows that were never filed among it."""
    ReportList.objects.alias(last_act=Coalesce("begun_at", "uploaded_at")).filter(
        last_act__lt=Now() - KEPT
    ).delete()


def file_rows(lease: Lease) -> None:
    """File the next rows of a list, and store with the next step how far it came. Raises NotAllowedError."""
    report_list = ReportList.objects.select_related("officer").filter(pk=lease.key).first()
    filed = _file_next(report_list) if report_list and report_list.is_filing else []
    with transaction.atomic():
        if queue.mark_done(lease) and report_list and report_list.is_filing:
            _store_step(report_list, filed)
    queue.notify()


process_items = queue.for_each_lease(file_rows)


def _file_next(report_list: ReportList) -> list[tuple[int, Report]]:
    """Return the number of each good row of a step and its report."""
    columns, filed = Summary.load(report_list).build_columns(), []
    for key, row in _open_rows(report_list)[report_list.done :][:STEP_ROWS]:
        submission, _ = judge_row(columns, row)
        if submission is not None:
            result = intake.file_row(submission, key, report_list.officer)
            filed.append((row.number, result.report))
    return filed


def _store_step(report_list: ReportList, filed: Sequence[tuple[int, Report]]) -> None:
    begun = report_list.begun_at
    report_list.done = min(report_list.done + STEP_ROWS, report_list.total)
    report_list.again += sum(bool(begun and report.received_at < begun) for _, report in filed)
    report_list.reports += [[row, str(report.pk), report.public_number] for row, report in filed]
    changed = ["done", "again", "reports"]  # and no text that a change of keys seals meanwhile
    if report_list.done < report_list.total:
        _enqueue_step(report_list)
    else:
        report_list.rows_sealed = None
        _seal(report_list, replace(Summary.load(report_list), columns=[], set_aside=[]))
        changed += ["rows_sealed", "summary_sealed"]
    report_list.save(update_fields=changed)  # one that was removed meanwhile stays so


def _enqueue_step(report_list: ReportList) -> None:
    queue.enqueue(FILE_TASK, report_list.pk, priority=Priority.IDLE)  # no resident waits for it


def _pick_samples(place: int, rows: Sequence[Keyed]) -> list[str]:
    texts = (row.texts.get(place, "") for _, row in rows if not row.is_set_aside)
    return list(dict.fromkeys(text[:MAX_SAMPLE_CHARS] for text in texts if text))[:MAX_SAMPLES]


def _judge(report_list: ReportList, summary: Summary, rows: Sequence[Keyed]) -> None:
    """Count the good rows by the columns of the summary, and put what is told of single cells into it."""
    columns = summary.build_columns()
    summary.problems, summary.doubts, summary.set_aside, report_list.good = [], [], [], 0
    for _, row in rows:
        submission, remarks = judge_row(columns, row)
        report_list.good += submission is not None
        shown = summary.doubts if submission else summary.problems
        if row.is_set_aside:
            shown = summary.set_aside
        shown += remarks[: MAX_REMARKS - len(shown)]
    _seal(report_list, summary)


def _seal(report_list: ReportList, summary: Summary) -> None:
    text = json.dumps(asdict(summary))
    report_list.summary_sealed = encryption.encrypt(text, "summary", report_list.pk)


def _open_rows(report_list: ReportList) -> list[Keyed]:
    """Return the rows. Raises WrongKeysError where no key opens them."""
    text = encryption.decrypt_field(report_list, "rows")
    if text is None:
        raise encryption.WrongKeysError
    return [(key, Row.restore(row)) for key, row in json.loads(text)]
