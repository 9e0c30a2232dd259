"""Any second back: reports come in, all hosts with the base are lost, and drawn seconds are restored on another one
from the bucket. Each has to hold what the senders' own book says of that second.
"""

import random
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg2

from ops.local_postgres import postgres_tool
from tools.client_journal import RECEIPT, ClientJournal, JournalEntry, hash_story
from tools.rehearsal.hosts import AS_POSTGRES, Host
from tools.rehearsal.site import DATA, DATABASE_FOLDERS, PORT, TIMEOUT_SECONDS, Site

RESIDENTS = 8
ERASED = 3  # reports that are erased half-way
ERASE = """
from reports.models import Report
from reports.retention import erasure
for report in Report.objects.filter(submission_key__in={keys!r}):
    erasure.erase(report.pk, cause="retention")
"""
BACKREST = (*AS_POSTGRES, "pgbackrest", "--stanza=portal")


@dataclass
class RestoreResult:
    """What came of it; `seconds` are the drawn ones that equal the book, `took` how long each was in coming."""

    drawn: int = 0
    equal: int = 0
    reports: int = 0
    shipped_after: float = 0.0  # seconds until the last report was in the bucket
    took: list[float] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)


class RestoreDrill:
    def __init__(self, site: Site, say: Callable[[str], object]) -> None:
        self.site, self.say = site, say
        self.spare = Host("spare", site.folder / "spare", DATABASE_FOLDERS)
        self.result = RestoreResult()
        self.erased: list[JournalEntry] = []

    def run(self, draws: int, per_second: float, seconds: float, *, ship_at_once: bool) -> RestoreResult:
        """Fill for so many seconds, destroy, restore each drawn second and compare it."""
        journal = self.fill(per_second, seconds)
        self.wait_until_shipped(at_once=ship_at_once)
        offset = time.time() - time.monotonic()
        for host in self.site.bases:
            host.power_off()
        self.say("every host with the base is gone")
        self.spare.boot()
        self.site.configure_database(self.spare)
        began = min(entry.answers[0].asked_at for entry in journal.entries) + offset
        ended = max(answer.asked_at for answer in journal.answers) + offset
        dice = random.Random(self.result.reports)  # noqa: S311  # to be repeated, not to be secret
        for _ in range(draws):
            moment = dice.uniform(began, ended)
            self.check_second(moment, journal.entries, offset)
        return self.result

    def fill(self, per_second: float, seconds: float) -> ClientJournal:
        """Send reports after a full backup; half-way some are erased."""
        primary = self.site.find_primary()
        assert primary
        primary.run(*BACKREST, "--type=full", "backup")
        self.say("a full backup is in the bucket")
        journal = ClientJournal([PORT])
        journal.start(RESIDENTS, int(per_second * seconds), seconds)
        time.sleep(seconds / 2)
        self.erased = [entry for entry in journal.entries[:ERASED] if entry.has_receipt]
        keys = [entry.key for entry in self.erased]
        self.site.manage("shell", "--command", ERASE.format(keys=keys))
        if not journal.stop(TIMEOUT_SECONDS + seconds):
            self.result.breaches.append("some have no receipt")
        self.result.reports = len(journal.entries)
        return journal

    def wait_until_shipped(self, *, at_once: bool) -> None:
        """Wait until the WAL of this moment lies in the bucket; `at_once` ends its segment."""
        primary = self.site.find_primary()
        assert primary
        segment = self.site.psql(primary, "SELECT pg_walfile_name(pg_current_wal_lsn())")
        began = time.monotonic()
        if at_once:
            self.site.psql(primary, "SELECT pg_switch_wal()")
        shipped = f"SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver"
        self.site.wait_for(
            "the last WAL in the bucket", lambda: self.site.psql(primary, shipped) == "t", 120
        )
        self.result.shipped_after = time.monotonic() - began
        self.say(f"the last WAL was in the bucket after {self.result.shipped_after:.1f} s")

    def check_second(self, moment: float, entries: list[JournalEntry], offset: float) -> None:
        """Restore the base of that second on the spare host, and compare it."""
        began = time.monotonic()
        self.restore(datetime.fromtimestamp(moment, UTC))
        with closing(self.site.connect("spare")) as line, line.cursor() as cursor:
            cursor.execute("SELECT submission_key, story FROM reports_report")
            restored: dict[str, str] = dict(cursor.fetchall())
        erasures = self.reapply_erasures()
        wrong = compare_with_book(restored, entries, moment - offset, {e.key for e in self.erased})
        took = time.monotonic() - began
        self.result.drawn += 1
        self.result.equal += not wrong + erasures
        self.result.took.append(round(took, 1))
        self.result.breaches += wrong + erasures
        self.say(f"  {len(restored)} of {len(entries)} reports in {took:.1f} s {wrong + erasures or 'equal'}")
        self.spare.kill("postgres")

    def restore(self, moment: datetime) -> None:
        target = moment.isoformat(sep=" ")
        self.spare.run("sh", "-c", f"rm -rf {DATA} && mkdir -m 700 {DATA}")
        options = [f"--target={target}", "--target-action=promote", "--archive-mode=off"]
        self.spare.run(*BACKREST, "--type=time", *options, "restore")
        alone = ["-c", "synchronous_standby_names="]  # nobody follows it
        self.spare.start("postgres", *AS_POSTGRES, postgres_tool("postgres"), "-D", DATA, *alone)
        self.site.wait_for("the restored base", self.is_open)

    def is_open(self) -> bool:
        with suppress(subprocess.CalledProcessError):
            return self.site.psql(self.spare, "SELECT pg_is_in_recovery()") == "f"
        return False

    def reapply_erasures(self) -> list[str]:
        """Return what still holds the words of an erased report after the command of the runbook."""
        address = f"postgres://portal:{self.site.password}@spare:5432/portal"
        self.site.manage("reapply_erasures", DATABASE_URL=address)
        with closing(self.site.connect("spare")) as line, line.cursor() as cursor:
            cursor.execute("SELECT story FROM reports_report")
            left = {hash_story(story) for (story,) in cursor.fetchall()}
        return [f"{entry.key} is not erased" for entry in self.erased if entry.digest in left]


def compare_with_book(
    restored: dict[str, str], entries: list[JournalEntry], moment: float, erased: set[str]
) -> list[str]:
    """Return what is not as the senders wrote it down: who had a receipt by then has a row with those words,
    and who had not sent yet has none. Whose answer was under way may have either.
    """
    wrong = []
    for entry in entries:
        ends = [answer.asked_at + answer.seconds for answer in entry.answers if answer.kind == RECEIPT]
        is_there = entry.key in restored
        if min(ends, default=moment) < moment and not is_there:
            wrong.append(f"{entry.key} had a receipt and is not there")
        if entry.answers[0].asked_at > moment and is_there:
            wrong.append(f"{entry.key} was not sent yet and is there")
        if is_there and entry.key not in erased and hash_story(restored[entry.key]) != entry.digest:
            wrong.append(f"{entry.key} has other words")
    return wrong
