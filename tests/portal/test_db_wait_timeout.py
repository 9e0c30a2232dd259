"""No request waits for a database that does not answer."""

import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError, connection
from psycopg2.extensions import POLL_OK, POLL_READ, set_wait_callback

from portal import db_wait_timeout
from tests.support.concurrency import in_parallel


@pytest.fixture(autouse=True)
def as_in_web(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The callback of web processes, with short times, taken away afterwards."""
    monkeypatch.setattr(db_wait_timeout, "TIMEOUT_SECONDS", 0.9)
    monkeypatch.setattr(db_wait_timeout, "STAFF_TIMEOUT_SECONDS", 2.7)
    monkeypatch.setattr(db_wait_timeout, "GRACE", 0.15)
    monkeypatch.setattr(db_wait_timeout, "ASK_AGAIN", 1.5)
    monkeypatch.setattr(db_wait_timeout, "_silent", False)
    yield
    set_wait_callback(None)
    connection.close()
    db_wait_timeout._request.left = 2.0


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[str]:
    """The address of a server that accepts and never answers."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / ".s.PGSQL.5432"))
        server.listen(50)
        yield f"host={tmp_path} user=portal"


def request(work: Any, path: str = "/bao-cao/") -> float:
    """Do this as a request would; the seconds that it took."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        work()
        return []

    started = time.monotonic()
    db_wait_timeout.limit_database_wait(application)({"PATH_INFO": path}, None)
    return time.monotonic() - started


def fails(ask: Any) -> None:
    with pytest.raises((psycopg2.OperationalError, OperationalError)):
        ask()


def sleep(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def test_a_server_that_never_answers_is_given_up(silent: str) -> None:
    assert 0.9 <= request(lambda: fails(lambda: psycopg2.connect(silent))) < 1.5


def test_all_waits_of_a_request_share_its_time(silent: str) -> None:
    """The first takes what there is, each further one a moment."""

    def three_times() -> None:
        for _ in range(3):
            fails(lambda: psycopg2.connect(silent))

    assert 1.2 <= request(three_times) < 2.1


def test_the_next_request_does_not_wait_as_long_again(silent: str) -> None:
    request(lambda: fails(lambda: psycopg2.connect(silent)))
    assert request(lambda: fails(lambda: psycopg2.connect(silent))) < 0.6


@pytest.mark.django_db(transaction=True)
def test_who_is_answered_again_gives_all_their_time_back(silent: str) -> None:
    request(lambda: fails(lambda: psycopg2.connect(silent)))
    request(lambda: sleep(0))
    request(lambda: sleep(0.6))


class Slow:
    """A connection whose server answers after 0.45 seconds."""

    def __init__(self, line: socket.socket) -> None:
        self.line, self.answers_at = line, time.monotonic() + 0.45

    def fileno(self) -> int:
        return self.line.fileno()

    def poll(self) -> int:
        return POLL_OK if time.monotonic() > self.answers_at else POLL_READ


def wait_for_a_slow_answer() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        answer = threading.Timer(0.48, theirs.send, [b"!"])
        answer.start()
        try:
            db_wait_timeout._wait(Slow(ours))
        finally:
            answer.join()


def test_a_server_that_is_slow_and_not_away_is_found_again(silent: str) -> None:
    """A moment is too short for its answers: later one request asks for as long as ever."""
    request(lambda: fails(lambda: psycopg2.connect(silent)))
    request(lambda: fails(wait_for_a_slow_answer))
    time.sleep(1.8)
    request(wait_for_a_slow_answer)
    request(wait_for_a_slow_answer)


def test_of_those_who_ask_a_silent_server_again_only_one_waits(silent: str) -> None:
    request(lambda: fails(lambda: psycopg2.connect(silent)))
    time.sleep(1.8)
    asked = [partial(request, lambda: fails(lambda: psycopg2.connect(silent)))] * 4
    assert sum(seconds > 0.75 for seconds in in_parallel(asked)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_statement_over_its_time_is_an_error_and_the_next_gets_a_new_connection() -> None:
    request(lambda: fails(lambda: sleep(6)))
    connection.close_if_unusable_or_obsolete()
    request(lambda: sleep(0))


@pytest.mark.django_db(transaction=True)
def test_slow_statements_of_one_request_add_up() -> None:
    def two() -> None:
        sleep(0.6)
        fails(lambda: sleep(0.6))

    request(two)


@pytest.mark.django_db(transaction=True)
def test_what_a_request_does_meanwhile_takes_nothing_away() -> None:
    """A body that comes slowly, a picture that is drawn anew."""

    def work() -> None:
        sleep(0)
        time.sleep(1.2)
        sleep(0.45)

    request(work)


@pytest.mark.django_db(transaction=True)
def test_the_desk_may_take_longer() -> None:
    request(lambda: sleep(1.5), "/admin/reports/report/")
