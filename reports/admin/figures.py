"""What is waiting for officers, counted over the open cases alone, and for the machine."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import Error as DatabaseTrouble
from django.db.models import Count, Q

from reports import held, scope
from reports.admin import answers
from reports.models import Case, Report
from reports.stats import Standing, standing
from reports.watch import concerned


@dataclass(frozen=True)
class Figures:
    """The open cases by the work they want; `scenarios` by the kind of scam."""

    open: int = 0
    unread: int = 0
    burning: int = 0
    unassigned: int = 0
    mine: int = 0
    waiting: int = 0
    answered: int = 0
    scenarios: Counter[str] = field(default_factory=Counter)


def figures_of(user: User) -> Figures:
    """One statement, a second where somebody is waited for; their cost grows with the open cases,
    not with the reports.
    """
    counted = Counter[str]()
    ongoing = held.ongoing("", "report__facts__")
    rows = (
        scope.cases(Case.objects.open(), user)
        .alias(held_ongoing=ongoing)
        .values(kind=held.scenario("", "report__facts__"))
        .order_by()
        .annotate(
            open=Count("pk"),
            burning=Count("pk", filter=Q(held_ongoing=True)),
            unassigned=Count("pk", filter=Q(officer=None)),
            mine=Count("pk", filter=Q(officer=user)),
            waiting=Count("pk", filter=Q(status=Case.Status.WAITING)),
        )
    )
    scenarios: Counter[str] = Counter()
    for row in rows:
        scenarios[row["kind"] or ""] += row["open"]
        counted.update({name: count for name, count in row.items() if name != "kind"})
    if counted["waiting"]:
        counted["answered"] = answers.answered(
            scope.reports(Report.objects.order_by(), user)
        ).count()
    return Figures(**counted, unread=scenarios.pop("", 0), scenarios=scenarios)


def standing_of(request: Any) -> Standing | None:
    """How the queue stands, asked once for a request; None when it could not be counted in
    time: the page stands without it.
    """
    if not hasattr(request, "queue_standing"):
        try:
            request.queue_standing = standing()
        except DatabaseTrouble:
            request.queue_standing = None
    counted: Standing | None = request.queue_standing
    return counted


def alarms_of(request: Any) -> dict[str, int]:
    """What is wrong at this moment, by kind, and how many reports each is about; asked of the
    queue itself, so that no watcher need be alive.
    """
    now = standing_of(request)
    return {kind.value: count for kind, count in concerned(now).items() if count} if now else {}
