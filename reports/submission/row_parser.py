"""Parse the rows of a table, such as a commune's list of calls, into the fields of the report form.

Nothing in a cell is refused: what its field does not understand goes into the story, under its heading.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell

from core.form_data import Fields, sanitize_text
from core.text import normalize
from reports.facts import choices
from reports.reference import gazetteer
from reports.submission.form_parser import CHANNELS
from reports.submission.forms import ReportForm
from reports.submission.json_fields import ISO_DATE, REPORT, parse_answer, parse_texts

MAX_CELL_CHARS = 1_500_000
FIELDS = frozenset(REPORT) - {"external_id", "language"}  # which a table's report has no place for
_ANSWERS = {"yes": "yes", "co": "yes", "x": "yes", "no": "no", "khong": "no", "chua": "no"}
_DATE = re.compile(r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4}|\d{2})")
_FIELDS_OF_FLAGS = {
    "money_unread": "money_lost_vnd",
    "contact_unread": "contact_phone",
    "contact_doubtful": "contact_phone",
    "contact_is_caller": "contact_phone",
    "date_unread": "called_on",
    "date_in_future": "called_on",
    gazetteer.UNKNOWN: "commune",
    gazetteer.AMBIGUOUS: "commune",
}


@dataclass(frozen=True)
class Column:
    """A column of the table: its place, its heading, and the field that it fills, "" for the story."""

    place: int
    heading: str
    field: str

    def name_cell(self, row: int) -> str:
        """Return a cell as spreadsheets name it; the headings are row 1."""
        name: str = xl_rowcol_to_cell(row - 1, self.place)
        return name


def match_columns(headings: Sequence[str], given: Mapping[str, str]) -> list[Column]:
    """Return the columns: a field is named as it is given for a heading, else by its name or label."""
    fields = {normalize(str(field.label)): name for name, field in ReportForm.base_fields.items()}
    fields = {label: name for label, name in fields.items() if label and name in FIELDS}
    fields |= {normalize(name): name for name in FIELDS}
    fields |= {normalize(heading): name for heading, name in given.items()}
    matched = ((heading, fields.get(normalize(heading), "")) for heading in headings)
    return [Column(place, *column) for place, column in enumerate(matched)]


def parse_row(columns: Sequence[Column], cells: Sequence[str]) -> Fields:
    """Return the fields of one report."""
    fields, rest = Fields(), []
    for column, cell in zip(columns, cells, strict=False):
        text = sanitize_text(cell).strip()
        if text and not _fill_field(fields, column.field, text):
            rest.append(f"{column.heading}: {text}")
    surplus = map(sanitize_text, cells[len(columns) :])
    fields["story"] = "\n".join([*fields.getlist("story"), *rest, *surplus])
    return fields


def _fill_field(fields: Fields, name: str, text: str) -> bool:
    """Fill the field and return True; return False where it does not understand the text."""
    if name == "called_on" and (date := _DATE.fullmatch(text) or ISO_DATE.fullmatch(text)):
        parts = date.groupdict()
        parts["y"] = f"20{parts['y']}"[-4:]
        fields.update({f"called_{part}": digits for part, digits in parts.items()})
    elif name == "called_on":
        fields.appendlist("called_time", text)
    elif not name or (name in fields and REPORT[name] is not parse_texts):
        return False
    elif name == "channel":
        fields.setlist(name, [text] if text in CHANNELS else [])
        return text in CHANNELS
    elif REPORT[name] is parse_answer:
        answer = _ANSWERS.get(normalize(text))
        fields.setlist(name, list(filter(None, [answer])))
        return answer is not None
    elif name == "demands":
        codes = [code.strip() for code in re.split("[,;]", text)]
        fields.setlist(name, list(filter(choices.is_known, codes)))
        return all(map(choices.is_known, codes))
    else:
        fields.appendlist(name, text)
    return True


def list_doubts(columns: Iterable[Column], row: int, flags: Iterable[str]) -> list[str]:
    """Return the cells of a row that an officer should look at, each with its flag."""
    places = {column.field: column for column in columns}
    doubts = ((flag, places.get(_FIELDS_OF_FLAGS.get(flag, ""))) for flag in flags)
    return [
        f"{column.name_cell(row)} ({column.heading}): {flag}" for flag, column in doubts if column
    ]
