"""The same form at the same instant, through two portals on one database: one report."""

import secrets
from collections.abc import Iterator
from functools import partial

import pytest

from core.models import OutboxItem
from ops.process_commands import command
from reports.models import Receipt, Report
from tests.faults.support.queue_processes import queue_processes
from tests.support.concurrency import in_parallel
from tests.support.portal_process import Visitor
from tests.support.resident_pages import code_of
from tools.report_requests import fetch_form_token
from tools.servers import find_free_port, is_listening

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

ROUNDS = 25
STORY = "Họ xưng công an, bảo chuyển tiền."


@pytest.fixture(scope="module")
def portals(django_db_setup: None) -> Iterator[list[int]]:
    """The ports of two portals, each of two processes of four threads."""
    with queue_processes() as processes:
        ports = []
        for name in ("one", "other"):
            ports.append(port := find_free_port())
            child = processes.start(name, command("web", f"127.0.0.1:{port}"))
            child.wait_until_ready(lambda port=port: is_listening(port))  # type: ignore[misc]
        yield ports


def send(port: int, token: str, key: str) -> str:
    """Press the button once; the code of the receipt."""
    fields = {"form_token": token, "submission_key": key, "story": STORY}
    page = Visitor(f"http://127.0.0.1:{port}").post("/bao-cao/", fields)
    return code_of(page.text.encode())


def at_once(portals: list[int], key: str) -> list[str]:
    """The story twice to each portal, all at the same instant; the codes."""
    return in_parallel([partial(send, port, fetch_form_token(port), key) for port in portals * 2])


def test_the_same_words_through_two_portals_are_one_report(portals: list[int]) -> None:
    codes = [set(at_once(portals, secrets.token_urlsafe(12))) for _ in range(ROUNDS)]
    assert [len(same) for same in codes] == [1] * ROUNDS
    assert len(set.union(*codes)) == ROUNDS
    for rows in (Report, Receipt, OutboxItem):
        assert rows.objects.count() == ROUNDS
