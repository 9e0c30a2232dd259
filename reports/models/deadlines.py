"""Deadlines of reports, their notifications, and days off that officers add."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.models import optional_key_of
from reports.models.report import Report


class DeadlineQuerySet(models.QuerySet["Deadline"]):
    def pending(self) -> "DeadlineQuerySet":
        return self.filter(met_at=None, dropped_at=None)


class Deadline(models.Model):
    """Something due for a report; cases/deadlines.py alone writes it. It runs until an act meets
    it, in time or late (`met_at`), or makes it pointless (`dropped_at`).
    """

    class Kind(models.TextChoices):
        CALL = "call", "gọi ngay"
        CALL_AGAIN = "call_again", "gọi lại"
        CLASSIFY = "classify", "phân loại"
        NOTIFY = "notify", "báo lại người báo"
        VERIFY = "verify", "xác minh tin báo"
        ERASURE_ANSWER = "erasure_answer", "trả lời đề nghị xóa"
        FOLLOWUP_ANSWER = "followup_answer", "trả lời đề nghị rút, sửa tin"
        UNIT_RECEIPT = "unit_receipt", "đơn vị xác nhận đã nhận"
        UNIT_ANSWER = "unit_answer", "đơn vị báo kết quả"

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(
        Report, models.PROTECT, related_name="deadlines", db_index=False, verbose_name="tin"
    )
    kind = models.CharField("hạn", max_length=16, choices=Kind.choices)
    started_at = models.DateTimeField("từ")
    due_at = models.DateTimeField("đến hạn")
    extension_count = models.PositiveSmallIntegerField("số lần gia hạn", db_default=0)
    met_at = models.DateTimeField("xong lúc", null=True, blank=True)
    dropped_at = models.DateTimeField("thôi tính lúc", null=True, blank=True)

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "hạn xử lý"
        constraints = [
            models.UniqueConstraint(
                fields=["report", "kind"],
                condition=Q(met_at=None, dropped_at=None),
                name="deadline_one_running",
            ),
            models.CheckConstraint(
                condition=Q(due_at__gte=models.F("started_at")), name="deadline_ahead"
            ),
            models.CheckConstraint(
                condition=Q(met_at=None) | Q(dropped_at=None), name="deadline_ends_once"
            ),
        ]
        indexes = [
            models.Index(fields=["report", "id"], name="deadline_of_report"),
            models.Index(
                fields=["due_at"],
                condition=Q(met_at=None, dropped_at=None),
                name="deadline_running",
            ),
        ]


class DeadlineNotification(models.Model):
    """A stage of a deadline, once for each end that it had; `mailed_at`: empty until mailed."""

    class Stage(models.TextChoices):
        BEGUN = "begun", "mới chuyển đến"
        SOON = "soon", "sắp đến hạn"
        OVERDUE = "overdue", "quá hạn"

    id = models.BigAutoField(primary_key=True)
    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="notifications")
    stage = models.CharField(max_length=8, choices=Stage.choices)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deadline", "stage", "due_at"], name="deadlinenotification_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(mailed_at=None),
                name="deadlinenotification_unmailed",
            )
        ]


class CalendarException(models.Model):
    """A day off, or a weekend day worked in exchange, that data/holidays.json lacks."""

    day = models.DateField("ngày", primary_key=True)
    is_worked = models.BooleanField(
        "đi làm", default=False, help_text="Đánh dấu nếu là thứ Bảy, Chủ nhật đi làm bù."
    )
    name = models.CharField("dịp", max_length=120)
    source = models.CharField("theo văn bản", max_length=200)
    added_by = optional_key_of(User, "ai ghi", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "ngày nghỉ, ngày làm bù"
        default_permissions = ("add", "delete", "view")
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y}"
