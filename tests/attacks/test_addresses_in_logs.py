"""Who opened what is written nowhere: every log is read after a day's worth of errors."""

import contextlib
import json
import secrets
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException, HTTPResponse

import pytest

from tests.faults.support.canary_marks import Search
from tests.support.nginx_front import ask, needs_nginx, send_raw
from tools.portal_stack import PortalStack, portal_stack, wait_until

pytestmark = [pytest.mark.serial, needs_nginx]
ADDRESS, FORWARDED = "127.0.0.77", "203.0.113.77"
INVITATION = secrets.token_hex(20)
LINK = f"/can-bo/loi-moi/{INVITATION}/"
MB = 1024 * 1024
# The tables of PostgreSQL are no log: who was locked out of the desk stands in one, for a while.
TABLES = ("postgres/base", "postgres/pg_wal")


@dataclass
class BadDay:
    """A portal after all that can go wrong went wrong."""

    stack: PortalStack

    def count(self, log: str, event: str) -> int:
        return (self.stack.folder / log).read_text(errors="replace").count(event)


def break_requests(port: int) -> None:
    """What is no request, at a port of the front server or of the portal itself."""
    for broken in (
        f"GET {LINK} x HTTP/1.1\r\n\r\n",
        f"GET {LINK} HTTP/9.9\r\nHost: x\r\n\r\n",
        f"GET {LINK} HTTP/1.1\r\nHost: a b\r\nX-Forwarded-For: {FORWARDED}\r\n\r\n",
        f"GET {LINK} HTTP/1.1\r\nHost: x\r\nX-Long: {'x' * 9000}\r\n\r\n",
        f"GET {LINK}{'x' * 9000} HTTP/1.1\r\nHost: x\r\n\r\n",
        f"POST {LINK} HTTP/1.1\r\nHost: x\r\nContent-Length: a\r\n\r\n",
        f"POST {LINK} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ):
        send_raw(port, broken.encode(), ADDRESS)


def leave_early(port: int) -> None:
    """Half a body, and nobody is there any more."""
    with closing(
        socket.create_connection(("127.0.0.1", port), source_address=(ADDRESS, 0))
    ) as line:
        line.sendall(f"POST {LINK} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\na".encode())


def is_away(visit: Callable[[str], tuple[HTTPResponse, bytes]]) -> bool:
    """Return whether the front server says that the portal is away; an answer may break off meanwhile."""
    with contextlib.suppress(HTTPException):
        return visit(LINK)[0].status == 503
    return False


@pytest.fixture(scope="module")
def day() -> Iterator[BadDay]:
    with portal_stack(front=True) as stack:
        visit = partial(ask, stack.front_port, address=ADDRESS, X_Forwarded_For=FORWARDED)
        for path in (LINK, "/bao-cao/", "/theo-doi/tep/"):
            visit(path, "POST", b"x" * 3 * MB)  # through a file
            visit(path, "POST", b"x" * 9 * MB)
        visit("/admin/login/", "POST", f"username={INVITATION}&password=x".encode())
        for port in (stack.front_port, stack.port):
            break_requests(port)
            leave_early(port)
        shutil.rmtree(stack.folder / "front" / "front-body")
        visit(LINK, "POST", b"x" * 3 * MB)
        stack.kill_child("serve")
        assert wait_until(lambda: is_away(visit))
        for path in (LINK, f"/canh-bao/{INVITATION}/", "/dang-bi-goi/", "/khong-co/"):
            visit(path)
        yield BadDay(stack)


def test_no_log_names_an_address_or_an_invitation(day: BadDay) -> None:
    marks = {"address": ADDRESS, "forwarded": FORWARDED, "invitation": INVITATION}
    found = Search(marks).search_folder(day.stack.folder)
    assert {name: names for name, names in found.items() if not name.startswith(TABLES)} == {}


def test_the_operator_is_told_what_failed_and_how_often(day: BadDay) -> None:
    assert day.count("front/front.log", '"upstream": "502"') >= 4
    assert day.count("front/front.log", '"status": 431') == 1
    assert day.count("serve.log", "server.request_unreadable") >= 4
    for line in (day.stack.folder / "front/front.log").read_text().splitlines():
        assert json.loads(line)["event"] == "front.request_failed"
