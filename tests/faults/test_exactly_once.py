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
            child = processes.start(name, command("web", processes.folder, f"127.0.0.1:{port}"))
            child.wait_until_ready(lambda port=port: is_listening(port))  # type: ignore[misc]
        yield ports


def send(port: int, token: str, key: str, story: str) -> str:
    """Press the button once; the code of the receipt."""
    fields = {"form_token": token, "submission_key": key, "story": story}
    page = Visitor(f"http://127.0.0.1:{port}").post("/bao-cao/", fields)
    return code_of(page.text.encode())


def at_once(portals: list[int], key: str, *stories: str) -> list[str]:
    """Every story twice to each portal, all at the same instant; the codes."""
    works = [
        partial(send, port, fetch_form_token(port), key, story)
        for story in stories
        for port in portals * 2
    ]
    return in_parallel(works)


def test_the_same_words_through_two_portals_are_one_report(portals: list[int]) -> None:
    codes = [set(at_once(portals, secrets.token_urlsafe(12), STORY)) for _ in range(ROUNDS)]
    assert [len(same) for same in codes] == [1] * ROUNDS
    assert len(set.union(*codes)) == ROUNDS
    for rows in (Report, Receipt, OutboxItem):
        assert rows.objects.count() == ROUNDS


def test_other_words_under_the_same_key_are_further_reports(portals: list[int]) -> None:
    key = secrets.token_urlsafe(12)
    stories = ["Họ xưng công an.", "Họ xưng ngân hàng."]
    for _ in range(ROUNDS):
        assert len(set(at_once(portals, key, *stories))) == len(stories)
    assert set(Report.objects.values_list("story", flat=True)) == set(stories)
    for rows in (Report, Receipt, OutboxItem):
        assert rows.objects.count() == len(stories)
