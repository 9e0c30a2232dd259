"""Retention: the period of each kind of data by its setting, and how expired data is found.

Periods run from the end of the work on a report (its last decision), or from its reporter's last
word if later. A report under a legal hold, a tin báo về tội phạm and a handed-over report never
expire; junk and withdrawn ones only once another officer than who ended them has agreed. A loss is
kept until the police decide (RETENTION_LOSS_MONTHS, 0).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
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
from reports.calendar import deadline_rules, working_days
from reports.models import (
    Case,
    Dispute,
    ErasureRequest,
    Followup,
    Indicator,
    LegalHold,
    Message,
    OfficeQuestion,
    Report,
)
from reports.numbers.office_questions import PUBLIC_FOR
from reports.reference import confirmed_statements
from reports.retention import erasure
from reports.retention.erasure import ERASED_PLACEHOLDER, ErasureScope

Status = Case.Status
_LOSS = (
    Q(report__money_lost=True)
    | Q(report__facts__money_lost_vnd__gt=0)
    | Q(corrections_json__money_lost_vnd__gt=0)
)
_LOST = Switch(When(_LOSS, then=True), default=False, output_field=BooleanField())
_EMPTY_DISPUTE: dict[str, Any] = {
    "number_sealed": None, "reason_sealed": None, "contact_sealed": None, "secret_sealed": None,  # nosec B105
    "answer": ERASED_PLACEHOLDER,
}  # fmt: skip
_KEPT_ACTS = (events.DETAIL_ERASED, "record_restored")  # the chain's verification reads them


@dataclass(frozen=True)
class RetentionPolicy:
    """One kind of data: the setting of its period, the selection of expired keys (oldest first),
    and the erasure of one. `promise`: the public statement that may promise a shorter period.
    """

    name: str
    setting: str
    label: str
    due: Callable[[datetime], QuerySet[Any, Any]]
    take: Callable[[Any], None]
    promise: str = ""

    @property
    def period(self) -> int:
        """Return days or months, by the setting's name; 0: for ever."""
        lengths = [int(getattr(settings, self.setting)), _promised_period(self.promise)]
        return min(filter(None, lengths), default=0)

    @property
    def is_in_months(self) -> bool:
        return self.setting.endswith("_MONTHS")

    def cutoff(self, now: datetime) -> datetime | None:
        """Return the moment before which what ended is expired; None: never."""
        if not self.period:
            return None
        if not self.is_in_months:
            return now - timedelta(days=self.period)
        day = working_days.months_after(timezone.localdate(now), -self.period)
        return deadline_rules.start_of_day(day)


def _promised_period(codename: str) -> int:
    statement = confirmed_statements.statements().get(codename) if codename else None
    return (statement.amount or 0) if statement else 0


def closed_cases_before(before: datetime, *statuses: str) -> QuerySet[Case]:
    """Return the cases that ended so before that, without a later word of their reporter, a hold,
    or an open erasure request, which an officer must answer.
    """
    report = OuterRef("pk")
    later = Followup.objects.filter(report=report, received_at__gte=before)
    messages = Message.objects.filter(report=report, actor=None, sent_at__gte=before)
    holds = LegalHold.objects.filter(report=report, released_at=None)
    requests = ErasureRequest.objects.open().filter(report=report)
    ended = Case.objects.filter(status__in=statuses, changed_at__lt=before, report__erased_at=None)
    is_retained = Exists(later) | Exists(messages) | Exists(holds) | Exists(requests)
    return ended.exclude(is_retained).order_by("changed_at")


def _closed_by_two_as(*statuses: str) -> Callable[[datetime], QuerySet[Case, Any]]:
    agreed = Q(seconded_by__isnull=False)
    return lambda before: (
        closed_cases_before(before, *statuses).filter(agreed).values_list("pk", flat=True)
    )


def _closed(
    *, loss: bool, part: ErasureScope = ErasureScope.WHOLE
) -> Callable[[datetime], QuerySet[Case, Any]]:
    """Select closed cases with or without a loss whose part is not erased."""

    def select_due(before: datetime) -> QuerySet[Case, Any]:
        closed = closed_cases_before(before, Status.CLOSED).alias(lost=_LOST).filter(lost=loss)
        present = closed.filter(report__in=erasure.reports_with_scope(part))
        return present.values_list("pk", flat=True)

    return select_due


def _erase(cause: str, part: ErasureScope = ErasureScope.WHOLE) -> Callable[[UUID], None]:
    return lambda report_id: erasure.erase(report_id, part, cause=cause)


def _erased_with_numbers(before: datetime) -> QuerySet[Report, Any]:
    indicators = Indicator.objects.filter(report=OuterRef("pk"))
    holds = LegalHold.objects.filter(report=OuterRef("pk"), released_at=None)
    erased = Report.objects.filter(
        Exists(indicators), erased_at__isnull=False, received_at__lt=before
    )
    return erased.exclude(Exists(holds)).order_by("received_at").values_list("pk", flat=True)


def _answered_disputes(before: datetime) -> QuerySet[Dispute, Any]:
    answered = Dispute.objects.filter(answered_at__lt=before).exclude(**_EMPTY_DISPUTE)
    return answered.order_by("answered_at").values_list("pk", flat=True)


def _empty_dispute(pk: UUID) -> None:
    with transaction.atomic():
        Dispute.objects.filter(pk=pk).update(key="", bank="", **_EMPTY_DISPUTE)
        events.redact_details_of("dispute", pk, reason=ERASED_PLACEHOLDER)


def _old_questions(before: datetime) -> QuerySet[OfficeQuestion, Any]:
    """Return old questions; one whose answer pages tell stays as long as they do."""
    told = {"published_at__isnull": False, "answered_at__gt": timezone.now() - PUBLIC_FOR}
    old = OfficeQuestion.objects.filter(asked_at__lt=before).exclude(**told)
    return old.order_by("asked_at").values_list("pk", flat=True)


def _delete_question(pk: UUID) -> None:
    OfficeQuestion.objects.filter(pk=pk).delete()


def _old_events(before: datetime) -> QuerySet[AuditEvent, Any]:
    """Return old events about anything but a report, whose events go with it."""
    old = AuditEvent.objects.filter(created_at__lt=before).exclude(subject_type="report")
    with_detail = old.exclude(detail={}).exclude(kind__in=_KEPT_ACTS)
    return with_detail.order_by("id").values_list("pk", flat=True)


def _old_attempts(before: datetime) -> QuerySet[AccessAttempt, Any]:
    old: QuerySet[AccessAttempt] = AccessAttempt.objects.filter(attempt_time__lt=before)
    return old.order_by("pk").values_list("pk", flat=True)


def _delete_attempt(pk: int) -> None:
    AccessAttempt.objects.filter(pk=pk).delete()


KINDS = (
    RetentionPolicy(
        "junk", "RETENTION_JUNK_DAYS", "tin rác", _closed_by_two_as(Status.JUNK), _erase("junk")
    ),
    RetentionPolicy(
        "withdrawn", "RETENTION_WITHDRAWN_DAYS", "tin người báo rút",
        _closed_by_two_as(Status.WITHDRAWN), _erase("withdrawn"),
    ),
    RetentionPolicy(
        "story", "RETENTION_STORY_MONTHS", "lời kể của tin không mất tiền",
        _closed(loss=False), _erase("story"), "keep_story",
    ),
    RetentionPolicy(
        "loss", "RETENTION_LOSS_MONTHS", "lời kể của tin có mất tiền",
        _closed(loss=True), _erase("loss"),
    ),
    RetentionPolicy(
        "contact", "RETENTION_CONTACT_DAYS", "số, câu hẹn, bản gốc lời kể",
        _closed(loss=False, part=ErasureScope.NAMES), _erase("contact", ErasureScope.NAMES),
        "keep_contact",
    ),
    RetentionPolicy(
        "files", "RETENTION_FILES_MONTHS", "ảnh, ghi âm, tài liệu",
        _closed(loss=False, part=ErasureScope.FILES), _erase("files", ErasureScope.FILES),
    ),
    RetentionPolicy(
        "messages", "RETENTION_MESSAGES_DAYS", "tin nhắn với người báo",
        _closed(loss=False, part=ErasureScope.MESSAGES), _erase("messages", ErasureScope.MESSAGES),
    ),
    RetentionPolicy(
        "numbers", "RETENTION_NUMBERS_MONTHS", "số gọi đến của tin đã xóa",
        _erased_with_numbers, erasure.erase_caller_numbers,
    ),
    RetentionPolicy(
        "disputes", "RETENTION_DISPUTES_DAYS", "đề nghị xem lại",
        _answered_disputes, _empty_dispute,
    ),
    RetentionPolicy(
        "questions", "RETENTION_DISPUTES_DAYS", "câu hỏi gửi cơ quan",
        _old_questions, _delete_question,
    ),
    RetentionPolicy(
        "events", "RETENTION_EVENTS_MONTHS", "lời ghi trong nhật ký", _old_events,
        partial(events.redact_detail, by=None, reason=ERASED_PLACEHOLDER),
    ),
    RetentionPolicy(
        "attempts", "RETENTION_ATTEMPTS_MONTHS", "lần đăng nhập hỏng",
        _old_attempts, _delete_attempt,
    ),
)  # fmt: skip
BY_NAME: Mapping[str, RetentionPolicy] = {kind.name: kind for kind in KINDS}


def retained_with_reason(now: datetime) -> Mapping[str, int]:
    """Return reason -> count of ended reports that do not expire, for the dry run."""
    present = Case.objects.filter(report__erased_at=None)
    holds = LegalHold.objects.filter(report=OuterRef("pk"), released_at=None)
    return {
        "under a hold": present.filter(Exists(holds)).count(),
        "a tin báo, or with another unit": present.filter(
            status__in=(Status.CRIME_REPORT, Status.HANDED_OVER)
        ).count(),
        "junk or withdrawn, until a second officer agrees": Case.objects.unseconded().count(),
        "closed, with a loss": present.filter(_LOSS, status=Status.CLOSED).count(),
    }
