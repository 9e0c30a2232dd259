"""manage.py reprocess_reports: start a run, watch it, read one report again."""

import time
from io import StringIO
from itertools import count
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from core.models import OutboxItem
from reports.management.commands import reprocess_reports
from reports.models import ExtractedFacts, ReprocessingRun
from reports.monitoring.queue_stats import queue_balance
from reports.triage import report_triage, reprocessing
from tests.support import report_factories
from tests.support.reprocessing import OLD, read_all, read_under

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reprocessing, "BATCH_SIZE", 2)


def run_command(*arguments: str) -> str:
    output = StringIO()
    call_command("reprocess_reports", *arguments, stdout=output)
    return output.getvalue()


def test_a_report_that_failed_is_no_longer_failed_when_it_is_read_again() -> None:
    report = report_factories.report()
    OutboxItem.objects.update(failed_at=Now())
    assert run_command("--report", report.public_number.lower()).startswith(report.public_number)
    read_all()
    assert (queue_balance().failed, queue_balance().done) == (0, 1)


def test_a_report_is_named_by_its_number_or_its_id_and_erased_has_nothing_left_to_read() -> None:
    report = read_under(OLD)
    assert "will be read again" in run_command("--report", str(report.pk))
    assert "waits" in run_command("--report", report.public_number)
    report_factories.erase(report)
    for name, why in ((str(report.pk), "erased"), ("26-XXXX-XXXX", "No such report")):
        with pytest.raises(CommandError, match=why):
            run_command("--report", name)


def test_the_command_starts_a_run_shows_it_when_asked_again_and_leaves_the_rest_to_the_machine() -> (
    None
):
    read_under(OLD)
    assert "1 report will be read again" in run_command("--no-wait")
    assert "under way since" in run_command("--no-wait")
    assert ReprocessingRun.objects.count() == 1
    read_all()
    assert ExtractedFacts.objects.get().rules_version == report_triage.RULES_VERSION
    assert "Nothing to do" in run_command()


def test_the_command_watches_until_all_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        read_under(OLD)
    monkeypatch.setattr(reprocess_reports, "sleep", lambda _: read_all())
    lines = run_command().splitlines()
    assert "0/3 read, 0 put in line" in lines[1]
    assert "3/3 read, 3 put in line, 0 failed" in lines[-2]
    assert lines[-1] == "All were read."


def test_ctrl_c_ends_the_watching_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    read_under(OLD)
    monkeypatch.setattr(reprocess_reports, "sleep", Mock(side_effect=KeyboardInterrupt))
    assert "No longer watching" in run_command()
    read_all()
    assert ExtractedFacts.objects.get().rules_version == report_triage.RULES_VERSION


def test_a_line_tells_pace_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count(100.0, 10.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    watch = reprocess_reports.Watch(reprocessing.RunProgress(1000, 300, 0, 0, False, False))
    watch.update(reprocessing.RunProgress(1000, 300, 195, 5, False, False))
    assert watch.line(time.monotonic()) == (
        "[####--------------------] 195/1000 read, 300 put in line, 5 failed, 10/s, 0:01:20 left"
    )


def test_a_run_that_does_not_move_says_so() -> None:
    watch = reprocess_reports.Watch(reprocessing.RunProgress(10, 0, 0, 0, False, False))
    assert "nothing moves" in watch.line(watch.since + reprocess_reports.STALL_SECONDS + 1)
