"""Faults of hosts under load: what the senders' own book says afterwards, how long nobody got a receipt, and
whether a primary that was replaced still takes a row.
"""

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field

import psycopg2

from tools.client_journal import RECEIPT, Answer, ClientJournal
from tools.portal_stack import wait_until
from tools.rehearsal.hosts import Host
from tools.rehearsal.site import PORT, TIMEOUT_SECONDS, Site

RESIDENTS = 16
CALM_SECONDS = 4.0  # of sending before each fault and after it
LONG_SECONDS = 3600  # more than any rehearsal sends
WRITE = "CREATE TABLE written_to_the_old_primary ()"


@dataclass
class FailoverResult:
    """What came of it; `gaps` are the longest times without a receipt, by fault."""

    gaps: dict[str, float] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)  # writes at an old primary
    books: dict[str, object] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)


class Rehearsal:
    """Faults, each caused and ended; what they find wrong goes into `result`."""

    def __init__(self, site: Site, say: Callable[[str], object]) -> None:
        self.site, self.say = site, say
        self.result = FailoverResult()

    # --- faults: the function causes one and, when receipts come again, ends it

    def kill_primary(self, until_receipt: Callable[[], bool]) -> None:
        """PostgreSQL dies on a host that lives."""
        old = self._primary()
        pid = old.run("head", "-1", "/var/lib/postgresql/portal/postmaster.pid").strip()
        old.run("kill", "-9", pid)
        self._wait_for_receipts(until_receipt)
        self._check_fence(old, "kill_primary")

    def power_off_primary(self, until_receipt: Callable[[], bool]) -> None:
        old = self._primary()
        old.power_off()
        self._wait_for_receipts(until_receipt)
        old.boot()
        self.site.start_etcd(old)
        self.site.start_patroni(old)
        self._check_fence(old, "power_off_primary")

    def cut_primary(self, until_receipt: Callable[[], bool]) -> None:
        """Its cable is pulled: it does not know that another leads, and must take nothing all the same."""
        old = self._primary()
        old.cut()
        self._wait_for_receipts(until_receipt)
        with suppress(subprocess.CalledProcessError):
            self.site.psql(old, WRITE)
            self.result.breaches.append("the old primary took a row while it was cut off")
        old.join()
        self._check_fence(old, "cut_primary")

    def cut_standby(self, until_receipt: Callable[[], bool]) -> None:
        """The one for which every commit waits."""
        standby = self._synchronous_standby()
        standby.cut()
        self._wait_for_receipts(until_receipt)
        standby.join()

    def power_off_portal(self, until_receipt: Callable[[], bool]) -> None:
        host = self.site.portals[-1]
        host.power_off()
        self._wait_for_receipts(until_receipt)
        host.boot()
        self.site.start_portal(host)

    def power_off_store(self, until_receipt: Callable[[], bool]) -> None:
        """The bucket and Valkey."""
        self.site.store.power_off()
        self._wait_for_receipts(until_receipt)
        self.site.store.boot()
        self.site.start_store()

    def kill_etcd_leader(self, until_receipt: Callable[[], bool]) -> None:
        host = self.site.find_etcd_leader()
        host.kill("etcd")
        self._wait_for_receipts(until_receipt)
        self.site.start_etcd(host)

    # --- the whole

    def run(self, faults: Sequence[str], per_second: float) -> FailoverResult:
        """Cause the faults, each when all is whole again; then compare the books."""
        site = self.site
        journal = ClientJournal([PORT])
        journal.start(RESIDENTS, int(per_second * LONG_SECONDS), LONG_SECONDS)
        for name in faults:
            site.wait_for("a whole base", site.is_whole)
            time.sleep(CALM_SECONDS)
            self.say(name)
            began = time.monotonic()
            cause = getattr(self, name)
            cause(lambda began=began: has_receipt_after(journal.answers, began))
            time.sleep(CALM_SECONDS)
            self.result.gaps[name] = find_longest_wait(journal.answers, began)
            self.say(f"  {self.result.gaps[name]:.1f} s without a receipt")
        site.wait_for("a whole base", site.is_whole)
        if not journal.stop(TIMEOUT_SECONDS, hurry=True):
            self.result.breaches.append("some have no receipt")
        site.wait_for("every report read", site.is_idle)
        with closing(site.connect()) as line:
            books = journal.reconcile(line.dsn.replace("xxx", site.password))
        self.result.breaches += books.losses()
        self.result.books = {
            name: getattr(books, name) for name in ("sent", "rows", "lost", "duplicated", "answers")
        }
        return self.result

    def _primary(self) -> Host:
        primary = self.site.find_primary()
        assert primary, "nobody leads"
        return primary

    def _synchronous_standby(self) -> Host:
        name = self.site.psql(
            self._primary(), "SELECT application_name FROM pg_stat_replication WHERE sync_state = 'sync'"
        )
        return next(host for host in self.site.bases if host.name == name)

    def _wait_for_receipts(self, until_receipt: Callable[[], bool]) -> None:
        """Wait until somebody who asked after the fault has one, from a base that others follow."""
        time.sleep(2)  # what was on its way
        assert wait_until(until_receipt, TIMEOUT_SECONDS), "no receipt comes any more"

    def _check_fence(self, old: Host, fault: str) -> None:
        """Try to write at its own port until it follows; every attempt has to be refused."""
        refused, deadline = 0, time.monotonic() + TIMEOUT_SECONDS
        follows = False
        while not follows and time.monotonic() < deadline:
            try:
                with closing(self.site.connect(old.name)) as line, line, line.cursor() as cursor:
                    cursor.execute("SELECT pg_is_in_recovery()")
                    follows = cursor.fetchone() == (True,)
                    cursor.execute(WRITE)
                self.result.breaches.append(f"{fault}: the old primary took a row")
                return
            except psycopg2.Error:
                refused += 1
            time.sleep(0.2)
        if not follows:
            self.result.breaches.append(f"{fault}: the old primary follows nobody")
        self.result.refused[fault] = refused


def has_receipt_after(answers: Sequence[Answer], began: float) -> bool:
    """Return whether somebody who asked two seconds after the fault, or later, has a receipt."""
    return any(answer.kind == RECEIPT and answer.asked_at > began + 2 for answer in answers)


def find_longest_wait(answers: Sequence[Answer], began: float) -> float:
    """Return the longest time since then in which nobody got a receipt, in seconds."""
    ends = sorted(
        answer.asked_at + answer.seconds for answer in answers if answer.kind == RECEIPT
    )
    times = [began, *(at for at in ends if at > began)]
    return max((later - earlier for earlier, later in zip(times, times[1:], strict=False)), default=0.0)
