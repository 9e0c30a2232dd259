"""Reports that were read under some rules, and the machine that reads them again."""

from typing import Any

from django.db.models.functions import Now

from core.models import OutboxItem
from reports.models import Report
from reports.submission import intake
from reports.triage import report_triage, reprocessing
from tests.support import report_factories

OLD = "2020-01"


def read_under(rules: str, story: str = "Có người gọi.", **typed: Any) -> Report:
    """Return a report whose triage is done, under these rules."""
    report = report_factories.report(story, **typed)
    report_factories.add_facts(report, rules_version=rules)
    OutboxItem.objects.filter(key=str(report.pk)).update(done_at=Now())
    return report


def list_owed() -> list[str]:
    """Return the reports that wait to be read, in the order in which they were enqueued."""
    waiting = OutboxItem.objects.filter(task=intake.TRIAGE_TASK, done_at=None, failed_at=None)
    return list(waiting.order_by("id").values_list("key", flat=True))


def next_step() -> OutboxItem | None:
    steps = OutboxItem.objects.filter(task=reprocessing.STEP_TASK)
    return steps.filter(done_at=None, failed_at=None).first()


def take_steps(most: int = 100) -> int:
    """Take the steps that wait, and return how many there were."""
    for taken in range(most):
        item = next_step()
        if item is None:
            return taken
        reprocessing.process_items([item.pk])
    return most


def read_all() -> None:
    """Process everything that waits."""
    take_steps()
    waiting = OutboxItem.objects.filter(task=intake.TRIAGE_TASK, done_at=None, failed_at=None)
    report_triage.process_items(waiting.order_by("id").values_list("pk", flat=True))
