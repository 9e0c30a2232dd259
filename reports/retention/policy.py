"""Retention: how long each kind of data is kept by its setting, and how what is expired is found.

Times run from the end of the work on a report (its last decision), or from its reporter's last word
if that is later. A report under a legal hold, a tin báo về tội phạm and what another unit took over
never expire. A loss is kept until the police decide (RETENTION_LOSS_MONTHS, 0).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction
from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, When
from django.db.models import Case as Switch
from django.utils import timezone

from core.audit import events
from core.models import AuditEvent
from reports.calendar import working_days
from reports.models import (
    Case,
    Dispute,
    ErasureRequest,
    Followup,
    Indicator,
    LegalHold,
    Message,
    Report,
)
from reports.reference import confirmed_statements
from reports.retention import erasure
from reports.retention.erasure import ERASED_PLACEHOLDER, ErasureScope

_S = Case.Status
_LOSS = (
    Q(report__money_lost=True)
    | Q(report__facts__money_lost_vnd__gt=0)
    | Q(corrections_json__money_lost_vnd__gt=0)
)
_LOST = Switch(When(_LOSS, then=True), default=False, output_field=BooleanField())
_KEPT_ACTS = (events.DETAIL_ERASED, "record_restored")  # the chain's own check reads them


@dataclass(frozen=True)
class RetentionPolicy:
    """One kind of data: the setting of its period, how what is expired is found (the keys, oldest first),
    how one is erased. `promise`: the public statement that may promise a shorter period.
    """

    name: str
    setting: str
    told: str
    due: Callable[[datetime], QuerySet[Any, Any]]
    take: Callable[[Any], None]
    promise: str = ""

    @property
    def period(self) -> int:
        """Return days or months, as the setting's name says; 0: for ever."""
        lengths = [int(getattr(settings, self.setting)), _promised(self.promise)]
        return min(filter(None, lengths), default=0)

    @property
    def is_in_months(self) -> bool:
        return self.setting.endswith("_MONTHS")

    def cutoff(self, now: datetime) -> datetime | None:
        """Return the moment before which what ended is expired; None where nothing expires."""
        if not self.period:
            return None
        if not self.is_in_months:
            return now - timedelta(days=self.period)
        day = working_days.months_after(timezone.localdate(now), -self.period)
        return timezone.make_aware(datetime.combine(day, time.min))


def _promised(codename: str) -> int:
    said = confirmed_statements.statements().get(codename) if codename else None
    return (said.amount or 0) if said else 0


def closed_cases_before(before: datetime, *statuses: str) -> QuerySet[Case]:
    """Return the cases that ended in such a status before that, with no later word of their reporter,
    under no hold, and without an open erasure request, which an officer must answer.
    """
    report = OuterRef("pk")
    later = Followup.objects.filter(report=report, received_at__gte=before)
    wrote = Message.objects.filter(report=report, actor=None, sent_at__gte=before)
    held = LegalHold.objects.filter(report=report, released_at=None)
    asked = ErasureRequest.objects.open().filter(report=report)
    over = Case.objects.filter(status__in=statuses, changed_at__lt=before, report__erased_at=None)
    stays = Exists(later) | Exists(wrote) | Exists(held) | Exists(asked)
    return over.exclude(stays).order_by("changed_at")


def _whole(*statuses: str) -> Callable[[datetime], QuerySet[Case, Any]]:
    return lambda before: closed_cases_before(before, *statuses).values_list("pk", flat=True)


def _closed(before: datetime, *, loss: bool) -> QuerySet[Case]:
    """Return closed cases with or without a loss, be it of the form, extracted or a correction."""
    return closed_cases_before(before, _S.CLOSED).alias(lost=_LOST).filter(lost=loss)


def _without_loss(part: ErasureScope) -> Callable[[datetime], QuerySet[Case, Any]]:
    def due(before: datetime) -> QuerySet[Case, Any]:
        closed = _closed(before, loss=False)
        return closed.filter(report__in=erasure.reports_with_scope(part)).values_list(
            "pk", flat=True
        )

    return due


def _with_loss(before: datetime) -> QuerySet[Case, Any]:
    return _closed(before, loss=True).values_list("pk", flat=True)


def _erase(part: ErasureScope, why: str) -> Callable[[UUID], None]:
    return lambda report_id: erasure.erase(report_id, part, why=why)


def _numbers(before: datetime) -> QuerySet[Report, Any]:
    named = Indicator.objects.filter(report=OuterRef("pk"))
    held = LegalHold.objects.filter(report=OuterRef("pk"), released_at=None)
    erased = Report.objects.filter(Exists(named), erased_at__isnull=False, received_at__lt=before)
    return erased.exclude(Exists(held)).order_by("received_at").values_list("pk", flat=True)


def _disputes(before: datetime) -> QuerySet[Dispute, Any]:
    sealed = ("number_sealed", "reason_sealed", "contact_sealed")
    answered = Dispute.objects.filter(answered_at__lt=before).exclude(
        **dict.fromkeys(sealed), answer=ERASED_PLACEHOLDER
    )
    return answered.order_by("answered_at").values_list("pk", flat=True)


def _empty_dispute(pk: UUID) -> None:
    emptied = {"number_sealed": None, "reason_sealed": None, "contact_sealed": None}
    with transaction.atomic():
        Dispute.objects.filter(pk=pk).update(key="", answer=ERASED_PLACEHOLDER, **emptied)
        events.redact_details_of("dispute", pk, reason=ERASED_PLACEHOLDER)


def _events(before: datetime) -> QuerySet[AuditEvent, Any]:
    """Return old events about anything but a report, whose events go with it."""
    old = AuditEvent.objects.filter(created_at__lt=before).exclude(subject_type="report")
    told = old.exclude(detail={}).exclude(kind__in=_KEPT_ACTS)
    return told.order_by("id").values_list("pk", flat=True)


def _erase_detail(pk: int) -> None:
    events.redact_detail(pk, by=None, reason=ERASED_PLACEHOLDER)


def _attempts(before: datetime) -> QuerySet[AccessAttempt, Any]:
    old: QuerySet[AccessAttempt] = AccessAttempt.objects.filter(attempt_time__lt=before)
    return old.order_by("pk").values_list("pk", flat=True)


def _forget_attempt(pk: int) -> None:
    AccessAttempt.objects.filter(pk=pk).delete()


KINDS = (
    RetentionPolicy(
        "junk", "RETENTION_JUNK_DAYS", "tin rác", _whole(_S.JUNK), _erase(ErasureScope.WHOLE, "junk")
    ),
    RetentionPolicy(
        "withdrawn", "RETENTION_WITHDRAWN_DAYS", "tin người báo rút",
        _whole(_S.WITHDRAWN), _erase(ErasureScope.WHOLE, "withdrawn"),
    ),
    RetentionPolicy(
        "story", "RETENTION_STORY_MONTHS", "lời kể của tin không mất tiền",
        _without_loss(ErasureScope.WHOLE), _erase(ErasureScope.WHOLE, "story"), "keep_story",
    ),
    RetentionPolicy(
        "loss", "RETENTION_LOSS_MONTHS", "lời kể của tin có mất tiền",
        _with_loss, _erase(ErasureScope.WHOLE, "loss"),
    ),
    RetentionPolicy(
        "contact", "RETENTION_CONTACT_DAYS", "số, câu hẹn, bản gốc lời kể",
        _without_loss(ErasureScope.NAMES), _erase(ErasureScope.NAMES, "contact"), "keep_contact",
    ),
    RetentionPolicy(
        "files", "RETENTION_FILES_MONTHS", "ảnh, ghi âm, tài liệu",
        _without_loss(ErasureScope.FILES), _erase(ErasureScope.FILES, "files"),
    ),
    RetentionPolicy(
        "messages", "RETENTION_MESSAGES_DAYS", "tin nhắn với người báo",
        _without_loss(ErasureScope.MESSAGES), _erase(ErasureScope.MESSAGES, "messages"),
    ),
    RetentionPolicy(
        "numbers", "RETENTION_NUMBERS_MONTHS", "số gọi đến của tin đã xóa", _numbers, erasure.erase_caller_numbers
    ),
    RetentionPolicy("disputes", "RETENTION_DISPUTES_DAYS", "đề nghị xem lại số", _disputes, _empty_dispute),
    RetentionPolicy("events", "RETENTION_EVENTS_MONTHS", "lời ghi trong nhật ký", _events, _erase_detail),
    RetentionPolicy(
        "attempts", "RETENTION_ATTEMPTS_MONTHS", "lần đăng nhập hỏng", _attempts, _forget_attempt
    ),
)  # fmt: skip
BY_NAME: Mapping[str, RetentionPolicy] = {kind.name: kind for kind in KINDS}


def retained_with_reason(now: datetime) -> Mapping[str, int]:
    """Return reason -> count of ended reports that do not expire, for the dry run."""
    present = Case.objects.filter(report__erased_at=None)
    held = LegalHold.objects.filter(report=OuterRef("pk"), released_at=None)
    return {
        "under a hold": present.filter(Exists(held)).count(),
        "a tin báo, or with another unit": present.filter(
            status__in=(_S.ACTIONED, _S.HANDED_OVER)
        ).count(),
        "closed, with a loss": present.filter(_LOSS, status=_S.CLOSED).count(),
    }
