"""Wishes to be erased, nights of the purge, and breaches with their deadlines."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from reports.models.report import Report


class ErasureRequestQuerySet(models.QuerySet["ErasureRequest"]):
    def open(self) -> "ErasureRequestQuerySet":
        """Wishes that nobody has answered, of reports that are still there."""
        return self.filter(decided_at=None, report__erased_at=None)


class ErasureRequest(models.Model):
    """Who holds the code of a report asks to have everything erased; an officer answers.

    What is told where it is not done is a message to the reporter. One that was refused may be
    taken up again, for somebody else to grant. rights.py alone writes it.
    """

    class Outcome(models.TextChoices):
        GRANTED = "granted", "Đã xóa"
        REFUSED = "refused", "Chưa xóa, đã báo lý do"

    report = models.ForeignKey(Report, models.PROTECT, related_name="erasure_requests")
    requested_at = models.DateTimeField("lúc", db_default=Now())
    text_sealed = models.BinaryField(null=True)
    outcome = models.CharField(
        "trả lời", max_length=8, choices=Outcome.choices, blank=True, default="", db_default=""
    )
    decided_at = models.DateTimeField("trả lời lúc", null=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="ai trả lời"
    )
    taken_up_at = models.DateTimeField("xem lại từ", null=True)
    taken_up_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="ai đưa ra xem lại"
    )

    objects = ErasureRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "đề nghị xóa dữ liệu"
        verbose_name_plural = "đề nghị xóa dữ liệu"
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
                | Q(taken_up_by=None)
                | ~Q(decided_by=F("taken_up_by")),
                name="erasurerequest_granted_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"wish to erase {self.report_id}"


class PurgeRun(models.Model):
    """One night's purge. It goes on where it stood until `finished_at`. `counts`: how many of each
    kind of retention.KINDS went; `retained_counts`: how many could not be taken.
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
    """Personal data got out, or may have: when that was found, and who was told by when. What an
    officer has done is a time that was written once; nothing is changed back (admin/breach.py).
    """

    title = models.CharField("việc gì", max_length=200)
    detected_at = models.DateTimeField("phát hiện lúc")
    findings = models.TextField("biết gì đến nay", blank=True, default="", db_default="")
    first_notice_at = models.DateTimeField("báo lần đầu lúc", null=True, blank=True)
    authority_notified_at = models.DateTimeField(
        "báo cơ quan bảo vệ dữ liệu lúc", null=True, blank=True
    )
    subjects_notified_at = models.DateTimeField("báo người bị ảnh hưởng lúc", null=True, blank=True)
    closed_at = models.DateTimeField("kết thúc lúc", null=True, blank=True)
    opened_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", editable=False, verbose_name="ai ghi"
    )

    class Meta:
        verbose_name = "sự cố lộ dữ liệu"
        verbose_name_plural = "sự cố lộ dữ liệu"
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
        """By when the first notice of a serious incident goes out."""
        return self.detected_at + timedelta(hours=settings.BREACH_FIRST_NOTICE_HOURS)

    @property
    def body_due(self) -> datetime:
        """By when the body that guards personal data is told."""
        return self.detected_at + timedelta(hours=settings.BREACH_REPORT_HOURS)

    @property
    def missed(self) -> int:
        """How many deadlines have passed with nobody told."""
        now = timezone.now()
        waits = [
            (self.first_notice_at, self.first_due),
            (self.authority_notified_at, self.body_due),
        ]
        return sum(told is None and due < now for told, due in waits)
