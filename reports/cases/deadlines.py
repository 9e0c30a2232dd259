"""Deadlines of a case: the only writer of `Deadline`.

The functions need the case's row locked. Intake starts no deadline: those from receipt are started
here, a minute later or with the first decision.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Exists, Min, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast
from django.utils import timezone

from core.audit.events import NO_LOOK
from core.models import AuditEvent
from reports.calendar import deadline_rules
from reports.cases.transitions import ANSWERS
from reports.models import Case, Deadline, ErasureRequest, Followup, LegalHold

MAX_BATCH = 500
LOOKED_BACK = timedelta(days=30)  # for wishes that wait
_Wish = TypeVar("_Wish", bound=Model)


def start_deadlines(case: Case) -> None:
    """Start the deadlines that run from receipt, where they were not started."""
    is_there = case.due_at is None and case.status in Case.OPEN
    if is_there and case.report.erased_at is None:
        Deadline.objects.bulk_create(_from_receipt(case), ignore_conflicts=True)


def _from_receipt(case: Case) -> list[Deadline]:
    facts = getattr(case.report, "facts", None)
    is_pressed = case.report.happening_now or (facts is not None and facts.ongoing)
    kinds = deadline_rules.FROM_RECEIPT if is_pressed else (deadline_rules.SORT,)
    return [_clock(case.pk, kind, case.report.received_at) for kind in kinds]


def _clock(report_id: UUID, kind: str, start: datetime) -> Deadline:
    return Deadline(
        report_id=report_id, kind=kind, started_at=start, due_at=deadline_rules.due_at(kind, start)
    )


def apply_transition(
    case: Case,
    *,
    meets: Iterable[str] = (deadline_rules.LOOK,),
    drops: Iterable[str] = (),
    starts: Iterable[str] = (),
) -> datetime | None:
    """Meet, drop and start deadlines; return when the case is due next."""
    start_deadlines(case)
    now = timezone.now()
    _running(case.pk, meets).update(met_at=now)
    if drops:
        _running(case.pk, drops).update(dropped_at=now)
    started = [_clock(case.pk, kind, now) for kind in starts]
    Deadline.objects.bulk_create(started, ignore_conflicts=True)
    return next_due(case.pk)


def extend(report_id: UUID, kind: str) -> bool:
    """Extend a deadline; return False when none runs or it has MAX_EXTENSIONS."""
    clock = (
        _running(report_id, [kind])
        .filter(extension_count__lt=deadline_rules.MAX_EXTENSIONS)
        .first()
    )
    if clock is None:
        return False
    clock.extension_count += 1
    clock.due_at = deadline_rules.due_at(kind, clock.started_at, clock.extension_count)
    clock.save(update_fields=["extension_count", "due_at"])
    return True


def _running(report_id: UUID, kinds: Iterable[str]) -> QuerySet[Deadline]:
    return Deadline.objects.pending().filter(report_id=report_id, kind__in=tuple(kinds))


def cancel_all(report_id: UUID) -> None:
    """Drop all deadlines of an erased report."""
    running = Deadline.objects.pending().filter(report_id=report_id)
    if running.update(dropped_at=timezone.now()):
        _set_due([report_id])


def next_due(report_id: UUID) -> datetime | None:
    """Return the next deadline of a report, or None."""
    running = Deadline.objects.pending().filter(report_id=report_id)
    return running.order_by("due_at").values_list("due_at", flat=True).first()


def start_for_new_reports() -> int:
    """Start the deadlines from receipt of new reports, and the one to look at a report whose reporter is
    under pressure as was extracted since; return how many cases.
    """
    begun = _start(Case.objects.open().filter(due_at=None, report__erased_at=None))
    return begun + _start(_pressed_and_unseen().exclude(due_at=None))


def lock_case(report_id: UUID) -> Case:
    """Return the locked case of a report."""
    return Case.objects.select_for_update(of=("self",)).get(pk=report_id)


def restart_review_deadline(case: Case) -> None:
    """Start the deadline to look at a report whose reporter writes of being under pressure, also where
    the work has ended. One that runs keeps its end.
    """
    start_deadlines(case)
    clock = _clock(case.pk, deadline_rules.LOOK, timezone.now())
    Deadline.objects.bulk_create([clock], ignore_conflicts=True)
    _set_due([case.pk])


def _pressed_and_unseen() -> QuerySet[Case]:
    """Return new cases that nobody has viewed, of reporters under pressure as extracted."""
    clock = Deadline.objects.filter(report_id=OuterRef("pk"), kind=deadline_rules.LOOK)
    by_people = AuditEvent.objects.filter(actor__isnull=False).exclude(kind__in=NO_LOOK)
    look = by_people.filter(subject_type="report", subject_id=Cast(OuterRef("pk"), CharField()))
    there = Case.objects.filter(status=Case.Status.NEW, report__erased_at=None)
    pressed = there.filter(report__facts__ongoing=True)
    return pressed.filter(~Exists(clock), ~Exists(look))


def start_for_requests() -> int:
    """Start the deadlines of reporters' requests; return how many."""
    erasures = _start_for(deadline_rules.RIGHTS, ErasureRequest.objects.open(), "requested_at")
    return erasures + _start_for(deadline_rules.WISH, unanswered_followups(), "received_at")


def unanswered_followups() -> QuerySet[Followup]:
    """Return recent follow-ups that wait for an officer: withdrawals, and corrections where an officer's
    correction or a hold goes before them. Any other correction holds at once.
    """
    kinds, about = Followup.Kind, Cast(OuterRef("report_id"), CharField())
    told = AuditEvent.objects.filter(
        kind__in=ANSWERS,
        subject_type="report",
        subject_id=about,
        created_at__gte=OuterRef("received_at"),
    )
    hold = LegalHold.objects.filter(report=OuterRef("report_id"), released_at=None)
    waits = Exists(hold) | ~Q(report__case__corrections_json={})
    wishes = Followup.objects.filter(
        Q(kind=kinds.WITHDRAWAL) | Q(waits, kind=kinds.CORRECTION),
        kind__in=(kinds.CORRECTION, kinds.WITHDRAWAL),
        received_at__gte=timezone.now() - LOOKED_BACK,
        erased_at=None,
    )
    return wishes.filter(~Exists(told)).exclude(report__case__status=Case.Status.WITHDRAWN)


@transaction.atomic
def _start_for(kind: str, wishes: QuerySet[_Wish], since: str) -> int:
    """Start that deadline for each report with such requests, from the first; return how many."""
    runs = Deadline.objects.pending().filter(report_id=OuterRef("pk"), kind=kind)
    # One whose clocks from receipt are still to be started gets those first.
    cases = Case.objects.filter(
        Exists(wishes.filter(report_id=OuterRef("pk"))), ~Exists(runs)
    ).exclude(status__in=Case.OPEN, due_at=None)
    locked = list(cases.select_for_update(skip_locked=True, of=("self",))[:MAX_BATCH])
    waiting: Any = wishes.filter(report_id__in=[case.pk for case in locked]).order_by()
    first = waiting.values("report_id").annotate(first=Min(since))
    started = [_clock(row["report_id"], kind, row["first"]) for row in first]
    Deadline.objects.bulk_create(started, ignore_conflicts=True)
    _set_due([clock.report_id for clock in started])
    return len(started)


@transaction.atomic
def _start(cases: QuerySet[Case]) -> int:
    """Start the deadlines from receipt; skip cases that a decision has locked. Return how many."""
    locked = cases.select_for_update(skip_locked=True, of=("self",))
    found = list(locked.select_related("report", "report__facts")[:MAX_BATCH])
    Deadline.objects.bulk_create(
        [clock for case in found for clock in _from_receipt(case)], ignore_conflicts=True
    )
    _set_due([case.pk for case in found])
    return len(found)


def _set_due(cases: list[UUID]) -> None:
    first = Deadline.objects.pending().filter(report_id=OuterRef("pk")).order_by("due_at")
    Case.objects.filter(pk__in=cases).update(due_at=Subquery(first.values("due_at")[:1]))
