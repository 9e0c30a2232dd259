"""A body is whole or it is nothing, and nobody holds a thread with one for ever."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler

from core.keys import form_token
from portal import request_body_guard
from portal.request_body_guard import IncompleteBodyError
from reports.models import Report


def read_body(body: Any, promised: int, *, line: Any = None, kind: str = "text/plain") -> bytes:
    """What an application finds that reads everything."""
    found = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        found.append(environ["wsgi.input"].read())
        found.append(environ["CONTENT_TYPE"].encode())
        return []

    environ = {"wsgi.input": body, "CONTENT_LENGTH": str(promised), "CONTENT_TYPE": kind}
    request_body_guard.request_body_guard(application)(
        environ | ({"gunicorn.socket": line} if line else {}), None
    )
    return b"|".join(found)


def test_a_whole_body_is_read_as_it_came() -> None:
    assert read_body(BytesIO(b"story=abc"), 9) == b"story=abc|text/plain"


def test_what_follows_a_body_is_left_alone() -> None:
    rest = BytesIO(b"story=abcPOST / HTTP/1.1")
    read_body(rest, 9)
    assert rest.read() == b"POST / HTTP/1.1"


@pytest.mark.parametrize("came", [b"", b"story=ab"])
def test_a_body_that_breaks_off_is_none(came: bytes) -> None:
    with pytest.raises(IncompleteBodyError):
        read_body(BytesIO(came), 9)


def test_a_type_that_django_breaks_on_is_taken_away() -> None:
    assert read_body(BytesIO(b"a"), 1, kind="text/plain; a*=bogus''x") == b"a|"


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection, ours and the visitor's end, and little patience."""
    monkeypatch.setattr(request_body_guard, "HEAD_START", 0.3)
    monkeypatch.setattr(request_body_guard, "LOOK", 0.05)
    monkeypatch.setattr(request_body_guard, "STEP", 1000)
    monkeypatch.setattr(request_body_guard, "_watch", request_body_guard._Watch())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_visitor_who_falls_silent_holds_no_thread(line: Any) -> None:
    ours, theirs = line
    theirs.sendall(b"story")
    started = time.monotonic()
    with pytest.raises(IncompleteBodyError):
        read_body(ours.makefile("rb"), 9, line=ours)
    assert time.monotonic() - started < 3


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
            theirs.sendall(b"x" * 1000)
            time.sleep(0.1)

    visitor = threading.Thread(target=send)
    visitor.start()
    assert read_body(ours.makefile("rb"), 10_000, line=ours).startswith(b"x" * 10_000)
    visitor.join()


@pytest.mark.django_db(transaction=True)  # the handler closes the connection
@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_half_a_report_is_no_report_and_gets_no_receipt(form: str) -> None:
    body, kind = _posted(form)
    assert _status(body[:-20], len(body), kind) == "400"
    assert not Report.objects.exists()
    assert _status(body, len(body), kind) == "303"


def _posted(form: str) -> tuple[bytes, str]:
    token = form_token()
    if form == "urlencoded":
        fields = f"form_token={token}&story=Co+nguoi+xung+cong+an+goi+cho+toi+hom+nay"
        return fields.encode(), "application/x-www-form-urlencoded"
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    parts = part.format("form_token", token) + part.format("story", "Co nguoi xung cong an goi")
    return f"{parts}--x--\r\n".encode(), "multipart/form-data; boundary=x"


def _status(body: bytes, promised: int, kind: str) -> str:
    said: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/bao-cao/",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "CONTENT_LENGTH": str(promised),
        "CONTENT_TYPE": kind,
    }
    request_body_guard.request_body_guard(WSGIHandler())(
        environ, lambda status, *_: said.append(status)
    )
    return said[0].partition(" ")[0]
