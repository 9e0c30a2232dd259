"""manage.py reprocess_reports: start a run of reprocessing and show its progress."""

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

POLL_INTERVAL_SECONDS = 0.5  # also between two updates on a terminal
LINE_INTERVAL_SECONDS = 10.0  # between two lines elsewhere
BAR_WIDTH = 24
STALL_SECONDS = 30.0
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
            self.stdout.write(_reprocess_one(options["report"]))
            return
        run = self._start(every=options["every"])
        if run and not options["no_wait"]:
            self._watch(run)

    def _start(self, *, every: bool) -> ReprocessingRun | None:
        """Return the new run, or the one in progress; None where nothing is to do."""
        try:
            run = reprocessing.start(every=every)
        except NothingToReprocessError:
            self.stdout.write("Nothing to do: every report is read under the present rules.")
            return None
        except RunInProgressError as error:
            stood = "stood still and " if reprocessing.resume(error.run) else ""
            since = f"{error.run.started_at:%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"A run is under way since {since},")
            self.stdout.write(f"for rules {error.run.rules_version}. It {stood}goes on.")
            return error.run
        count = "1 report" if run.total == 1 else f"{run.total} reports"
        self.stdout.write(f"{count} will be read again, under {run.rules_version}.")
        return run

    def _watch(self, run: ReprocessingRun) -> None:
        """Print a bar on a terminal, else a line now and then, until all are read."""
        watch, next_line = Watch(reprocessing.progress(run)), 0.0
        is_terminal = self.stdout.isatty()
        try:
            while not watch.progress.is_over:
                if is_terminal or time.monotonic() >= next_line:
                    self._show(watch, is_terminal)
                    next_line = time.monotonic() + LINE_INTERVAL_SECONDS
                sleep(POLL_INTERVAL_SECONDS)
                watch.update(reprocessing.progress(run))
        except KeyboardInterrupt:
            message = "\nNo longer watching. The machine reads on; run this again to watch."
            self.stdout.write(message)
            return
        self._show(watch, is_terminal)
        self.stdout.write("\nAll were read." if is_terminal else "All were read.")

    def _show(self, watch: "Watch", is_terminal: bool) -> None:
        start, end = (CLEAR, "") if is_terminal else ("", "\n")
        self.stdout.write(start + watch.line(time.monotonic()), ending=end)
        self.stdout.flush()


class Watch:
    def __init__(self, progress: RunProgress) -> None:
        self.first = self.progress = progress
        self.since = self.moved = time.monotonic()

    def update(self, progress: RunProgress) -> None:
        if progress != self.progress:
            self.moved = time.monotonic()
        self.progress = progress

    def line(self, now: float) -> str:
        """Return `[####----] 5/10 read, 8 put in line, 0 failed, 2/s, 0:00:02 left`."""
        progress = self.progress
        full = BAR_WIDTH * progress.done // max(1, progress.total)
        bar = "#" * full + "-" * (BAR_WIDTH - full)
        parts = [f"[{bar}] {progress.read}/{progress.total} read"]
        parts += [f"{progress.enqueued} put in line"]
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


def _reprocess_one(number_or_id: str) -> str:
    """Enqueue one report; return a sentence. Raises CommandError for none or an erased one."""
    report = _get_report(number_or_id)
    if report.erased_at:
        raise CommandError("This report is erased: there is nothing left to read.")
    enqueued = reprocessing.reprocess_selected([report.pk])
    return f"{report} will be read again." if enqueued else f"{report} waits to be read already."


def _get_report(number_or_id: str) -> Report:
    try:
        query = Q(pk=UUID(number_or_id))
    except ValueError:
        query = Q(public_number=number_or_id.strip().upper())
    report = Report.objects.filter(query).first()
    if report is None:
        raise CommandError("No such report.")
    return report
