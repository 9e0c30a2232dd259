"""Notifications before a deadline and when it has passed: to the officer, then to those who assign work.

Beat calls once a minute. Each stage of each end of a deadline is noted once: its DeadlineNotification
and its event are written in one transaction. Mail goes where there is a server and an address, one a
person and call, with report numbers and deadlines alone.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import Error as DatabaseTrouble
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.template.loader import render_to_string
from django.utils import timezone

from core.audit import events
from reports.calendar import deadline_rules
from reports.cases import deadlines
from reports.models import Deadline, DeadlineNotification

log = structlog.get_logger(__name__)

MAX_BATCH = 200
MAIL_WITHIN = timedelta(hours=6)  # what could not be mailed by then is old
Stage = DeadlineNotification.Stage
_SOON_AT = RawSQL(  # as deadline_rules computes it
    "due_at - least((due_at - started_at) / 4, %s)", [deadline_rules.MAX_NOTICE_LENGTH]
)


def send_due_reminders() -> None:
    """Start the deadlines of new reports, note those that are due, and mail them."""
    try:
        deadlines.start_for_new_reports()
        deadlines.start_for_requests()
        now = timezone.now()
        told = _store_notifications(Stage.OVERDUE, now) + _store_notifications(Stage.SOON, now)
        if told:
            log.info("escalation.told", count=told)
        if settings.EMAIL_URL:
            _mail()
    except DatabaseTrouble as error:
        log.warning("escalation.not_looked", error=type(error).__name__)


@transaction.atomic
def _store_notifications(stage: str, now: datetime) -> int:
    """Note a stage for every deadline that has come to it; return how many."""
    found = list(_deadlines_at_stage(stage, now).select_for_update(skip_locked=True)[:MAX_BATCH])
    DeadlineNotification.objects.bulk_create(
        DeadlineNotification(deadline=clock, stage=stage, due_at=clock.due_at, created_at=now)
        for clock in found
    )
    for clock in found:
        due = clock.due_at.isoformat(timespec="seconds")
        events.log_event("report", clock.report_id, f"clock_{stage}", clock=clock.kind, due=due)
    return len(found)


def _deadlines_at_stage(stage: str, now: datetime) -> QuerySet[Deadline]:
    told = DeadlineNotification.objects.filter(
        deadline=OuterRef("pk"), stage=stage, due_at=OuterRef("due_at")
    )
    running = Deadline.objects.pending().filter(~Exists(told)).order_by("due_at")
    if stage == Stage.OVERDUE:
        return running.filter(due_at__lte=now)
    ahead = running.filter(due_at__gt=now, due_at__lte=now + deadline_rules.MAX_NOTICE_LENGTH)
    return ahead.alias(soon_at=_SOON_AT).filter(soon_at__lte=now)


def _mail() -> None:
    """Claim the notifications without a mail and mail them; release them when nothing could be sent."""
    recent = DeadlineNotification.objects.filter(
        mailed_at=None, created_at__gte=timezone.now() - MAIL_WITHIN
    )
    with transaction.atomic():
        mine = list(recent.select_for_update(skip_locked=True).order_by("id")[:MAX_BATCH])
        DeadlineNotification.objects.filter(pk__in=[each.pk for each in mine]).update(
            mailed_at=timezone.now()
        )
    sent = [_send_mail(user, lines) for user, lines in _group_by_recipient(mine).items()]
    if sent and not any(sent):
        DeadlineNotification.objects.filter(pk__in=[each.pk for each in mine]).update(
            mailed_at=None
        )


def _group_by_recipient(
    told: Iterable[DeadlineNotification],
) -> dict[User, list[DeadlineNotification]]:
    """Group by recipient: the officer; those who assign work, once it is overdue or has no officer."""
    everything: dict[User, list[DeadlineNotification]] = defaultdict(list)
    keys = [each.pk for each in told]
    rows = DeadlineNotification.objects.filter(
        pk__in=keys, deadline__met_at=None, deadline__dropped_at=None
    )
    leads = _leads() if keys else []
    for each in rows.select_related("deadline__report__case__officer").order_by("due_at"):
        officer = each.deadline.report.case.officer
        wanted = [officer] if officer and officer.is_active else []
        if each.stage == Stage.OVERDUE or not wanted:
            wanted = [*wanted, *(lead for lead in leads if lead != officer)]
        for user in wanted:
            everything[user].append(each)
    return {user: lines for user, lines in everything.items() if user.email}


def _leads() -> list[User]:
    backend = "django.contrib.auth.backends.ModelBackend"
    able = User.objects.with_perm("reports.assign_case", backend=backend, include_superusers=False)
    return list(able.filter(~Q(email="")))


def _send_mail(user: User, lines: list[DeadlineNotification]) -> bool:
    late = sum(line.stage == Stage.OVERDUE for line in lines)
    context = {
        "lines": lines,
        "late": late,
        "desk": f"{settings.PORTAL_URL}/{settings.ADMIN_PATH}/",
    }
    rendered = render_to_string("reports/deadlines.txt", context, using="public")
    subject, _, text = rendered.partition("\n")
    mail = EmailMessage(subject, text.strip() + "\n", to=[user.email])
    mail.extra_headers["Auto-Submitted"] = "auto-generated"
    try:
        mail.send()
    except (OSError, ValueError) as error:  # smtplib's are OSErrors; ValueError: no address
        log.warning("escalation.mail_failed", error=type(error).__name__)
        return False
    return True
