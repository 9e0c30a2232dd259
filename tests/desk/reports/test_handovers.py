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
from reports.models import Report, TransferSlip
from tests.support import report_factories
from tests.support.desk_pages import STORY, list_reports, page_of, press, tree, words
from tests.support.officers import Person, log_in
from tests.support.transfer_slips import take

pytestmark = pytest.mark.django_db


@pytest.fixture
def commune() -> Client:
    return log_in(report_factories.create_unit_officer(report_factories.unit()))


@pytest.fixture
def pressed() -> Report:
    """Of somebody who is pressed now and whom nobody has called."""
    report = report_factories.triaged("Họ xưng công an, bắt chuyển tiền.", happening_now=True)
    deadlines.start_for_new_reports()
    return report


def send(client: Client, report: Report, button: str, *, box: str = "", **typed: str) -> str:
    """Fill in the form of a button, tick the box of that label, press; return the words of the page."""
    page = tree(client.get(page_of(report)))
    (form,) = page.xpath(f"//form[.//button[starts-with(normalize-space(), '{button}')]]")
    ticked = form.xpath(f".//label[contains(., '{box}')]/input/@name") if box else []
    data: dict[str, Any] = dict(form.form_values()) | dict.fromkeys(ticked, "on") | typed
    return words(client.post(form.action, data, follow=True))


def test_a_pressed_report_goes_out_is_received_is_answered_and_comes_back_confirmed(
    duty: Person, commune: Client, pressed: Report
) -> None:
    button, unit = "Lập phiếu chuyển đơn vị", {"unit": "Công an xã Yên Định", "reason": "Đúng xã."}
    assert "Đã xem thì đánh dấu ô này" in send(duty.client, pressed, button, **unit)
    refused = send(duty.client, pressed, button, box="Tôi vẫn chuyển", **unit)
    assert "Người báo đang gặp nguy, chưa ai gọi được" in refused
    unit |= {"uncalled_reason": "Máy tắt, nhờ xã đến nhà."}
    sent = send(duty.client, pressed, button, box="Tôi vẫn chuyển", **unit)
    assert "Đã chuyển. Chờ đơn vị xác nhận." in sent
    start = words(commune.get("/admin/"))
    assert "Tin được chuyển đến, chờ xác nhận" in start
    assert f"{pressed.public_number} KHẨN còn" in start
    assert list_reports(commune, viec="unreceived") == [pressed]
    assert "Máy tắt, nhờ xã đến nhà." in words(commune.get(page_of(pressed)))
    assert "Nơi chuyển thấy ngay." in send(commune, pressed, "Đã nhận")
    assert list_reports(duty.client, viec="unreceived") == []
    assert list_reports(duty.client, viec="call") == [pressed]  # until somebody was reached
    assert list_reports(duty.client, viec="unanswered") == [pressed]
    assert "Chờ báo kết quả, Công an xã Yên Định" in words(duty.client.get("/admin/"))
    result = {"result": "helped", "reason": "Đã đến nhà, bà chưa chuyển tiền."}
    assert "Đã báo kết quả." in send(commune, pressed, "Báo kết quả", **result)
    page = words(duty.client.get(page_of(pressed)))
    assert "Đã gặp người báo, đã ngăn chặn. Đã đến nhà, bà chưa chuyển tiền. (xa," in page
    assert list_reports(duty.client, viec="unanswered") == []
    assert list_reports(duty.client, viec="call") == []


def test_what_was_not_received_in_time_is_overdue_for_the_sender(duty: Person) -> None:
    case = report_factories.case()
    with time_machine.travel(timezone.now() - timedelta(minutes=31)):
        report_factories.decide("hand_over", case, duty, urgent="1")
    assert list_reports(duty.client, viec="overdue") == [case.report]
    assert "(đơn vị xác nhận đã nhận): quá hạn 1 phút" in words(
        duty.client.get(page_of(case.report))
    )


def test_a_declined_report_is_back_in_the_queue_and_its_page_says_why(
    duty: Person, commune: Client
) -> None:
    report = report_factories.report()
    press(duty.client, report, "hand_over")
    done = send(commune, report, "Không nhận tin này", reason="Người báo ở xã Kiên Thọ.")
    assert "Đã trả về nơi chuyển." in done
    assert commune.get(page_of(report)).status_code == 403
    assert list_reports(duty.client) == [report]
    page = words(duty.client.get(page_of(report)))
    assert "Đơn vị không nhận Người báo ở xã Kiên Thọ. (xa," in page


def test_a_unit_that_presses_after_a_taking_back_reads_who_took_it_and_when(
    duty: Person, commune: Client
) -> None:
    report, other = report_factories.report(), report_factories.report()
    press(duty.client, report, "hand_over")
    press(duty.client, report, "take_back")
    late = commune.post(page_of(report, "receive"), {"version": 2})
    at = timezone.localtime(TransferSlip.objects.get().ended_at)  # type: ignore[arg-type]
    taken = f"Tin {report.public_number} không còn ở đơn vị bạn: duty đã lấy lại lúc {at:%H:%M}"
    assert late.status_code == 403
    assert taken in words(late)
    assert taken in words(commune.get(page_of(report)))
    assert "Tài khoản của bạn không có quyền này." in words(commune.get(page_of(other)))


def test_for_a_unit_without_an_account_the_office_records_the_paper(duty: Person) -> None:
    report = report_factories.report()
    press(duty.client, report, "hand_over", unit="Phòng An ninh mạng", outside="on")
    yesterday = timezone.localdate() - timedelta(days=1)
    for day in ("2999-01-01", f"{yesterday}", "hôm qua", ""):
        refused = send(
            duty.client, report, "Đã nhận bằng giấy", receiver="Trực ban", received_on=day
        )
        assert "Ghi ngày nhận, từ ngày chuyển đến hôm nay." in refused
    send(duty.client, report, "Đã nhận bằng giấy", receiver="Trực ban")  # today stands there
    page = send(duty.client, report, "Báo kết quả", result="accepted", reason="Số 12.")
    assert f"Bằng giấy, ngày {timezone.localdate():%d/%m/%Y}: Trực ban (duty ghi)." in page
    assert "Đã thụ lý, tiếp tục xác minh. Số 12. (duty," in page


def test_the_paper_is_urgent_has_its_days_and_speaks_as_the_police_do(
    duty: Person, pressed: Report
) -> None:
    report_factories.unit()
    press(duty.client, pressed, "hand_over", urgent="on", anyway="on", uncalled_reason="máy tắt")
    pages = PdfReader(io.BytesIO(take(duty, pressed).content)).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    said = "KHẨN", "TL. GIÁM ĐỐC TRƯỞNG PHÒNG", "Nội dung người báo trình bày", "máy tắt", "trước"
    resident = "Họ xưng:", "Họ muốn", "Gọi bằng", "Không nói", "CÁN BỘ LẬP PHIẾU"
    assert [part in text for part in (*said, *resident)] == [True] * 5 + [False] * 5, text


def test_a_name_of_no_unit_is_refused_with_the_nearest_and_the_words_stay(duty: Person) -> None:
    report_factories.unit("Công an phường Sầm Sơn")
    report = report_factories.report(STORY)
    typed = {"unit": "Công an phường Sầm Sưn", "reason": "Đúng phường."}
    refused = duty.client.post(page_of(report, "hand_over"), {"version": 1, **typed})
    assert refused.status_code == 422
    assert "Ý bạn là Công an phường Sầm Sơn?" in words(refused)
    page = tree(refused)
    assert page.get_element_by_id("hand_over_unit").value == typed["unit"]
    assert page.get_element_by_id("hand_over_reason").text.strip() == typed["reason"]
    assert "Đơn vị ngoài danh sách, gửi phiếu giấy" in words(refused)
    taken = duty.client.post(page_of(report, "hand_over"), {"version": 1, **typed, "outside": "on"})
    assert taken.status_code == 303
    assert TransferSlip.objects.get().unit == typed["unit"]
