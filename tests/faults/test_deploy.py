"""A new version takes over under load, and no resident is the poorer for it."""

import time
from collections.abc import Iterator

import pytest

from tools.client_journal import ClientJournal, Reconciliation
from tools.portal_stack import PortalStack, portal_stack

pytestmark = [pytest.mark.serial]

NEWER = "tests.faults.support.future_release.settings"
REFUSED_FOR = 3.0


@pytest.fixture(scope="module")
def home() -> Iterator[PortalStack]:
    with portal_stack() as ours:
        yield ours


@pytest.fixture
def ledger(home: PortalStack) -> Iterator[ClientJournal]:
    """Residents who send without a pause until the books are closed."""
    ledger = ClientJournal([home.port])
    ledger.start(residents=6, reports=9000, seconds=300)
    yield ledger
    ledger.stop(within=15, hurry=True)


def closed(home: PortalStack, ledger: ClientJournal) -> Reconciliation:
    """The books a second later, when everybody has a receipt and nothing waits."""
    time.sleep(1)
    assert ledger.stop(within=15, hurry=True)
    assert home.wait_until_idle()
    assert home.balance()["balanced"]
    return ledger.reconcile(home.database)


def test_a_new_version_that_migrates_takes_over_under_load(
    home: PortalStack, ledger: ClientJournal
) -> None:
    home.manage("migrate", "--verbosity", "0", DJANGO_SETTINGS_MODULE=NEWER)
    assert home.is_serving()
    home.replace_serve(DJANGO_SETTINGS_MODULE=NEWER)
    books = closed(home, ledger)
    assert books.breaches() == []
    assert books.broken_for < ledger.pace.allowance(REFUSED_FOR)
    assert home.ask("SELECT DISTINCT tomorrow FROM reports_case") == [(7,)]


def test_a_plain_stop_and_start_is_short_as_well(home: PortalStack, ledger: ClientJournal) -> None:
    time.sleep(1)
    assert home.terminate() == 0
    home.start_serve()
    books = closed(home, ledger)
    assert books.breaches() == []
    assert books.broken_for < ledger.pace.allowance(REFUSED_FOR)
