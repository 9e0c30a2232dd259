"""Residents who go on sending while something breaks, and what must be true when it is over."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.portal_process import Page, Portal, Visitor
from tools.client_journal import MAX_ANSWER_SECONDS, ClientJournal
from tools.cpu_allowance import CpuAllowance
from tools.portal_stack import PortalStack

MEANWHILE = 0.4  # seconds of sending before something breaks
HOTLINE = "02373.725.725"


@contextmanager
def residents(
    home: PortalStack, *, at_once: int = 4, reports: int = 24, seconds: float = 2.4
) -> Iterator[ClientJournal]:
    """They send while the block runs and press until each has a receipt."""
    ledger = ClientJournal([home.port])
    ledger.start(at_once, reports, seconds)
    time.sleep(MEANWHILE)
    yield ledger
    assert ledger.stop(20), "some have no receipt"
    assert_in_order(home, ledger)


def assert_in_order(home: PortalStack, ledger: ClientJournal) -> None:
    """Nothing lost, nothing twice, everything read once, and the equation holds."""
    if not home.wait_until_idle(3):
        home.expire_leases()
        assert home.wait_until_idle(), "some are not read"
    books = ledger.reconcile(home.database)
    assert not books.breaches(), books
    balance = home.balance()
    assert (balance["waiting"], balance["failed"], balance["balanced"]) == (0, 0, True), balance


def ask(home: PortalStack, path: str, **fields: str) -> Page:
    """A page, or a posted form; in time, whatever it says."""
    visitor = Visitor(f"http://127.0.0.1:{home.port}")
    pace = CpuAllowance()
    page = visitor.post(path, fields) if fields else visitor.get(path)
    assert pace.is_within(MAX_ANSWER_SECONDS), path
    return page


def lines(home: PortalStack) -> int:
    """How much the portal's processes have written so far."""
    return len((home.folder / "serve.log").read_text().splitlines())


def desk(home: PortalStack) -> Portal:
    """The house with a first warning and people who may log in."""
    home.manage("create_demo_site")
    process = home.children["serve"].process
    return Portal(
        f"http://127.0.0.1:{home.port}",
        Path(home.env["DATA_DIR"]),
        process,  # type: ignore[arg-type]
        home.env,
    )
