"""Residents who go on sending while something breaks, and what must be true when it is over."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.house import House
from bench.ledger import BOUND, Ledger
from bench.pace import Pace
from tests.support.portal_process import Page, Portal, Visitor

MEANWHILE = 0.4  # seconds of sending before something breaks
HOTLINE = "02373.725.725"


@contextmanager
def residents(
    home: House, *, at_once: int = 4, reports: int = 24, seconds: float = 2.4
) -> Iterator[Ledger]:
    """They send while the block runs and press until each has a receipt."""
    ledger = Ledger([home.port])
    ledger.begin(at_once, reports, seconds)
    time.sleep(MEANWHILE)
    yield ledger
    assert ledger.end(20), "some have no receipt"
    assert_in_order(home, ledger)


def assert_in_order(home: House, ledger: Ledger) -> None:
    """Nothing lost, nothing twice, everything read once, and the equation holds."""
    if not home.drains(3):
        home.let_leases_lapse()
        assert home.drains(), "some are not read"
    books = ledger.compare(home.database)
    assert not books.breaches(), books
    balance = home.balance()
    assert (balance["waiting"], balance["failed"], balance["balanced"]) == (0, 0, True), balance


def ask(home: House, path: str, **fields: str) -> Page:
    """A page, or a posted form; in time, whatever it says."""
    visitor = Visitor(f"http://127.0.0.1:{home.port}")
    pace = Pace()
    page = visitor.post(path, fields) if fields else visitor.get(path)
    assert pace.keeps(BOUND), path
    return page


def lines(home: House) -> int:
    """How much the portal's processes have written so far."""
    return len((home.folder / "serve.log").read_text().splitlines())


def desk(home: House) -> Portal:
    """The house with a first warning and people who may log in."""
    home.manage("create_demo_site")
    process = home.children["serve"].process
    return Portal(
        f"http://127.0.0.1:{home.port}",
        Path(home.env["DATA_DIR"]),
        process,  # type: ignore[arg-type]
        home.env,
    )
