"""A load generator of our own: keep-alive connections that ask again as soon as an answer is in.

It shares the machine with what it measures; that is why only ratios of two measurements in
turn mean anything.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

# A connection is given up after so many requests: gunicorn's threads take connections as they
# come, so few long ones would stay unevenly spread over its processes.
REQUESTS_A_CONNECTION = 20

MakeRequest = Callable[[], bytes]


@dataclass
class Tally:
    """What came of one run: answers by status, and seconds from request to answer."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    def rate(self, status: int) -> float:
        """Answers of that status, a second."""
        return self.statuses[status] / self.elapsed

    def percentile(self, share: float) -> float:
        """The seconds within which this share of all requests was answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Connection(asyncio.Protocol):
    """One client: asks, waits for the whole answer, asks again."""

    def __init__(self, make: MakeRequest, tally: Tally, ended: "asyncio.Future[None]") -> None:
        self.make, self.tally, self.ended = make, tally, ended
        self.left = REQUESTS_A_CONNECTION
        self.answer = b""
        self.transport: asyncio.Transport | None = None
        self.asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        assert self.transport
        self.left -= 1
        self.asked_at = time.perf_counter()
        self.transport.write(self.make())

    def data_received(self, data: bytes) -> None:
        self.answer += data
        head, separator, body = self.answer.partition(b"\r\n\r\n")
        if separator and _is_whole(head.lower(), body):
            self._answered(head)

    def _answered(self, head: bytes) -> None:
        self.tally.seconds.append(time.perf_counter() - self.asked_at)
        self.tally.statuses[int(head[9:12])] += 1
        self.answer = b""
        if self.left and b"connection: close" not in head.lower():
            self._ask()
        elif self.transport:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


def _is_whole(head: bytes, body: bytes) -> bool:
    """Whether the body is all there; `head` in small letters."""
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    _, separator, rest = head.partition(b"content-length:")
    return not separator or len(body) >= int(rest.split(b"\r\n", 1)[0])


def run_load(port: int, make: MakeRequest, clients: int, seconds: float) -> Tally:
    """Ask 127.0.0.1:port from so many clients at once for so many seconds."""
    return asyncio.run(_run_clients(port, make, clients, seconds))


async def _run_clients(port: int, make: MakeRequest, clients: int, seconds: float) -> Tally:
    tally = Tally()
    started = time.perf_counter()
    until = started + seconds
    await asyncio.gather(*(_run_client(port, make, tally, until) for _ in range(clients)))
    tally.elapsed = time.perf_counter() - started
    return tally


async def _run_client(port: int, make: MakeRequest, tally: Tally, until: float) -> None:
    loop = asyncio.get_running_loop()
    while time.perf_counter() < until:
        connection = _Connection(make, tally, loop.create_future())
        await loop.create_connection(partial(_get_protocol, connection), "127.0.0.1", port)
        await connection.ended


def _get_protocol(connection: _Connection) -> _Connection:
    return connection
