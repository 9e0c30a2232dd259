"""A commune's table is read as it was meant, and what cannot be read is told in one sentence."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from core.spreadsheets import write_xlsx
from reports.submission import table_reader, workbook_reader
from reports.submission.row_parser import MAX_CELL_CHARS, Row
from reports.submission.table_reader import MAX_NOTE_ROWS, TableError
from tests.support.report_lists import HEADINGS, SHEET, make_archive, make_workbook, rewrite

CALL = (1, datetime(2026, 11, 30, 9, 15), 912345678, "Xưng công an.", 20_000_000.0, None)  # noqa: DTZ001
CALL_TEXTS = ["1", "30/11/2026 09:15", "912345678", "Xưng công an.", "20000000"]
LAUGHS = b"".join(b"<!ENTITY %c '%s'>" % (n + 1, b"&%c;" % n * 50) for n in range(97, 109))
BILLION_LAUGHS = b"<!DOCTYPE x [<!ENTITY a 'haha'>%s]><%s a='&m;'"


def read_rows(content: bytes, seconds: int = 20) -> list[Row]:
    return list(table_reader.open_table(io.BytesIO(content), {}, seconds).rows)


def read_problems(content: bytes) -> Mapping[int, str]:
    first, second = read_rows(content)
    assert second.cells[3] == "Dòng sau."
    return first.problems


def test_a_workbook_is_read_as_the_csv_of_it_would_be() -> None:
    others = (2, datetime(2026, 11, 29), time(8, 5), True, 1.5, "#chữ")  # noqa: DTZ001
    rows = read_rows(make_workbook([HEADINGS, CALL, (), others]))
    assert rows[0] == Row(2, CALL_TEXTS, {})
    assert rows[1] == Row(4, ["2", "29/11/2026", "08:05", "TRUE", "1.5", "#chữ"], {})
    text = "\n".join([";".join(HEADINGS), ";".join(CALL_TEXTS), ";;", ";".join(rows[1].cells)])
    assert read_rows(text.encode("utf-8-sig")) == rows


def test_what_stands_above_the_headings_is_no_call() -> None:
    title = ["UBND XÃ MẪU", None, None, None, None, None]
    content = make_workbook([title, [], HEADINGS, CALL], merge="A1:F1")
    table = table_reader.open_table(io.BytesIO(content), {}, 20)
    assert (table.heading_row, [row.number for row in table.rows]) == (3, [4])
    assert [column.field for column in table.columns] == [
        "left_out", "called_on", "caller_number", "story", "money_lost_vnd", "",
    ]  # fmt: skip


def read_set_aside(*rows: Sequence[Any], headings: Sequence[str] = HEADINGS) -> list[int]:
    """The numbers of the rows that are set aside."""
    return [row.number for row in read_rows(make_workbook([headings, *rows])) if row.is_set_aside]


@pytest.mark.parametrize(
    "words",
    [
        ("Người lập biểu", "TM. UBND XÃ"), ("(Ký, ghi rõ họ tên)",), ("Nguyễn Văn A", "Trần Thị B"),
        ("Xã Mẫu, ngày 30 tháng 11 năm 2026",), ("Xã Mẫu, ngày 30/11/2026",), ("Tổng số tiền: 350.000.000",),
        ("Nơi nhận: Công an tỉnh; Lưu VT",), ("Cộng: 2 cuộc",),
    ],
)  # fmt: skip
def test_lines_below_the_calls_that_sign_date_or_add_up_are_set_aside(words: Sequence[str]) -> None:
    note = (None, *words)
    assert read_set_aside(CALL, CALL, note, (), note) == [4, 6]
    assert read_set_aside(CALL, note, CALL) == []  # in the midst of calls it may be one


@pytest.mark.parametrize(
    "row",
    [
        (None, None, None, "Xưng công an."), (None, None, None, "Hỏi mã OTP"), (None, None, "0550 000 111"),
        (None, "30/11/2026", None, "Họ gọi rồi thôi."), (9, None, None, "Họ gọi rồi thôi."),
        (None, None, None, "http://vi-du.example"), (None, None, None, "Họ gọi rồi thôi. " * 9),
        (None, None, "=1+1"), (None, None, "Họ", "gọi", "rồi"),
    ],
)  # fmt: skip
def test_a_last_row_with_anything_of_a_call_is_none_of_them(row: Sequence[Any]) -> None:
    assert read_set_aside(CALL, CALL, row) == []


def test_a_list_of_few_columns_or_of_notes_alone_sets_nothing_aside() -> None:
    assert read_set_aside(("Gọi nữa.",), ("Kể sau.",), headings=["Nội dung"]) == []
    assert read_set_aside(*[(None, None, None, "Gọi nữa.")] * 30) == []
    assert len(read_set_aside(*[CALL] * 30, *[(None, "Ông Tư")] * 30)) == MAX_NOTE_ROWS


@pytest.mark.parametrize("marks", ["(A) (1) (2) (3) (4) (5)", "1 2 3 4 5 6"])
def test_numbers_of_the_columns_below_their_headings_are_no_call(marks: str) -> None:
    assert read_set_aside(marks.split(), CALL, CALL) == [2]


@pytest.mark.parametrize("heading", ["", "Số", "Số lạ", "No."])
def test_a_column_that_counts_the_rows_is_no_number_whatever_it_is_called(heading: str) -> None:
    rows = [(n, "0550 000 111", "Xưng công an.") for n in (1, 2, 3)]
    content = make_workbook([(heading, "Số gọi đến", "Nội dung"), *rows])
    [serial, *others] = table_reader.open_table(io.BytesIO(content), {}, 20).columns
    assert (serial.field, serial.is_serial) == ("left_out", True)
    assert [each.is_serial for each in others] == [False, False]


def test_a_list_without_known_headings_begins_with_its_first_row() -> None:
    assert [row.number for row in read_rows("Tên;Việc\nTư;kể\n".encode())] == [2]


@pytest.mark.parametrize(
    ("cell", "problem"),
    [("=1+1", "formula"), ("#REF!", "error"), (19031234567890123, "digits_lost")],
)
def test_a_cell_that_lost_its_content_is_told_and_the_next_row_read(
    cell: object, problem: str
) -> None:
    after = (2, None, "0550 000 111", "Dòng sau.")
    assert read_problems(make_workbook([HEADINGS, (1, None, cell, "Kể."), after])) == {2: problem}


def test_a_cell_of_thirty_megabytes_is_told_and_the_next_row_read() -> None:
    table = make_workbook([HEADINGS, (1, None, "moc", "Kể."), (2, None, "x", "Dòng sau.")])
    long = rewrite(table, SHEET, b"<t>moc</t>", b"<t>%s</t>" % (b"m" * 30_000_000))
    assert len(long) < MAX_CELL_CHARS
    assert read_problems(long) == {2: "too_long"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0 old", "xls"),
        (make_archive("mimetype", "content.xml"), "ods"),
        (make_archive("word/document.xml"), "không phải bảng tính"),
        (b"PK\x03\x04 cut off", "không mở được"),
        (b"%PDF-1.7", "PDF"),
        (b"<html><table>", "trang web"),
        ("Nội dung\nGọi\n".encode("utf-16"), "UTF-16"),
        (b"Noi dung\nG\xecm.\n", "Dòng 2 .*UTF-8"),
        (b'Noi dung\n"' + b"x" * 1_600_000, "Dòng [23] .*ngoặc kép"),
        (b"Noi dung" + b";x" * 101, "CW1"),
        (b";;\n\n;\n", "không có dòng nào"),
        (b"", "không có dòng nào"),
        (make_workbook([]), "không có dòng nào"),
        (make_workbook([HEADINGS], Thang10="x"), "nhiều trang tính có chữ: Sheet, Thang10"),
        (make_workbook([HEADINGS, CALL, CALL], merge="B2:B3"), "B2:B3 đang gộp"),
    ],
    ids=[
        "xls", "ods", "docx", "broken", "pdf", "web page", "utf-16", "another encoding", "open quote", "wide",
        "blank csv", "nothing", "blank workbook", "several sheets", "merged cells",
    ],
)  # fmt: skip
def test_what_is_no_such_table_is_told_in_one_sentence(content: bytes, words: str) -> None:
    with pytest.raises(TableError, match=words):
        read_rows(content)


@pytest.mark.parametrize(
    ("member", "old", "new"),
    [
        (SHEET, b"<sheetData>", b"<sheetData><row>" + b"<c/>" * 20_000_000 + b"</row>"),
        (SHEET, b"<worksheet", BILLION_LAUGHS % (LAUGHS, b"worksheet")),
        ("xl/sharedStrings.xml", b"<si>", b"<si><t>x</t></si>" * 10_000_000 + b"<si>"),
        ("xl/workbook.xml", b"<workbook", BILLION_LAUGHS % (LAUGHS, b"workbook")),
    ],
    ids=["cells", "entities", "strings", "entities of the book"],
)
def test_a_bomb_ends_in_a_sentence_within_the_bounds_of_its_process(
    member: str, old: bytes, new: bytes
) -> None:
    file = io.BytesIO()
    write_xlsx(file, [HEADINGS, CALL_TEXTS])  # which has shared strings, as Excel's own have
    bomb = rewrite(file.getvalue(), member, old, new)
    assert len(bomb) < 1_000_000
    try:
        rows = read_rows(bomb, seconds=5)
    except TableError as error:
        assert "quá lớn" in str(error)  # noqa: PT017  # or it does no harm, by the parser's own bounds
    else:
        assert rows == [Row(2, CALL_TEXTS, {})]


def test_an_archive_that_says_it_is_too_large_is_not_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workbook_reader, "MAX_UNPACKED_BYTES", 100)
    with pytest.raises(workbook_reader.RefusedError, match="too_large"):
        workbook_reader.check_archive(ZipFile(io.BytesIO(make_workbook([HEADINGS]))))


def test_the_process_that_reads_knows_no_key() -> None:
    source = Path(workbook_reader.__file__).read_text()
    for ours in ("core", "reports", "django"):
        assert f"from {ours}" not in source
        assert f"import {ours}" not in source
