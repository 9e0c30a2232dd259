"""Residents who go on sending while something breaks, and what must be true when it is over."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.portal_process import Page, Portal, Visitor
from tools.client_journal import MAX_ANSWER_SECONDS, ClientJournal, Reconciliation
from tools.cpu_allowance import CpuAllowance
from tools.portal_stack import PortalStack, wait_until

MEANWHILE = 0.4  # seconds of sending before something breaks
HOTLINE = "02373.725.725"
COUNT_UNREAD_SQL = """
SELECT count(*) FROM core_outboxitem
 WHERE task = 'reports.triage' AND done_at IS NULL AND failed_at IS NULL
"""


@contextmanager
def residents(
    stack: PortalStack, *, at_once: int = 4, reports: int = 24, seconds: float = 2.4
) -> Iterator[ClientJournal]:
    """They send while the block runs and press until each has a receipt."""
    journal = ClientJournal([stack.port])
    journal.start(at_once, reports, seconds)
    time.sleep(MEANWHILE)
    yield journal
    assert journal.stop(20), "some have no receipt"
    assert_in_order(stack, journal)


def assert_in_order(stack: PortalStack, journal: ClientJournal) -> None:
    """Nothing lost, nothing twice, everything read once."""
    if not stack.wait_until_idle(3):
        stack.expire_leases()
        assert stack.wait_until_idle(), "some are not read"
    books = journal.reconcile(stack.database)
    assert not books.breaches(), books


def assert_balanced(stack: PortalStack) -> None:
    """The equation holds after all that was done, and nothing waits."""
    stack.expire_leases()
    assert stack.wait_until_idle()
    balance = stack.balance()
    assert (balance["waiting"], balance["failed"], balance["balanced"]) == (0, 0, True), balance


def ask(stack: PortalStack, path: str, **fields: str) -> Page:
    """A page, or a posted form; in time, whatever it says."""
    visitor = Visitor(f"http://127.0.0.1:{stack.port}")
    allowance = CpuAllowance()
    page = visitor.post(path, fields) if fields else visitor.get(path)
    assert allowance.is_within(MAX_ANSWER_SECONDS), path
    return page


def lines(stack: PortalStack) -> int:
    """How much the portal's processes have written so far."""
    return len((stack.folder / "serve.log").read_text().splitlines())


def close_books(stack: PortalStack, journal: ClientJournal, seconds: float) -> Reconciliation:
    """Compare them with the rows once every report is read."""
    assert wait_until(lambda: stack.ask(COUNT_UNREAD_SQL) == [(0,)], seconds)
    return journal.reconcile(stack.database)


def describe_portal(stack: PortalStack) -> Portal:
    data_dir = Path(stack.env["DATA_DIR"])
    return Portal(f"http://127.0.0.1:{stack.port}", data_dir, stack.env, stack.code)


def desk(stack: PortalStack) -> Portal:
    """The portal with a first warning and people who may log in."""
    stack.run_python("-m", "tools.demo", "site")
    return describe_portal(stack)


def take_on_a_report(officer: Visitor) -> Page:
    """Open a report of the queue and take it on; the page that follows."""
    queue = officer.get("/admin/reports/report/")
    report = next(a for a in queue.tree.iter("a") if "/change/" in a.get("href", ""))
    return officer.submit(officer.get(report.get("href")), "/take/")
