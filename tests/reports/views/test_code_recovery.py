"""A lost code: an officer checks the phrase, reads out a word, and never sees the new code."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from cryptography.fernet import Fernet
from django.db import OperationalError
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from core.audit import events
from core.models import AuditEvent
from reports.models import Receipt, Report
from reports.submission import receipt_codes
from reports.tracking import code_recovery
from tests.support import report_factories
from tests.support.desk_pages import words as desk_words
from tests.support.officers import Person, create_officer, log_in
from tests.support.resident_pages import TRACK, Resident, code_of, create_resident, value, words

pytestmark = pytest.mark.django_db

PAGE = "/theo-doi/ma-moi/"
WHY = "Người báo gọi, đọc đúng câu hẹn."
NO = "Số tin hoặc chữ chưa đúng, đã dùng rồi, hoặc đã quá 30 phút."


def desk(report: Report, what: str) -> str:
    return f"/admin/reports/report/{report.pk}/{what}/"


def release(person: Person, report: Report, reason: str = WHY) -> Any:
    return person.client.post(desk(report, "release-code"), {"reason": reason})


def reveal_phrase(person: Person, report: Report) -> None:
    person.client.post(desk(report, "reveal-phrase"), report_factories.BECAUSE)


def get_word(person: Person, resident: Resident) -> str:
    """Return the word that the desk shows after the phrase was revealed."""
    reveal_phrase(person, resident.report)
    return str(release(person, resident.report).context["revealed"]["word"])


def fetch(resident: Resident, word: str, headers: dict[str, str] | None = None) -> Any:
    typed = {"public_number": resident.report.public_number, "word": word}
    return resident.client.post(PAGE, typed, headers=headers)


def guess(resident: Resident) -> Any:
    """Try a word that is well formed and was given out to nobody."""
    return fetch(resident, receipt_codes.generate_one_time_word())


def test_the_word_fetches_a_new_code_that_opens_the_report(
    resident: Resident, duty: Person
) -> None:
    answer = fetch(resident, get_word(duty, resident))
    code = code_of(answer.content)
    assert "no-store" in answer["Cache-Control"]
    assert receipt_codes.report_for_code(code) == resident.report
    assert receipt_codes.report_for_code(resident.code) is None


def test_where_cookies_are_kept_a_reload_shows_the_new_code_again(
    resident: Resident, duty: Person
) -> None:
    resident.client.get(PAGE)
    answer = fetch(resident, get_word(duty, resident))
    assert answer.status_code == 303
    codes = {code_of(resident.client.get(answer["Location"]).content) for _reload in range(2)}
    assert [receipt_codes.report_for_code(code) for code in codes] == [resident.report]
    assert Client().get(answer["Location"])["Location"] == PAGE


def test_who_closes_the_report_leaves_no_new_code_to_the_next_at_the_computer(
    resident: Resident, duty: Person
) -> None:
    resident.client.get(PAGE)
    resident.client.get(TRACK)
    answer = fetch(resident, get_word(duty, resident))
    code = code_of(resident.client.get(answer["Location"]).content)
    status = resident.client.post(TRACK, {"code": code})["Location"]
    resident.client.post(f"{status}dong/")
    assert resident.client.get(answer["Location"])["Location"] == PAGE


def read_error(resident: Resident, code: str) -> str:
    answer = resident.client.post(TRACK, {"code": code})
    assert answer.status_code == 422
    return words(answer.content)


def test_who_holds_a_replaced_code_is_told_when_it_was_replaced_and_it_is_no_guess(
    resident: Resident, duty: Person
) -> None:
    fetch(resident, get_word(duty, resident))
    at = timezone.localtime(Receipt.objects.get().replaced_at)
    before = receipt_codes.wrong_codes()
    error = read_error(resident, resident.code)
    assert receipt_codes.wrong_codes() == before
    assert f"Mã này đã được thay lúc {at:%H:%M, %d/%m/%Y}." in error
    assert "Không phải bạn lấy mã mới? Gọi 02373.725.725." in error
    assert resident.report.public_number not in error
    assert "Chưa thấy tin nào" in read_error(resident, receipt_codes.generate_code())


def test_every_replaced_code_is_known_also_after_two_rotations_of_the_keys(
    resident: Resident, duty: Person, settings: Settings
) -> None:
    second = code_of(fetch(resident, get_word(duty, resident)).content)
    fetch(resident, get_word(duty, resident))
    newer = (Fernet.generate_key().decode() for _ in range(2))
    settings.FIELD_ENCRYPTION_KEYS = (*newer, *settings.FIELD_ENCRYPTION_KEYS)
    for code in (resident.code, second):
        assert "đã được thay" in read_error(resident, code)


def test_the_page_about_the_report_says_when_its_code_was_replaced(
    resident: Resident, duty: Person
) -> None:
    assert "đã được thay" not in resident.read_status()
    code = code_of(fetch(resident, get_word(duty, resident)).content)
    at = timezone.localtime(Receipt.objects.get().replaced_at)
    page = replace(resident, code=code).read_status()
    assert f"Mã tin báo đã được thay lúc {at:%H:%M, %d/%m/%Y}." in page


def test_both_ends_are_on_record_and_neither_word_nor_code(
    resident: Resident, duty: Person
) -> None:
    word = get_word(duty, resident)
    code = code_of(fetch(resident, word).content)
    replacement, release_event, _ = events.events_for("report", resident.report.pk)
    assert (replacement.kind, replacement.actor) == ("code_replaced", None)
    assert (release_event.kind, release_event.actor, release_event.detail) == (
        "one_time_word_issued", duty.user, {"reason": WHY},
    )  # fmt: skip
    details = str(list(AuditEvent.objects.values_list("detail", flat=True)))
    assert code not in details
    assert word not in details


def test_a_word_opens_once_and_within_half_an_hour(resident: Resident, duty: Person) -> None:
    word = get_word(duty, resident)
    fetch(resident, word)
    again = fetch(resident, word)
    assert again.status_code == 422
    assert NO in words(again.content)
    late = get_word(duty, resident)
    assert Receipt.objects.filter(recovery_until__gt=Now() + timedelta(minutes=29)).exists()
    Receipt.objects.update(recovery_until=Now() - timedelta(seconds=1))
    assert fetch(resident, late).status_code == 422


def test_many_wrong_words_from_everywhere_kill_the_right_one(
    resident: Resident, duty: Person
) -> None:
    word = get_word(duty, resident)
    guess(resident)
    assert Receipt.objects.get(report=resident.report).recovery_attempts == 1
    Receipt.objects.update(recovery_attempts=29)
    guess(resident)
    assert fetch(resident, word).status_code == 422
    assert receipt_codes.report_for_code(resident.code) == resident.report


@pytest.mark.usefixtures("enforced")
def test_a_stranger_who_guesses_must_wait_and_shuts_out_neither_the_owner_nor_other_reports(
    resident: Resident, duty: Person
) -> None:
    word = get_word(duty, resident)
    answers = [guess(resident) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 422, 429]
    assert 590 <= int(answers[-1]["Retry-After"]) <= 600
    assert "Chờ 10 phút" in words(answers[-1].content)
    assert fetch(resident, word).status_code == 429
    other = create_resident(resident.client, story="khác", phrase="ao làng, 3")
    assert fetch(other, get_word(duty, other)).status_code == 200
    elsewhere = replace(resident, client=Client(REMOTE_ADDR="192.0.2.9"))
    assert fetch(elsewhere, word).status_code == 200


def test_a_newer_word_makes_the_older_void_and_begins_to_count_anew(
    resident: Resident, duty: Person
) -> None:
    first = get_word(duty, resident)
    Receipt.objects.update(recovery_attempts=code_recovery.MAX_TRIES)
    second = get_word(duty, resident)
    assert fetch(resident, first).status_code == 422
    assert fetch(resident, second).status_code == 200


def test_a_slip_names_its_group_and_does_not_count(resident: Resident, duty: Person) -> None:
    word = get_word(duty, resident)
    mistyped = ("2" if word[0] != "2" else "3") + word[1:]
    answer = fetch(resident, mistyped)
    assert f"Nhóm thứ nhất “{mistyped[:4]}” chưa đúng" in words(answer.content)
    assert value(answer.content, "word") == mistyped
    assert Receipt.objects.get(report=resident.report).recovery_attempts == 0


def test_number_and_word_are_read_however_they_are_spaced(resident: Resident, duty: Person) -> None:
    word = get_word(duty, resident)
    number = resident.report.public_number.lower().replace("-", " ")
    typed = {"public_number": f" {number} ", "word": word.lower().replace(" ", " - ")}
    assert resident.client.post(PAGE, typed).status_code == 200


@pytest.mark.parametrize("typed", ["", " ", "\0", "<b>", "x" * 10_000, "😱", "26-7K4M-29QX"])
def test_what_is_no_number_or_word_is_answered(client: Client, typed: str) -> None:
    answer = client.post(PAGE, {"public_number": typed, "word": typed})
    assert answer.status_code == 422
    assert client.post(PAGE, {"public_number": typed, "word": "2227"}).status_code == 422


def test_without_a_word_given_out_nothing_fetches_a_code_and_a_try_is_a_guess(
    resident: Resident,
) -> None:
    before = receipt_codes.wrong_codes() or 0
    assert guess(resident).status_code == 422
    assert receipt_codes.wrong_codes() == before + 1
    assert receipt_codes.report_for_code(resident.code) == resident.report


def test_a_word_of_one_report_opens_no_other(resident: Resident, duty: Person) -> None:
    other = create_resident(resident.client, story="khác", phrase="ao làng, 3")
    get_word(duty, other)
    assert fetch(other, get_word(duty, resident)).status_code == 422


def test_a_word_outlives_a_rotation_of_the_keys(
    resident: Resident, duty: Person, settings: Settings
) -> None:
    word = get_word(duty, resident)
    newest = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (newest, *settings.FIELD_ENCRYPTION_KEYS)
    assert receipt_codes.report_for_code(code_of(fetch(resident, word).content)) == resident.report


def test_without_a_database_what_was_typed_stays(
    resident: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_recovery, "redeem_one_time_word", Mock(side_effect=OperationalError))
    word = receipt_codes.generate_one_time_word()
    answer = fetch(resident, word)
    assert answer.status_code == 503
    assert value(answer.content, "word") == word


# --- the desk


def test_the_desk_shows_the_word_once_with_how_to_say_it(resident: Resident, duty: Person) -> None:
    reveal_phrase(duty, resident.report)
    page = release(duty, resident.report)
    word = page.context["revealed"]["word"]
    assert f"Chữ dùng một lần: {word}" in desk_words(page)
    assert resident.report.public_number in desk_words(page)
    assert "no-store" in page["Cache-Control"]
    assert word not in duty.client.get(desk(resident.report, "change")).content.decode()
    assert word.replace(" ", "").encode() not in bytes(Receipt.objects.get().recovery_hash or b"")


def test_who_has_not_just_looked_at_the_phrase_gives_out_no_word(
    resident: Resident, duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = release(duty, resident.report)
    assert page.status_code == 422
    assert WHY in page.content.decode()
    colleague = create_officer("minh", "duty")
    reveal_phrase(Person(colleague, log_in(colleague)), resident.report)
    assert release(duty, resident.report).status_code == 422
    events.log_event("report", resident.report.pk, "revealed", by=duty.user, field="story")
    assert release(duty, resident.report).status_code == 422
    reveal_phrase(duty, resident.report)
    monkeypatch.setattr(code_recovery, "PHRASE_MAX_AGE", timedelta(0))
    assert release(duty, resident.report).status_code == 422
    assert Receipt.objects.get().recovery_hash is None


def test_a_report_without_a_phrase_gets_no_new_code(duty: Person) -> None:
    report = report_factories.report()
    reveal_phrase(duty, report)
    assert release(duty, report).status_code == 422
    assert "Cho lấy mã mới" not in duty.client.get(desk(report, "change")).content.decode()


def test_a_word_is_not_given_out_without_a_reason(resident: Resident, duty: Person) -> None:
    reveal_phrase(duty, resident.report)
    page = release(duty, resident.report, "  ")
    assert page.status_code == 422
    assert '<details class="action-forms" open>' in page.content.decode()
    assert Receipt.objects.get().recovery_hash is None
