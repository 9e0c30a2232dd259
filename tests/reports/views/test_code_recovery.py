"""A lost code: an officer checks the phrase, reads out a word, and never sees the new code."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import OperationalError
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from core import rate_limits
from core.audit import events
from core.models import AuditEvent
from reports.models import Receipt, Report
from reports.submission import intake, receipt_codes
from reports.submission.intake import ReportSubmission
from reports.tracking import code_recovery
from tests.support import report_factories
from tests.support.desk_pages import words as desk_words
from tests.support.officers import Person, create_officer, log_in
from tests.support.resident_pages import code_of, value, words

pytestmark = pytest.mark.django_db

PAGE = "/theo-doi/ma-moi/"
TRACK = "/theo-doi/"
WHY = "Người báo gọi, đọc đúng câu hẹn."
NO = "Số tin hoặc chữ chưa đúng, đã dùng rồi, hoặc đã quá 30 phút."


@pytest.fixture
def mine() -> intake.SubmissionResult:
    typed = ReportSubmission(story="Họ gọi.", contact="0550000111", phrase="bến Sung, 47")
    return intake.submit_report(typed, "a-key-of-the-browser")


def desk(report: Report, what: str) -> str:
    return f"/admin/reports/report/{report.pk}/{what}/"


def release(person: Person, report: Report, reason: str = WHY) -> Any:
    return person.client.post(desk(report, "release-code"), {"reason": reason})


def word_for(person: Person, report: Report) -> str:
    """The word that the desk shows after the phrase was looked at."""
    person.client.post(desk(report, "reveal-phrase"), report_factories.BECAUSE)
    word: str = release(person, report).context["revealed"]["word"]
    return word


def fetch(client: Client, report: Report, word: str) -> Any:
    return client.post(PAGE, {"public_number": report.public_number, "word": word})


def wrong(word: str) -> str:
    """Another word that is well formed."""
    return next(
        each
        for each in iter(receipt_codes.generate_one_time_word, "")
        if each != word.replace(" ", "")
    )


def test_the_word_fetches_a_new_code_that_opens_the_report(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    answer = fetch(client, mine.report, word_for(duty, mine.report))
    code = code_of(answer.content)
    assert "no-store" in answer["Cache-Control"]
    assert receipt_codes.report_for_code(code) == mine.report
    assert receipt_codes.report_for_code(str(mine.code)) is None


def replaced(client: Client, code: str | None) -> str:
    """What is told to who types this code."""
    answer = client.post(TRACK, {"code": code})
    assert answer.status_code == 422
    return words(answer.content)


def test_who_holds_a_replaced_code_is_told_when_it_was_replaced(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    fetch(client, mine.report, word_for(duty, mine.report))
    at = timezone.localtime(Receipt.objects.get().replaced_at)
    told = replaced(client, mine.code)
    assert f"Mã này đã được thay lúc {at:%H:%M, %d/%m/%Y}." in told
    assert "Không phải bạn lấy mã mới? Gọi 02373.725.725." in told
    assert mine.report.public_number not in told
    assert "Chưa thấy tin nào" in replaced(client, receipt_codes.generate_code())


def test_a_code_that_was_fetched_and_replaced_again_is_told_too(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    second = code_of(fetch(client, mine.report, word_for(duty, mine.report)).content)
    fetch(client, mine.report, word_for(duty, mine.report))
    for code in (mine.code, second):
        assert "đã được thay" in replaced(client, code)


def test_a_replaced_code_is_known_after_two_rotations_of_the_keys(
    client: Client, mine: intake.SubmissionResult, duty: Person, settings: Settings
) -> None:
    fetch(client, mine.report, word_for(duty, mine.report))
    newer = (Fernet.generate_key().decode() for _ in range(2))
    settings.FIELD_ENCRYPTION_KEYS = (*newer, *settings.FIELD_ENCRYPTION_KEYS)
    assert "đã được thay" in replaced(client, mine.code)


def test_a_replaced_code_is_no_guess(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    fetch(client, mine.report, word_for(duty, mine.report))
    before = rate_limits.wrong_codes()
    replaced(client, mine.code)
    assert rate_limits.wrong_codes() == before


def test_the_page_about_the_report_says_when_its_code_was_replaced(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    assert "đã được thay" not in words(client.post(TRACK, {"code": mine.code}).content)
    code = code_of(fetch(client, mine.report, word_for(duty, mine.report)).content)
    at = timezone.localtime(Receipt.objects.get().replaced_at)
    page = words(client.post(TRACK, {"code": code}).content)
    assert f"Mã tin báo đã được thay lúc {at:%H:%M, %d/%m/%Y}." in page


def test_both_ends_are_on_record_and_neither_word_nor_code(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    word = word_for(duty, mine.report)
    code = code_of(fetch(client, mine.report, word).content)
    replaced, released, _ = events.events_for("report", mine.report.pk)
    assert (replaced.kind, replaced.actor) == ("code_replaced", None)
    assert (released.kind, released.actor, released.detail) == (
        "code_released", duty.user, {"reason": WHY},
    )  # fmt: skip
    said = str(list(AuditEvent.objects.values_list("detail", flat=True)))
    assert code not in said
    assert word not in said


def test_the_form_sent_again_shows_no_dead_code(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    fetch(client, mine.report, word_for(duty, mine.report))
    typed = ReportSubmission(story="Họ gọi.", contact="0550000111", phrase="bến Sung, 47")
    assert intake.submit_report(typed, "a-key-of-the-browser").code is None


def test_a_word_opens_once(client: Client, mine: intake.SubmissionResult, duty: Person) -> None:
    word = word_for(duty, mine.report)
    fetch(client, mine.report, word)
    again = fetch(client, mine.report, word)
    assert again.status_code == 422
    assert NO in words(again.content)


def test_a_word_is_dead_after_half_an_hour(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    word = word_for(duty, mine.report)
    late = Now() - timedelta(seconds=1)
    assert Receipt.objects.filter(recovery_until__gt=Now() + timedelta(minutes=29)).exists()
    Receipt.objects.update(recovery_until=late)
    assert fetch(client, mine.report, word).status_code == 422


def test_many_wrong_words_from_everywhere_kill_the_right_one(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    word = word_for(duty, mine.report)
    fetch(client, mine.report, wrong(word))
    assert Receipt.objects.get(report=mine.report).recovery_attempts == 1
    Receipt.objects.update(recovery_attempts=29)
    fetch(client, mine.report, wrong(word))
    assert fetch(client, mine.report, word).status_code == 422
    assert receipt_codes.report_for_code(str(mine.code)) == mine.report


@pytest.mark.usefixtures("enforced")
def test_a_stranger_who_guesses_shuts_out_neither_the_owner_nor_other_reports(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    word = word_for(duty, mine.report)
    assert [fetch(client, mine.report, wrong(word)).status_code for _ in range(6)] == [
        *[422] * 5, 429,
    ]  # fmt: skip
    assert fetch(client, mine.report, word).status_code == 429
    other = intake.submit_report(
        ReportSubmission(story="khác", phrase="ao làng, 3"), "another-key-of-one"
    )
    assert fetch(client, other.report, word_for(duty, other.report)).status_code == 200
    elsewhere = Client(REMOTE_ADDR="192.0.2.9")
    assert fetch(elsewhere, mine.report, word).status_code == 200


@pytest.mark.usefixtures("enforced")
def test_who_must_wait_with_a_word_is_told_how_long(
    client: Client, mine: intake.SubmissionResult
) -> None:
    answers = [fetch(client, mine.report, receipt_codes.generate_one_time_word()) for _ in range(6)]
    assert 590 <= int(answers[-1]["Retry-After"]) <= 600
    assert "Chờ 10 phút" in words(answers[-1].content)


def test_a_newer_word_makes_the_older_void_and_begins_to_count_anew(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    first = word_for(duty, mine.report)
    Receipt.objects.update(recovery_attempts=code_recovery.MAX_TRIES)
    second = word_for(duty, mine.report)
    assert fetch(client, mine.report, first).status_code == 422
    assert fetch(client, mine.report, second).status_code == 200


def test_a_slip_names_its_group_and_does_not_count(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    word = word_for(duty, mine.report)
    slip = ("2" if word[0] != "2" else "3") + word[1:]
    answer = fetch(client, mine.report, slip)
    assert f"Nhóm thứ nhất “{slip[:4]}” chưa đúng" in words(answer.content)
    assert value(answer.content, "word") == slip
    assert Receipt.objects.get(report=mine.report).recovery_attempts == 0


def test_number_and_word_are_read_however_they_are_spaced(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    word = word_for(duty, mine.report)
    number = mine.report.public_number.lower().replace("-", " ")
    typed = {"public_number": f" {number} ", "word": word.lower().replace(" ", " - ")}
    assert client.post(PAGE, typed).status_code == 200


@pytest.mark.parametrize("typed", ["", " ", "\0", "<b>", "x" * 10_000, "😱", "26-7K4M-29QX"])
def test_what_is_no_number_or_word_is_answered(client: Client, typed: str) -> None:
    answer = client.post(PAGE, {"public_number": typed, "word": typed})
    assert answer.status_code == 422
    assert client.post(PAGE, {"public_number": typed, "word": "2227"}).status_code == 422


def test_without_a_word_given_out_nothing_fetches_a_code(
    client: Client, mine: intake.SubmissionResult
) -> None:
    assert fetch(client, mine.report, receipt_codes.generate_one_time_word()).status_code == 422
    assert receipt_codes.report_for_code(str(mine.code)) == mine.report


def test_a_word_of_one_report_opens_no_other(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    other = intake.submit_report(
        ReportSubmission(story="khác", phrase="ao làng, 3"), "another-key-of-one"
    )
    word_for(duty, other.report)
    assert fetch(client, other.report, word_for(duty, mine.report)).status_code == 422


def test_a_foreign_page_fetches_nothing(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    typed = {"public_number": mine.report.public_number, "word": word_for(duty, mine.report)}
    answer = client.post(PAGE, typed, headers={"Origin": "https://ke-gian.example"})
    assert answer.status_code == 403
    assert receipt_codes.report_for_code(str(mine.code)) == mine.report


def test_a_word_outlives_a_rotation_of_the_keys(
    client: Client, mine: intake.SubmissionResult, duty: Person, settings: Settings
) -> None:
    word = word_for(duty, mine.report)
    settings.FIELD_ENCRYPTION_KEYS = (
        Fernet.generate_key().decode(),
        *settings.FIELD_ENCRYPTION_KEYS,
    )
    assert (
        receipt_codes.report_for_code(code_of(fetch(client, mine.report, word).content))
        == mine.report
    )


def test_without_a_database_what_was_typed_stays(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: str) -> None:
        raise OperationalError

    monkeypatch.setattr(code_recovery, "redeem_one_time_word", broken)
    word = receipt_codes.generate_one_time_word()
    answer = fetch(client, mine.report, word)
    assert answer.status_code == 503
    assert value(answer.content, "word") == word


# --- the desk


def test_the_desk_shows_the_word_once_with_how_to_say_it(
    mine: intake.SubmissionResult, duty: Person
) -> None:
    duty.client.post(desk(mine.report, "reveal-phrase"), report_factories.BECAUSE)
    page = release(duty, mine.report)
    word = page.context["revealed"]["word"]
    assert f"Chữ dùng một lần: {word}" in desk_words(page)
    assert mine.report.public_number in desk_words(page)
    assert "no-store" in page["Cache-Control"]
    assert word not in duty.client.get(desk(mine.report, "change")).content.decode()
    assert word.replace(" ", "").encode() not in bytes(Receipt.objects.get().recovery_hash or b"")


def test_who_has_not_looked_at_the_phrase_gives_out_no_word(
    mine: intake.SubmissionResult, duty: Person
) -> None:
    page = release(duty, mine.report)
    assert page.status_code == 422
    assert WHY in page.content.decode()
    assert Receipt.objects.get().recovery_hash is None


def test_the_look_of_a_colleague_or_of_an_hour_ago_is_none(
    mine: intake.SubmissionResult, duty: Person
) -> None:
    colleague = create_officer("minh", "duty")
    log_in(colleague).post(desk(mine.report, "reveal-phrase"), report_factories.BECAUSE)
    assert release(duty, mine.report).status_code == 422
    event = events.log_event("report", mine.report.pk, "revealed", by=duty.user, what="contact")
    assert event
    assert release(duty, mine.report).status_code == 422


def test_a_look_is_good_for_a_quarter_of_an_hour(
    mine: intake.SubmissionResult, duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty.client.post(desk(mine.report, "reveal-phrase"), report_factories.BECAUSE)
    monkeypatch.setattr(code_recovery, "PHRASE_SEEN", timedelta(0))
    assert release(duty, mine.report).status_code == 422


def test_a_report_without_a_phrase_gets_no_new_code(duty: Person) -> None:
    report = intake.submit_report(ReportSubmission(story="Họ gọi."), "a-key-of-the-browser").report
    duty.client.post(desk(report, "reveal-phrase"), report_factories.BECAUSE)
    assert release(duty, report).status_code == 422
    assert "Cho lấy mã mới" not in duty.client.get(desk(report, "change")).content.decode()


def test_a_word_is_not_given_out_without_a_reason(
    mine: intake.SubmissionResult, duty: Person
) -> None:
    duty.client.post(desk(mine.report, "reveal-phrase"), report_factories.BECAUSE)
    page = release(duty, mine.report, "  ")
    assert page.status_code == 422
    assert '<details class="acts" open>' in page.content.decode()
    assert Receipt.objects.get().recovery_hash is None


def test_without_the_right_no_word_is_given_out(
    mine: intake.SubmissionResult, duty: Person
) -> None:
    duty.client.post(desk(mine.report, "reveal-phrase"), report_factories.BECAUSE)
    group = duty.user.groups.get()
    group.permissions.remove(group.permissions.get(codename="reveal_contact"))
    assert release(duty, mine.report).status_code == 403
    assert Receipt.objects.get().recovery_hash is None
    assert events.events_for("report", mine.report.pk).first().kind == "refused"  # type: ignore[union-attr]


def test_wrong_words_count_as_guesses(client: Client, mine: intake.SubmissionResult) -> None:
    before = rate_limits.wrong_codes()
    fetch(client, mine.report, receipt_codes.generate_one_time_word())
    assert (rate_limits.wrong_codes() or 0) - (before or 0) == 1
