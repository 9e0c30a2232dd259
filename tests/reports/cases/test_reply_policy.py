"""What no officer writes to a reporter, whoever sits at the officer's desk."""

import pytest

from portal.management import reference_data
from reports.cases import replies
from reports.models import Case, Message
from tests.desk.reports.test_messages import press
from tests.support import report_factories
from tests.support.desk_pages import page_of, words
from tests.support.officers import Person
from tests.support.report_factories import decide

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text",
    [
        "Bác đọc cho tôi mã OTP vừa nhận.",
        "Mã OTP gửi đâu thì gửi lại đây.",
        "Gửi O T P cho chúng tôi.",
        "nhập mật khẩu vào trang",
        "Cho xin 16 số thẻ ngân hàng",
        "doc ma gui ve may",
        "Mã gồm 6 số gửi về máy là gì?",
        "Bác nhập mã xác thực giúp.",
    ],
)
def test_whoever_asks_for_a_secret_is_refused(text: str) -> None:
    assert replies.forbidden_wording(text) == "secret"


@pytest.mark.parametrize(
    "text",
    [
        "Gọi lại số 0912 345 678 gặp tôi.",
        "Zalo: +44 7700 900123",
        "Gọi 0912.345.678 hoặc 02373.725.725",
    ],
)
def test_a_number_that_no_office_has_published_is_refused(text: str) -> None:
    reference_data.load_offices()
    assert replies.forbidden_wording(text) == "number"


@pytest.mark.parametrize(
    "text",
    [
        "Số tài khoản nhận là gì?",
        "Họ gọi lúc mấy giờ?",
        "Tiền chuyển vào tài khoản 19031234567 lúc nào?",
        "Bác có lỡ để lộ mã nào không?",
        "Bác tự bấm 02373.725.725 để hỏi.",
        "Bác mất 12.000.000 đồng ngày 05/11/2026 phải không?",
        "Số bạn đã báo gọi mấy lần?",
        "Mật khẩu ngân hàng đã đổi chưa?",
    ],
)
def test_what_officers_ask_every_day_is_told(text: str) -> None:
    reference_data.load_offices()
    assert replies.forbidden_wording(text) == ""


@pytest.mark.parametrize("verb", ["ask", "message"])
@pytest.mark.parametrize(
    ("text", "why"),
    [("Đọc mã OTP cho tôi", "không cán bộ nào hỏi mã OTP"), ("Gọi 0912345678", "số công bố")],
)
def test_words_that_break_the_promise_come_back_with_why(
    duty: Person, verb: str, text: str, why: str
) -> None:
    report = report_factories.report()
    answer = press(duty, report, verb, text)
    assert answer.status_code == 422
    assert why in words(answer)
    assert text in words(answer)
    assert not Message.objects.exists()


def test_what_no_reporter_reads_may_name_any_number(duty: Person) -> None:
    reason = "Đọc OTP: đã gọi 0912345678."
    assert decide("note", report_factories.case(), duty, reason=reason).version == 2


@pytest.mark.parametrize("unit", ["Công an xã, gọi 0912345678", "Đội ke-gian.com", "Đọc OTP đi"])
def test_a_unit_is_a_name_alone(duty: Person, unit: str) -> None:
    report = report_factories.report()
    fields = {"version": 1, "unit": unit, "reason": "Đúng địa bàn."}
    answer = duty.client.post(page_of(report, "hand_over"), fields)
    assert answer.status_code == 422
    assert "Chỉ ghi tên" in words(answer)
    assert Case.objects.get(report=report).status == "new"


@pytest.mark.parametrize("unit", ["Công an phường Hạc Thành", "Phòng PC02", "Đội 3, PA05"])
def test_units_are_named_as_they_are(unit: str) -> None:
    assert replies.is_unit(unit)
