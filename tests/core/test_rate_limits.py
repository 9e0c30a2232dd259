"""Guesses of codes and look-ups: slowed by address, counted for all, never in a resident's way."""

import socket
import time
from ipaddress import ip_address
from pathlib import Path
from unittest.mock import Mock, call

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings
from redis import Redis

from core import rate_limits
from reports.submission import receipt_codes
from reports.views.disputes import DISPUTES
from reports.views.number_lookup import LOOKUPS

pytestmark = pytest.mark.usefixtures("enforced")


@pytest.fixture
def frozen(enforced: Redis, settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock?db=0"


def visit(address: str = "192.0.2.1") -> HttpRequest:
    return RequestFactory().post("/theo-doi/", REMOTE_ADDR=address)


def guess(times: int, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        receipt_codes.record_wrong_code(visit(address))


def test_ten_wrong_codes_are_answered_and_then_one_waits() -> None:
    guess(9)
    for _ in range(40):  # looking at the window takes nothing from it
        assert rate_limits.retry_after(receipt_codes.CODE_GUESSES, visit()) == 0
    guess(1)
    assert 590 <= rate_limits.retry_after(receipt_codes.CODE_GUESSES, visit()) <= 600


@pytest.mark.parametrize(
    ("guessing", "same", "other"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("2001:db8:1:2::1", "2001:db8:1:2:3::9", "2001:db8:1:3::1"),
        ("::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2"),
    ],
)
def test_one_visitor_is_slowed_by_any_address_and_no_other(
    guessing: str, same: str, other: str
) -> None:
    guess(10, guessing)
    assert rate_limits.retry_after(receipt_codes.CODE_GUESSES, visit(same)) > 0
    assert rate_limits.retry_after(receipt_codes.CODE_GUESSES, visit(other)) == 0


def test_who_has_no_address_is_never_slowed() -> None:
    guess(20, "")
    assert rate_limits.retry_after(receipt_codes.CODE_GUESSES, visit("")) == 0
    assert receipt_codes.wrong_codes() == 20


def test_look_ups_have_a_window_of_their_own() -> None:
    assert [rate_limits.consume(LOOKUPS, visit()) for _ in range(301)] == [True] * 300 + [False]
    assert [rate_limits.consume(DISPUTES, visit()) for _ in range(31)] == [True] * 30 + [False]
    assert rate_limits.retry_after(receipt_codes.CODE_GUESSES, visit()) == 0


def test_wrong_words_are_counted_by_address_and_report() -> None:
    for _ in range(5):
        assert rate_limits.retry_after(receipt_codes.WORD_GUESSES, visit(), "26-7K4M-29QX") == 0
        receipt_codes.record_wrong_word(visit(), "26-7K4M-29QX")
    assert (
        590 <= rate_limits.retry_after(receipt_codes.WORD_GUESSES, visit(), "26-7K4M-29QX") <= 600
    )
    assert (
        rate_limits.retry_after(receipt_codes.WORD_GUESSES, visit("192.0.2.2"), "26-7K4M-29QX") == 0
    )
    assert rate_limits.retry_after(receipt_codes.WORD_GUESSES, visit(), "26-2222-2222") == 0
    assert receipt_codes.wrong_codes() == 5


def test_counting_alone_refuses_nobody(settings: Settings) -> None:
    settings.RATE_LIMITS = "count"
    guess(12)
    assert rate_limits.retry_after(receipt_codes.CODE_GUESSES, visit()) == 0
    assert all(rate_limits.consume(DISPUTES, visit()) for _ in range(35))
    assert receipt_codes.wrong_codes() == 12


def test_no_address_is_kept_in_clear(enforced: Redis) -> None:
    guess(1, "192.0.2.77")
    keys = b" ".join(enforced.keys("*"))
    assert keys
    packed = str(int(ip_address("192.0.2.77"))).encode()
    assert not any(clear in keys for clear in (b"192.0.2", packed))


@pytest.mark.usefixtures("frozen")
def test_without_valkey_a_process_lets_a_third_through_by_itself() -> None:
    guess(3)
    assert rate_limits.retry_after(receipt_codes.CODE_GUESSES, visit()) == 0
    guess(1)
    assert 590 <= rate_limits.retry_after(receipt_codes.CODE_GUESSES, visit()) <= 600
    assert rate_limits.retry_after(receipt_codes.CODE_GUESSES, visit("192.0.2.2")) == 0
    assert [rate_limits.consume(DISPUTES, visit()) for _ in range(11)] == [True] * 10 + [False]


def test_a_frozen_valkey_is_asked_once_and_costs_one_short_wait(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    settings.REDIS_URL = f"unix://{tmp_path}/frozen.sock?db=0"
    with socket.socket(socket.AF_UNIX) as frozen:
        frozen.bind(f"{tmp_path}/frozen.sock")
        frozen.listen()
        begun = time.monotonic()
        guess(20)
        assert 0.04 < time.monotonic() - begun < 4
        assert receipt_codes.wrong_codes() is None
        frozen.setblocking(False)
        frozen.accept()[0].close()
        with pytest.raises(BlockingIOError):
            frozen.accept()


def test_a_valkey_that_is_back_is_asked_after_a_rest(settings: Settings, tmp_path: Path) -> None:
    there, settings.REDIS_URL = settings.REDIS_URL, f"unix://{tmp_path}/nobody.sock?db=0"
    guess(9)
    settings.REDIS_URL = there
    assert receipt_codes.wrong_codes() is None
    rate_limits._circuit.open_until -= rate_limits.RETRY_DELAY_SECONDS  # which have gone by
    assert receipt_codes.wrong_codes() == 0
    assert rate_limits.retry_after(receipt_codes.CODE_GUESSES, visit()) == 0


def test_the_first_guess_and_every_hundredth_are_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    monkeypatch.setattr(receipt_codes.log, "warning", lambda _, wrong: counts.append(wrong))
    monkeypatch.setattr(receipt_codes, "sleep", lambda _: None)
    guess(200)
    assert counts == [1, 100, 200]


def test_many_guesses_of_all_only_slow_the_wrong_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    delays: list[float] = []
    monkeypatch.setattr(receipt_codes, "sleep", delays.append)
    for number in range(302):
        guess(1, f"198.51.{number // 250}.{number % 250}")
    assert delays == [receipt_codes.DELAY_SECONDS] * 2
    assert rate_limits.retry_after(receipt_codes.CODE_GUESSES, visit()) == 0


def test_no_more_than_two_wait_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt_codes, "ALL_GUESSES", rate_limits.Window("all_wrong", 1, minutes=1))
    sleep = Mock(side_effect=lambda _: guess(1))  # while one waits another wrong code comes
    monkeypatch.setattr(receipt_codes, "sleep", sleep)
    guess(2)
    assert sleep.mock_calls == [call(receipt_codes.DELAY_SECONDS)] * 2
