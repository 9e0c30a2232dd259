"""Hosts fail under load. Afterwards: the senders' own book, how long nobody got a receipt, and whether a primary
that was replaced still took a row.
"""

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise

import psycopg2

from tools.client_journal import RECEIPT, Answer, ClientJournal
from tools.portal_stack import wait_until
from tools.rehearsal.hosts import Host
from tools.rehearsal.site import DATA, PORT, TIMEOUT_SECONDS, Site

RESIDENTS = 16
CALM_SECONDS = 4.0  # of sending before each fault and after it
UNDER_WAY_SECONDS = 2.0  # of receipts that were on their way
ENDLESS_SECONDS = 36_000
READING_SECONDS = 120.0  # of what has come in meanwhile
WRITE = "CREATE TABLE written_to_the_old_primary ()"
SYNCHRONOUS = "SELECT application_name FROM pg_stat_replication WHERE sync_state = 'sync'"


@dataclass
class FailoverResult:
    """By fault the longest time without a receipt, and how many writes an old primary refused."""

    gaps: dict[str, float] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    books: dict[str, object] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)


class FailoverDrill:
    """A fault's method causes it, waits until receipts come again, and mends what broke."""

    def __init__(self, site: Site, say: Callable[[str], object]) -> None:
        self.site, self.say, self.result = site, say, FailoverResult()
        self.journal, self.began = ClientJournal([PORT]), 0.0

    def run(self, faults: Sequence[str], per_second: float) -> FailoverResult:
        """Cause the faults, each when all is whole again; then compare the books."""
        site, result = self.site, self.result
        self.journal.start(RESIDENTS, int(per_second * ENDLESS_SECONDS), ENDLESS_SECONDS)
        for fault in faults:
            site.wait_for("a whole base", site.is_whole)
            time.sleep(CALM_SECONDS)
            self.began = time.monotonic()
            getattr(self, fault)()
            time.sleep(CALM_SECONDS)
            result.gaps[fault] = find_longest_wait(self.journal.answers, self.began)
            self.say(f"{fault}: {result.gaps[fault]:.1f} s without a receipt")
        site.wait_for("a whole base", site.is_whole)
        if not self.journal.stop(TIMEOUT_SECONDS, hurry=True):
            result.breaches.append("some have no receipt")
        if not wait_until(site.is_idle, READING_SECONDS):
            result.breaches.append(f"not every report is read after {READING_SECONDS:.0f} s")
        books = self.journal.reconcile(site.address())
        names = ("sent", "receipts", "rows", "lost", "duplicated", "answers")
        result.books = {name: getattr(books, name) for name in names}
        result.breaches += books.losses()
        return result

    # --- faults

    def kill_primary(self) -> None:
        """PostgreSQL dies on a host that lives."""
        old = self.site.primary
        old.run("sh", "-c", f"kill -9 $(head -1 {DATA}/postmaster.pid)")
        self._wait_for_receipts()
        self._check_fence("kill_primary", old)

    def power_off_primary(self) -> None:
        old = self.site.primary
        old.power_off()
        self._wait_for_receipts()
        old.boot()
        self.site.start_database(old)
        self._check_fence("power_off_primary", old)

    def cut_primary(self) -> None:
        """It does not know that another leads, and must take nothing all the same."""
        old = self.site.primary
        old.cut()
        self._wait_for_receipts()
        with suppress(subprocess.CalledProcessError):
            self.site.psql(old, WRITE)
            self.result.breaches.append("the old primary took a row while it was cut off")
        old.join()
        self._check_fence("cut_primary", old)

    def cut_standby(self) -> None:
        """The one for which every commit waits."""
        name = self.site.psql(self.site.primary, SYNCHRONOUS)
        standby = next(host for host in self.site.bases if host.name == name)
        standby.cut()
        self._wait_for_receipts()
        standby.join()

    def power_off_portal(self) -> None:
        host = self.site.portals[-1]
        host.power_off()
        self._wait_for_receipts()
        host.boot()
        self.site.start_portal(host)

    def power_off_store(self) -> None:
        """The bucket and Valkey."""
        self.site.store.power_off()
        self._wait_for_receipts()
        self.site.store.boot()
        self.site.start_store()

    def kill_etcd_leader(self) -> None:
        host = self.site.find_etcd_leader()
        host.kill("etcd")
        self._wait_for_receipts()
        self.site.start_etcd(host)

    # --- what they share

    def _wait_for_receipts(self) -> None:
        """Wait until somebody who asked well after the fault has a receipt."""
        later = self.began + UNDER_WAY_SECONDS
        assert wait_until(
            lambda: any(
                answer.kind == RECEIPT and answer.asked_at > later
                for answer in self.journal.answers
            ),
            TIMEOUT_SECONDS,
        ), "no receipt comes any more"

    def _check_fence(self, fault: str, old: Host) -> None:
        """Write at its own port until it follows another: each attempt has to be refused."""
        follows, deadline = False, time.monotonic() + TIMEOUT_SECONDS
        while not follows and time.monotonic() < deadline:
            with suppress(psycopg2.Error), closing(self.site.connect(old)) as line:
                line.autocommit = True
                with line.cursor() as cursor:
                    cursor.execute("SELECT pg_is_in_recovery()")
                    follows = cursor.fetchone() == (True,)
                    cursor.execute(WRITE)
                self.result.breaches.append(f"{fault}: the old primary took a row")
            self.result.refused[fault] = self.result.refused.get(fault, 0) + 1
            time.sleep(0.2)
        if not follows:
            self.result.breaches.append(f"{fault}: the old primary follows nobody")


def find_longest_wait(answers: Sequence[Answer], began: float) -> float:
    """Return the longest time since then in which nobody got a receipt, in seconds."""
    ends = (answer.asked_at + answer.seconds for answer in answers if answer.kind == RECEIPT)
    times = [began, *sorted(end for end in ends if end > began)]
    return max((later - at for at, later in pairwise(times)), default=0.0)
