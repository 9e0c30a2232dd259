"""Phiếu chuyển tin: a number of its year with each hand-over, and a sheet that is on record."""

import io
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from pypdf import PdfReader

from core.audit import events
from core.errors import StaleVersionError
from reports.cases import official_documents
from reports.models import TransferSlip
from tests.support import report_factories
from tests.support.concurrency import in_parallel
from tests.support.database_contents import refused_by_database
from tests.support.desk_pages import page_of
from tests.support.officers import Person, create_officer, log_in
from tests.support.transfer_slips import PAPER, STORY, handed, issue, take, words_of

pytestmark = pytest.mark.django_db


def test_every_vietnamese_letter_and_the_heading_of_a_dispatch_are_on_the_sheet() -> None:
    said = words_of(official_documents.render_pdf(PAPER))
    for text in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc",
                 "CÔNG AN TỈNH THANH HÓA", "Số: 7/PCT-PV01", "Thanh Hóa, ngày 05 tháng 01 năm 2026",
                 "Kính gửi: Công an xã Yên Định", "Ắt ằ ẳ ẵ ặ Ợ ữ ỹ đ Đ", "Lê Thị Ỷ"):  # fmt: skip
        assert text in said


@pytest.mark.parametrize("text", ["\U0001f600", "\u202eđảo", "漢", "\x00", "\ufffd", "a\tb"])
def test_characters_that_the_type_lacks_are_shown_by_their_code_points(text: str) -> None:
    assert "[U+" in official_documents.replace_missing_glyphs(text)
    facts = (("Lời kể", text * 50),)
    assert official_documents.render_pdf(replace(PAPER, facts=facts)).startswith(b"%PDF")


@pytest.mark.parametrize("text", ["x" * 20_000, "dòng\n" * 3_000, "a " * 10_000, " ", ""])
def test_a_text_of_any_length_comes_to_a_few_sheets(text: str) -> None:
    facts = (("Lời kể", official_documents.truncate_to_pages(text)),)
    output = official_documents.render_pdf(replace(PAPER, facts=facts))
    assert len(PdfReader(io.BytesIO(output)).pages) <= 60


def test_a_hand_over_gets_the_next_number_of_its_year(duty: Person) -> None:
    first, second = handed(duty), handed(duty)
    year = timezone.localtime().year
    slips = TransferSlip.objects.order_by("number")
    assert [(row.year, row.number) for row in slips] == [(year, 1), (year, 2)]
    text = events.events_for("report", second.pk).get(kind="handed_over").detail["slip"]
    assert (text, first.slips.get().unit) == (f"2/{year}", "Công an xã Yên Định")


def test_numbers_begin_anew_each_year(duty: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    handed(duty)
    later = timezone.localtime() + timedelta(days=366)
    monkeypatch.setattr(timezone, "localtime", lambda *_: later)
    row = issue(report_factories.case(), duty.user)
    assert (row.year, row.number) == (later.year, 1)


def test_a_hand_over_that_fails_uses_no_number(duty: Person) -> None:
    with pytest.raises(StaleVersionError):
        report_factories.decide("hand_over", report_factories.report(), duty, version=9)
    handed(duty)
    assert TransferSlip.objects.get().number == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_two_numbers_without_a_gap() -> None:
    by, reports = create_officer("by", "duty"), [report_factories.report() for _ in range(6)]
    report_factories.unit()
    in_parallel([partial(report_factories.decide, "hand_over", each, by) for each in reports])
    assert sorted(TransferSlip.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "act", ["UPDATE reports_transferslip SET unit = 'x'", "DELETE FROM reports_transferslip"]
)
def test_a_slip_is_never_changed(duty: Person, act: str) -> None:
    handed(duty)
    refused_by_database(act)


def test_the_sheet_tells_the_report_with_what_is_sealed_only_for_who_asks_and_on_record(
    duty: Person,
) -> None:
    report = handed(duty, contact="0992 000 118", caller_number="0550 000 123")
    answer = take(duty, report)
    said = words_of(answer.content)
    assert answer.headers["Content-Type"] == "application/pdf"
    told = ["Công an xã Yên Định", "0550 000 123", "đúng địa bàn", "dọa bắt"]
    assert [text for text in (report.public_number, *told) if text not in said] == []
    assert "0992 000 118" not in said
    assert not events.events_for("report", report.pk).filter(kind="revealed").exists()
    assert "0992 000 118" in words_of(take(duty, report, whole="1").content)
    looked = events.events_for("report", report.pk).get(kind="revealed")
    assert (looked.actor, looked.detail["field"]) == (duty.user, "slip")


def test_the_sheet_gives_an_officers_word_before_the_machines(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    report_factories.correct(report, duty, "scenario", "bank")
    report_factories.decide("hand_over", report, duty)
    text = words_of(take(duty, report).content)
    assert "Cán bộ ghi Giả danh nhân viên ngân hàng" in text
    assert "Máy gợi ý thiệt hại: chưa rõ" in text


def test_each_sheet_is_counted_and_is_among_the_looks(duty: Person, auditor: Person) -> None:
    """Masked or whole, it carries a person's words out of the house."""
    report = handed(duty)
    take(duty, report)
    take(duty, report)
    assert "Đã in 2 lần" in duty.client.get(page_of(report)).content.decode()
    assert events.events_for("report", report.pk).filter(kind="transfer_slip_printed").count() == 2
    page = auditor.client.get("/admin/core/auditevent/looks/").content.decode()
    assert page.count("In phiếu chuyển tin") == 3  # the choice of acts, and these two


def test_the_receiving_unit_prints_it_and_no_other_unit_nor_for_another_report(
    duty: Person,
) -> None:
    report = handed(duty)
    address = page_of(report, f"slip/{report.slips.get().pk}")
    units = [report_factories.unit(), report_factories.unit("Công an xã Kiên Thọ")]
    officers = [report_factories.create_unit_officer(unit, unit.codename) for unit in units]
    assert [log_in(each).post(address).status_code for each in officers] == [200, 403]
    assert duty.client.get(address).status_code == 405
    of_another = page_of(report_factories.report(), f"slip/{report.slips.get().pk}")
    assert duty.client.post(of_another).status_code == 404


def test_an_erased_report_still_has_its_sheet(duty: Person) -> None:
    report = handed(duty, contact="0992 000 118")
    report_factories.erase(report)
    text = words_of(take(duty, report, whole="1").content)
    assert "Để lại" not in text
    assert "0992" not in text


def test_no_page_loads_what_draws_sheets() -> None:
    code = (
        "import django, sys; django.setup(); import portal.urls;"
        "print([name for name in ('fpdf', 'fontTools') if name in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "[]"
