"""An office is asked by mail whether a number is its own, and answers once behind a signed link."""

import re
from datetime import timedelta
from functools import partial
from smtplib import SMTPServerDisconnected
from typing import Any
from unittest.mock import Mock, patch

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import EmailMessage
from django.db import IntegrityError, OperationalError, transaction
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from core import encryption
from core.audit import proposals
from core.errors import ActionError
from core.models import AuditEvent, Proposal
from reports.models import Dispute, NumberFinding, Office, OfficeNumber, OfficeQuestion
from reports.numbers import office_questions
from reports.numbers.office_questions import DENIAL
from reports.retention import policy
from tests.support.concurrency import in_parallel
from tests.support.number_factories import (
    KEY,
    NUMBER,
    OFFICE_MAIL,
    add_finding,
    answer_office,
    ask_office,
    file_report,
    look_up,
)
from tests.support.number_lookup_page import ask
from tests.support.officers import Person, act_alone, confirm_open
from tests.support.resident_pages import FOREIGN_ORIGIN, checked, value, words

pytestmark = pytest.mark.django_db
ANSWER = {"answer": "no", "note": ""}
DENIED = "Điện lực Mẫu cho biết ngày"


def send() -> list[EmailMessage]:
    """Do what beat does each minute, and return the mails that went out by it."""
    before = len(mail.outbox)
    office_questions.send_due_mails()
    return list(mail.outbox[before:])


def link_of(letter: EmailMessage) -> str:
    """The path of the link in a mail."""
    found = re.search(r"https?://[^/]+(/tra-loi-cong-an/\S+)", str(letter.body))
    assert found
    return found[1]


@pytest.fixture
def link(duty: Person) -> str:
    """The link that the office got with a question."""
    ask_office(duty)
    return link_of(send()[0])


# --- what the office is told


def test_the_mail_names_neither_the_number_nor_anything_of_a_report(duty: Person) -> None:
    file_report(claimed_name="Ông Tư", contact="0992 000 118")
    row = ask_office(duty)
    (letter,) = send()
    assert letter.to == [OFFICE_MAIL]
    text = f"{letter.subject} {letter.body}".replace(link_of(letter), "")
    assert row.text in text
    assert [each for each in (NUMBER, "550000123", "Ông Tư", "118", "duty") if each in text] == []


def test_the_page_shows_the_number_and_the_question_in_fixed_words(
    client: Client, duty: Person
) -> None:
    ask_office(duty, NUMBER, "practice", "money")
    page = words(client.get(link_of(send()[0])).content)
    assert "xưng là Điện lực Mẫu: đòi chuyển tiền, rút tiền." in page
    assert "0550 000 123" in page
    assert "Chúng tôi không gọi như thế" in page


@pytest.mark.parametrize(
    ("number", "asked", "why"),
    [
        ("không nhớ", "own", "Chưa đọc được"), ("4111 1111 1111 1111", "own", "Chưa đọc được"),
        ("https://facebook.com", "own", "Chưa đọc được"), (NUMBER, "practice", "Chọn người gọi đòi gì"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told_in_a_sentence(
    duty: Person, number: str, asked: str, why: str
) -> None:
    with pytest.raises(ActionError, match=why):
        ask_office(duty, number, asked)


def test_without_a_mail_server_nothing_is_asked(duty: Person, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    with pytest.raises(ActionError, match="Hỏi bằng cách khác"):
        ask_office(duty)


def test_the_same_is_not_asked_twice_while_it_waits(duty: Person) -> None:
    row = ask_office(duty)
    with pytest.raises(ActionError, match="đang chờ trả lời"):
        ask_office(duty)
    office_questions.withdraw(row.pk, by=duty.user)
    ask_office(duty)


# --- the clock


def test_an_office_has_a_working_day_and_is_reminded_once(duty: Person) -> None:
    with time_machine.travel("2026-11-06 10:00+07:00"):  # a Friday
        row = ask_office(duty)
    assert timezone.localtime(row.due_at).strftime("%a %H:%M") == "Mon 17:00"
    OfficeQuestion.objects.update(due_at=timezone.now() + timedelta(days=1))
    assert len(send()) == 1
    assert send() == []
    OfficeQuestion.objects.update(next_mail_at=Now())
    (reminder,) = send()
    assert reminder.subject.startswith("Nhắc lại:")
    OfficeQuestion.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert send() == []
    assert OfficeQuestion.objects.get().is_overdue


def test_a_mail_that_the_server_refuses_is_tried_again_and_holds_no_other_up(duty: Person) -> None:
    ask_office(duty)
    with patch.object(EmailMessage, "send", side_effect=SMTPServerDisconnected):
        assert send() == []
    ask_office(duty, "0550000124")
    assert len(send()) == 1
    later = timezone.now() - timedelta(minutes=1)
    OfficeQuestion.objects.filter(sent_at=None).update(next_mail_at=later)
    with patch(
        "core.outbox.sweeps.available", side_effect=lambda _, rows: rows
    ):  # its pause is over
        assert len(send()) == 1


def test_no_mail_is_said_to_have_gone_to_an_office_that_has_no_mailbox_any_more(
    duty: Person,
) -> None:
    Office.objects.filter(pk=ask_office(duty).office_id).update(email="")
    assert send() == []
    assert OfficeQuestion.objects.get().sent_at is None


# --- the answer


def test_looking_writes_nothing_and_an_answer_is_taken_once(client: Client, link: str) -> None:
    assert client.get(link).status_code == 200
    assert OfficeQuestion.objects.get().is_open
    page = words(client.post(link, ANSWER | {"note": "Không có trong danh bạ."}).content)
    assert "Đã ghi câu trả lời Điện lực Mẫu: Không phải của chúng tôi." in page
    row = OfficeQuestion.objects.get()
    assert (row.answer, row.is_open) == ("no", False)
    assert encryption.decrypt_field(row, "note") == "Không có trong danh bạ."
    assert AuditEvent.objects.get(kind="office_answered").detail == {"outcome": "no"}


def test_a_forwarded_link_shows_nothing_once_it_was_used_and_the_office_hears_of_the_answer(
    client: Client, link: str
) -> None:
    client.post(link, ANSWER)
    page = words(client.post(link, ANSWER | {"answer": "yes"}).content)
    assert "Câu hỏi này đã có trả lời" in page
    assert not [each for each in ("0550", "Không phải của chúng tôi") if each in page]
    assert OfficeQuestion.objects.get().answer == "no"
    (receipt,) = send()
    assert (receipt.to, "“Không phải của chúng tôi.”" in receipt.body) == ([OFFICE_MAIL], True)
    assert "/tra-loi-cong-an/" not in receipt.body
    assert send() == []


def test_who_asked_is_written_to_when_the_answer_is_there_and_reads_it_at_the_desk_alone(
    client: Client, link: str, duty: Person
) -> None:
    User.objects.filter(pk=duty.user.pk).update(email="truc@mau.example")
    client.post(link, ANSWER | {"note": "Không có trong danh bạ."})
    to_office, to_asker = send()
    assert (to_office.to, to_asker.to) == ([OFFICE_MAIL], ["truc@mau.example"])
    text = f"{to_asker.subject} {to_asker.body}"
    assert f"/officequestion/{OfficeQuestion.objects.get().pk}/change/" in text
    assert not [each for each in (NUMBER, "Không", "danh bạ", "tra-loi-cong-an") if each in text]


def test_while_the_database_is_away_the_page_says_so_and_bears_what_was_sent(
    client: Client, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office_questions, "record_answer", Mock(side_effect=OperationalError))
    typed = ANSWER | {"note": 'Không có trong "danh bạ".'}
    page = client.post(link, typed)
    assert (page.status_code, "Chưa ghi được câu trả lời" in words(page.content)) == (503, True)
    assert {name: value(page.content, name) for name in typed} == typed
    monkeypatch.setattr(office_questions, "find_by_token", Mock(side_effect=OperationalError))
    assert "Mở lại trang này" in words(client.get(link).content)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_at_once_one_is_recorded(duty: Person) -> None:
    row = ask_office(duty)
    given = (partial(office_questions.record_answer, row.pk, each, "") for each in ("no", "yes"))
    answers = in_parallel(list(given))
    assert sorted(answers) == [False, True]


def test_an_answer_that_comes_while_a_mail_goes_out_is_told_to_the_office(duty: Person) -> None:
    row = ask_office(duty)

    def answer_meanwhile(*_: Any) -> int:
        return office_questions.record_answer(row.pk, "no", "")

    with patch.object(EmailMessage, "send", answer_meanwhile):
        office_questions.send_due_mails()
    assert send()[0].subject == "Đã nhận câu trả lời của cơ quan"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Chưa chọn câu trả lời nào."),
        ({"answer": "maybe", "note": "Chờ chút"}, "Chọn lại một trong ba câu trả lời."),
        ({"answer": "yes", "note": "x" * 301}, "Dài quá. Ô này nhận đến 300 ký tự."),
    ],
)
def test_a_wrong_answer_is_refused_in_a_sentence_and_nothing_is_lost(
    client: Client, link: str, fields: dict[str, str], told: str
) -> None:
    response = client.post(link, fields)
    assert (response.status_code, told in words(response.content)) == (422, True)
    assert value(response.content, "note").strip() == fields.get("note", "")
    assert checked(response.content, "answer") == (["yes"] if fields.get("answer") == "yes" else [])
    assert OfficeQuestion.objects.get().is_open


def test_a_page_of_others_answers_nothing(client: Client, link: str) -> None:
    assert client.post(link, ANSWER, headers=FOREIGN_ORIGIN).status_code == 403
    assert OfficeQuestion.objects.get().is_open


def test_after_a_withdrawal_an_answer_is_too_late(client: Client, duty: Person, link: str) -> None:
    row = OfficeQuestion.objects.get()
    office_questions.withdraw(row.pk, by=duty.user)
    assert "Công an không cần hỏi nữa" in words(client.post(link, ANSWER).content)
    assert not office_questions.record_answer(row.pk, "no", "")
    assert send() == []


def test_a_link_that_was_changed_or_is_over_opens_nothing(client: Client, link: str) -> None:
    assert client.get(f"{link[:-3]}aa/").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=30)):
        page = client.post(link, ANSWER)
    assert (page.status_code, "không dùng được" in words(page.content)) == (404, True)
    assert OfficeQuestion.objects.get().is_open


# --- what it is worth


def test_an_office_that_says_ours_clears_nothing(duty: Person) -> None:
    add_finding()
    answer_office(duty, "yes")
    assert look_up().kind == "confirmed"
    assert NumberFinding.objects.get().withdrawn_at is None
    row = OfficeQuestion.objects.get()
    with pytest.raises(ActionError, match="mới cho hiện được"):
        office_questions.review(row.pk, publish=True, by=duty.user)


def test_the_public_reads_that_an_office_does_not_use_a_number_once_two_agree(
    client: Client, duty: Person
) -> None:
    row = answer_office(duty)
    assert DENIED not in words(ask(client).content)
    office_questions.review(row.pk, publish=True, by=duty.user)
    assert DENIED not in words(ask(client).content)
    with pytest.raises(ActionError, match="không tự xác nhận"):
        proposals.confirm(DENIAL, Proposal.objects.get().pk, by=duty.user)
    confirm_open(DENIAL)
    page = words(ask(client).content)
    assert f"{DENIED} {timezone.localdate():%d/%m/%Y}: không dùng số này." in page
    assert "Chưa đủ tin về số này" in page
    assert "Đã hỏi tổng đài" not in page
    english = ask(client, path="/en/kiem-tra/").content.decode()
    assert '<span lang="vi">Điện lực Mẫu</span>' in english
    Office.objects.update(name_en="Sample Power")
    assert "Sample Power" in ask(client, path="/en/kiem-tra/").content.decode()
    office_questions.take_down(row.pk, by=duty.user)
    assert DENIED not in words(ask(client).content)


@pytest.mark.parametrize("number", ["BIDV 0992000456789", "https://nop-phat.example/a"])
def test_the_same_is_told_of_accounts_and_links(client: Client, duty: Person, number: str) -> None:
    row = answer_office(duty, number=number)
    office_questions.review(row.pk, publish=True, by=duty.user)
    confirm_open(DENIAL)
    assert DENIED in words(ask(client, number).content)
    assert DENIED not in words(ask(client, "VIB 0992000456789").content)


def publish(by: Person) -> OfficeQuestion:
    row = answer_office(by)
    OfficeQuestion.objects.update(published_at=Now())
    return row


def test_what_was_cleared_is_denied_no_more(client: Client, duty: Person) -> None:
    publish(duty)
    Dispute.objects.create(
        key=KEY, submission_key="x", status="upheld", answered_at=Now(), upheld_by=duty.user
    )
    assert DENIED not in words(ask(client).content)


def test_a_denial_ends_and_gives_way_to_a_published_number(client: Client, duty: Person) -> None:
    row = publish(duty)
    with time_machine.travel(timezone.now() + timedelta(days=93)):
        assert office_questions.list_denials(office_questions.subjects.subject_of(row)) == []
    fields = {"number": NUMBER, "key": KEY, "source": "x", "verified_on": "2026-11-05"}
    OfficeNumber.objects.create(office=row.office, **fields)
    assert DENIED not in words(ask(client).content)


def test_the_database_publishes_nothing_by_one_person_and_changes_no_answer(duty: Person) -> None:
    answer_office(duty)
    act_alone()
    for change in ({"published_at": Now()}, {"answer": "yes"}, {"key": "+84550000999"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            OfficeQuestion.objects.update(**change)
    assert OfficeQuestion.objects.update(reviewed_at=Now()) == 1


def test_old_questions_go_with_their_answers(duty: Person) -> None:
    answer_office(duty)
    kind = policy.BY_NAME["questions"]
    assert list(kind.due(timezone.now() - timedelta(days=1))) == []
    (pk,) = kind.due(timezone.now() + timedelta(days=1))
    kind.take(pk)
    assert not OfficeQuestion.objects.exists()


def test_an_old_question_stays_as_long_as_pages_tell_its_answer(duty: Person) -> None:
    publish(duty)
    due, later = policy.BY_NAME["questions"].due, timezone.now() + timedelta(days=93)
    assert list(due(later)) == []
    with time_machine.travel(later):
        assert len(list(due(later))) == 1
