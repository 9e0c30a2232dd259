"""Writing to a reporter: a canned reply goes in, the words are seen before they are sent."""

import pytest
from django.http import HttpResponse

from reports.models import CannedReply, Case, Message, Report
from tests.support import report_factories
from tests.support.desk_pages import page_of, tree, words
from tests.support.officers import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def reply() -> CannedReply:
    return CannedReply.objects.create(
        title="Chào", text="Tin {so_tin} đã nhận.", text_en="We have {so_tin}.", use="message"
    )


def step(person: Person, report: Report, verb: str = "message", **typed: str) -> HttpResponse:
    data = {"version": Case.objects.get(report=report).version, **typed}
    return person.client.post(page_of(report, f"compose/{verb}"), data)  # type: ignore[return-value]


def fields(answer: HttpResponse) -> dict[str, str]:
    """What the only form of a preview would send."""
    form = tree(answer).get_element_by_id("content-main")
    return {field.get("name"): field.get("value") for field in form.iter("input")}


def test_a_reply_is_offered_filled_in_the_language_of_the_report(
    duty: Person, reply: CannedReply
) -> None:
    report = report_factories.report(language="en")
    page = words(step(duty, report))
    assert f"We have {report.public_number}." in page
    assert "trang tiếng Anh" in page
    assert f"Tin {report.public_number} đã nhận." in words(step(duty, report, language="vi"))


def test_a_chosen_reply_stands_below_what_was_typed(duty: Person, reply: CannedReply) -> None:
    answer = step(duty, report_factories.report(), reason="Chào bác.", insert="Tin đã nhận.")
    assert tree(answer).get_element_by_id("reason").text.strip() == "Chào bác.\nTin đã nhận."


def test_what_is_previewed_is_what_is_sent_once(duty: Person) -> None:
    report = report_factories.report()
    answer = step(duty, report, reason="Bác <b>giữ</b>\nmáy", preview="1")
    assert "Người báo sẽ đọc" in words(answer)
    data = fields(answer)
    assert data["reason"] == "Bác <b>giữ</b>\nmáy"
    assert not Message.objects.exists()
    send = page_of(report, "message")
    assert duty.client.post(send, data).status_code == 303
    assert duty.client.post(send, data).status_code == 409
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Chưa ghi lý do"),
        ("Tin {don_vi}", "Chưa điền {don_vi} (đơn vị đã nhận tin)"),
        ("Xem bit.ly/abc", "không gửi đường link"),
        ("Đọc mã OTP cho tôi", "không cán bộ nào hỏi mã OTP"),
        ("x" * 4001, "Dài quá"),
    ],
)
def test_what_may_not_be_sent_is_given_back_with_why(duty: Person, typed: str, told: str) -> None:
    answer = step(duty, report_factories.report(), reason=typed, preview="1")
    assert answer.status_code == 422
    assert told in words(answer)
    assert typed in words(answer)


def test_a_question_is_not_written_where_none_can_be_asked(duty: Person) -> None:
    report = report_factories.report()
    Case.objects.filter(report=report).update(status="junk")
    assert "không làm được việc này" in words(step(duty, report, "ask"))


@pytest.mark.parametrize("verb", ["ask", "message"])
def test_from_the_page_of_a_report_nothing_is_sent_unseen(duty: Person, verb: str) -> None:
    report = report_factories.report()
    page = duty.read_page(page_of(report))
    assert f'action="{page_of(report, f"compose/{verb}")}"' in page
    assert f'action="{page_of(report, verb)}"' not in page


def test_after_a_question_that_was_seen_the_next_report_of_the_list_is_there(duty: Person) -> None:
    first, following = report_factories.report("Gọi một."), report_factories.report("Gọi hai.")
    back = {"then": "next", "_changelist_filters": "viec=all"}
    seen = step(duty, following, "ask", reason="Mấy giờ?", preview="1", **back)
    (href,) = tree(seen).xpath("//a[contains(., 'Không gửi')]/@href")
    assert "_changelist_filters=viec%3Dall" in href
    sent = duty.client.post(page_of(following, "ask"), fields(seen))
    assert sent.headers["Location"].startswith(f"{page_of(first)}?")
    again = fields(step(duty, first, "ask", reason="Mấy giờ?", **back))
    assert (again["then"], again["_changelist_filters"]) == ("next", "viec=all")
