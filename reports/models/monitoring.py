"""State of the portal itself: the queue's counts, alarms, and runs of reprocessing."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.models import key_of, optional_key_of


class SnapshotModel(models.Model):
    """The result of the last count, in the only row of its table."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    counted_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True
        constraints = [models.CheckConstraint(condition=Q(id=1), name="%(class)s_one_row")]


class QueueSnapshot(SnapshotModel):
    """The full count of the queue (monitoring/queue_stats.py), over every report."""

    accepted = models.BigIntegerField()
    done = models.BigIntegerField()
    waiting = models.BigIntegerField()
    failed = models.BigIntegerField()


class DailyCount(models.Model):
    """Reports received on a day in Vietnam, and cases open at its last count, if any.

    `figures`: what monitoring/daily_counts.py counts of it by name; `cells`: kind of scam -> commune
    -> reports, apart since only a page of one kind reads it.
    """

    day = models.DateField(primary_key=True)
    received = models.PositiveIntegerField()
    open = models.PositiveIntegerField(null=True)
    figures = models.JSONField(default=dict, db_default={})
    cells = models.JSONField(default=dict, db_default={})
    counted_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = "số liệu"
        default_permissions = ("view",)


class Enquiry(models.Model):
    """A call in which somebody only asked; nothing of the caller is kept. `submission_key`: random, of
    the form, so that a second press counts once.
    """

    submission_key = models.CharField(primary_key=True, max_length=64)
    asked_at = models.DateTimeField("hỏi lúc", db_default=Now())
    officer = key_of(User, "cán bộ")
    kind = models.CharField("kiểu lừa", max_length=20, blank=True, db_default="")

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["asked_at"], name="enquiry_asked")]


class Alarm(models.Model):
    """A current problem, deleted when over; `notified_at`: the last mail; `count`: what it affects."""

    class Kind(models.TextChoices):
        LATE = "late", "tin chờ máy đọc quá lâu"
        FAILED = "failed", "tin máy không đọc được"
        UNBALANCED = "unbalanced", "có tin chưa vào hàng máy đọc"
        UNCOUNTED = "uncounted", "máy lâu chưa đếm lại"
        UNSEEN = "unseen", "người báo chưa ai gọi được"
        OVERDUE = "overdue", "tin quá hạn xử lý"
        CALENDAR = "calendar", "thiếu lịch nghỉ lễ"
        UNLINKED = "unlinked", "nhật ký lâu chưa được khóa nối"
        BROKEN = "broken", "nhật ký không khớp với bản đã khóa"
        UNPURGED = "unpurged", "máy lâu chưa xóa dữ liệu hết hạn"
        BREACH = "breach", "sự cố lộ dữ liệu quá hạn báo"
        SKIPPED = "skipped", "việc máy làm không xong"
        BACKUP = "backup", "bản sao lưu trễ hoặc hỏng"
        DISK = "disk", "ổ đĩa của máy chủ sắp đầy"
        CONNECTIONS = "connections", "cơ sở dữ liệu sắp hết kết nối"
        BUSY = "busy", "trang quá bận, người xem phải chờ"
        VALKEY = "valkey", "Valkey không trả lời"
        HOSTS = "hosts", "nhiều máy chủ mà tệp nằm riêng từng máy"
        CERTIFICATE = "certificate", "chứng thư ký cảnh báo sắp hết hạn"
        LOOKS = "looks", "cán bộ mở dữ liệu cá nhân quá nhiều lần"
        TAKEDOWNS = "takedowns", "một cán bộ gỡ nhiều số công bố"
        UNRECEIVED = "unreceived", "nơi chặn số chưa xác nhận đã nhận"
        ZALO = "zalo", "Zalo không nhận khóa của cổng"

    kind = models.CharField(primary_key=True, max_length=16, choices=Kind.choices)
    since = models.DateTimeField(db_default=Now())
    notified_at = models.DateTimeField(null=True)
    count = models.PositiveIntegerField(default=0)


class ReprocessingRun(models.Model):
    """Triage of old reports under new rules, resumable after `last_report_id`."""

    id = models.BigAutoField(primary_key=True)
    actor = optional_key_of(User, "ai", blank=True)
    started_at = models.DateTimeField("bắt đầu", db_default=Now())
    rules_version = models.CharField("bộ quy tắc", max_length=16)
    include_current = models.BooleanField("đọc lại cả tin đã theo bộ quy tắc này", default=False)
    total = models.PositiveIntegerField("số tin")
    enqueued = models.PositiveIntegerField("đã xếp hàng", db_default=0)
    last_report_id = models.UUIDField(null=True, editable=False)
    finished_at = models.DateTimeField("xếp hàng xong", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "lượt đọc lại"
        default_permissions = ("add", "view")
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(finished_at=None), name="reprocessingrun_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"reprocessing run {self.pk}"
