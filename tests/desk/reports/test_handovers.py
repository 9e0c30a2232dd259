"""A hand-over as the officers of office and unit go through it, page by page and by the words there."""

import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from reports.cases import deadlines
from reports.models import Case, Report
from tests.support import report_factories
from tests.support.desk_pages import list_reports, page_of, press, statements, tree, words
from tests.support.officers import Person, log_in
from tests.support.transfer_slips import take

pytestmark = pytest.mark.django_db


@pytest.fixture
def commune() -> Client:
    unit = report_factories.unit()
    return log_in(report_factories.create_unit_officer(unit))


@pytest.fixture
def pressed() -> Report:
    """Of somebody who is pressed now and whom nobody has called."""
    report = report_factories.triaged("Họ xưng công an, bắt chuyển tiền.", happening_now=True)
    deadlines.start_for_new_reports()
    return report


def send(client: Client, report: Report, button: str, *, boxes: str = "", **typed: str) -> Any:
    """Fill in the form of a button on the report's page, tick the box of a label, and press."""
    page = tree(client.get(page_of(report)))
    (form,) = page.xpath(f"//form[.//button[starts-with(normalize-space(), '{button}')]]")
    ticked = {each.name: "on" for each in form.xpath(".//label/input[@checked]")}
    if boxes:
        (box,) = form.xpath(f".//label[contains(., '{boxes}')]/input")
        ticked[box.name] = "on"
    return client.post(form.action, dict(form.form_values()) | ticked | typed, follow=True)


def test_a_pressed_report_goes_out_is_received_is_answered_and_comes_back_confirmed(
    duty: Person, commune: Client, pressed: Report
) -> None:
    button, unit = (
        "Lập phiếu chuyển đơn vị",
        {"unit": "Công an xã Yên Định", "reason": "Đúng địa bàn."},
    )
    assert "Đã xem thì đánh dấu ô này" in words(send(duty.client, pressed, button, **unit))
    refused = send(duty.client, pressed, button, boxes="Tôi vẫn chuyển", **unit)
    assert "Người báo đang gặp nguy, chưa ai gọi được" in words(refused)
    assert "Đúng địa bàn." in words(refused)
    unit |= {"uncalled_reason": "Máy tắt, nhờ xã đến nhà."}
    sent = words(send(duty.client, pressed, button, boxes="Tôi vẫn chuyển", **unit))
    assert "Đã chuyển. Chờ đơn vị xác nhận đã nhận." in sent
    start = words(commune.get("/admin/"))
    assert "Tin được chuyển đến, chờ xác nhận" in start
    assert f"{pressed.public_number} KHẨN còn" in start
    assert list_reports(commune, viec="unreceived") == [pressed]
    assert "Máy tắt, nhờ xã đến nhà." in words(commune.get(page_of(pressed)))
    assert "Nơi chuyển thấy ngay." in words(send(commune, pressed, "Đã nhận"))
    assert list_reports(duty.client, viec="unreceived") == []
    assert list_reports(duty.client, viec="unanswered") == [pressed]
    assert "Chờ báo kết quả, Công an xã Yên Định" in words(duty.client.get("/admin/"))
    told = {"result": "helped", "reason": "Đã đến nhà, bà chưa chuyển tiền."}
    assert "Đã báo kết quả." in words(send(commune, pressed, "Báo kết quả", **told))
    page = words(duty.client.get(page_of(pressed)))
    assert "Đã gặp người báo, đã ngăn chặn. Đã đến nhà, bà chưa chuyển tiền. (xa," in page
    assert list_reports(duty.client, viec="unanswered") == []
    assert list_reports(duty.client, viec="call") == [pressed]  # until somebody records that call
    press(commune, pressed, "contact")
    assert list_reports(duty.client, viec="call") == []


def test_what_was_not_received_in_time_is_overdue_for_the_sender(duty: Person) -> None:
    report = report_factories.report()
    press(duty.client, report, "hand_over", urgent="on")
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert "quá hạn 1 phút" in words(duty.client.get(page_of(report)))
    past = timezone.now() - timedelta(minutes=1)
    Case.objects.update(due_at=past)
    assert list_reports(duty.client, viec="overdue") == [report]


def test_a_declined_report_is_back_in_the_queue_and_its_page_says_why(
    duty: Person, commune: Client
) -> None:
    report = report_factories.report()
    press(duty.client, report, "hand_over")
    done = send(commune, report, "Không nhận tin này", reason="Người báo ở xã Kiên Thọ.")
    assert "Đã trả tin về PV01." in words(done)
    assert commune.get(page_of(report)).status_code == 403
    assert list_reports(duty.client) == [report]
    page = words(duty.client.get(page_of(report)))
    assert "Đơn vị không nhận Người báo ở xã Kiên Thọ. (xa," in page


def test_the_second_of_two_is_told_and_keeps_the_words(duty: Person, commune: Client) -> None:
    report = report_factories.report()
    press(duty.client, report, "hand_over")
    seen = {"version": Case.objects.get(report=report).version, "reason": "Chuyển nhầm xã."}
    press(commune, report, "receive")
    late = duty.client.post(page_of(report, "take_back"), seen)
    assert late.status_code == 409
    assert "xa vừa xử lý tin này" in words(late)
    assert "Chuyển nhầm xã." in words(late)


@pytest.mark.parametrize("day", ["2999-01-01", "hôm qua", ""])
def test_a_paper_needs_a_day_that_was(duty: Person, day: str) -> None:
    report = report_factories.report()
    press(duty.client, report, "hand_over", unit="Phòng An ninh mạng")
    typed = {"receiver": "Trực ban phòng", "received_on": day}
    refused = send(duty.client, report, "Đã nhận bằng giấy", **typed)
    assert "Ghi ngày nhận, không sau hôm nay." in words(refused)
    assert "Trực ban phòng" in refused.content.decode()
    send(duty.client, report, "Đã nhận bằng giấy", receiver="Trực ban phòng")  # today stands there
    assert "Bằng giấy, ngày" in words(duty.client.get(page_of(report)))


def test_the_paper_is_urgent_has_its_days_and_speaks_as_the_police_do(
    duty: Person, pressed: Report
) -> None:
    press(duty.client, pressed, "hand_over", urgent="on", anyway="on", uncalled_reason="máy tắt")
    pages = PdfReader(io.BytesIO(take(duty, pressed).content)).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    said = "KHẨN", "TL. GIÁM ĐỐC TRƯỞNG PHÒNG", "Nội dung người báo trình bày", "máy tắt", "trước"
    resident = "Họ xưng:", "Họ muốn", "Gọi bằng", "Không nói", "CÁN BỘ LẬP PHIẾU"
    assert [part in text for part in (*said, *resident)] == [True] * 5 + [False] * 5, text


def test_the_start_page_takes_no_statement_more(duty: Person, commune: Client) -> None:
    before = [len(statements(commune, "/admin/")) for _ in range(2)][-1]
    for _ in range(3):
        press(duty.client, report_factories.report(), "hand_over")
    assert len(statements(commune, "/admin/")) <= before
