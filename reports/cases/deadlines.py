"""Deadlines of cases and the reminders of them; the only writer of `Deadline` and `DeadlineNotification`.

Callers have locked the case's row. Deadlines from receipt are started here, not by intake. Each stage of
a deadline is stored once, with its event, and mailed to the officer, then to those who assign work;
those of a hand-over to the unit too, which also hears of it at once. One mail an address and call, with
report numbers and deadlines alone.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, Min, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast
from django.utils import timezone

from core.audit import events
from core.mail import render_mail, send_or_log
from core.models import AuditEvent
from core.outbox import sweeps
from core.permissions import users_with_permission
from reports.calendar import deadline_rules
from reports.calendar.deadline_rules import (
    CALL_WITHIN,
    CALLS,
    CLASSIFY,
    ERASURE_ANSWER,
    FOLLOWUP_ANSWER,
)
from reports.cases.locks import lock_case
from reports.cases.transitions import ANSWERS
from reports.extraction.priority import URGENT
from reports.models import (
    Case,
    Deadline,
    DeadlineNotification,
    ErasureRequest,
    Followup,
    LegalHold,
    Message,
    Report,
    TransferSlip,
)

log = structlog.get_logger(__name__)

MAX_BATCH = 500
SWEEP = "deadlines.start"
_IN_WORK = (*Case.OPEN, Case.Status.CRIME_REPORT, Case.Status.HANDED_OVER)
LOOKED_BACK = timedelta(days=30)  # for requests that wait
_RequestT = TypeVar("_RequestT", bound=Model)


def start_deadlines(case: Case) -> None:
    """Start the deadlines from receipt of an open case that has none."""
    if case.due_at is None and case.status in Case.OPEN and case.report.erased_at is None:
        Deadline.objects.bulk_create(_from_receipt(case), ignore_conflicts=True)


def tells_danger(report: Report) -> bool:
    """Return whether reporter or machine tell a danger, for which somebody must call at once."""
    facts = getattr(report, "facts", None)
    return bool(report.happening_now or (facts and facts.priority >= URGENT))


def _from_receipt(case: Case) -> list[Deadline]:
    kinds = deadline_rules.FROM_RECEIPT if tells_danger(case.report) else (CLASSIFY,)
    if case.status not in Case.OPEN:
        kinds = (deadline_rules.CALL,)  # it is sorted
    return [_build_deadline(case.pk, kind, case.report.received_at) for kind in kinds]


def _build_deadline(report_id: UUID, kind: str, start: datetime) -> Deadline:
    return Deadline(
        report_id=report_id, kind=kind, started_at=start, due_at=deadline_rules.due_at(kind, start)
    )


def apply_transition(
    case: Case, *, meets: Iterable[str] = (), drops: Iterable[str] = (), starts: Iterable[str] = ()
) -> datetime | None:
    """Meet, drop and start deadlines; return when the case is due next."""
    start_deadlines(case)
    now = timezone.now()
    _pending(case.pk, meets).update(met_at=now)
    _pending(case.pk, drops).update(dropped_at=now)
    started = [_build_deadline(case.pk, kind, now) for kind in starts]
    Deadline.objects.bulk_create(started, ignore_conflicts=True)
    return next_due(case.pk)


def extend(report_id: UUID, kind: str) -> bool:
    """Extend a deadline; return False when none runs or it has MAX_EXTENSIONS."""
    extensible = _pending(report_id, [kind])
    deadline = extensible.filter(extension_count__lt=deadline_rules.MAX_EXTENSIONS).first()
    if deadline is None:
        return False
    deadline.extension_count += 1
    deadline.due_at = deadline_rules.due_at(kind, deadline.started_at, deadline.extension_count)
    deadline.save(update_fields=["extension_count", "due_at"])
    return True


def _pending(report_id: UUID, kinds: Iterable[str]) -> QuerySet[Deadline]:
    return Deadline.objects.pending().filter(report_id=report_id, kind__in=tuple(kinds))


def restart_sorting(report_id: UUID, *, waits: bool) -> None:
    """Let sorting run anew: as from receipt, or while it waits for the reporter some working days."""
    sorting = _pending(report_id, [CLASSIFY])
    _move(sorting, timezone.now(), FOLLOWUP_ANSWER if waits else CLASSIFY)


def _move(running: QuerySet[Deadline], start: datetime, kind: str) -> None:
    """Let deadlines run from *start*, as long as one of that kind."""
    running.update(started_at=start, due_at=deadline_rules.due_at(kind, start))


def resume_answered() -> int:
    """Let sorting run from the reporter's answer where it waited for that; return how many cases."""
    told = Message.objects.filter(report=OuterRef("report"), sent_at__gte=OuterRef("started_at"))
    asked = told.exclude(actor=None).filter(is_question=True)
    answers = told.filter(actor=None).order_by("sent_at").values("sent_at")[:1]
    waiting = Deadline.objects.pending().filter(
        Exists(asked), kind=CLASSIFY, report__case__status=Case.Status.WAITING
    )
    answered = waiting.annotate(answered_at=Subquery(answers)).exclude(answered_at=None)

    @transaction.atomic
    def resume(row: Deadline) -> None:
        lock_case(row.report_id)
        _move(answered.filter(pk=row.pk), row.answered_at, CLASSIFY)  # type: ignore[attr-defined]
        _set_due(row.report_id)

    return sweeps.for_each(SWEEP, answered[:MAX_BATCH], resume).done


def cancel_all(report_id: UUID) -> None:
    running = Deadline.objects.pending().filter(report_id=report_id)
    if running.update(dropped_at=timezone.now()):
        _set_due(report_id)


def next_due(report_id: UUID) -> datetime | None:
    running = Deadline.objects.pending().filter(report_id=report_id)
    return running.order_by("due_at").values_list("due_at", flat=True).first()


def start_for_new_reports() -> int:
    """Start deadlines from receipt, and that of a call where a danger was read since; return the
    number of cases.
    """
    begun = _start(Case.objects.open().filter(due_at=None, report__erased_at=None))
    told = in_danger_without_call(_IN_WORK)  # on pages the open ones: by an index of few
    return begun + _start(told.exclude(due_at=None, status__in=Case.OPEN))


def start_call(case: Case) -> None:
    """Start the deadline of a call, even of an ended case; one that runs keeps its end."""
    due = apply_transition(case, starts=(deadline_rules.CALL,))
    Case.objects.filter(pk=case.pk).update(due_at=due)


def start_handover(report_id: UUID, start: datetime, ends: Mapping[str, datetime]) -> None:
    """Start the deadlines of a unit, and that of a call where a danger was told and none was due."""
    rows = [
        Deadline(report_id=report_id, kind=kind, started_at=start, due_at=ends[kind])
        for kind in ends
    ]
    if in_danger_without_call().filter(pk=report_id).exists():
        rows.append(_build_deadline(report_id, deadline_rules.CALL, start))
    Deadline.objects.bulk_create(rows)


def resume_from_handover(report_id: UUID, since: datetime, *, is_urgent: bool) -> None:
    """Let run again what the hand-over of that time ended, and call anew what was urgent."""
    met = Deadline.objects.filter(report_id=report_id, met_at__gte=since)
    met.filter(kind__in=(CLASSIFY, deadline_rules.VERIFY)).update(met_at=None)
    if is_urgent and not running_calls().filter(report=report_id).exists():
        again, now = deadline_rules.CALL_AGAIN, timezone.now()
        _pending(report_id, [again]).update(dropped_at=now)
        _build_deadline(report_id, again, now).save(force_insert=True)


def in_danger_without_call(
    statuses: Iterable[str] = Case.OPEN, now: datetime | None = None
) -> QuerySet[Case]:
    """Return cases of the last hours in which a danger was told, and no call was ever due."""
    calls = Deadline.objects.filter(report_id=OuterRef("pk"), kind=deadline_rules.CALL)
    since = (now or timezone.now()) - CALL_WITHIN
    recent = Case.objects.filter(status__in=statuses, report__received_at__gte=since)
    told = recent.filter(Q(report__facts__priority__gte=URGENT) | Q(report__happening_now=True))
    return told.filter(~Exists(calls), report__erased_at=None)


def running_calls() -> QuerySet[Deadline]:
    """Return the calls of the last CALL_WITHIN that have reached nobody yet."""
    started = timezone.now() - CALL_WITHIN
    return Deadline.objects.pending().filter(kind__in=CALLS, started_at__gte=started)


def uncalled() -> QuerySet[Case]:
    """Return the cases whose reporter must be called, also before the minute in which it falls due."""
    calls = running_calls().values("report")  # joined by OR every case would be read
    return Case.objects.filter(pk__in=calls.union(in_danger_without_call().values("pk")))


def start_for_requests() -> int:
    erasures = _start_for(ERASURE_ANSWER, ErasureRequest.objects.open(), "requested_at")
    resume_answered()
    return erasures + _start_for(FOLLOWUP_ANSWER, unanswered_followups(), "received_at")


def unanswered_followups(now: datetime | None = None) -> QuerySet[Followup]:
    """Return recent follow-ups for an officer: withdrawals, and corrections that an officer's
    correction or a hold overrides.
    """
    kinds, report_id = Followup.Kind, Cast(OuterRef("report_id"), CharField())
    answers = AuditEvent.objects.filter(
        kind__in=ANSWERS,
        subject_type="report",
        subject_id=report_id,
        created_at__gte=OuterRef("received_at"),
    )
    hold = LegalHold.objects.filter(report=OuterRef("report_id"), released_at=None)
    waits = Exists(hold) | ~Q(report__case__corrections_json={})
    requests = Followup.objects.filter(
        Q(kind=kinds.WITHDRAWAL) | Q(waits, kind=kinds.CORRECTION),
        kind__in=(kinds.CORRECTION, kinds.WITHDRAWAL),
        received_at__gte=(now or timezone.now()) - LOOKED_BACK,
        erased_at=None,
    )
    return requests.filter(~Exists(answers)).exclude(report__case__status=Case.Status.WITHDRAWN)


def _start_for(kind: str, requests: QuerySet[_RequestT], since: str) -> int:
    """Start the deadline of each report with such requests, from the first; return how many."""
    runs = Deadline.objects.pending().filter(report_id=OuterRef("pk"), kind=kind)
    # A case without its deadlines from receipt gets those first.
    cases = Case.objects.filter(
        Exists(requests.filter(report_id=OuterRef("pk"))), ~Exists(runs)
    ).exclude(status__in=Case.OPEN, due_at=None)

    def build(case: Case) -> list[Deadline]:
        first = requests.filter(report_id=case.pk).aggregate(first=Min(since))["first"]
        return [_build_deadline(case.pk, kind, first)]

    return _start(cases, build)


def _start(cases: QuerySet[Case], build: Callable[[Case], list[Deadline]] = _from_receipt) -> int:
    """Start the deadlines of each case but those that are locked; return how many cases."""
    locked = cases.select_for_update(skip_locked=True, of=("self",))

    @transaction.atomic
    def start(row: Case) -> bool:
        case = locked.select_related("report", "report__facts").filter(pk=row.pk).first()
        if case:
            Deadline.objects.bulk_create(build(case), ignore_conflicts=True)
            _set_due(case.pk)
        return case is not None

    return sweeps.for_each(SWEEP, sweeps.available(SWEEP, cases)[:MAX_BATCH], start).done


def _set_due(report_id: UUID) -> None:
    Case.objects.filter(pk=report_id).update(due_at=next_due(report_id))


# --- reminders

MAX_NOTIFICATIONS = 200  # of one call
MAIL_WITHIN = timedelta(hours=6)  # older notifications are not mailed
Stage = DeadlineNotification.Stage
_STAGES = (Stage.OVERDUE, Stage.SOON, Stage.BEGUN)
_SOON_AT = RawSQL(  # in its last quarter, three days at most
    "due_at - least((due_at - started_at) / 4, %s)", [deadline_rules.MAX_NOTICE_LENGTH]
)


def send_due_reminders() -> None:
    """Start the deadlines of new reports, note those that are due, and mail them."""
    with sweeps.Guard("deadlines.check"):
        start_for_new_reports()
        start_for_requests()
        now = timezone.now()
        count = sum(_store_notifications(each, now) for each in _STAGES)
        if count:
            log.info("deadlines.notified", count=count)
        if settings.EMAIL_URL:
            _mail_notifications()


def _store_notifications(stage: str, now: datetime) -> int:
    """Note a stage for every deadline that has come to it; return how many."""
    sweep, rows = f"deadlines.note_{stage}", _deadlines_at_stage(stage, now)

    @transaction.atomic
    def note(row: Deadline) -> bool:
        deadline = rows.filter(pk=row.pk).select_for_update(skip_locked=True).first()
        if deadline:
            reached = {"deadline": deadline, "stage": stage, "due_at": deadline.due_at}
            DeadlineNotification.objects.create(**reached, created_at=now)
            due = deadline.due_at.isoformat(timespec="seconds")
            kind = f"deadline_{stage}"
            events.log_event("report", deadline.report_id, kind, deadline=deadline.kind, due=due)
        return deadline is not None

    return sweeps.for_each(sweep, sweeps.available(sweep, rows)[:MAX_NOTIFICATIONS], note).done


def _deadlines_at_stage(stage: str, now: datetime) -> QuerySet[Deadline]:
    """Return the pending deadlines at a stage without its notification."""
    notified = DeadlineNotification.objects.filter(
        deadline=OuterRef("pk"), stage=stage, due_at=OuterRef("due_at")
    )
    running = Deadline.objects.pending().filter(~Exists(notified)).order_by("due_at")
    if stage == Stage.BEGUN:
        to_units = running.filter(kind=deadline_rules.UNIT_RECEIPT)
        return to_units.filter(report__case__assigned_unit__email__gt="")
    if stage == Stage.OVERDUE:
        return running.filter(due_at__lte=now)
    ahead = running.filter(due_at__gt=now, due_at__lte=now + deadline_rules.MAX_NOTICE_LENGTH)
    return ahead.alias(soon_at=_SOON_AT).filter(soon_at__lte=now)


def _mail_notifications() -> None:
    """Claim and mail the unmailed notifications; release the claim when no mail was sent."""
    recent = DeadlineNotification.objects.filter(
        mailed_at=None, created_at__gte=timezone.now() - MAIL_WITHIN
    )
    with transaction.atomic():
        rows = recent.select_for_update(skip_locked=True).order_by("id")[:MAX_NOTIFICATIONS]
        claimed = DeadlineNotification.objects.filter(pk__in=[each.pk for each in rows])
        claimed.update(mailed_at=timezone.now())
    mails = _group_by_address(claimed)
    sent = sweeps.for_each(
        "deadlines.mail", mails, lambda address: _send_mail(address, mails[address])
    )
    if mails and not sent.done:
        claimed.update(mailed_at=None)


def _group_by_address(
    notifications: QuerySet[DeadlineNotification],
) -> dict[str, list[DeadlineNotification]]:
    by_address: dict[str, list[DeadlineNotification]] = defaultdict(list)
    rows = notifications.filter(deadline__met_at=None, deadline__dropped_at=None)
    single = "deadline__report__case__officer", "deadline__report__case__assigned_unit"
    pending = list(rows.select_related(*single).order_by("due_at"))
    leads = _list_leads() if pending else set()
    reports = {each.deadline.report_id for each in pending}
    slips = TransferSlip.objects.under_way().filter(report__in=reports, actor__is_active=True)
    senders = dict(slips.values_list("report", "actor__email"))
    for each in pending:
        for address in _list_addresses(each, leads, senders.get(each.deadline.report_id, "")):
            by_address[address].append(each)
    return by_address


def _list_addresses(notification: DeadlineNotification, leads: set[str], sender: str) -> set[str]:
    """Return those of the officer, of leads once it is overdue or has no officer, and of sender and
    unit of a hand-over; the unit alone hears of a new one.
    """
    case, stage = notification.deadline.report.case, notification.stage
    is_handover = notification.deadline.kind in deadline_rules.HANDOVER
    addresses = {case.assigned_unit.email} if is_handover and case.assigned_unit else set()
    if stage != Stage.BEGUN:
        addresses.add(sender if is_handover else "")
        addresses |= {case.officer.email} if case.officer and case.officer.is_active else leads
    return (addresses | (leads if stage == Stage.OVERDUE else set())) - {""}


def _list_leads() -> set[str]:
    able = users_with_permission("reports.assign_case", include_superusers=False)
    return {*able.values_list("email", flat=True)}


def _send_mail(address: str, lines: list[DeadlineNotification]) -> bool:
    counts = Counter(line.stage for line in lines)
    desk = f"{settings.PORTAL_URL}/{settings.ADMIN_PATH}/"
    context = {"lines": lines, "counts": counts, "desk": desk}
    mail = render_mail("reports/deadlines.txt", [address], context)
    return send_or_log(mail, log, "deadlines.mail_failed")
