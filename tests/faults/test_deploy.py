"""A new version takes over under load, and no resident is the poorer for it."""

import time
from collections.abc import Iterator

import pytest

from bench.house import House, house
from bench.ledger import Books, Ledger

pytestmark = [pytest.mark.serial]

NEWER = "tests.faults.support.future_release.settings"
REFUSED_FOR = 3.0


@pytest.fixture(scope="module")
def home() -> Iterator[House]:
    with house() as ours:
        yield ours


@pytest.fixture
def ledger(home: House) -> Iterator[Ledger]:
    """Residents who send without a pause until the books are closed."""
    ledger = Ledger([home.port])
    ledger.begin(residents=6, reports=9000, seconds=300)
    yield ledger
    ledger.end(within=15, hurry=True)


def closed(home: House, ledger: Ledger) -> Books:
    """The books a second later, when everybody has a receipt and nothing waits."""
    time.sleep(1)
    assert ledger.end(within=15, hurry=True)
    assert home.drains()
    assert home.balance()["balanced"]
    return ledger.compare(home.database)


def test_a_new_version_that_migrates_takes_over_under_load(home: House, ledger: Ledger) -> None:
    home.manage("migrate", "--verbosity", "0", DJANGO_SETTINGS_MODULE=NEWER)
    assert home.serves()
    home.replace_serve(DJANGO_SETTINGS_MODULE=NEWER)
    books = closed(home, ledger)
    assert books.breaches() == []
    assert books.broken_for < ledger.pace.grants(REFUSED_FOR)
    assert home.ask("SELECT DISTINCT tomorrow FROM reports_case") == [(7,)]


def test_a_plain_stop_and_start_is_short_as_well(home: House, ledger: Ledger) -> None:
    time.sleep(1)
    assert home.terminate() == 0
    home.start_serve()
    books = closed(home, ledger)
    assert books.breaches() == []
    assert books.broken_for < ledger.pace.grants(REFUSED_FOR)
