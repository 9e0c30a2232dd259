"""The same form at the same instant, through two portals on one database: one report."""

import http.client
import secrets
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from urllib.parse import urlencode

import pytest

from core.models import OutboxItem
from ops.process_commands import command
from reports.models import Receipt, Report
from tests.faults.support.queue_processes import QueueProcesses, queue_processes
from tests.support.concurrency import in_parallel
from tests.support.resident_pages import code_of
from tools.report_requests import fetch_form_token
from tools.servers import find_free_port, is_listening

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

ROUNDS = 25
STORY = "Họ xưng công an, bảo chuyển tiền."
RECEIPT = "/bao-cao/da-nhan/"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def portals(transactional_db: None) -> Iterator[list[int]]:
    """The ports of two portals, each of two processes of four threads."""
    with queue_processes() as ours:
        yield [start_portal(ours, name) for name in ("one", "other")]


def start_portal(stage: QueueProcesses, name: str) -> int:
    port = find_free_port()
    child = stage.start(name, command("web", stage.folder, f"127.0.0.1:{port}"))
    child.wait_until_ready(lambda: is_listening(port))
    return port


def send(port: int, token: str, key: str, story: str = STORY) -> str:
    """Press the button once; the code of the receipt."""
    body = urlencode({"form_token": token, "submission_key": key, "story": story})
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
        line.request("POST", "/bao-cao/", body, {"Content-Type": FORM})
        answer = line.getresponse()
        page = answer.read()
        if answer.status == 303:
            cookie = str(answer.getheader("Set-Cookie")).split(";")[0]
            line.request("GET", RECEIPT, headers={"Cookie": cookie})
            page = line.getresponse().read()
    return code_of(page)


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
