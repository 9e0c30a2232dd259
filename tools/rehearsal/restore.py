"""Any second back: reports come in, every host with the base is lost, drawn seconds are restored on another one
from the bucket. Each has to hold what the senders' own book says of that second.
"""

import random
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ops.local_postgres import postgres_tool
from tools.client_journal import RECEIPT, ClientJournal, JournalEntry, hash_story
from tools.rehearsal.hosts import AS_POSTGRES
from tools.rehearsal.site import BACKREST, DATA, PORT, TIMEOUT_SECONDS, Site
from tools.servers import ROOT

RESIDENTS = 8
ERASED = 3  # reports that are erased half-way
ERASE = """
from reports.models import Report
from reports.retention import erasure
for report in Report.objects.filter(submission_key__in={keys!r}):
    erasure.erase(report.pk, cause="retention")
"""
EMPTY = f"rm -rf {DATA} && mkdir -m 700 {DATA}"
LAST_SHIPPED = "SELECT last_archived_wal FROM pg_stat_archiver"
RESTORE = ("--type=time", "--target-action=promote", "--archive-mode=off", "restore")


@dataclass
class RestoreResult:
    """How many of the drawn seconds equal the book, how long each took, after how long the last log was in the bucket."""

    drawn: int = 0
    equal: int = 0
    reports: int = 0
    shipped_after: float = 0.0
    took: list[float] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)


class RestoreDrill:
    def __init__(self, site: Site, say: Callable[[str], object]) -> None:
        self.site, self.say, self.result = site, say, RestoreResult()
        self.spare = site.make_database_host("spare")
        self.journal = ClientJournal([PORT])
        self.erased: list[JournalEntry] = []
        self.leader = ""

    def run(
        self, draws: int, per_second: float, seconds: float, *, is_short: bool
    ) -> RestoreResult:
        """Fill for so many seconds, destroy, restore. The short form ships the log at once, and restores nothing for good."""
        self._fill(per_second, seconds)
        self._wait_until_shipped(at_once=is_short)
        self.leader = self.site.primary.name
        for host in self.site.bases:
            host.power_off()
        self.say("every host with the base is gone")
        self.spare.boot()
        self.site.configure_database(self.spare)
        asked = [answer.asked_at for answer in self.journal.answers]
        for _ in range(draws):
            moment = random.SystemRandom().uniform(min(asked), max(asked))
            self._check_moment(moment)
        if not is_short:
            self._lead_again(moment)
        return self.result

    def _fill(self, per_second: float, seconds: float) -> None:
        """Send reports after a full backup; half-way some are erased."""
        self.site.primary.run(*BACKREST, "--type=full", "backup")
        self.say("a full backup is in the bucket")
        self.journal.start(RESIDENTS, int(per_second * seconds), seconds)
        time.sleep(seconds / 2)
        self.erased = [entry for entry in self.journal.entries[:ERASED] if entry.has_receipt]
        keys = [entry.key for entry in self.erased]
        self.site.manage("shell", "--command", ERASE.format(keys=keys))
        if not self.journal.stop(TIMEOUT_SECONDS + seconds):
            self.result.breaches.append("some have no receipt")
        self.result.reports = len(self.journal.entries)

    def _wait_until_shipped(self, *, at_once: bool) -> None:
        """Wait until the log of this moment lies in the bucket."""
        primary, began = self.site.primary, time.monotonic()
        segment = self.site.psql(primary, "SELECT pg_walfile_name(pg_current_wal_lsn())")
        if at_once:
            self.site.psql(primary, "SELECT pg_switch_wal()")
        self.site.wait_for(
            "the log in the bucket", lambda: self.site.psql(primary, LAST_SHIPPED) >= segment
        )
        self.result.shipped_after = time.monotonic() - began
        self.say(f"the log was in the bucket after {self.result.shipped_after:.1f} s")

    def _check_moment(self, moment: float) -> None:
        """Restore the base as of that moment on the spare host, and compare it."""
        began = time.monotonic()
        at = to_utc(moment)
        self.spare.run("sh", "-c", EMPTY)
        self.spare.run(*BACKREST, f"--target={at}", *RESTORE)
        alone = ["-D", DATA, "-c", "synchronous_standby_names="]  # nobody follows it
        self.spare.start("postgres", *AS_POSTGRES, postgres_tool("postgres"), *alone)
        self.site.wait_for("the restored base", self._is_open)
        wrong = compare_with_book(self._load_stories(), self.journal.entries, moment, self.erased)
        self.site.manage("reapply_erasures", host=self.spare)
        stories = self._load_stories()
        wrong += [f"{e.key} is not erased" for e in self.erased if stories.get(e.key) == e.story]
        self.spare.kill("postgres")
        self.result.drawn += 1
        self.result.equal += not wrong
        self.result.breaches += wrong
        self.result.took.append(round(time.monotonic() - began, 1))
        self.say(f"{at}: {wrong or 'equal'}, in {self.result.took[-1]} s")

    def _lead_again(self, moment: float) -> None:
        """Restore that moment for good, with the lines of the runbook, until the portal takes reports again."""
        for host in self.site.bases:
            host.boot()
            self.site.start_etcd(host)
        first, *others = self.site.bases
        first.run("sh", "-c", EMPTY)
        for line in list_runbook_lines(self.leader):
            at = f"{to_utc(moment)}"
            first.run("sh", "-c", re.sub(r'--target="[^"]*"', f'--target="{at}"', line))
        self.site.start_patroni(first)
        self.site.wait_for("a primary", self.site.find_primary)
        for host in others:
            self.site.start_patroni(host)
        self.site.wait_for("a whole base", self.site.is_whole)
        self.site.manage("reapply_erasures")
        entry = self.journal.send()
        if not entry.has_receipt:
            self.result.breaches.append("no report is taken after the restore")
        self.say("it leads again, and a report is taken")

    def _is_open(self) -> bool:
        with suppress(subprocess.CalledProcessError):
            return self.site.psql(self.spare, "SELECT pg_is_in_recovery()") == "f"
        return False

    def _load_stories(self) -> dict[str, str]:
        with closing(self.site.connect(self.spare)) as line, line.cursor() as cursor:
            cursor.execute("SELECT submission_key, story FROM reports_report")
            return dict(cursor.fetchall())


def to_utc(moment: float) -> str:
    """Return a monotonic time as PostgreSQL reads it."""
    return datetime.fromtimestamp(time.time() - time.monotonic() + moment, UTC).isoformat(sep=" ")


def list_runbook_lines(leader: str) -> list[str]:
    """Return what the runbook tells to type on the host that is to lead, but for systemd, which is not here."""
    page = (ROOT / "docs" / "operations" / "runbook.md").read_text("utf-8")
    block = page.partition("## Back to a second")[2].partition("```sh\n")[2].partition("```")[0]
    lines = [line for line in block.splitlines() if "systemctl" not in line]
    return [
        line.replace("sudo -u postgres ", f"{shlex.join(AS_POSTGRES)} ")
        .replace("sudo patronictl", f"printf 'portal\\nYes I am aware\\n{leader}\\n' | patronictl")
        .replace("/usr/lib/postgresql/17/bin", str(Path(postgres_tool("psql")).parent))
        for line in lines
    ]


def compare_with_book(
    stories: dict[str, str], entries: Sequence[JournalEntry], moment: float, erased: Sequence[JournalEntry]
) -> list[str]:  # fmt: skip
    """Return what is not as the senders wrote it down: who had a receipt by that moment has a row with those words,
    who had not sent yet has none. Whose answer was under way may have either.
    """
    wrong = []
    for entry in entries:
        ends = [
            answer.asked_at + answer.seconds for answer in entry.answers if answer.kind == RECEIPT
        ]
        story = stories.get(entry.key)
        if story is None and min(ends, default=moment) < moment:
            wrong.append(f"{entry.key} had a receipt and is not there")
        if story is not None and entry.answers[0].asked_at > moment:
            wrong.append(f"{entry.key} was not sent yet and is there")
        if story is not None and entry not in erased and hash_story(story) != entry.digest:
            wrong.append(f"{entry.key} has other words")
    return wrong
