"""The findings as a table (CSV): what is in force with its value, what has ended by its id alone."""

import io

from core.spreadsheets import Cell, write_csv
from reports.models import SubjectKind
from reports.outlets.contacts import format_tel_uri
from reports.outlets.listed_findings import CONFIDENCE, ListedFinding, Page, format_utc

# No spreadsheet runs the numbers: as URIs they begin with no plus.
COLUMNS = (
    "id", "state", "kind", "value", "bank", "confidence", "confirmed_at", "valid_until", "changed_at",
)  # fmt: skip
IN_FORCE, ENDED = "in_force", "ended"


def render_csv(page: Page) -> bytes:
    file = io.BytesIO()
    write_csv(file, [COLUMNS, *map(_list_cells, page.findings)])
    return file.getvalue()


def _list_cells(finding: ListedFinding) -> tuple[Cell, ...]:
    ident, changed_at = str(finding.id), format_utc(finding.changed_at)
    if finding.is_ended:
        return (ident, ENDED, finding.kind, "", "", "", "", "", changed_at)
    is_number = finding.kind == SubjectKind.NUMBER
    value = format_tel_uri(finding.key) if is_number else finding.key
    confirmed_at, valid_until = format_utc(finding.confirmed_at), str(finding.valid_until)
    return (
        ident, IN_FORCE, finding.kind, value, finding.bank, CONFIDENCE, confirmed_at, valid_until,
        changed_at,
    )  # fmt: skip
