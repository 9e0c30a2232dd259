"""What ends the web processes, or everything, costs a resident one more press and no report."""

import time
from contextlib import closing
from pathlib import Path
from threading import Thread

import psycopg2
import pytest

from tests.faults.support.kill_after_commit.apps import TRAP
from tests.support.nginx_front import needs_nginx
from tools.client_journal import BROKEN, FRONT, RECEIPT, ClientJournal
from tools.cpu_allowance import CpuAllowance
from tools.portal_stack import PortalStack, wait_until

pytestmark = [pytest.mark.alone]

BACK_WITHIN = 3.0


@pytest.fixture
def resident(stack: PortalStack) -> ClientJournal:
    return ClientJournal([stack.port])


# One that a resident sent; others of the portal may wait for a lock as well.
A_REPORT_WAITS = (
    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'take_in'"
)


def assert_all_is_there(stack: PortalStack, journal: ClientJournal) -> None:
    """Drained, with fifteen seconds left out; and every receipt is good."""
    stack.expire_leases()
    assert stack.wait_until_idle()
    assert journal.reconcile(stack.database).losses() == []


def test_web_processes_share_the_listening_socket_and_no_connection(stack: PortalStack) -> None:
    """They are forked: a connection of their master would be everybody's at once."""
    [master] = stack.pids("web master")
    descriptors = [str(each.readlink()) for each in Path(f"/proc/{master}/fd").iterdir()]
    assert len([name for name in descriptors if name.startswith("socket:")]) == 1


def test_killed_between_commit_and_answer_gives_one_report_and_a_receipt(
    stack: PortalStack, resident: ClientJournal
) -> None:
    entry = resident.write()
    (Path(stack.env["DATA_DIR"]) / TRAP).touch()
    assert resident.submit(entry).kind == BROKEN
    question = "SELECT count(*) FROM reports_report WHERE submission_key = %s"
    assert stack.ask(question, [entry.key]) == [(1,)]
    assert resident.submit(entry).kind == RECEIPT
    assert_all_is_there(stack, resident)


def test_all_web_processes_killed_are_back_within_three_seconds(
    stack: PortalStack, resident: ClientJournal
) -> None:
    entry = resident.send()
    allowance = CpuAllowance()
    assert stack.kill("web master", "web worker") == 3
    assert wait_until(stack.is_serving, 10)
    assert allowance.is_within(BACK_WITHIN)
    assert resident.submit(entry).kind == RECEIPT
    assert len(entry.codes) == 1
    assert_all_is_there(stack, resident)


@needs_nginx
def test_who_was_cut_off_sees_the_front_servers_page_and_gets_one_receipt(
    stack: PortalStack,
) -> None:
    journal = ClientJournal([stack.front_port], [stack.front_port])
    entry = journal.write()
    press = Thread(target=journal.submit, args=[entry])
    with closing(psycopg2.connect(stack.database)) as line, line.cursor() as cursor:
        cursor.execute("LOCK TABLE reports_report IN ACCESS EXCLUSIVE MODE")
        press.start()
        assert wait_until(lambda: bool(stack.ask(A_REPORT_WAITS)), 5)
        stack.kill("web worker", "web master")
        press.join(5)
    assert entry.answers[0].kind == FRONT
    while not entry.has_receipt:
        journal.submit(entry)
    assert_all_is_there(stack, journal)


def test_everything_killed_at_once(stack: PortalStack, resident: ClientJournal) -> None:
    """As when the machine loses its power under load."""
    resident.start(residents=4, reports=80, seconds=2)
    time.sleep(1)
    stack.kill_child("serve")
    stack.kill_child("valkey")
    stack.kill_postgres()
    stack.start_postgres()
    stack.start_valkey()
    stack.start_serve()
    assert resident.stop(within=15)
    assert_all_is_there(stack, resident)
