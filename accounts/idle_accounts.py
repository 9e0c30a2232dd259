"""Close idle accounts hourly, with a mail a week before where there is an address.

The last lead is never closed. A lead or the command `invite_officer` reopens an account.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts import officer_accounts
from accounts.models import OfficerProfile
from core.audit import events
from core.mail import render_mail, send_or_log
from core.outbox import sweeps

log = structlog.get_logger(__name__)

NOTICE = timedelta(days=7)
MAX_BATCH = 100


def close_and_warn() -> None:
    """Close the accounts unused for `ACCOUNT_IDLE_DAYS`, and warn those that come next."""
    if settings.ACCOUNT_IDLE_DAYS <= 0:
        return
    allowed, now = timedelta(days=settings.ACCOUNT_IDLE_DAYS), timezone.now()
    with sweeps.Guard("idle_accounts.check"):
        _for_each("idle_accounts.close", unused_since(now - allowed), _close)
        if settings.EMAIL_URL:
            rows = unused_since(now - allowed + NOTICE).exclude(email="")
            rows = rows.exclude(account__idle_warned_at__gte=F("used"))
            _for_each("idle_accounts.warn", rows, lambda user: _warn(user, allowed))


def _for_each(name: str, rows: QuerySet[User], work: Callable[[User], None]) -> None:
    sweeps.for_each(name, sweeps.available(name, rows)[:MAX_BATCH], work)


def unused_since(before: datetime) -> QuerySet[User]:
    """Return the active officers unused since then, longest first, annotated with `used`, their last use."""
    rows = User.objects.filter(is_active=True, is_staff=True)
    used = Greatest("last_login", "date_joined", "account__idle_since")  # passes over NULL
    return rows.annotate(used=used).filter(used__lte=before).order_by("used", "pk")


def _close(user: User) -> None:
    try:
        officer_accounts.deactivate(
            user, by=None, reason=f"không dùng {settings.ACCOUNT_IDLE_DAYS} ngày"
        )
    except officer_accounts.AccountError as error:  # the last lead, or already closed
        log.info("idle_account.close_refused", code=error.code)


def _warn(user: User, allowed: timedelta) -> None:
    """Mark the officer as warned and send the mail; remove the mark when sending fails."""
    day = max(user.used + allowed, timezone.now())  # type: ignore[attr-defined]
    OfficerProfile.objects.update_or_create(user=user, defaults={"idle_warned_at": timezone.now()})
    mail = render_mail("reports/idle.txt", [user.email], {"user": user, "day": day})
    if send_or_log(mail, log, "idle_accounts.mail_failed"):
        events.log_event("user", user.pk, "account_warned")
    else:
        OfficerProfile.objects.filter(user=user).update(idle_warned_at=None)
