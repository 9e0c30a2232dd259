"""Where a report stands, for whoever holds its code."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from reports.cases import workflow
from reports.models import Case, Report
from reports.submission import intake, receipt_codes
from reports.submission.intake import ReportSubmission
from reports.tracking import status_timeline
from tests.support.officers import Person
from tests.support.resident_pages import value, words

TRACK = "/theo-doi/"
SECRET = "chỉ cán bộ biết"
Decision = tuple[str, dict[str, str]]
pytestmark = pytest.mark.django_db


@pytest.fixture
def mine() -> intake.SubmissionResult:
    typed = ReportSubmission(story="Họ gọi.", contact="0550000111", phrase="bến Sung, 47")
    return intake.submit_report(typed, "a-key-of-the-browser")


def get_words(client: Client, code: str | None) -> str:
    answer = client.post(TRACK, {"code": code})
    assert answer.status_code == 200
    return words(answer.content)


def decide(verb: str, report: Report, by: Person, **words_: Any) -> None:
    case = Case.objects.get(report=report)
    workflow.ACTIONS[verb](report.pk, by=by.user, version=case.version, **words_)


def test_a_fresh_report_waits_to_be_read(client: Client, mine: intake.SubmissionResult) -> None:
    page = get_words(client, mine.code)
    assert "Đã nhận" in page
    assert "Chờ cán bộ đọc" in page
    assert mine.report.public_number in page


def test_a_report_that_was_taken_has_been_read(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    decide("take", mine.report, duty)
    page = get_words(client, mine.code)
    assert page.index("Đã nhận") < page.index("Cán bộ đã đọc") < page.index("Đang kiểm tra")


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        (("ask", {"reason": "Họ gọi lúc mấy giờ?"}), "Chờ bạn trả lời"),
        (("hand_over", {"unit": "Công an xã X", "reason": SECRET}), "đã chuyển đến Công an xã X"),
        (("act", {"reason": SECRET}), "Đã chuyển cơ quan điều tra"),
        (("close", {"outcome": "warned", "reason": SECRET}), "Tin đã góp vào cảnh báo"),
        (("close", {"outcome": "scam", "reason": SECRET}), "Kẻ gian gọi nữa thì cúp máy."),
        (("close", {"outcome": "duplicate", "reason": SECRET}), "Trùng tin bạn đã gửi"),
        (("close", {"outcome": "insufficient", "reason": SECRET}), "Chưa đủ để làm tiếp"),
        (("close", {"outcome": "not_scam", "reason": SECRET}), "Cán bộ thấy không phải lừa đảo"),
        (("junk", {"reason": SECRET}), "Chưa đủ để làm tiếp"),
        (("withdraw", {"reason": SECRET}), "Bạn đã đề nghị rút tin"),
    ],
)
def test_every_decision_has_its_sentence(
    client: Client, mine: intake.SubmissionResult, lead: Person, decision: Decision, told: str
) -> None:
    verb, given = decision
    decide(verb, mine.report, lead, **given)
    page = get_words(client, mine.code)
    assert told in page
    assert SECRET not in page
    assert lead.user.username not in page


def test_neither_code_nor_phrase_nor_contact_is_shown(
    client: Client, mine: intake.SubmissionResult
) -> None:
    answer = client.post(TRACK, {"code": mine.code})
    page = answer.content.decode()
    assert str(mine.code) not in words(answer.content)  # hidden fields have it, to send more
    assert "bến Sung" not in page
    assert "0550000111" not in page
    assert "no-store" in answer["Cache-Control"]


def test_a_slip_names_its_group_and_keeps_what_was_typed(
    client: Client, mine: intake.SubmissionResult
) -> None:
    first, second, third, fourth = receipt_codes.format_code(str(mine.code))
    slip = ("2" if second[0] != "2" else "3") + second[1:]
    typed = f"{first} {slip} {third} {fourth}"
    answer = client.post(TRACK, {"code": typed})
    assert answer.status_code == 422
    assert f"Nhóm thứ hai “{slip}” chưa đúng" in words(answer.content)
    assert value(answer.content, "code") == typed


@pytest.mark.parametrize("code", ["\0", "<b>", "x" * 10_000, "😱"])
def test_what_is_no_code_is_answered(client: Client, code: str) -> None:
    answer = client.post(TRACK, {"code": code})
    assert answer.status_code == 422
    assert "nhóm thứ nhất" in words(answer.content).lower()


@pytest.mark.parametrize("code", ["", "   "])
def test_who_typed_no_code_is_told_so(client: Client, code: str) -> None:
    answer = client.post(TRACK, {"code": code})
    assert answer.status_code == 422
    assert "Bạn chưa gõ mã." in words(answer.content)


def test_a_public_number_is_told_from_a_code(client: Client, mine: intake.SubmissionResult) -> None:
    number = mine.report.public_number
    for typed in (number, number.lower().replace("-", "")):
        answer = client.post(TRACK, {"code": typed})
        assert answer.status_code == 422
        assert "Đây là số tin, không mở được gì." in words(answer.content)


def test_of_a_code_that_ends_early_the_missing_group_is_named(
    client: Client, mine: intake.SubmissionResult
) -> None:
    answer = client.post(TRACK, {"code": receipt_codes.format_code(str(mine.code))[0]})
    assert answer.status_code == 422
    assert "nhóm thứ hai" in words(answer.content).lower()


def test_a_code_of_nobody_is_answered(client: Client, mine: intake.SubmissionResult) -> None:
    stranger = intake.submit_report(ReportSubmission(story="khác"), "another-key-of-one")
    code = str(stranger.code)
    from reports.models import Receipt

    Receipt.objects.filter(report=stranger.report).delete()
    answer = client.post(TRACK, {"code": code})
    assert answer.status_code == 422
    assert "Chưa thấy tin nào có mã này" in words(answer.content)


def test_a_foreign_page_cannot_look(client: Client, mine: intake.SubmissionResult) -> None:
    answer = client.post(TRACK, {"code": mine.code}, headers={"Origin": "https://ke-gian.example"})
    assert answer.status_code == 403
    assert mine.report.public_number not in words(answer.content)


def test_a_code_in_the_address_opens_nothing(client: Client, mine: intake.SubmissionResult) -> None:
    page = client.get(TRACK, {"code": mine.code}).content.decode()
    assert str(mine.code) not in page
    assert mine.report.public_number not in page


def test_without_a_database_the_code_stays_typed(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: str) -> None:
        raise OperationalError

    monkeypatch.setattr(receipt_codes, "report_for_code", broken)
    answer = client.post(TRACK, {"code": mine.code})
    assert answer.status_code == 503
    assert value(answer.content, "code") == mine.code


def test_who_left_no_number_is_told_that_nobody_rings(client: Client) -> None:
    accepted = intake.submit_report(ReportSubmission(story="Họ gọi."), "a-key-of-the-browser")
    assert "sẽ không ai gọi lại" in get_words(client, accepted.code)


def test_the_receipt_leads_on_to_the_report(client: Client) -> None:
    from tests.support.resident_pages import RECEIPT, hidden_of, send

    send(client, story="Họ gọi.")
    code = hidden_of(client.get(RECEIPT).content)["code"]
    assert "Đã nhận" in get_words(client, code)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("When did you send the money?", "en"),
        ("We handed report 26-AAAA to Công an xã Yên Định. Please call them yourself.", "en"),
        ("Bác chuyển tiền lúc mấy giờ?", "vi"),
        ("Bac chuyen tien luc may gio?", "vi"),
        ("Trên máy bác có hiện chữ “Thank you” không ạ?", "vi"),
        ("", "vi"),
    ],
)
def test_a_message_is_read_aloud_in_the_language_of_its_words(text: str, language: str) -> None:
    assert status_timeline._language(text) == language
