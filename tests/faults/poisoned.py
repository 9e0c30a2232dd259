"""A worker whose triage some stories kill: `celery -A tests.faults.poisoned worker`."""

import os
import signal
from typing import Any

import django

from portal.celery import app

__all__ = ["app"]

django.setup()

from reports import triage  # noqa: E402  # models need Django set up
from reports.models import Report  # noqa: E402
from tests.faults.floor import POISON  # noqa: E402

_find = triage.find


def _find_or_die(report: Report, *later: Any) -> triage.Findings:
    if report.story == POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    return _find(report, *later)


triage.find = _find_or_die
