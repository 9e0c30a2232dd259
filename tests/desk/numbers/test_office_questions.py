"""Pages on which officers ask offices and read what they answered."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import Proposal
from reports.models import Indicator, Office, OfficeQuestion
from reports.numbers import office_questions
from reports.reference.confirmed_statements import OFFICE
from tests.support import report_factories
from tests.support.desk_pages import page_of, tree, words
from tests.support.number_factories import (
    DISPUTES,
    NUMBER,
    NUMBERS,
    OFFICE_MAIL,
    add_finding,
    answer_office,
    ask_office,
    file_report,
    submit_dispute,
)
from tests.support.officers import Person, act_alone, confirm_open

pytestmark = pytest.mark.django_db
QUESTIONS = "/admin/reports/officequestion/"
ANSWERED = "Điện lực Mẫu: không phải của chúng tôi"


@pytest.fixture(autouse=True)
def office(db: None) -> Office:
    return Office.objects.create(codename="dien-luc", name="Điện lực Mẫu", email=OFFICE_MAIL)


def press(by: Person, row: OfficeQuestion, name: str, **typed: str) -> str:
    return words(by.client.post(f"{QUESTIONS}{row.pk}/{name}/", typed, follow=True))


def test_from_a_report_an_officer_asks_the_office_that_was_named(duty: Person) -> None:
    report = file_report()
    report_factories.add_facts(report, offices=["dien-luc"])
    (link,) = tree(duty.client.get(page_of(report))).xpath("//a[contains(., 'Hỏi cơ quan')]/@href")
    assert NUMBER[1:] not in link
    form = duty.client.get(link)
    assert form.context["adminform"].form.initial["office"] == Office.objects.get()
    typed = {"number": NUMBER, "office": "dien-luc", "question": "own", "demand": ""}
    page = words(duty.client.post(link, typed, follow=True))
    assert "Số điện thoại này có phải của cơ quan không?" in page
    assert "Chờ trả lời, thư chưa đi" in page
    assert OfficeQuestion.objects.get().asked_by == duty.user


def test_what_cannot_be_asked_comes_back_with_all_that_was_typed(duty: Person) -> None:
    typed = {"number": "không nhớ", "office": "dien-luc", "question": "practice", "demand": "money"}
    response = duty.client.post(f"{QUESTIONS}add/", typed)
    assert "Chưa đọc được một số" in words(response)
    form = response.context["adminform"].form
    assert [form[name].value() for name in typed] == list(typed.values())
    assert not OfficeQuestion.objects.exists()


def test_an_office_without_a_mailbox_is_not_offered(duty: Person) -> None:
    Office.objects.create(codename="khac", name="Nơi khác")
    page = words(duty.client.get(f"{QUESTIONS}add/"))
    assert ("Điện lực Mẫu" in page, "Nơi khác" in page) == (True, False)


def test_the_mailbox_of_an_office_takes_two_officers(lead: Person, office: Office) -> None:
    act_alone()
    typed = {
        "codename": "dien-luc",
        "name": office.name,
        "position": "100",
        "email": "x@mau.example",
    }
    lead.client.post("/admin/reports/office/dien-luc/change/", typed)
    office.refresh_from_db()
    assert office.email == OFFICE_MAIL
    confirm_open(OFFICE)
    office.refresh_from_db()
    assert office.email == "x@mau.example"


def test_the_answer_stands_beside_the_number_wherever_it_is_shown(duty: Person) -> None:
    report, finding, dispute = file_report(), add_finding(), submit_dispute()
    answer_office(duty)
    card = words(duty.client.post(f"{NUMBERS}card/", {"text": NUMBER}))
    assert ANSWERED in card
    assert "Hỏi cơ quan" in card
    for page in (
        page_of(report),
        f"{NUMBERS}{finding.pk}/change/",
        f"{DISPUTES}{dispute.pk}/change/",
    ):
        assert ANSWERED in words(duty.client.get(page))


def test_a_question_that_waits_is_shown_with_its_day_and_late_ones_are_counted(
    duty: Person,
) -> None:
    ask_office(duty)
    assert "Đã hỏi Điện lực Mẫu hạn" in words(duty.client.post(f"{NUMBERS}card/", {"text": NUMBER}))
    assert "quá hạn trả lời" not in words(duty.client.get("/admin/"))
    OfficeQuestion.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    assert "1 câu hỏi cơ quan quá hạn trả lời" in words(duty.client.get("/admin/"))
    assert "Quá hạn" in words(duty.client.get(f"{QUESTIONS}?status=open"))


def test_an_answer_is_counted_until_somebody_has_read_it(duty: Person) -> None:
    row = answer_office(duty, "yes")
    start = words(duty.client.get("/admin/"))
    assert "1 câu trả lời của cơ quan chưa ai xem, 1 do bạn hỏi" in start
    page = words(duty.client.get(f"{QUESTIONS}{row.pk}/change/"))
    assert ("Đã hỏi tổng đài." in page, "Đề nghị cho hiện" in page) == (True, False)
    assert "không tự gỡ ghi nhận nào" in page
    assert "Đã ghi là đã xem." in press(duty, row, "review", decision="keep")
    assert "chưa ai xem" not in words(duty.client.get("/admin/"))


def test_one_proposes_to_publish_another_confirms_and_one_takes_it_down(
    duty: Person, lead: Person
) -> None:
    act_alone()
    row = answer_office(duty)
    assert "chờ người khác xác nhận" in press(duty, row, "review", decision="publish")
    proposal = f"/admin/core/proposal/{Proposal.objects.get().pk}/"
    assert "Điện lực Mẫu" in words(lead.client.get(f"{proposal}change/"))
    lead.client.post(f"{proposal}confirm/")
    row.refresh_from_db()
    assert row.published_at
    assert "Đã gỡ khỏi trang kiểm tra." in press(lead, row, "take-down")


def test_a_proposal_outlives_its_question(duty: Person, lead: Person) -> None:
    row = answer_office(duty)
    office_questions.review(row.pk, publish=True, by=duty.user)
    row.delete()
    page = f"/admin/core/proposal/{Proposal.objects.get().pk}/"
    assert lead.client.get(f"{page}change/").status_code == 200
    assert "không còn giữ" in words(lead.client.post(f"{page}confirm/", follow=True))


def test_withdrawn_nobody_waits_and_an_answered_one_is_not_withdrawn(duty: Person) -> None:
    row = ask_office(duty)
    assert "Đã thôi hỏi." in press(duty, row, "withdraw")
    answered = answer_office(duty)
    assert "đã có trả lời" in press(duty, answered, "withdraw")


def test_a_hostile_note_is_text_on_the_page(duty: Person) -> None:
    row = ask_office(duty)
    office_questions.record_answer(row.pk, "no", "<script>alert(1)</script>\u202e")
    page = duty.client.get(f"{QUESTIONS}{row.pk}/change/").content.decode()
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_who_may_not_see_a_report_learns_no_number_from_its_line(duty: Person) -> None:
    line = Indicator.objects.get(pk=report_factories.number(file_report(), "+84550000125").pk)
    duty.revoke("see_every_unit")
    form = duty.client.get(f"{QUESTIONS}add/?indicator={line.pk}")
    assert "0550 000 125" not in form.content.decode()
