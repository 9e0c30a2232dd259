"""Who tries many wrong codes is asked to wait, at every step that takes one; a right one opens."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from core.keys import FieldKey, newest_key
from reports.submission import intake, receipt_codes
from reports.submission.intake import ReportSubmission
from tests.support.resident_pages import value, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enforced")]

TRACK = "/theo-doi/"
WAIT = "Bạn đã thử nhiều lần. Chờ 10 phút, hoặc gọi 02373.725.725."


def unknown_code(number: int) -> str:
    """A code that is well formed and opens nothing."""
    return receipt_codes.derive_code(f"nobody-{number:016}", b"digest", newest_key())


def guess(client: Client, times: int, address: str = TRACK) -> Any:
    answers = [client.post(address, {"code": unknown_code(number)}) for number in range(times)]
    return answers[-1]


def near(code: str) -> str:
    """A well-formed code that differs from this one in its last group alone."""
    groups = (f"{code[:12]}22{sign}" for sign in receipt_codes.ALPHABET)
    checked = (f"{each}{last}" for each in groups for last in receipt_codes.ALPHABET)
    return next(each for each in checked if receipt_codes.parse_code(each) == each != code)


@pytest.fixture
def code() -> str:
    return str(intake.submit_report(ReportSubmission(story="Họ gọi."), "a-key-of-the-browser").code)


def test_right_codes_and_slips_of_the_finger_cost_nothing(client: Client, code: str) -> None:
    mistyped = ("2" if code[0] != "2" else "3") + code[1:]
    for typed, status in ((code, 200), (mistyped, 422)):
        assert {client.post(TRACK, {"code": typed}).status_code for _ in range(11)} == {status}
    assert receipt_codes.wrong_codes() == 0


@pytest.mark.parametrize("step", ["", "tep/", "them/", "tra-loi/", "rut/", "xoa/", "ban-sao/"])
def test_at_every_step_that_takes_a_code_the_eleventh_guess_waits_and_a_right_code_opens(
    client: Client, code: str, step: str
) -> None:
    assert guess(client, 10, TRACK + step).status_code == 422
    answer = guess(client, 1, TRACK + step)
    assert answer.status_code == 429
    assert WAIT in words(answer.content)
    assert 1 <= int(answer["Retry-After"]) <= 600
    assert value(answer.content, "code") == unknown_code(0)
    assert receipt_codes.wrong_codes() == 11
    assert client.post(TRACK, {"code": code}).status_code == 200


def test_how_near_a_guess_comes_changes_nothing_of_the_work(
    client: Client, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashes and statements are counted, not seconds. The code itself goes to no database."""
    made: list[str] = []
    mac = FieldKey.mac
    monkeypatch.setattr(FieldKey, "mac", lambda self, *a: (made.append(a[0]), mac(self, *a))[1])
    work = []
    for guessed in (near(code), unknown_code(1)):
        made.clear()
        with CaptureQueriesContext(connection) as queries:
            client.post(TRACK, {"code": guessed})
        work.append((len(queries), sorted(made)))
        assert not any(guessed in query["sql"] for query in queries)
    assert work[0] == work[1]


def test_what_was_typed_comes_back_to_who_must_wait(client: Client) -> None:
    guess(client, 10)
    typed = {"code": unknown_code(1), "story": "Chúng gọi lại lần nữa."}
    for address in (f"{TRACK}them/", f"{TRACK}tep/"):
        answer = client.post(address, typed)
        assert answer.status_code == 429
        assert "Chúng gọi lại lần nữa." in answer.content.decode()
        assert "Chờ 10 phút" in words(answer.content)


def test_without_valkey_guesses_wait_sooner_and_a_right_code_opens(
    client: Client, code: str, settings: Settings, tmp_path: Any
) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock?db=0"
    assert guess(client, 4).status_code == 422
    assert guess(client, 1).status_code == 429
    assert client.post(TRACK, {"code": code}).status_code == 200
