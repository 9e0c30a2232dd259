"""A commune's list becomes reports: each row once, nothing in a cell lost, what is doubtful told by its cell."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest import CaptureFixture  # noqa: PT013

from core.models import OutboxItem
from core.outbox.queue import Priority
from reports.models import Report
from tests.support.officers import Person
from tests.support.report_lists import make_workbook

pytestmark = pytest.mark.django_db
LIST = """\ufeffSố lạ;Kể lại chuyện đã xảy ra;money_lost;called_on;commune;Ghi chú;channel;external_id
0550 000 111;Xưng công an, đòi tiền.;có;30/11/2026;Xã Không Có;ông Tư kể;Zalo;HS-17;cuối\0
;;;;;
;;không;;;
0550 000 222;=HYPERLINK("x");chắc là chưa;hôm kia;;
0550 000 222;=HYPERLINK("x");chắc là chưa;hôm kia;;
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "thang-11.csv"
    path.write_text(LIST)
    return path


def run(table: Path, by: str = "duty", **options: Any) -> None:
    call_command("import_reports", str(table), by=by, column=["Số lạ=caller_number"], **options)


def test_each_row_is_a_report_with_every_cell(table: Path, duty: Person) -> None:
    run(table)
    first, second, third = Report.objects.order_by("received_at")
    assert (first.source, first.caller_number, first.money_lost) == ("file", "0550 000 111", True)
    noted = "Ghi chú: ông Tư kể\nchannel: Zalo\nexternal_id: HS-17\ncuối\ufffd"
    assert first.story == f"Xưng công an, đòi tiền.\n{noted}"
    assert (str(first.called_on), first.commune_raw) == ("2026-11-30", "Xã Không Có")
    assert second.story == '=HYPERLINK("x")\nmoney_lost: chắc là chưa'
    assert (second.money_lost, second.called_on_raw) == (None, "hôm kia")
    assert third.story == second.story  # a list may tell of two calls in the same words


@pytest.mark.parametrize(
    ("typed", "time"),
    [
        ("2/11/2026", ""), ("02.11.26", ""), ("2026-11-02", ""), ("02/11/2026 9:15", "9:15"),
        ("2026-11-02T09:15:00", "09:15:00"), ("9h15 ngày 02/11/2026", "9h15"), ("ngày 2/11", ""),
        ("sáng 2-11-2026, lúc 9 giờ", "sáng , lúc 9 giờ"),
    ],
)  # fmt: skip
def test_a_date_is_no_call_of_today_however_a_list_writes_it(
    table: Path, duty: Person, typed: str, time: str
) -> None:
    table.write_text(LIST.replace("30/11/2026", typed))
    run(table)
    report = Report.objects.earliest("received_at")
    assert report.called_on
    assert (report.called_on.day, report.called_on.month) == (2, 11)
    assert report.called_on_raw.partition(", ")[2] == time


def test_a_cell_without_a_day_or_with_two_is_kept_and_told(
    table: Path, duty: Person, capsys: CaptureFixture[str]
) -> None:
    for typed in ("hôm kia", "1/11/2026 và 2/11/2026", "1/2/2026/3"):
        table.write_text(f"Ngày gọi;Giờ gọi;Nội dung\n{typed};9 giờ;Xưng công an, {typed}.\n")
        run(table)
        report = Report.objects.latest("received_at")
        assert (report.called_on, report.called_on_raw) == (None, f"{typed} 9 giờ")
        assert "A2 (Ngày gọi): date_unread" in capsys.readouterr().out


def test_what_signs_a_list_is_left_out_unless_every_row_is_wanted(
    table: Path, duty: Person, capsys: CaptureFixture[str]
) -> None:
    call = "1;30/11/2026;0550 000 111;Xưng công an."
    table.write_text(f"STT;Ngày;Số lạ;Nội dung\n{call}\n;;Người lập biểu;\n")
    run(table)
    told = capsys.readouterr().out
    assert "3 (Người lập biểu): Không giống một cuộc gọi" in told
    assert "new: 1, again: 0, left out: 1" in told
    run(table, every_row=True)
    assert "new: 1, again: 1, left out: 0" in capsys.readouterr().out


def test_columns_and_doubtful_cells_are_told_and_a_trial_files_nothing(
    table: Path, capsys: CaptureFixture[str]
) -> None:
    run(table, by="nobody", dry_run=True)
    told = capsys.readouterr().out
    for line in (
        "Số lạ -> caller_number", "Ghi chú -> story", "Fields for --column: accounts, ", "E2 (commune): commune_unknown",
        "4 (row): Không có gì về cuộc gọi.", "new: 3, again: 0, left out: 1",
    ):  # fmt: skip
        assert line in told
    assert not Report.objects.exists()


def test_sent_twice_or_longer_each_row_counts_once(
    table: Path, duty: Person, capsys: CaptureFixture[str]
) -> None:
    run(table)
    table.write_text(LIST.replace("\n;;;;;\n", "\n0550 000 333;Gọi nữa.\n"))
    run(table)
    assert "new: 1, again: 3, left out: 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"story\nG\xecm.\n", "Dòng 2 .*UTF-8"), (b"PK\x03\x04", "không mở được")],
    ids=["another encoding", "a broken workbook"],
)
def test_what_is_no_table_stops_with_its_row(
    table: Path, duty: Person, content: bytes, words: str
) -> None:
    table.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        run(table)
    table.unlink()
    with pytest.raises(CommandError, match="No such file"):
        run(table)


def test_a_column_fills_a_field_that_there_is(table: Path, duty: Person) -> None:
    with pytest.raises(CommandError, match="number: no field"):
        call_command("import_reports", str(table), by="duty", column=["Số lạ=number"])


def test_only_an_officer_who_may_file_imports(table: Path, editor: Person) -> None:
    for name in (editor.user.username, "nobody"):
        with pytest.raises(CommandError, match="no officer"):
            run(table, by=name)


def test_a_row_that_only_counts_itself_is_no_report_and_its_number_no_other_row(
    table: Path, duty: Person, capsys: CaptureFixture[str]
) -> None:
    for first, second in (("1", "2"), ("7", "8")):
        table.write_text(f"STT,Nội dung,Ghi chú\n{first},Xưng công an.,\n{second},,\n")
        run(table)
    assert Report.objects.get().story == "Xưng công an."
    assert "3 (row): Không có gì về cuộc gọi." in capsys.readouterr().out


def test_a_number_that_lost_its_zero_to_a_spreadsheet_has_it_again(
    table: Path, duty: Person
) -> None:
    table.write_text("Số lạ,Số người báo,Ngày gọi,Giờ gọi\n992000118,2373725725,hôm kia,9 giờ\n")
    run(table)
    report = Report.objects.get()
    assert (report.caller_number, report.called_on_raw) == ("0992000118", "hôm kia 9 giờ")
    assert "contact_doubtful" not in report.flags


def test_one_list_as_csv_and_as_workbook_counts_once_however_its_columns_are_named(
    table: Path, duty: Person, capsys: CaptureFixture[str]
) -> None:
    called = datetime(2026, 11, 30)  # noqa: DTZ001  # as a cell has it
    rows = [
        ("Ngày gọi", "Số lạ", "Ghi chú"),
        (called, 912345678, "Ép chuyển tiền."),
        (None, "", ""),
    ]
    table.write_bytes(make_workbook(rows))
    run(table)
    table.write_text("Ngày gọi;Số lạ;Ghi chú;\n30/11/2026;912345678;Ép chuyển tiền.;\n")
    call_command("import_reports", str(table), by="duty", column=["Ghi chú=story"])
    assert Report.objects.get().story == "Ghi chú: Ép chuyển tiền."
    assert "new: 0, again: 1" in capsys.readouterr().out


def test_residents_are_read_before_the_rows_of_a_list_however_urgent_those_sound(
    table: Path, duty: Person
) -> None:
    table.write_text("Nội dung,Đang bị ép\nHọ còn trên máy.,có\n")
    run(table)
    assert Report.objects.get().happening_now
    assert OutboxItem.objects.get().priority == Priority.IDLE
