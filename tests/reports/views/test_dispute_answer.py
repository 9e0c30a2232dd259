"""The page on which the owner of a number, account or link reads what was answered to a dispute."""

from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import Client

from core import encryption, rate_limits
from reports.models import Dispute
from reports.numbers import disputes
from reports.submission import receipt_codes
from tests.support import desk_pages
from tests.support.language import vietnamese_words
from tests.support.number_factories import submit_dispute
from tests.support.officers import Person
from tests.support.report_factories import confirm_statement
from tests.support.resident_pages import FOREIGN_ORIGIN, hidden_of, value, words

PAGE = "/kiem-tra/xem-lai/ket-qua/"
pytestmark = pytest.mark.django_db


def read_answer(client: Client, code: str, path: str = PAGE) -> str:
    return words(client.post(path, {"code": code}).content)


def test_the_receipt_shows_a_code_that_opens_the_answer(client: Client) -> None:
    form = hidden_of(client.get("/kiem-tra/xem-lai/").content)
    receipt = client.post("/kiem-tra/xem-lai/", form | {"number": "BIDV 0992000456789"})
    row = Dispute.objects.get()
    code = f"{row.public_number}-{encryption.decrypt_field(row, 'secret')}"
    assert code in words(receipt.content)
    page = read_answer(client, code)
    assert "Đang xem lại, chưa trả lời Đề nghị về một số tài khoản." in page
    assert "0992000456789" not in page


@pytest.mark.parametrize("upheld", [True, False])
def test_the_owner_reads_the_officers_words_only_once_they_are_decided(
    client: Client, duty: Person, lead: Person, *, upheld: bool
) -> None:
    row = submit_dispute()
    code = disputes.format_code(row)
    disputes.answer(row.pk, upheld=upheld, text="Số của bạn bị giả.", by=duty.user)
    assert ("Số của bạn bị giả." in read_answer(client, code)) is not upheld
    if upheld:
        disputes.confirm_clearing(row.pk, by=lead.user)
    page = read_answer(client, code)
    assert "Cán bộ trả lời Số của bạn bị giả." in page
    assert ("Đã xem lại và gỡ" in page, "giữ nguyên" in page) == (upheld, not upheld)


@pytest.mark.usefixtures("reference_rows")
def test_a_day_is_told_only_once_officers_promise_one(client: Client) -> None:
    code = disputes.format_code(submit_dispute())
    assert "Dự kiến" not in read_answer(client, code)
    confirm_statement(disputes.STATEMENT_CODE)
    assert "Dự kiến trước 17:00" in read_answer(client, code)


@pytest.mark.parametrize("kind", ["number", "account", "link"])
def test_the_owner_is_told_what_to_do_meanwhile(client: Client, kind: str) -> None:
    row = submit_dispute()
    Dispute.objects.update(kind=kind)
    page = read_answer(client, disputes.format_code(row))
    assert "Ai hứa gỡ giúp để lấy tiền là kẻ gian." in page
    assert ("Bạn không phải đổi số." in page) == (kind == "number")


def test_the_public_number_alone_opens_nothing_and_spelling_does_not_matter(client: Client) -> None:
    row = submit_dispute()
    code = disputes.format_code(row)
    assert "Mã chưa đúng." in read_answer(client, row.public_number)
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    assert "Chưa thấy đề nghị nào có mã này." in read_answer(client, wrong)
    assert "Đang xem lại" in read_answer(client, f" {code.lower().replace('-', ' ')} ")


@pytest.mark.usefixtures("enforced")
def test_who_guesses_waits_and_keeps_what_was_typed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipt_codes, "CODE_GUESSES", rate_limits.Window("code", 1))
    code = disputes.format_code(submit_dispute())
    wrong = "XL-26-2345-6789-BCDF"
    answers = [client.post(PAGE, {"code": each}) for each in (code, wrong, wrong)]
    assert [each.status_code for each in answers] == [200, 422, 429]
    assert value(answers[2].content, "code") == wrong


def test_after_its_words_are_erased_the_code_opens_nothing(client: Client) -> None:
    code = disputes.format_code(submit_dispute())
    Dispute.objects.update(secret_sealed=None)
    assert "Chưa thấy đề nghị nào" in read_answer(client, code)


@pytest.mark.parametrize("typed", ["", "XL", "\0", "26-2345-6789", "9" * 5000])
def test_what_is_no_code_gets_a_sentence(client: Client, typed: str) -> None:
    answer = client.post(PAGE, {"code": typed})
    assert answer.status_code == 422
    assert len(answer.content) < 40_000


def test_a_foreign_page_cannot_ask_and_without_a_database_the_code_stays(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = disputes.format_code(submit_dispute())
    assert client.post(PAGE, {"code": code}, headers=FOREIGN_ORIGIN).status_code == 403
    monkeypatch.setattr(disputes, "find_by_code", Mock(side_effect=OperationalError))
    answer = client.post(PAGE, {"code": code})
    assert (answer.status_code, value(answer.content, "code")) == (503, code)


def test_the_back_button_finds_the_answer_and_nobody_else_does(client: Client) -> None:
    answer = client.post(PAGE, {"code": disputes.format_code(submit_dispute())})
    assert "private" in answer["Cache-Control"]
    assert "no-store" not in answer["Cache-Control"]
    assert not answer.cookies


def test_the_desk_finds_the_dispute_by_the_whole_code(duty: Person) -> None:
    row = submit_dispute()
    page = desk_pages.words(
        duty.client.get("/admin/reports/dispute/", {"q": disputes.format_code(row)})
    )
    assert row.public_number in page


def test_it_is_there_in_english(client: Client) -> None:
    code = disputes.format_code(submit_dispute())
    answer = client.post(f"/en{PAGE}", {"code": code})
    assert vietnamese_words(answer.content) == []
