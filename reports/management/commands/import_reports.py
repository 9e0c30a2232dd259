"""manage.py import_reports: file the rows of a table as reports, each once."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import IO, Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from reports.submission import intake, row_parser, table_reader
from reports.submission.row_parser import PROBLEMS, RowKeys, judge_row
from reports.submission.table_reader import Table, TableError

_PROGRESS_ROWS = 1000
_READING_SECONDS = 600  # of the processor, for a workbook of 100,000 rows and more


class Command(BaseCommand):
    help = "File the rows of a table, CSV or XLSX, as reports. Begun again or sent twice, each row counts once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV in UTF-8 or XLSX, headings first")
        parser.add_argument("--by", required=True, help="log-in name of the officer who files them")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="HEADING=FIELD",
            help="the field that a column fills, where its heading is not the field's name or label",
        )
        parser.add_argument(
            "--every-row", action="store_true", help="file what looks like a signature or sum, too"
        )
        parser.add_argument("--dry-run", action="store_true", help="judge the rows, file none")

    def handle(self, *args: Any, **options: Any) -> None:
        given = dict(each.rpartition("=")[::2] for each in options["column"])
        if unknown := {*given.values()} - row_parser.FIELDS:
            raise CommandError(f"{', '.join(unknown)}: no field of a report.")
        by = None if options["dry_run"] else _find_officer(options["by"])
        try:
            with _open_file(options["file"]) as file:
                table = table_reader.open_table(file, given, _READING_SECONDS)
                self._show_columns(table)
                if options["every_row"]:
                    rows = (row._replace(is_set_aside=False) for row in table.rows)
                    table = table._replace(rows=rows)
                counts = self._file_rows(table, by)
        except TableError as error:
            raise CommandError(
                f"{error} Each row counts once: begin again with the new file."
            ) from error
        results = (f"{word}: {counts[word]}" for word in ("new", "again", "left out"))
        self.stdout.write(", ".join(results))

    def _show_columns(self, table: Table) -> None:
        for column in table.columns:
            self.stdout.write(f"{column.heading} -> {column.field or 'story'}")
        if not all(column.field for column in table.columns):
            self.stdout.write(f"Fields for --column: {', '.join(sorted(row_parser.FIELDS))}")

    def _file_rows(self, table: Table, by: User | None) -> Counter[str]:
        counts: Counter[str] = Counter()
        keys = RowKeys(table.columns)
        for done, row in enumerate(table.rows, start=1):
            key, (submission, remarks) = keys.next_key(row), judge_row(table.columns, row)
            for place, heading, code in remarks:
                self.stdout.write(f"{place} ({heading or 'row'}): {PROBLEMS.get(code, code)}")
            if submission is None:
                counts["left out"] += 1
            else:
                is_again = by is not None and intake.file_row(submission, key, by).again
                counts["again" if is_again else "new"] += 1
            if done % _PROGRESS_ROWS == 0:
                self.stderr.write(f"{done} rows")
        return counts


def _find_officer(name: str) -> User:
    officer = User.objects.filter(username=name, is_active=True).first()
    if officer is None or not officer.has_perm(intake.FILING_PERMISSION):
        raise CommandError(f"{name}: no officer who may file reports for others.")
    return officer


def _open_file(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from error
