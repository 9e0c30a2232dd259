"""manage.py import_reports: file the rows of a table as reports, each once."""

import csv
import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from reports.models import Report
from reports.reference import gazetteer
from reports.submission import intake, row_parser
from reports.submission.form_parser import ReportFormParser
from reports.submission.row_parser import MAX_CELL_CHARS, Column
from reports.submission.sources import scope_key

_PROGRESS_ROWS = 1000
DELIMITERS = ",;\t"  # a Vietnamese spreadsheet writes semicolons


class Command(BaseCommand):
    help = (
        "File the rows of a CSV table as reports. Begun again or sent twice, each row counts once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV in UTF-8, headings first")
        parser.add_argument("--by", required=True, help="log-in name of the officer who files them")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="HEADING=FIELD",
            help="the field that a column fills, where its heading is not the field's name or label",
        )
        parser.add_argument("--dry-run", action="store_true", help="judge the rows, file none")

    def handle(self, *args: Any, **options: Any) -> None:
        given = dict(each.rpartition("=")[::2] for each in options["column"])
        if unknown := {*given.values()} - row_parser.FIELDS:
            raise CommandError(f"{', '.join(unknown)}: no field of a report.")
        by = None if options["dry_run"] else _find_officer(options["by"])
        with _open_table(options["file"]) as file:
            rows = _read_rows(file)
            columns = row_parser.match_columns(next(rows, []), given)
            for column in columns:
                self.stdout.write(f"{column.heading} -> {column.field or 'story'}")
            if not all(column.field for column in columns):
                self.stdout.write(f"Fields for --column: {', '.join(sorted(row_parser.FIELDS))}")
            counts = self._file_rows(columns, rows, by)
        results = (f"{word}: {counts[word]}" for word in ("new", "again", "empty"))
        self.stdout.write(", ".join(results))

    def _file_rows(
        self, columns: Sequence[Column], rows: Iterator[list[str]], by: User | None
    ) -> Counter[str]:
        counts: Counter[str] = Counter()
        seen: Counter[str] = Counter()
        for number, cells in enumerate(rows, start=2):
            parser = ReportFormParser(row_parser.parse_row(columns, cells))
            key = scope_key("row", json.dumps(cells))
            seen[key] += 1  # two alike in one table are two
            submission_key = scope_key(seen[key], key)
            counts[self._file_row(columns, number, parser, submission_key, by)] += 1
            if number % _PROGRESS_ROWS == 0:
                self.stderr.write(f"{number} rows")
        return counts

    def _file_row(
        self,
        columns: Sequence[Column],
        number: int,
        parser: ReportFormParser,
        submission_key: str,
        by: User | None,
    ) -> str:
        """File one row, print what is doubtful in it, and return what became of it."""
        if parser.is_empty:
            self.stdout.write(f"row {number}: nothing about a call")
            return "empty"
        submission = parser.to_submission(gazetteer.communes())
        for doubt in row_parser.list_doubts(columns, number, submission.flags):
            self.stdout.write(doubt)
        if by is None:
            return "new"
        filed = intake.file_on_behalf(submission, submission_key, Report.Source.FILE, by)
        return "again" if filed.again else "new"


def _find_officer(name: str) -> User:
    officer = User.objects.filter(username=name, is_active=True).first()
    if officer is None or not officer.has_perm(intake.FILING_PERMISSION):
        raise CommandError(f"{name}: no officer who may file reports for others.")
    return officer


def _open_table(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from error


def _read_rows(file: IO[bytes]) -> Iterator[list[str]]:
    """Yield the rows. Raises CommandError at the first line that is no CSV in UTF-8."""
    csv.field_size_limit(MAX_CELL_CHARS)
    lines = (line.decode() for line in file)
    rows = csv.reader(())
    try:
        first = next(lines, "").removeprefix("\ufeff")
        rows = csv.reader(chain([first], lines), delimiter=max(DELIMITERS, key=first.count))
        yield from rows
    except (UnicodeDecodeError, csv.Error) as error:
        raise CommandError(
            f"line {rows.line_num + 1}: {error}. Save the table as CSV in UTF-8 and begin again: each"
            " row counts once."
        ) from error
