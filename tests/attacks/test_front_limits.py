"""The front server bounds what one address, one receipt code and one body may hold."""

import contextlib
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.nginx_front import ask, needs_nginx, run_front, run_portal
from tools.cpu_allowance import CpuAllowance
from tools.portal_stack import wait_until

pytestmark = [needs_nginx]
MB = 1024 * 1024
UPLOAD = "/theo-doi/tep/"
# The suite opens a tenth of what `make attack` does.
SOCKETS = int(os.environ.get("ATTACK_SOCKETS", "400"))
ADDRESSES = [f"127.0.0.{last}" for last in range(101, 141)]
PAGES = ("/", "/dang-bi-goi/", "/bao-cao/")


@pytest.fixture
def front(tmp_path: Path) -> Iterator[int]:
    with run_portal() as portal, run_front(portal, tmp_path) as port:
        yield port


def head_of_post(path: str, length: int, forwarded: str = "") -> str:
    """Return a head in which {} is the number of the connection."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {forwarded}\r\n"
    return f"{head}Content-Length: {length}\r\n\r\n"


@contextlib.contextmanager
def trickling(
    port: int, many: int, head: str, addresses: Sequence[str] = ADDRESSES[:1]
) -> Iterator[list[socket.socket]]:
    """Yield connections that have sent a head and one byte more."""
    with contextlib.ExitStack() as exits:
        lines: list[socket.socket] = []
        for number in range(many):
            source = (addresses[number % len(addresses)], 0)
            lines.append(socket.create_connection(("127.0.0.1", port), 5, source_address=source))
            exits.enter_context(lines[-1])
            lines[-1].sendall(f"{head.format(number)}x".encode())
        yield lines


def are_refused(lines: list[socket.socket], many: int, seconds: float = 30) -> bool:
    """Whether so many get an answer although the body is not there; the others are held by then."""
    refused: set[socket.socket] = set()

    def count() -> bool:
        refused.update(line for line in set(lines) - refused if is_refused(line))
        return len(refused) == many

    return wait_until(count, seconds)


def is_refused(line: socket.socket) -> bool:
    line.settimeout(0.01)
    with contextlib.suppress(TimeoutError):
        return line.recv(1000).startswith(b"HTTP/1.1 503")
    return False


@pytest.mark.parametrize(
    ("path", "length", "many"),
    [("/bao-cao/", 100, 60), ("/bao-cao/", 1_900_000, 4), (f"{UPLOAD}?ve=a:b:c", 11 * MB, 2)],
    ids=["anything", "long texts", "files of one report"],
)
def test_one_address_holds_so_many_and_the_rest_read_whom_to_ring(
    front: int, path: str, length: int, many: int
) -> None:
    with trickling(front, many + 3, head_of_post(path, length)) as lines:
        assert are_refused(lines, 3)
        body = b"x" * length
        answer, page = ask(front, path, "POST", body, address=ADDRESSES[0])
        assert answer.status == 503
        assert 'href="tel:113"' in page.decode()
        assert "02373.725.725" in page.decode()
        assert ask(front, "/bao-cao/", address=ADDRESSES[1])[0].status == 200


def test_many_files_of_one_address_leave_the_scratch_to_others(front: int) -> None:
    with trickling(front, 4, head_of_post(f"{UPLOAD}?ve={{}}:b:c", 50 * MB)) as lines:
        assert are_refused(lines, 1)
        answer, _ = ask(front, f"{UPLOAD}?ve=9:b:c", "POST", b"x" * 13 * MB, ADDRESSES[0])
        assert answer.status == 503
        answer, _ = ask(front, f"{UPLOAD}?ve=9:b:c", "POST", b"x" * 11 * MB, ADDRESSES[0])
        assert answer.status == 200


@pytest.mark.parametrize(
    ("proxies", "forwarded", "is_counted"),
    [
        ("1", "203.0.113.7", False),
        ("2", "198.51.100.1, 203.0.113.7", True),
        ("3", "203.0.113.7, 10.0.0.1", True),
        ("2", "2001:db8:1:2:{}::1", True),
        ("2", "2001:db8::{}:0:0:1", True),
        ("2", "192.168.0.7", False),
    ],
)
def test_behind_a_load_balancer_the_visitor_counts_and_never_the_balancer(
    tmp_path: Path, proxies: str, forwarded: str, is_counted: bool
) -> None:
    with (
        run_portal() as portal,
        run_front(portal, tmp_path, TRUSTED_PROXIES=proxies) as port,
        trickling(port, 6, head_of_post("/", 99_999, forwarded), ["127.0.0.1"]) as lines,
    ):
        assert are_refused(lines, 2, 30 if is_counted else 0.5) is is_counted


def test_a_body_that_never_ends_is_ended(tmp_path: Path) -> None:
    with run_portal() as portal, run_front(portal, tmp_path, BODY_SECONDS="1") as port:
        with trickling(port, 1, head_of_post("/bao-cao/", 1000)) as [line]:
            assert wait_until(lambda: is_cut(line))
        assert ask(port, "/bao-cao/", "POST", b"x" * 1000)[0].status == 200


def is_cut(line: socket.socket) -> bool:
    try:
        line.sendall(b"x")
        line.settimeout(0.2)
        return line.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.mark.alone
def test_trickling_sockets_of_forty_addresses_close_no_page(front: int) -> None:
    """A fifth dribbles heads, the others bodies of every kind."""
    heads = [
        head_of_post("/bao-cao/", 1000),
        head_of_post("/", 1_900_000),
        head_of_post(UPLOAD, 50 * MB),
        head_of_post("/canh-bao/", 1000),
        "GET / HTTP/1.1\r\nX-",
    ]
    with contextlib.ExitStack() as exits:
        crowds = [trickling(front, SOCKETS // 5, head, ADDRESSES) for head in heads]
        lines = [line for crowd in crowds for line in exits.enter_context(crowd)]
        for _ in range(5):
            for line in lines:
                with contextlib.suppress(OSError):
                    line.sendall(b"x")
            for page in PAGES:
                allowance = CpuAllowance()
                assert ask(front, page, address="127.0.0.9")[0].status == 200
                assert allowance.is_within(1)
