"""Requests for erasure, legal holds, destruction of evidence, purge runs, and data breaches."""

from datetime import datetime, timedelta
from operator import attrgetter

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.dispatch import Signal
from django.utils import timezone

from core.models import choice_of, key_of, optional_key_of
from reports.models.report import Report

# Sent inside the transaction of an erasure, for the tables of higher rooms: `report_erased` with
# `report_id`, `contacts_erased` with `contacts`, the numbers and mail addresses of the reporter.
report_erased, contacts_erased = Signal(), Signal()


class ErasureRequestQuerySet(models.QuerySet["ErasureRequest"]):
    def open(self) -> "ErasureRequestQuerySet":
        """Return the unanswered requests of reports that are not erased."""
        return self.filter(decided_at=None, report__erased_at=None)


class ErasureRequest(models.Model):
    """A reporter's request to erase everything; retention/erasure_requests.py alone writes it. A
    refusal is explained in a message; a reopened request must be granted by another officer.
    """

    class Outcome(models.TextChoices):
        GRANTED = "granted", "Đã xóa"
        REFUSED = "refused", "Chưa xóa, đã báo lý do"

    report = models.ForeignKey(Report, models.PROTECT, related_name="erasure_requests")
    requested_at = models.DateTimeField("lúc", db_default=Now())
    text_sealed = models.BinaryField(null=True)
    encryption_owner = property(attrgetter("report_id"))
    outcome = choice_of("trả lời", Outcome, 8, blank=True, default="", db_default="")
    decided_at = models.DateTimeField("trả lời lúc", null=True)
    decided_by = optional_key_of(User, "ai trả lời")
    reopened_at = models.DateTimeField("xem lại từ", null=True)
    reopened_by = optional_key_of(User, "ai đưa ra xem lại")

    objects = ErasureRequestQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "đề nghị xóa dữ liệu"
        default_permissions = ()
        permissions = [("grant_erasure", "xóa toàn bộ dữ liệu của người báo theo đề nghị")]
        constraints = [
            models.UniqueConstraint(
                fields=["report"], condition=Q(decided_at=None), name="erasurerequest_one_open"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", decided_at=None, decided_by=None)
                | ~Q(outcome="") & Q(decided_at__isnull=False, decided_by__isnull=False),
                name="erasurerequest_decided_whole",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="granted")
                | Q(reopened_by=None)
                | ~Q(decided_by=F("reopened_by")),
                name="erasurerequest_granted_by_another",
            ),
        ]


class PurgeRun(models.Model):
    """One night's purge, resumable until `finished_at`. `counts`: erased by kind of
    retention/policy.py; `retained_counts`: how many could not be.
    """

    started_at = models.DateTimeField("bắt đầu", db_default=Now())
    finished_at = models.DateTimeField("xong lúc", null=True)
    counts = models.JSONField("đã xóa", default=dict)
    retained_counts = models.PositiveIntegerField("chưa xóa được", db_default=0, default=0)

    class Meta:
        verbose_name = "lượt xóa hết hạn"
        verbose_name_plural = "xóa dữ liệu hết hạn"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(finished_at=None), name="purgerun_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"purge {self.pk}"


class DataBreach(models.Model):
    """A breach of personal data, real or suspected, and its notifications; times are set once."""

    title = models.CharField("việc gì", max_length=200)
    detected_at = models.DateTimeField("phát hiện lúc")
    findings = models.TextField("biết gì đến nay", blank=True, default="", db_default="")
    first_notice_at = models.DateTimeField("báo lần đầu lúc", null=True, blank=True)
    authority_notified_at = models.DateTimeField(
        "báo cơ quan bảo vệ dữ liệu lúc", null=True, blank=True
    )
    subjects_notified_at = models.DateTimeField("báo người bị ảnh hưởng lúc", null=True, blank=True)
    closed_at = models.DateTimeField("kết thúc lúc", null=True, blank=True)
    opened_by = key_of(User, "ai ghi", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "sự cố lộ dữ liệu"
        default_permissions = ("add", "change", "view")
        ordering = ["-detected_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("detected_at")),
                name="databreach_closed_after_found",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def first_due(self) -> datetime:
        return self.detected_at + timedelta(hours=settings.BREACH_FIRST_NOTICE_HOURS)

    @property
    def body_due(self) -> datetime:
        """Return when the data protection authority must be notified."""
        return self.detected_at + timedelta(hours=settings.BREACH_REPORT_HOURS)

    @property
    def missed(self) -> int:
        """Return the number of deadlines that passed without a notification."""
        now = timezone.now()
        deadlines = [
            (self.first_notice_at, self.first_due),
            (self.authority_notified_at, self.body_due),
        ]
        return sum(notified_at is None and due < now for notified_at, due in deadlines)


class LegalHold(models.Model):
    """A report that cannot be erased, purged, destroyed or closed until release (triggers)."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="legal_holds")
    reason = models.TextField("lý do")
    actor = key_of(User, "ai")
    placed_at = models.DateTimeField("từ lúc", db_default=Now())
    released_at = models.DateTimeField("thôi giữ lúc", null=True)
    released_by = optional_key_of(User, "ai thôi giữ")
    released_reason = models.TextField("vì sao thôi giữ", blank=True, db_default="")

    class Meta:
        verbose_name = verbose_name_plural = "tin phải giữ"
        default_permissions = ("view",)
        permissions = [("place_hold", "giữ tin theo yêu cầu"), ("lift_hold", "thôi giữ tin")]
        constraints = [
            models.UniqueConstraint(
                fields=["report"], condition=Q(released_at=None), name="legalhold_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(released_at=None, released_by=None)
                | Q(released_at__isnull=False, released_by__isnull=False),
                name="legalhold_released_by",
            ),
        ]


class DestructionRequest(models.Model):
    """A file or follow-up (`target`) that one person wants destroyed and another confirms. Triggers
    let nothing be emptied without such a row or a logged erasure.
    """

    class What(models.TextChoices):
        FILE = "file", "tài liệu kèm theo"
        FOLLOWUP = "followup", "lời báo thêm"

    report = models.ForeignKey(Report, models.PROTECT, related_name="destruction_requests")
    kind = models.CharField("cái gì", max_length=8, choices=What.choices)
    target = models.UUIDField()
    reason = models.TextField("lý do")
    proposed_by = key_of(User, "ai đề nghị")
    proposed_at = models.DateTimeField("đề nghị lúc", db_default=Now())
    confirmed_by = optional_key_of(User, "ai đồng ý")
    confirmed_at = models.DateTimeField("hủy lúc", null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField("thôi đề nghị lúc", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "đề nghị hủy"
        default_permissions = ("view",)
        permissions = [
            ("propose_destruction", "đề nghị hủy tài liệu, lời báo thêm"),
            ("confirm_destruction", "đồng ý hủy (người thứ hai)"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False)
                & ~Q(confirmed_by=F("proposed_by")),
                name="destructionrequest_by_two",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, confirmed_at=None),
                name="destructionrequest_withdrawn_or_done",
            ),
            models.UniqueConstraint(
                fields=["target"], condition=Q(withdrawn_at=None), name="destructionrequest_once"
            ),
        ]

    @property
    def is_open(self) -> bool:
        return self.confirmed_at is None and self.withdrawn_at is None
