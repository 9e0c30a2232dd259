"""Notifications of deadlines; the only writer of `DeadlineNotification`.

Each stage of a deadline is stored once, with its event, and mailed to the officer, then to those
who assign work; those of a hand-over to the unit too, which also hears of it at once. One mail an
address and call, with report numbers and deadlines alone.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from core.audit import events
from core.mail import render_mail, send_or_log
from core.outbox import sweeps
from core.permissions import users_with_permission
from reports.calendar import deadline_rules
from reports.cases import deadlines
from reports.models import Deadline, DeadlineNotification, TransferSlip

log = structlog.get_logger(__name__)

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
        deadlines.start_for_new_reports()
        deadlines.start_for_requests()
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
