"""A worker whose triage some stories kill: `celery -A tests.faults.support.poisoned_worker worker`."""

import os
import signal
from typing import Any

import django

from portal.celery import app

__all__ = ["app"]

django.setup()

from reports.models import Report  # noqa: E402
from reports.triage import report_triage  # noqa: E402  # models need Django set up
from tests.faults.support.queue_processes import POISON  # noqa: E402

_find = report_triage.extract


def _find_or_die(report: Report, *later: Any) -> report_triage.TriageResult:
    if report.story == POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    return _find(report, *later)


report_triage.extract = _find_or_die
