"""Many who send the longest texts there are keep nobody from the report page."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from itertools import count
from multiprocessing import Event, Process, SimpleQueue
from typing import Any
from urllib.parse import urlencode

import pytest

from reports.views.form_errors import BODY_LIMIT
from tests.support.nginx_front import NGINX, ask
from tests.support.portal_process import Visitor
from tools.cpu_allowance import CpuAllowance
from tools.portal_stack import ROLES, PortalStack, portal_stack

pytestmark = [pytest.mark.alone]
# The suite sends from an eighth of them, for a quarter of the time of `make attack`.
CLIENTS = int(os.environ.get("ATTACK_CLIENTS", "8"))
SECONDS = float(os.environ.get("ATTACK_SECONDS", "5"))
MAIL = "a@b.cd"


@pytest.fixture(scope="module")
def stack() -> Iterator[PortalStack]:
    with portal_stack(front=NGINX is not None) as running:
        yield running


@contextmanager
def flooding(stack: PortalStack, statuses: "SimpleQueue[set[int]]") -> Iterator[None]:
    """All clients post the worst text without end, each time as another report.

    They are a process of their own, as threads of ours they would keep us from looking, and take
    what time the portal leaves them: theirs are other machines.
    """
    port = stack.front_port or stack.port
    _, fields = Visitor(f"http://127.0.0.1:{port}").get("/bao-cao/").form("/bao-cao/")
    fields["contact_phone"] = MAIL
    typed = urlencode(
        {name: text for name, text in fields.items() if name not in {"submission_key", "story"}}
        | {"story": ""}
    )
    worst = (typed + "a%40b.cd+" * ((BODY_LIMIT - len(typed) - 99) // 9)).encode()
    ended = Event()
    clients = Process(target=_flood, args=(port, worst, ended, statuses))
    clients.start()
    try:
        yield
    finally:
        ended.set()
        clients.join()


def _flood(port: int, worst: bytes, ended: Any, statuses: "SimpleQueue[set[int]]") -> None:
    os.nice(19)
    numbers = count()

    def post(_: int) -> set[int]:
        seen = set()
        while not ended.is_set():
            body = worst + b"&submission_key=a-key-of-number-%d" % next(numbers)
            try:
                kind = "application/x-www-form-urlencoded"
                answer, _ = ask(port, "/bao-cao/", "POST", body, Content_Type=kind)
                seen.add(answer.status)
            except (OSError, HTTPException):
                seen.add(0)
        return seen

    with ThreadPoolExecutor(CLIENTS) as clients:
        statuses.put(set.union(*clients.map(post, range(CLIENTS))))


def test_the_report_page_answers_meanwhile(stack: PortalStack) -> None:
    """Within a second in `make attack`, which has the machine to itself; the suite shares it."""
    statuses: SimpleQueue[set[int]] = SimpleQueue()
    is_within = []
    with flooding(stack, statuses):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            allowance = CpuAllowance()
            assert ask(stack.front_port or stack.port, "/bao-cao/")[0].status == 200
            is_within.append(allowance.is_within(1))
            time.sleep(0.1)
    assert all(is_within) or "ATTACK_CLIENTS" not in os.environ
    assert statuses.get() <= {0, 303, 503}  # 0: our own patience of ten seconds


def test_the_queue_takes_what_pages_leave_of_the_machine(stack: PortalStack) -> None:
    niceness = {
        role: [os.getpriority(os.PRIO_PROCESS, pid) for pid in stack.pids(role)] for role in ROLES
    }
    own = niceness["web worker"][0]
    assert {*niceness["web master"], *niceness["web worker"]} == {own}
    assert all(min(niceness[role]) > own for role in ("relay", "worker", "worker child"))
