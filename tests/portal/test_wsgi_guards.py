"""No request waits for a database that does not answer; a body is whole or it is nothing."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg2
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from psycopg2.extensions import POLL_OK, POLL_READ, set_wait_callback

from core.keys import form_token
from portal import wsgi_guards
from portal.wsgi_guards import IncompleteBodyError
from reports.models import Report
from reports.monitoring import alarms
from reports.views.form_errors import BUSY, ONLY_SHORT, REFUSAL, FormError
from tests.support.concurrency import in_parallel
from tools.portal_stack import wait_until


@pytest.fixture
def web_callback(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the callback of web processes, with short times, until the test ends."""
    monkeypatch.setattr(wsgi_guards, "WAIT_SECONDS", 0.9)
    monkeypatch.setattr(wsgi_guards, "STAFF_WAIT_SECONDS", 2.7)
    monkeypatch.setattr(wsgi_guards, "MIN_WAIT_SECONDS", 0.15)
    monkeypatch.setattr(wsgi_guards, "PROBE_INTERVAL_SECONDS", 1.5)
    monkeypatch.setattr(wsgi_guards, "_is_silent", False)
    yield
    set_wait_callback(None)
    connection.close()
    wsgi_guards._budget.remaining = 2.0


@pytest.fixture
def silent(web_callback: None, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a server that accepts and never answers."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / ".s.PGSQL.5432"))
        server.listen(50)
        yield f"host={tmp_path} user=portal"


def request(work: Any, path: str = "/bao-cao/") -> float:
    """Do the work in a request; return the seconds that it took."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        work()
        return []

    started = time.monotonic()
    wsgi_guards.limit_database_wait(application)({"PATH_INFO": path}, None)
    return time.monotonic() - started


def expect_failure(query: Any) -> None:
    with pytest.raises((psycopg2.OperationalError, OperationalError)):
        query()


def fail_to_connect(address: str) -> None:
    expect_failure(lambda: psycopg2.connect(address))


def sleep(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def test_a_server_that_never_answers_is_given_up(silent: str) -> None:
    assert request(lambda: fail_to_connect(silent)) >= 0.9


def test_all_waits_of_a_request_share_its_time(silent: str) -> None:
    """The first takes what there is, each further one a moment."""
    assert 1.2 <= request(lambda: [fail_to_connect(silent) for _ in range(3)]) < 2.7


def test_the_next_request_does_not_wait_as_long_again_until_one_is_answered(silent: str) -> None:
    request(lambda: fail_to_connect(silent))
    assert request(lambda: fail_to_connect(silent)) < 0.9
    request(lambda: sleep(0))
    request(lambda: sleep(0.3))


class Slow:
    """A connection whose server answers after 0.3 seconds."""

    def __init__(self, line: socket.socket) -> None:
        self.line, self.answers_at = line, time.monotonic() + 0.3

    def fileno(self) -> int:
        return self.line.fileno()

    def poll(self) -> int:
        return POLL_OK if time.monotonic() > self.answers_at else POLL_READ


def wait_for_a_slow_answer() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        answer = threading.Timer(0.33, theirs.send, [b"!"])
        answer.start()
        try:
            wsgi_guards._wait(Slow(ours))
        finally:
            answer.join()


def test_a_server_that_is_slow_and_not_away_is_found_again(silent: str) -> None:
    """A moment is too short for its answers: later one request asks for as long as ever."""
    request(lambda: fail_to_connect(silent))
    request(lambda: expect_failure(wait_for_a_slow_answer))
    time.sleep(1.8)
    request(wait_for_a_slow_answer)
    request(wait_for_a_slow_answer)


def test_of_those_who_ask_a_silent_server_again_only_one_waits(silent: str) -> None:
    request(lambda: fail_to_connect(silent))
    time.sleep(1.8)
    requests = [partial(request, lambda: fail_to_connect(silent))] * 4
    assert sum(seconds > 0.75 for seconds in in_parallel(requests)) == 1


@pytest.mark.usefixtures("web_callback")
def test_a_statement_over_its_time_is_an_error_and_the_next_gets_a_new_connection() -> None:
    request(lambda: expect_failure(lambda: sleep(6)))
    connection.close_if_unusable_or_obsolete()
    request(lambda: sleep(0))


@pytest.mark.usefixtures("web_callback")
def test_slow_statements_of_one_request_add_up() -> None:
    request(lambda: [sleep(0.6), expect_failure(lambda: sleep(0.6))])


@pytest.mark.usefixtures("web_callback")
def test_what_a_request_does_meanwhile_takes_nothing_away() -> None:
    """A body that comes slowly, a picture that is drawn anew."""
    request(lambda: [sleep(0), time.sleep(1.2), sleep(0.2)])


@pytest.mark.usefixtures("web_callback")
def test_the_desk_may_take_longer() -> None:
    request(lambda: sleep(1.5), "/admin/reports/report/")


def read_body(body: Any, promised: int, *, line: Any = None, kind: str = "text/plain") -> bytes:
    """Return body and type as an application reads them."""
    parts = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        parts.append(environ["wsgi.input"].read())
        parts.append(environ["CONTENT_TYPE"].encode())
        return []

    environ = {"wsgi.input": body, "CONTENT_LENGTH": str(promised), "CONTENT_TYPE": kind}
    wsgi_guards.guard_request_body(application)(
        environ | ({"gunicorn.socket": line} if line else {}), None
    )
    return b"|".join(parts)


def test_a_whole_body_is_read_as_it_came_and_what_follows_is_left_alone() -> None:
    rest = BytesIO(b"story=abcPOST / HTTP/1.1")
    assert read_body(rest, 9) == b"story=abc|text/plain"
    assert rest.read() == b"POST / HTTP/1.1"


@pytest.mark.parametrize("came", [b"", b"story=ab"])
def test_a_body_that_breaks_off_is_none(came: bytes) -> None:
    with pytest.raises(IncompleteBodyError):
        read_body(BytesIO(came), 9)


def test_a_type_that_django_breaks_on_is_taken_away() -> None:
    assert read_body(BytesIO(b"a"), 1, kind="text/plain; a*=bogus''x") == b"a|"


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield both ends of a connection, under short deadlines."""
    monkeypatch.setattr(wsgi_guards, "HEAD_START_SECONDS", 0.3)
    monkeypatch.setattr(wsgi_guards, "POLL_INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr(wsgi_guards, "STEP_BYTES", 1000)
    monkeypatch.setattr(wsgi_guards, "_watch", wsgi_guards._DeadlineWatch())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_visitor_who_falls_silent_holds_no_thread(line: Any) -> None:
    ours, theirs = line
    theirs.sendall(b"story")
    started = time.monotonic()
    with pytest.raises(IncompleteBodyError):
        read_body(ours.makefile("rb"), 9, line=ours)
    assert time.monotonic() - started < 10  # by itself it would get fifteen


def test_a_byte_now_and_then_is_not_enough(line: Any) -> None:
    ours, theirs = line
    done = threading.Event()

    def trickle() -> None:
        with contextlib.suppress(BrokenPipeError):
            while not done.wait(0.1):
                theirs.sendall(b"x")

    visitor = threading.Thread(target=trickle)
    visitor.start()
    try:
        with pytest.raises(IncompleteBodyError):
            read_body(ours.makefile("rb"), 5000, line=ours)
    finally:
        done.set()
        visitor.join()


def test_who_sends_steadily_is_waited_for(line: Any) -> None:
    ours, theirs = line

    def send() -> None:
        for _ in range(10):
            theirs.sendall(b"x" * 4000)
            time.sleep(0.1)

    visitor = threading.Thread(target=send)
    visitor.start()
    assert read_body(ours.makefile("rb"), 40_000, line=ours).startswith(b"x" * 40_000)
    visitor.join()


@pytest.mark.django_db(transaction=True)  # the handler closes the connection
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", MULTIPART_CONTENT])
def test_half_a_report_is_no_report_and_gets_no_receipt(kind: str) -> None:
    fields = {"form_token": form_token(), "story": "Co nguoi xung cong an goi cho toi hom nay"}
    is_multipart = kind == MULTIPART_CONTENT
    body = encode_multipart(BOUNDARY, fields) if is_multipart else urlencode(fields).encode()
    assert post(body[:-20], len(body), kind) == "400"
    assert not Report.objects.exists()
    assert post(body, len(body), kind) == "303"


def post(body: bytes, promised: int, kind: str) -> str:
    statuses: list[str] = []
    told = {"CONTENT_LENGTH": str(promised), "CONTENT_TYPE": kind}
    request = RequestFactory().generic("POST", "/bao-cao/", **told)
    wsgi_guards.guard_request_body(WSGIHandler())(
        request.environ | {"wsgi.input": BytesIO(body)}, lambda status, *_: statuses.append(status)
    )
    return statuses[0].partition(" ")[0]


class Worker:
    """An application that holds each body until it is let go, and remembers whom it was told to refuse."""

    def __init__(self) -> None:
        self.let_go, self.working, self.most = threading.Event(), 0, 0
        self.refused: list[FormError] = []

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        if REFUSAL in environ:
            self.refused.append(environ[REFUSAL])
            start_response("503 Busy", [])
            return []
        self.working += 1
        self.most = max(self.most, self.working)
        assert self.let_go.wait(10)
        self.working -= 1
        return [environ["wsgi.input"].read()]


def send_large(worker: Worker, path: str = "/bao-cao/", size: int = 70_000) -> dict[str, str]:
    """Return the headers of the answer."""
    headers: dict[str, str] = {}
    environ = {
        "PATH_INFO": path, "CONTENT_LENGTH": str(size), "wsgi.input": BytesIO(b"x" * size),
        "REMOTE_ADDR": "192.0.2.1",
    }  # fmt: skip
    wsgi_guards.limit_large_bodies(worker)(environ, lambda _, listed: headers.update(listed))
    return headers


@contextlib.contextmanager
def sending(worker: Worker, many: int, path: str) -> Iterator[list[threading.Thread]]:
    visitors = [threading.Thread(target=send_large, args=[worker, path]) for _ in range(many)]
    for visitor in visitors:
        visitor.start()
    try:
        yield visitors
    finally:
        worker.let_go.set()
        for visitor in visitors:
            visitor.join()


def test_one_large_body_is_worked_on_two_wait_and_the_next_is_told_when_to_come_again() -> None:
    worker = Worker()
    with sending(worker, 4, "/bao-cao/"):
        assert wait_until(lambda: worker.refused == [BUSY])
        assert send_large(worker) == {"Retry-After": "10"}
        assert worker.refused == [BUSY, BUSY]
    assert worker.most == 1
    assert send_large(worker) == {}


@pytest.mark.parametrize(
    "path",
    ["/theo-doi/tep/", "/en/theo-doi/tep/", "/api/v1/reports/26-BCDF-GHJK/files", "/admin/login/"],
)
def test_uploads_and_officers_wait_for_nobodys_text(path: str) -> None:
    worker = Worker()
    with sending(worker, 4, path):
        assert wait_until(lambda: worker.working == 4)


@pytest.mark.usefixtures("enforced")
def test_a_network_stores_eight_megabytes_of_long_texts_in_an_hour_and_short_ones_always() -> None:
    worker = Worker()
    worker.let_go.set()
    for size in [1_400_000] * 6 + [60_000]:
        send_large(worker, size=size)
    assert worker.refused == [ONLY_SHORT]


def test_on_a_full_disk_short_texts_alone_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker()
    worker.let_go.set()
    monkeypatch.setattr(alarms, "free_disk_bytes", lambda: alarms.MIN_FREE_BYTES - 1)
    send_large(worker, size=60_000)
    assert worker.refused == []
    send_large(worker)
    assert worker.refused == [ONLY_SHORT]


@pytest.mark.parametrize(("method", "sent"), [("HEAD", []), ("GET", [b"page"])])
def test_a_link_preview_that_asks_for_the_head_gets_no_body(method: str, sent: list[bytes]) -> None:
    closed = []

    class Body(list[bytes]):
        def close(self) -> None:
            closed.append(method)

    application = wsgi_guards.omit_head_body(lambda *_: Body([b"page"]))
    assert list(application({"REQUEST_METHOD": method}, None)) == sent
    assert closed == (["HEAD"] if method == "HEAD" else [])
