"""A run of reading reports again outlives the worker that carries it, and reads each once."""

from collections.abc import Iterator

import pytest

from core.models import OutboxItem
from core.outbox.queue import Priority
from reports.models import ExtractedFacts
from reports.monitoring.queue_stats import queue_balance
from reports.submission import intake
from reports.triage import reprocessing, service
from tests.faults.support.queue_processes import (
    QueueProcesses,
    accept,
    let_leases_lapse,
    queue_processes,
)
from tools.portal_stack import wait_until

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

REPORTS = 60


@pytest.fixture
def stage(transactional_db: None) -> Iterator[QueueProcesses]:
    """Relay and worker up, and many reports read under rules that are no longer ours."""
    with queue_processes() as ours:
        ours.start_relay()
        ours.start_worker()
        for number in range(REPORTS):
            accept(f"Chuyện thứ {number}, họ xưng công an.")
        assert wait_until(ours.drained)
        ExtractedFacts.objects.update(rules_version="2020-01")
        yield ours


def read_anew() -> int:
    return ExtractedFacts.objects.filter(rules_version=service.RULES_VERSION).count()


def test_a_run_goes_on_after_its_worker_is_killed(stage: QueueProcesses) -> None:
    run = reprocessing.start()
    assert wait_until(lambda: read_anew() > 0)
    stage.kill("worker")
    let_leases_lapse()
    stage.start_worker()
    assert wait_until(lambda: reprocessing.progress(run).is_over)
    assert read_anew() == REPORTS
    again = OutboxItem.objects.filter(task=intake.TRIAGE, priority=Priority.IDLE)
    assert again.exclude(done_at=None).count() == REPORTS == again.count()
    assert queue_balance().balanced
