"""The queue as a file: what stands in it, who gets it, what is on record, and what a spreadsheet
must not do with it.
"""

import io
import re
import zipfile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from core import spreadsheets
from core.models import AuditEvent
from reports.facts.merged_report import Caller
from tests.support import report_factories
from tests.support.desk_pages import QUEUE
from tests.support.officers import PASSWORD, Person
from tests.support.queue_exports import PAGE, as_csv, as_xlsx, exported

pytestmark = pytest.mark.django_db

FORMULAS = ["=1+1", "+84", "-2", "@SUM(A1)", "\t=1", "  =1", "＝1", "\u200b=1", "\n@x", "\r=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_begins_as_a_formula(text: str) -> None:
    assert spreadsheets.escape_formula(text).startswith("'")


@pytest.mark.parametrize("text", ["", "công an", "0550 000 123", "a=1", "…=", "'=1"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert spreadsheets.escape_formula(text) == text


@given(st.lists(st.lists(st.text(max_size=60), min_size=1, max_size=4), max_size=5))
def test_whatever_stands_in_a_cell_both_files_can_be_read(rows: list[list[str]]) -> None:
    for write, read in ((spreadsheets.write_csv, as_csv), (spreadsheets.write_xlsx, as_xlsx)):
        file = io.BytesIO()
        assert write(file, rows) == len(rows)
        assert [len(row) for row in read(file.getvalue())] == [len(row) for row in rows]


@given(st.text(max_size=80))
def test_no_cell_of_csv_is_run(text: str) -> None:
    assert spreadsheets.escape_formula(text)[:1] not in set("=+-@\t\r")


def test_a_workbook_holds_texts_and_numbers_and_no_formula() -> None:
    file = io.BytesIO()
    spreadsheets.write_xlsx(file, [("=1+1", 5, "<b>&\x00")])
    with zipfile.ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert as_xlsx(file.getvalue()) == [["=1+1", "5", "<b>&[U+0000]"]]


def test_a_workbook_has_a_frozen_head_filters_widths_and_times_that_can_be_sorted(
    lead: Person,
) -> None:
    report_factories.report("a")
    given = {"format": "xlsx", "confirm_proof": PASSWORD}
    answer = lead.client.post(f"{PAGE}?viec=all", given)
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as book:  # type: ignore[arg-type]
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    for part in ('state="frozen"', '<autoFilter ref="A1:S2"', "<cols>"):
        assert part in sheet
    assert re.search(r'<c r="B2" s="\d"><v>4\d{4}\.\d+</v>', sheet)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_row_for_each_report_of_the_filter(lead: Person, kind: str) -> None:
    here, other = report_factories.report("a"), report_factories.report("b")
    report_factories.add_facts(here, scenario="police_case")
    report_factories.add_facts(other, scenario="prize")
    rows = exported(lead, "?viec=all&kieu=police_case", format=kind)
    assert [row[0] for row in rows] == ["Mã tin", here.public_number]


def test_nothing_personal_stands_in_it_unless_asked(lead: Person) -> None:
    report_factories.report("Bà Tư kể.", contact="0992 000 118", commune_raw="số 7 xóm Trên")
    secrets = ("Bà Tư", "0992 000 118", "xóm Trên")
    text = " ".join(exported(lead)[1])
    assert "có, đã che" in text
    assert [secret for secret in (*secrets, "0992") if secret in text] == []
    text = " ".join(exported(lead, personal="on", reason="Gửi Công an xã")[1])
    assert [secret for secret in secrets if secret not in text] == []


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"reason": " ", "confirm_proof": PASSWORD}, "Ghi vì sao cần xuất"),
        ({"reason": "Gửi Công an xã"}, "Xác nhận lại"),
    ],
)
def test_without_a_reason_and_a_password_nothing_personal_is_given(
    lead: Person, typed: dict[str, str], told: str
) -> None:
    answer = lead.client.post(PAGE, {"format": "csv", "personal": "on", **typed})
    assert told in answer.content.decode()
    assert not AuditEvent.objects.filter(kind="exported").exists()


def test_each_export_is_on_record_with_filter_and_rows(lead: Person) -> None:
    report_factories.report()
    exported(lead, "?viec=all&q=B%C3%A0+T%C6%B0")
    exported(lead, "?viec=open", personal="on", reason="Gửi Công an xã")
    first, second = AuditEvent.objects.filter(kind="exported").order_by("id")
    asked = {"rows": 0, "filter": "viec=all", "searched": True}
    assert first.detail.items() >= asked.items()
    assert "Bà" not in str(first.detail)
    assert second.actor == lead.user
    given = {"rows": 1, "personal": True, "reason": "Gửi Công an xã"}
    assert second.detail.items() >= given.items()


def test_more_than_the_setting_are_refused_and_said(lead: Person, settings: Settings) -> None:
    settings.EXPORT_MAX_ROWS = 2
    for _ in range(3):
        report_factories.report()
    answer = lead.client.post(PAGE + "?viec=all", {"format": "csv"})
    assert answer.status_code == 422
    assert "Có hơn 2 tin" in answer.content.decode()


def test_the_right_to_export_is_none_to_personal_data(lead: Person) -> None:
    lead.revoke("export_personal")
    asked = {"format": "csv", "personal": "on", "reason": "cần lắm", "confirm_proof": PASSWORD}
    assert lead.client.post(PAGE, asked).status_code == 403
    assert 'name="personal"' not in lead.read_page(PAGE)


def test_what_was_told_later_goes_along(lead: Person) -> None:
    subject = report_factories.report("Họ gọi.", caller_number="0550 000 123")
    report_factories.add_followup(
        subject,
        story="Họ gọi lại hai lần.",
        callers=(Caller(number="0550 000 124"),),
        accounts=("0992000456", "của anh tôi, Vietcombank"),
        links=("dichvu-cong.example",),
    )
    report_factories.add_followup(subject, accounts=("0992 000 456",))
    report_factories.read_all(subject)
    text = dict(zip(*exported(lead, personal="on", reason="Gửi Công an xã"), strict=True))
    assert text["Số gọi kể sau"] == "0550 000 124"
    assert text["Tài khoản nhận"] == "0992 0004 56; của anh tôi, Vietcombank"
    assert text["Đường link"] == "dichvu-cong.example"
    assert text["Lời kể thêm (cũng đã che)"].strip() == "Họ gọi lại hai lần."
    text = dict(zip(*exported(lead), strict=True))
    assert text["Tài khoản nhận"] == "0992 0004 56", "what was not read is somebody's own words"


def test_the_file_is_an_attachment_that_nobody_keeps(lead: Person) -> None:
    answer = lead.client.post(PAGE, {"format": "xlsx"})
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    answer.close()


def test_many_reports_cost_few_statements(lead: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.reports.exports.BATCH_SIZE", 10)
    for _ in range(20):
        report_factories.report(contact="0992 000 118")
    with CaptureQueriesContext(connection) as asked:
        assert len(exported(lead)) == 21
    assert len(asked) < 35


def test_the_queue_leads_there_with_its_filter(lead: Person, duty: Person) -> None:
    report_factories.report()
    assert f'{PAGE}?viec=all"' in lead.read_page(f"{QUEUE}?viec=all")
    assert PAGE not in duty.read_page(f"{QUEUE}?viec=all")


def test_what_was_typed_stays_after_a_mistake(lead: Person) -> None:
    answer = lead.client.post(PAGE + "?viec=mine", {"format": "xls", "reason": "Gửi Công an xã"})
    assert "Gửi Công an xã" in answer.content.decode()
    assert "viec=mine" in answer.content.decode()
