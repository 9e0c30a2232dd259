"""A new version takes over under load, and no resident is the poorer for it."""

import time
from collections.abc import Iterator

import pytest

from tests.faults.support.future_release import TOMORROW
from tests.support.nginx_front import NGINX
from tools.client_journal import ClientJournal, Reconciliation
from tools.portal_stack import PortalStack, portal_stack

pytestmark = [pytest.mark.alone]

REFUSED_FOR = 3.0


@pytest.fixture(scope="module")
def stack() -> Iterator[PortalStack]:
    """One of our own: its database is of the newer version afterwards."""
    with portal_stack(front=NGINX is not None) as running:
        yield running


@pytest.fixture
def journal(stack: PortalStack) -> Iterator[ClientJournal]:
    """Residents who send without a pause until the books are closed."""
    journal = ClientJournal([stack.port])
    journal.start(residents=4, reports=1500, seconds=300)
    yield journal
    journal.stop(within=15, hurry=True)


def closed(stack: PortalStack, journal: ClientJournal) -> Reconciliation:
    """The books a second later, when everybody has a receipt and nothing waits."""
    time.sleep(1)
    assert journal.stop(within=15, hurry=True)
    assert stack.wait_until_idle()
    return journal.reconcile(stack.database)


def test_a_new_version_that_migrates_takes_over_under_load_and_a_plain_start_is_short_as_well(
    stack: PortalStack, journal: ClientJournal
) -> None:
    stack.manage("migrate", "--verbosity", "0", **TOMORROW)
    assert stack.is_serving()
    stack.replace_serve(**TOMORROW)
    assert stack.wait_for_roles()
    assert stack.terminate() == 0
    stack.start_serve(**TOMORROW)
    books = closed(stack, journal)
    assert books.losses() == []
    assert books.broken_for < journal.allowance.extend(REFUSED_FOR)
    assert stack.ask("SELECT DISTINCT tomorrow FROM reports_case") == [(7,)]
