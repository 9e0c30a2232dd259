"""manage.py reprocess_reports: have reports read again, and watch until they are."""

import time
from datetime import timedelta
from time import sleep
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from reports.models import Report, ReprocessingRun
from reports.triage import reprocessing
from reports.triage.reprocessing import NothingToReprocessError, RunInProgressError, RunProgress

POLL_SECONDS = 0.5  # seconds between two looks, and two pictures on a terminal
LINE_SECONDS = 10.0  # seconds between two lines elsewhere
WIDTH = 24  # signs of the bar
STALL_SECONDS = 30.0  # seconds without any movement until that is told
CLEAR = "\r\x1b[K"


class Command(BaseCommand):
    help = (
        "Have reports read again that were read under other rules or could not be read. The "
        "worker does it; this starts the run and shows its progress. Ctrl-C ends the watching "
        "only."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", action="store_true", help="also those of the present rules")
        parser.add_argument("--report", metavar="NUMBER", help="this one alone, now")
        parser.add_argument("--no-wait", action="store_true", help="start it and do not watch")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["report"]:
            self.stdout.write(_read_one_again(options["report"]))
            return
        run = self._start(every=options["every"])
        if run and not options["no_wait"]:
            self._watch(run)

    def _start(self, *, every: bool) -> ReprocessingRun | None:
        """The run to watch: a new one, or the one that is going on."""
        try:
            run = reprocessing.start(every=every)
        except NothingToReprocessError:
            self.stdout.write("Nothing to do: every report is read under the present rules.")
            return None
        except RunInProgressError as error:
            again = (
                "It stood still and goes on." if reprocessing.resume(error.run) else "It goes on."
            )
            self.stdout.write(
                f"A run is under way since {error.run.started_at:%Y-%m-%d %H:%M} UTC,"
            )
            self.stdout.write(f"for rules {error.run.rules_version}. {again}")
            return error.run
        self.stdout.write(f"{_reports(run.total)} will be read again, under {run.rules_version}.")
        return run

    def _watch(self, run: ReprocessingRun) -> None:
        """A bar on a terminal, else a line now and then, until all are read."""
        watch, next_line = Watch(reprocessing.progress(run)), 0.0
        alive = self.stdout.isatty()
        try:
            while not watch.progress.is_over:
                if alive or time.monotonic() >= next_line:
                    self._show(watch, alive)
                    next_line = time.monotonic() + LINE_SECONDS
                sleep(POLL_SECONDS)
                watch.update(reprocessing.progress(run))
        except KeyboardInterrupt:
            self.stdout.write(
                "\nNo longer watching. The machine reads on; run this again to watch."
            )
            return
        self._show(watch, alive)
        self.stdout.write("\nAll were read." if alive else "All were read.")

    def _show(self, watch: "Watch", alive: bool) -> None:
        line = watch.line(time.monotonic())
        self.stdout.write(f"{CLEAR}{line}" if alive else line, ending="" if alive else "\n")
        self.stdout.flush()


class Watch:
    """The progress of a run, and its pace."""

    def __init__(self, progress: RunProgress) -> None:
        self.first = self.progress = progress
        self.since = self.moved = time.monotonic()

    def update(self, progress: RunProgress) -> None:
        if progress != self.progress:
            self.moved = time.monotonic()
        self.progress = progress

    def line(self, now: float) -> str:
        """Everything in one line, as
        `[####----] 5/10 read, 8 put in line, 0 failed, 2/s, 0:00:02 left`.
        """
        progress = self.progress
        full = WIDTH * progress.done // max(1, progress.total)
        bar = "#" * full + "-" * (WIDTH - full)
        parts = [f"[{bar}] {progress.read}/{progress.total} read", f"{progress.owed} put in line"]
        return ", ".join([*parts, f"{progress.failed} failed", *self._pace(now)])

    def _pace(self, now: float) -> list[str]:
        if now - self.moved > STALL_SECONDS:
            return ["nothing moves: do relay and worker run?"]
        since_then = self.progress.done - self.first.done
        if since_then <= 0:
            return []
        pace = since_then / max(now - self.since, 0.001)
        left = self.progress.total - self.progress.done
        return [f"{pace:.0f}/s", f"{timedelta(seconds=round(left / pace))} left"]


def _reports(count: int) -> str:
    return "1 report" if count == 1 else f"{count} reports"


def _read_one_again(named: str) -> str:
    """Raises CommandError when there is no such report, or nothing left to read in it."""
    report = _report(named)
    if report.erased_at:
        raise CommandError("This report is erased: there is nothing left to read.")
    owed = reprocessing.reprocess_selected([report.pk])
    return f"{report} will be read again." if owed else f"{report} waits to be read already."


def _report(named: str) -> Report:
    """By public number or id. Raises CommandError."""
    try:
        wanted = Q(pk=UUID(named))
    except ValueError:
        wanted = Q(public_number=named.strip().upper())
    report = Report.objects.filter(wanted).first()
    if report is None:
        raise CommandError("No such report.")
    return report
