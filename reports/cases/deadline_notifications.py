"""Notifications of deadlines; the only writer of `DeadlineNotification`.

Each stage of a deadline is stored once, with its event, and mailed to the officer, then to those
who assign work: one mail a person and call, with report numbers and deadlines alone.
"""

from collections import defaultdict
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from core.audit import events
from core.mail import render_mail, send_or_log
from core.outbox import sweeps
from core.permissions import users_with_permission
from reports.calendar import deadline_rules
from reports.cases import deadlines
from reports.models import Deadline, DeadlineNotification

log = structlog.get_logger(__name__)

MAX_NOTIFICATIONS = 200  # of one call
MAIL_WITHIN = timedelta(hours=6)  # older notifications are not mailed
Stage = DeadlineNotification.Stage
_SOON_AT = RawSQL(  # in its last quarter, three days at most
    "due_at - least((due_at - started_at) / 4, %s)", [deadline_rules.MAX_NOTICE_LENGTH]
)


def send_due_reminders() -> None:
    """Start the deadlines of new reports, note those that are due, and mail them."""
    with sweeps.Guard("deadlines.check"):
        deadlines.start_for_new_reports()
        deadlines.start_for_requests()
        now = timezone.now()
        count = _store_notifications(Stage.OVERDUE, now) + _store_notifications(Stage.SOON, now)
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
    mails = _group_by_recipient(claimed)
    sent = sweeps.for_each("deadlines.mail", mails, lambda user: _send_mail(user, mails[user]))
    if mails and not sent.done:
        claimed.update(mailed_at=None)


def _group_by_recipient(
    notifications: QuerySet[DeadlineNotification],
) -> dict[User, list[DeadlineNotification]]:
    """Group by officer, and by leads once it is overdue or has no officer."""
    by_user: dict[User, list[DeadlineNotification]] = defaultdict(list)
    rows = notifications.filter(deadline__met_at=None, deadline__dropped_at=None)
    pending = list(rows.select_related("deadline__report__case__officer").order_by("due_at"))
    leads = _list_leads() if pending else []
    for each in pending:
        officer = each.deadline.report.case.officer
        recipients = [officer] if officer and officer.is_active else []
        if each.stage == Stage.OVERDUE or not recipients:
            recipients += [lead for lead in leads if lead != officer]
        for user in recipients:
            by_user[user].append(each)
    return {user: lines for user, lines in by_user.items() if user.email}


def _list_leads() -> list[User]:
    able = users_with_permission("reports.assign_case", include_superusers=False)
    return list(able.filter(~Q(email="")))


def _send_mail(user: User, lines: list[DeadlineNotification]) -> bool:
    late = sum(line.stage == Stage.OVERDUE for line in lines)
    desk = f"{settings.PORTAL_URL}/{settings.ADMIN_PATH}/"
    context = {"lines": lines, "late": late, "desk": desk}
    mail = render_mail("reports/deadlines.txt", [user.email], context)
    return send_or_log(mail, log, "deadlines.mail_failed")
