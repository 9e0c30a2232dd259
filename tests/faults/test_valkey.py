"""Valkey dies, forgets, has no memory or says nothing: residents and officers do not notice, and
what was accepted meanwhile is read once, later.
"""

import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from core.outbox import relay
from tests.faults.support.resident_load import (
    HOTLINE,
    ask,
    desk,
    lines,
    residents,
    take_on_a_report,
)
from tests.support.portal_process import Visitor
from tests.support.public_urls import public_paths
from tools.client_journal import RECEIPT, ClientJournal
from tools.portal_stack import PortalStack, wait_until

pytestmark = pytest.mark.alone

OUTAGE = 1.5  # seconds
SLOW = 0.5  # seconds; who asks a broker in trouble would be slower every time
HANDED_OVER = """
SELECT count(*) FROM core_outboxitem
 WHERE done_at IS NULL AND attempts = 0 AND due_at > statement_timestamp()
"""
WAITING = "SELECT count(*) FROM core_outboxitem WHERE done_at IS NULL"


@contextmanager
def noticed_by_nobody(stack: PortalStack) -> Iterator[ClientJournal]:
    """While the block breaks Valkey everybody gets a receipt at the first press, in no time, and
    the log does not fill.
    """
    before = lines(stack)
    with residents(stack) as journal:
        yield journal
    assert {answer.kind for answer in journal.answers} == {RECEIPT}
    seconds = [answer.seconds for answer in journal.answers]
    assert statistics.quantiles(seconds, n=10)[-1] < journal.allowance.extend(SLOW)
    assert lines(stack) - before < 100


def wait_for_relay() -> None:
    """It does the work itself until it asks again: by then nothing would be handed over in the next test."""
    time.sleep(relay.RETRY_DELAYS[1] * relay.JITTER[1])


@contextmanager
def dead(stack: PortalStack) -> Iterator[None]:
    stack.kill_child("valkey")
    try:
        yield
    finally:
        stack.start_valkey()
        wait_for_relay()


@contextmanager
def tired(stack: PortalStack) -> Iterator[None]:
    """The workers' children stand still: what is handed over stays at the broker."""
    children = stack.pids("worker child")
    for pid in children:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in children:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def dead_during_work(stack: PortalStack) -> Iterator[None]:
    """It dies while every worker's child reads: what they finish cannot be acknowledged."""
    with tired(stack):
        assert wait_until(lambda: stack.ask(HANDED_OVER)[0][0] > 5)
        stack.kill_child("valkey")
    try:
        yield
    finally:
        stack.start_valkey()
        wait_for_relay()


@contextmanager
def frozen(stack: PortalStack) -> Iterator[None]:
    """It accepts and never answers."""
    stack.freeze("valkey")
    try:
        yield
    finally:
        stack.thaw("valkey")
        wait_for_relay()


@contextmanager
def full(stack: PortalStack) -> Iterator[None]:
    with stack.broker() as broker:
        broker.config_set("maxmemory", "1")
        try:
            yield
        finally:
            broker.config_set("maxmemory", "0")
            wait_for_relay()


@pytest.mark.parametrize("out", [dead_during_work, frozen, full])
def test_while_it_is_out_reports_wait_and_nobody_notices(
    stack: PortalStack, out: Callable[[PortalStack], AbstractContextManager[None]]
) -> None:
    with noticed_by_nobody(stack), out(stack):
        time.sleep(OUTAGE)
        assert stack.ask(WAITING) != [(0,)]


def test_emptied(stack: PortalStack) -> None:
    with noticed_by_nobody(stack), tired(stack):
        assert wait_until(lambda: stack.ask(HANDED_OVER)[0][0] > 5)
        stack.broker().flushall()


def test_every_page_is_there_without_it(stack: PortalStack) -> None:
    with dead(stack):
        for path in public_paths():
            page = ask(stack, path)
            assert page.status < 500, path
            is_page = page.status != 405 and "text/html" in page.headers["Content-Type"]
            assert not is_page or HOTLINE in page.words, path


def test_the_desk_works_and_reports_are_read_without_it(stack: PortalStack) -> None:
    """The relay reads what comes meanwhile. Log in with both factors, open that report, take it on."""
    portal = desk(stack)
    officer = Visitor(portal.url)
    with dead(stack):
        with residents(stack, reports=1, seconds=0):
            pass
        officer.log_in(portal, "truc.ban")
        taken = take_on_a_report(officer)
    assert "Đang xác minh" in taken.words
