"""What is waiting, counted over the open cases alone."""

import time
from collections import Counter
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import DatabaseError
from django.db.models import Count, Q

from reports.models import Case
from reports.stats import QueueBalance, queue_balance

BALANCE_SECONDS = 30.0


@dataclass(frozen=True)
class Figures:
    """The open cases by the work they want; `scenarios` by the kind of scam."""

    open: int = 0
    unread: int = 0
    burning: int = 0
    unassigned: int = 0
    mine: int = 0
    waiting: int = 0
    scenarios: Counter[str] = field(default_factory=Counter)


def figures_of(user: User) -> Figures:
    """One statement; its cost grows with the open cases, not with the reports."""
    scenario, counted = "report__facts__scenario", Counter[str]()
    rows = (
        Case.objects.open()
        .values(scenario)
        .order_by()
        .annotate(
            open=Count("pk"),
            burning=Count("pk", filter=Q(report__facts__ongoing=True)),
            unassigned=Count("pk", filter=Q(officer=None)),
            mine=Count("pk", filter=Q(officer=user)),
            waiting=Count("pk", filter=Q(status=Case.Status.WAITING)),
        )
    )
    scenarios: Counter[str] = Counter()
    for row in rows:
        scenarios[row.pop(scenario) or ""] += row["open"]
        counted.update(row)
    return Figures(**counted, unread=scenarios.pop("", 0), scenarios=scenarios)


class _Balance:
    """The queue's equation counts every report, so a process asks for it now and then only."""

    def __init__(self) -> None:
        self.counted: QueueBalance | None = None
        self.until = 0.0

    def __call__(self) -> QueueBalance | None:
        """None when it could not be counted in time; the page stands without it."""
        if time.monotonic() >= self.until:
            try:
                self.counted = queue_balance()
            except DatabaseError:
                self.counted = None
            self.until = time.monotonic() + BALANCE_SECONDS
        return self.counted


balance = _Balance()
