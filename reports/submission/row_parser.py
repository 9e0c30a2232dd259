"""Parse the rows of a table, such as a commune's list of calls, into the fields of the report form.

No word in a cell is refused: what its field does not understand goes into the story, under its heading. A cell
whose content is not in the table, as of a formula that nobody calculated, keeps its whole row out.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from xlsxwriter.utility import xl_rowcol_to_cell

from core.form_data import Fields, sanitize_text
from core.text import normalize
from reports.extraction.bank_accounts_and_links import find_links
from reports.extraction.language.parsed_story import parse_story
from reports.extraction.story_reader import read_story
from reports.facts import choices
from reports.public import call_signs
from reports.reference import gazetteer
from reports.submission.form_parser import CHANNELS, ReportFormParser
from reports.submission.forms import ReportForm
from reports.submission.intake import ReportSubmission
from reports.submission.json_fields import REPORT, parse_answer, parse_texts
from reports.submission.sources import scope_key

MAX_CELL_CHARS = 1_500_000
MAX_COLUMNS, MAX_HEADING_CHARS = 100, 100
MAX_NOTE_CELLS, MAX_NOTE_CHARS = 2, 100  # of a line that signs, dates or adds up a list
MIN_COUNTED_ROWS = 3  # before numbers that go up count the rows
MAX_DAY_CHARS = 60
LEFT_OUT = "left_out"  # the field of a column that tells nothing of the call
FIELDS = frozenset(REPORT) - {"external_id", "language"} | {LEFT_OUT}
# What lists call a field, first as the desk does.
HEADINGS: dict[str, tuple[str, ...]] = {
    "caller_number": ("Số gọi đến", "số điện thoại gọi đến", "số lạ", "số điện thoại lạ", "số đối tượng"),
    "claimed_office": ("Họ xưng là", "xưng là", "tự xưng", "giả danh", "mạo danh"),
    "claimed_name": ("Tên, chức vụ họ nêu", "tên đối tượng"),
    "called_on": ("Ngày gọi", "ngày", "thời gian", "thời gian gọi", "ngày giờ"),
    "called_time": ("Giờ gọi", "giờ", "lúc gọi"),
    "story": ("Lời kể", "nội dung", "nội dung cuộc gọi", "diễn biến", "tóm tắt", "nội dung vụ việc"),
    "money_lost": ("Đã mất tiền", "mất tiền"),
    "money_lost_vnd": ("Số tiền mất", "số tiền", "thiệt hại", "số tiền thiệt hại", "số tiền bị mất"),
    "accounts": ("Tài khoản nhận tiền", "tài khoản", "số tài khoản", "stk"),
    "links": ("Đường dẫn", "đường link", "link"),
    "commune": ("Xã, phường", "xã", "phường", "địa chỉ", "địa bàn", "nơi ở"),
    "contact_phone": ("Số người báo", "số điện thoại người báo", "số gọi lại", "sđt người báo"),
    "happening_now": ("Đang bị ép", "đang bị gọi"),
    LEFT_OUT: ("Bỏ qua", "stt", "tt", "số tt", "số thứ tự"),
}  # fmt: skip
PROBLEMS = {
    "empty": "Không có gì về cuộc gọi.",
    "formula": "Công thức chưa có kết quả. Mở bảng bằng Excel, lưu lại; hoặc gõ thẳng chữ, số vào ô.",
    "error": "Công thức trong ô bị lỗi. Gõ thẳng chữ, số vào ô.",
    "digits_lost": "Số dài quá 15 chữ số nên Excel đã đổi những số cuối thành 0. Đổi ô sang kiểu Văn bản rồi gõ lại.",
    "too_long": "Ô dài quá, nhiều hơn một tin chứa được. Cắt bớt.",
    "set_aside": "Không giống một cuộc gọi: ít ô có chữ, không có số, tài khoản, đường link, lời kể.",
}  # fmt: skip
_ANSWERS = {
    "yes": "yes", "co": "yes", "x": "yes", "true": "yes", "no": "no", "khong": "no", "chua": "no", "false": "no",
}  # fmt: skip
# A day, as people write it or by ISO 8601; without its year where nothing else stands in the cell.
_DAY = re.compile(
    r"(?<![\d/.-])(?:(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})|(\d{4})-(\d{2})-(\d{2}))(?![\d/-])"
)
_DAY_OF_YEAR = re.compile(r"(?:ngày )?(\d{1,2})/(\d{1,2})")
_MANY_DIGITS = re.compile(r"(?:\d[ .-]?){6}")
_SUMS = ("tổng", "cộng")
_PHONES = frozenset({"caller_number", "contact_phone"})
_WITHOUT_ZERO = re.compile(r"[35789]\d{8}|2\d{9}")
_ODD_DAYS = {"date_unread", "date_in_future"}
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
    is_serial: bool = False  # it only counts the rows, anew in each list

    def name_cell(self, row: int) -> str:
        """Return a cell as spreadsheets name it; the headings are row 1."""
        name: str = xl_rowcol_to_cell(row - 1, self.place)
        return name


_SERIAL = frozenset(map(normalize, HEADINGS[LEFT_OUT][1:]))


class Row(NamedTuple):
    """A row of a table: its number, the texts of its cells, by place what is wrong with a cell, and whether it
    cannot be a call until somebody says that it is one.
    """

    number: int
    cells: list[str]
    problems: Mapping[int, str] = {}
    is_set_aside: bool = False

    @classmethod
    def restore(cls, stored: Any) -> Self:
        """Return a row that was stored as JSON, whose keys are texts."""
        number, cells, problems, *rest = stored
        return cls(number, cells, {int(place): code for place, code in problems.items()}, *rest)

    @property
    def texts(self) -> dict[int, str]:
        """Return what stands in the filled cells, by place."""
        stripped = ((place, cell.strip()) for place, cell in enumerate(self.cells))
        return {place: text for place, text in stripped if text}


class Remark(NamedTuple):
    """A cell that somebody should look at, or a row by its number: where it is, its heading or the words of
    the row, and a code.
    """

    place: str
    heading: str
    code: str


class RowKeys:
    """The submission keys of the rows of one table: sent again, in it or in another, a row has the same."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._serial = {column.place for column in columns if column.is_serial}
        self._seen: Counter[str] = Counter()

    def next_key(self, row: Row) -> str:
        """Return the key of the next row; two alike in one table are two."""
        told = [text.strip() for n, text in enumerate(row.cells) if n not in self._serial]
        while told and not told[-1]:  # as many as the program that wrote the file likes
            del told[-1]
        key = scope_key("row", json.dumps(told))
        self._seen[key] += 1
        return scope_key(self._seen[key], key)


def match_columns(headings: Sequence[str], given: Mapping[str, str]) -> list[Column]:
    """Return the columns: a field is named as it is given for a heading, else by its name or label."""
    fields = {
        normalize(str(each.label)): name
        for name, each in ReportForm.base_fields.items()
        if each.label and name in FIELDS
    }
    fields |= {normalize(each): name for name, names in HEADINGS.items() for each in names}
    fields |= {normalize(name): name for name in FIELDS}
    fields |= {normalize(heading): name for heading, name in given.items()}
    cut = [sanitize_text(heading).strip()[:MAX_HEADING_CHARS] for heading in headings]
    return [
        Column(place, each, fields.get(normalize(each), ""), normalize(each) in _SERIAL)
        for place, each in enumerate(cut)
    ]


def mark_serial(columns: Iterable[Column], rows: Sequence[Row]) -> list[Column]:
    """Return the columns, those that count the first rows from one marked whatever they are called."""
    marked = []
    for column in columns:
        texts = [text for row in rows if (text := row.texts.get(column.place))]
        counted = [*map(str, range(1, len(texts) + 1))]
        is_serial = len(texts) >= MIN_COUNTED_ROWS and texts == counted
        marked.append(replace(column, field=LEFT_OUT, is_serial=True) if is_serial else column)
    return marked


def counts_columns(row: Row) -> bool:
    """Return whether a row numbers the columns, as official forms do below the headings: (A), (1), (2)."""
    texts = [text.strip("()") for text in row.texts.values()]
    digits = [int(text) for text in texts if text.isdecimal() and len(text) <= 2]
    is_short = all(len(text) <= 2 for text in texts)
    return is_short and len(digits) >= 3 and digits == [*range(digits[0], digits[0] + len(digits))]


def is_note(columns: Sequence[Column], row: Row, usual_cells: int) -> bool:
    """Return whether a row at the end of a table signs, dates or adds up the list and tells of no call: it
    fills fewer cells than rows usually do, without a serial number, a day, a number, an account, a link or
    a word of what callers say.
    """
    texts, words = row.texts, "; ".join(row.texts.values())
    is_short = len(texts) <= MAX_NOTE_CELLS < usual_cells and len(words) <= MAX_NOTE_CHARS
    dated = [each.place for each in columns if each.is_serial or each.field == "called_on"]
    if row.problems or not is_short or any(texts.get(n, "")[:1].isdecimal() for n in dated):
        return False
    if words.casefold().startswith(_SUMS):
        return True
    parsed = parse_story(words)
    signs, _ = call_signs.find_signs(parsed, read_story(parsed))
    return not (signs or find_links(words) or _MANY_DIGITS.search(_DAY.sub("", words)))


def judge_row(columns: Sequence[Column], row: Row) -> tuple[ReportSubmission | None, list[Remark]]:
    """Return the report of a row and what was not understood of it, or None and what keeps it out."""
    if row.is_set_aside:
        words = "; ".join(row.texts.values())
        return None, [Remark(str(row.number), words[:MAX_NOTE_CHARS], "set_aside")]
    if row.problems:
        places = {column.place: column for column in columns}
        named = [(places.get(n, Column(n, "", "")), code) for n, code in row.problems.items()]
        return None, [
            Remark(each.name_cell(row.number), each.heading, code) for each, code in named
        ]
    parser = ReportFormParser(parse_row(columns, row.cells))
    if parser.is_empty:
        return None, [Remark(str(row.number), "", "empty")]
    submission = parser.to_submission(gazetteer.communes())
    flags = set(submission.flags)
    if submission.called_on is None and not flags & _ODD_DAYS:
        dated = (each.place for each in columns if each.field == "called_on")
        flags |= {"date_unread"} if row.texts.keys() & dated else set()
    return submission, list(_iter_doubts(columns, row.number, sorted(flags)))


def parse_row(columns: Sequence[Column], cells: Sequence[str]) -> Fields:
    """Return the fields of one report."""
    fields, rest = Fields(), []
    for column, cell in zip(columns, cells, strict=False):
        text = sanitize_text(cell).strip()
        if text and column.field != LEFT_OUT and not _fill_field(fields, column.field, text):
            rest.append(f"{column.heading}: {text}")
    surplus = map(sanitize_text, cells[len(columns) :])
    fields["story"] = "\n".join([*fields.getlist("story"), *rest, *surplus])
    return fields


def _fill_field(fields: Fields, name: str, text: str) -> bool:
    """Fill the field and return True; return False where it does not understand the text."""
    if name == "called_on" and (found := _find_day(text)):
        parts, time = found
        _join_time(fields, time)
        fields.update({f"called_{part}": digits for part, digits in parts.items()})
    elif name in {"called_on", "called_time"}:
        _join_time(fields, [text])
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
    elif name in _PHONES and _WITHOUT_ZERO.fullmatch(text):
        fields.appendlist(name, f"0{text}")  # which a spreadsheet took away with the text
    else:
        fields.appendlist(name, text)
    return True


def _find_day(text: str) -> tuple[dict[str, str], list[str]] | None:
    """Return d, m and y of the one day in a cell, and what else it says; None for no day or several."""
    if len(text) > MAX_DAY_CHARS:
        return None
    if short := _DAY_OF_YEAR.fullmatch(text):
        return {"d": short[1], "m": short[2]}, []
    if len(found := [*_DAY.finditer(text)]) != 1:
        return None
    d, m, y, iso_y, iso_m, iso_d = found[0].groups()
    before, after = text[: found[0].start()], text[found[0].end() :]
    rest = f"{before.strip().removesuffix('ngày')} {after.removeprefix('T')}".strip(" ,;")
    parts = {"d": d or iso_d, "m": m or iso_m, "y": iso_y or f"20{y}"[-4:]}
    return parts, [rest] if rest else []


def _join_time(fields: Fields, texts: list[str]) -> None:
    """Add what one more cell says of the time."""
    if told := [*fields.getlist("called_time"), *texts]:
        fields["called_time"] = " ".join(told)


def _iter_doubts(columns: Iterable[Column], row: int, flags: Iterable[str]) -> Iterator[Remark]:
    """Yield the cells of a row that were not understood, each with its flag."""
    places = {column.field: column for column in columns}
    for flag in flags:
        if column := places.get(_FIELDS_OF_FLAGS.get(flag, "")):
            yield Remark(column.name_cell(row), column.heading, flag)
