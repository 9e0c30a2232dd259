"""Asking for a second look at a number."""

from datetime import datetime
from itertools import chain, repeat
from typing import Any
from unittest.mock import Mock
from zoneinfo import ZoneInfo

import pytest
from cryptography.fernet import Fernet
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from core import encryption, rate_limits
from core.errors import ActionError
from reports.models import Dispute, numbers
from reports.numbers import disputes
from tests.support.officers import Person
from tests.support.report_factories import confirm_statement
from tests.support.resident_pages import hidden_of, value, words

DISPUTE = "/kiem-tra/xem-lai/"
NUMBER = "0550 000 123"
pytestmark = pytest.mark.django_db


def form_of(client: Client, path: str = DISPUTE) -> dict[str, str]:
    return {**hidden_of(client.get(path).content), "number": NUMBER}


def send(client: Client, path: str = DISPUTE, **fields: str) -> Any:
    return client.post(path, form_of(client, path) | fields)


def submit(submission_key: str = "a-key-of-the-browser") -> Dispute:
    return disputes.submit_dispute(disputes.DisputeSubmission(NUMBER), submission_key)


def test_a_dispute_is_kept_sealed_and_answered_with_its_number_and_nothing_of_the_caller(
    client: Client,
) -> None:
    answer = send(client, reason="Số của tôi.", contact_phone="0550000111")
    row = Dispute.objects.get()
    assert (row.key, encryption.decrypt_field(row, "number")) == ("+84550000123", NUMBER)
    assert encryption.decrypt_field(row, "reason") == "Số của tôi."
    assert encryption.decrypt_field(row, "contact") == "0550000111"
    assert "no-store" not in answer["Cache-Control"]  # the code is shown once: Back finds it
    assert "private" in answer["Cache-Control"]
    page = words(answer.content)
    assert row.public_number in page
    for told in (NUMBER, "kẻ gian đã dùng", "đã có người báo", "danh sách"):
        assert told not in page.lower()


def test_sent_twice_it_is_one_dispute_and_with_other_words_a_further_one(client: Client) -> None:
    form = form_of(client) | {"reason": "Số của tôi."}
    first, second = client.post(DISPUTE, form), client.post(DISPUTE, form)
    row = Dispute.objects.get()
    assert row.public_number in words(first.content)
    assert row.public_number in words(second.content)
    further = client.post(DISPUTE, form | {"reason": "Số của tôi, từ tháng trước."})
    rows = Dispute.objects.order_by("received_at")
    assert [encryption.decrypt_field(row, "reason") for row in rows] == [
        "Số của tôi.", "Số của tôi, từ tháng trước.",
    ]  # fmt: skip
    assert rows[1].public_number in words(further.content)


def test_words_that_came_under_an_older_key_are_known_again(settings: Settings) -> None:
    first = submit()
    newest = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (newest, *settings.FIELD_ENCRYPTION_KEYS)
    assert submit() == first


def test_a_public_number_that_is_taken_is_drawn_anew_and_without_any_the_words_stay(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = submit("another-page").public_number.removeprefix("XL-")
    draws = chain([taken, taken, "26-2222-3333"], repeat(taken))
    monkeypatch.setattr(numbers, "new_public_number", lambda: next(draws))
    assert "26-2222-3333" in words(send(client).content)
    answer = send(client, reason="Lời của tôi")
    assert answer.status_code == 503
    assert value(answer.content, "reason") == "Lời của tôi"


@pytest.mark.usefixtures("reference_rows")
def test_no_time_is_promised_before_officers_confirm_it(client: Client) -> None:
    assert "Dự kiến" not in words(send(client).content)
    confirm_statement(disputes.STATEMENT_CODE)
    assert "Dự kiến trả lời trong 2 ngày làm việc." in words(client.get(DISPUTE).content)
    page = words(send(client).content)
    due = timezone.localtime(Dispute.objects.latest("received_at").due_at)
    assert f"Dự kiến trước 17:00, {due:%d/%m/%Y}" in page


def test_the_hour_of_the_answer_counts_working_days(monkeypatch: pytest.MonkeyPatch) -> None:
    friday = datetime(2026, 11, 27, 15, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    monkeypatch.setattr(timezone, "now", lambda: friday)
    row = submit()
    assert f"{timezone.localtime(row.due_at):%H:%M %d/%m}" == "17:00 01/12"


def test_without_a_number_everything_else_stays(client: Client) -> None:
    answer = send(client, number=" ", reason="Vì tôi đổi số.")
    assert answer.status_code == 422
    assert "Chưa ghi số cần xem lại" in words(answer.content)
    assert value(answer.content, "reason") == "Vì tôi đổi số."
    assert not Dispute.objects.exists()


@pytest.mark.parametrize("number", ["số ẩn", "0550 xxx 123", "a / b", "<b>", "\0", "😱" * 50])
def test_a_number_that_cannot_be_read_is_kept_as_it_was_typed(client: Client, number: str) -> None:
    assert send(client, number=number).status_code == 200
    row = Dispute.objects.get()
    assert row.key == ""
    assert encryption.decrypt_field(row, "number") == number.replace("\0", "\ufffd")


@pytest.mark.parametrize("fields", [{"form_token": ""}, {"website": "https://robot.example"}])
def test_what_a_machine_sends_needs_one_more_press(client: Client, fields: dict[str, str]) -> None:
    answer = send(client, reason="Lời của tôi", **fields)
    assert answer.status_code == 422
    assert not Dispute.objects.exists()
    again = {
        **hidden_of(answer.content),
        "number": NUMBER,
        "reason": value(answer.content, "reason"),
    }
    assert client.post(DISPUTE, again).status_code == 200
    assert encryption.decrypt_field(Dispute.objects.get(), "reason") == "Lời của tôi"


def test_another_page_carries_the_number_here_without_an_address(client: Client) -> None:
    answer = client.post(DISPUTE, {"prefill_number": NUMBER})
    assert value(answer.content, "number") == NUMBER
    assert not Dispute.objects.exists()


@pytest.mark.parametrize(("window", "status"), [("check", 200), ("dispute", 429)])
def test_disputes_have_a_window_of_their_own(
    client: Client, monkeypatch: pytest.MonkeyPatch, window: str, status: int
) -> None:
    monkeypatch.setattr(rate_limits, "consume", lambda limit, _: limit.name != window)
    answer = send(client, reason="Lời của tôi")
    assert answer.status_code == status


def test_without_a_database_what_was_typed_stays(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disputes, "submit_dispute", Mock(side_effect=OperationalError))
    answer = send(client, reason="Lời của tôi")
    assert answer.status_code == 503
    assert value(answer.content, "reason") == "Lời của tôi"


def test_it_is_there_in_english(client: Client) -> None:
    answer = send(client, path="/en/kiem-tra/xem-lai/")
    assert answer.status_code == 200
    assert Dispute.objects.get().public_number in words(answer.content)


@pytest.mark.parametrize(
    ("disputed", "text"),
    [(NUMBER, "Số 0550.000.123 vẫn giữ."), ("MB 0992000456789", "Tài khoản 0992 000 456 789."),
     ("tra-soat.top/vcb", "Trang tra-soat[.]top là giả."), (NUMBER, "Hỏi chủ stk 0987000111222 MB.")],
)  # fmt: skip
def test_an_answer_repeats_nothing_that_only_its_owner_may_know(
    duty: Person, disputed: str, text: str
) -> None:
    row = disputes.submit_dispute(disputes.DisputeSubmission(disputed), "a-key-of-the-browser")
    with pytest.raises(ActionError, match="Ai có mã cũng đọc được"):
        disputes.answer(row.pk, upheld=False, text=text, by=duty.user)
    disputes.answer(row.pk, upheld=False, text="Ngày 05/12. Gọi 02373.725.725.", by=duty.user)


def test_the_digits_of_a_day_are_not_the_short_number_that_was_disputed(duty: Person) -> None:
    row = disputes.submit_dispute(disputes.DisputeSubmission("156"), "a-key-of-the-browser")
    with pytest.raises(ActionError, match="Ai có mã cũng đọc được"):
        disputes.answer(row.pk, upheld=False, text="Số 156 vẫn giữ.", by=duty.user)
    disputes.answer(row.pk, upheld=False, text="Ngày 15/6/2026 đã xem, vẫn giữ.", by=duty.user)


def test_the_desk_offers_each_state_once_and_what_waits_first(duty: Person) -> None:
    page = duty.client.get("/admin/reports/dispute/").content.decode()
    filters = page[page.index("Chờ xem lại</a>") - 200 :].partition("</details>")[0]
    assert filters.count("Tất cả") == 1
    assert filters.index("Chờ xem lại") < filters.index("Tất cả")
