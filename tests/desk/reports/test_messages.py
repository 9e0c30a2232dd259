"""What both sides wrote each other, and what the reporter added, on the page of a report."""

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from core import encryption
from core.audit import events
from core.errors import StaleVersionError
from reports.cases import workflow
from reports.models import Case, Message, Report
from reports.retention import erasure
from reports.tracking import followups
from reports.tracking.followups import FollowupSubmission
from tests.support import report_factories
from tests.support.desk_pages import list_reports, page_of, words
from tests.support.messages import add_followup, answered, sent
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

MINE = "0992 000 118"
QUESTION = "Số tài khoản nhận là gì?"


def seen(person: Person, report: Report) -> str:
    return words(person.client.get(page_of(report)))


def press(person: Person, report: Report, verb: str, reason: str) -> HttpResponse:
    version = Case.objects.get(report=report).version
    data = {"version": version, "reason": reason}
    return person.client.post(page_of(report, verb), data)  # type: ignore[return-value]


@pytest.mark.parametrize(("verb", "status"), [("ask", "waiting"), ("message", "new")])
def test_what_the_officer_asks_or_tells_is_left_for_the_reporter_and_its_words_off_the_record(
    duty: Person, verb: str, status: str
) -> None:
    report = report_factories.report()
    assert press(duty, report, verb, QUESTION).status_code == 303
    message = Message.objects.get(report=report)
    assert (encryption.decrypt_field(message, "text"), message.actor) == (QUESTION, duty.user)
    assert Case.objects.get(report=report).status == status
    event = events.events_for("report", report.pk).get()
    assert event.detail["message"] == message.pk
    assert QUESTION not in str(event.detail)


def test_what_was_said_since_the_last_act_is_told_above_the_page(duty: Person) -> None:
    report = report_factories.report()
    assert "Người báo có lời mới" not in seen(duty, report)
    add_followup(report, story="Họ vừa gọi lại.")
    assert "Người báo có lời mới" in seen(duty, report)
    press(duty, report, "note", "Đã gọi lại.")
    assert "Người báo có lời mới" not in seen(duty, report)
    answered(report, "Họ lại gọi.")
    assert 'href="#conversation">Đọc lời mới' in duty.read_page(page_of(report))


def test_a_file_that_came_since_the_last_act_is_told_above_the_page(duty: Person) -> None:
    report = report_factories.report()
    sent(report, b"1")
    assert "tài liệu mới" not in seen(duty, report)
    press(duty, report, "note", "Đã gọi lại.")
    assert "tài liệu mới" not in seen(duty, report)
    sent(report, b"2")
    assert 'href="#files">Xem tài liệu' in duty.read_page(page_of(report))


def test_words_are_told_before_a_later_file_and_a_file_that_was_taken_back_is_not(
    duty: Person,
) -> None:
    report = report_factories.report()
    press(duty, report, "note", "Đã gọi lại.")
    file = sent(report, b"1")
    erasure.take_back_file(report.pk, file.pk)
    assert "chưa ai làm gì từ đó" not in seen(duty, report)
    assert list_reports(duty.client, "?viec=fresh") == []
    answered(report, "Họ lại đang gọi, ép tôi ra ngân hàng.")
    sent(report, b"2")
    assert 'href="#conversation">Đọc lời mới' in duty.read_page(page_of(report))


def test_a_request_to_withdraw_is_told_once_and_above_everything(duty: Person) -> None:
    report = report_factories.report()
    add_followup(report, "withdrawal")
    page = seen(duty, report)
    assert "Người báo có lời mới" not in page
    assert page.index("Người báo đề nghị rút tin") < page.index("Lời kể của người báo")


def test_a_decision_that_was_not_taken_leaves_no_message(duty: Person) -> None:
    report = report_factories.report()
    with pytest.raises(StaleVersionError):
        workflow.decide("message", report.pk, by=duty.user, version=7, reason=QUESTION)
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("Bác xem ở ke-gian.example/abc nhé, hoặc bit.ly/abc.", "không gửi đường link"),
        ("Tin {so_tin} đã nhận.", "Còn chỗ trống trong ngoặc nhọn"),
        ("Đọc mã OTP cho tôi", "không cán bộ nào hỏi mã OTP"),
    ],
)
def test_the_last_door_gives_back_what_may_not_be_sent(duty: Person, typed: str, why: str) -> None:
    answer = press(duty, report_factories.report(), "message", typed)
    assert answer.status_code == 422
    assert why in words(answer)
    assert typed in words(answer)
    assert not Message.objects.exists()


def test_the_talk_is_shown_in_order_with_who_wrote(duty: Person) -> None:
    report = report_factories.report()
    press(duty, report, "ask", QUESTION)
    answered(report, "Tài khoản 1903 của <b>họ</b>")
    _, head, talk = seen(duty, report).partition("Trao đổi với người báo (2)")
    assert head
    assert talk.index("duty") < talk.index(QUESTION) < talk.index("Tài khoản 1903 của <b>họ</b>")


def test_numbers_in_an_answer_are_masked_until_they_are_shown_on_record(duty: Person) -> None:
    report = report_factories.report(contact=MINE)
    text = f"Căn cước 038 099 123 456, gọi tôi {MINE}"
    message = answered(report, text)
    page = seen(duty, report)
    assert "Căn cước [số giấy tờ], gọi tôi [số người báo]" in page
    shown = duty.client.post(page_of(report, f"reveal-message/{message.pk}"))
    assert text in words(shown)
    event = events.events_for("report", report.pk).get(kind="revealed")
    assert event.detail == {"field": "message", "target": str(message.pk)}


def test_a_followup_is_shown_with_all_it_says(duty: Person) -> None:
    caller = {"number": "0550 000 111", "channel": "app", "office": "police", "name": "Đại úy X"}
    report = report_factories.report()
    add_followup(
        report, callers=[caller, {"number": "0550 000 222"}], accounts=["Ngân hàng A 1903"],
        links=["ke-gian.example"], called_on_raw="hôm qua", money_lost_raw="35 triệu",
        commune_raw="Lam Sn", story="Chúng gọi hai lần.", flags=["money_unread"],
    )  # fmt: skip
    page = seen(duty, report)
    for text in (
        "Kể thêm", "Số: 0550 000 111; Gọi bằng: Zalo, Facebook, ứng dụng khác", "Đại úy X",
        "0550 000 222", "Ngân hàng A 1903", "ke-gian.example", "hôm qua", "35 triệu", "Lam Sn",
        "Chúng gọi hai lần.", "Chưa đọc được số tiền như đã ghi.",
    ):  # fmt: skip
        assert text in page


@pytest.mark.parametrize("what", ["contact", "phrase"])
def test_the_newest_number_and_phrase_are_the_ones_shown(duty: Person, what: str) -> None:
    report = report_factories.report(contact=MINE, phrase="bến đò, 47")
    for told in ("mới hơn, 1", "mới nhất, 2"):
        add_followup(report, **{f"{what}_sealed": encryption.encrypt(told, what, report.pk)})
    add_followup(report, story="không nói gì về số")
    page = words(
        duty.client.post(page_of(report, f"reveal-{what}"), report_factories.BECAUSE, follow=True)
    )
    assert "mới nhất, 2" in page
    assert "mới hơn, 1" not in page


def test_a_number_that_came_later_can_be_shown(duty: Person) -> None:
    report = report_factories.report()
    assert "Không để lại" in seen(duty, report)
    add_followup(report, contact_sealed=encryption.encrypt(MINE, "contact", report.pk))
    assert "Có để lại" in seen(duty, report)


def test_who_may_not_decide_reads_no_talk(duty: Person) -> None:
    report = report_factories.report()
    answered(report, "lời của người báo")
    duty.revoke("decide_case")
    for page in ("change", "text"):
        assert "lời của người báo" not in duty.read_page(page_of(report, page))


def test_a_message_of_another_report_is_not_shown(duty: Person) -> None:
    message = answered(report_factories.report(), "của tin khác")
    other = report_factories.report()
    assert duty.client.post(page_of(other, f"reveal-message/{message.pk}")).status_code == 404


@pytest.mark.parametrize("verb", ["ask", "message"])
def test_who_is_erased_is_told_nothing(duty: Person, verb: str) -> None:
    report = report_factories.erase(report_factories.report())
    answer = press(duty, report, verb, QUESTION)
    assert answer.status_code == 409
    assert "đã xóa dữ liệu" in words(answer)
    assert not Message.objects.exists()
    assert Case.objects.get(report=report).version == 1


def test_masked_fields_of_a_followup_can_be_shown_on_record(duty: Person) -> None:
    report = report_factories.report(contact=MINE)
    said = FollowupSubmission(accounts=(f"ví {MINE}",), story="thẻ 4000 0000 0000 0002")
    row = followups.submit_followup(report, said, "a-key-of-this-page").followup
    page = seen(duty, report)
    assert not [secret for secret in (MINE, "4000") if secret in page]
    assert "Hiện bản gốc (ghi nhật ký)" in page[page.index("Báo thêm (1)") :]
    shown = words(duty.client.post(page_of(report, f"reveal-followup/{row.pk}")))
    assert [secret for secret in (MINE, "thẻ 4000 0000 0000 0002") if secret not in shown] == []
    assert events.events_for("report", report.pk).get(kind="revealed").detail["field"] == "followup"


def test_the_desk_reads_the_beginning_of_long_stories_alone(duty: Person) -> None:
    report = report_factories.report()
    add_followup(report, story="dài " * 100_000, story_sealed=b"x" * 400_000)
    with CaptureQueriesContext(connection) as queries:
        page = seen(duty, report)
    assert "Còn 392.000 ký tự chưa hiện." in page
    text = [q["sql"] for q in queries if 'FROM "reports_followup"' in q["sql"]]
    beginning = 'LEFT("reports_followup"."story",'
    assert any(beginning in asked for asked in text)
    for asked in text:
        assert '."story_sealed",' not in asked
        assert '."story",' not in asked.replace(beginning, "")


@pytest.mark.parametrize("text", ["\u202e\u2066" * 5000, "'" * 9000, "x" * 300_000])
def test_a_flood_of_messages_leaves_the_page_light_and_whole_in_the_file(
    duty: Person, text: str
) -> None:
    report = report_factories.report()
    for number in range(35):
        answered(report, f"tin {number} {text}")
        add_followup(report, story=text)
    page = duty.client.get(page_of(report))
    assert len(page.content) < 300_000
    assert "tin 34" in words(page)
    assert "Chỉ hiện 30 tin nhắn mới nhất" in words(page)
    assert "tin 0 " in duty.read_page(page_of(report, "text"))
