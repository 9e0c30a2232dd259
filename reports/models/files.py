"""Evidence files: what a resident sends along later, with the receipt."""

import uuid

from django.db import models
from django.db.models.functions import Now

from reports.models.report import Report


class EvidenceFile(models.Model):
    """One file as it was sent, sealed on disk (files.py); the row is written when it lies there.

    `sha256` and `size` are of what was sent. A trigger refuses UPDATE and DELETE, but for an
    erasure on record (migration 0005).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(Report, models.PROTECT, related_name="files")
    received_at = models.DateTimeField("gửi lúc", db_default=Now())
    media_type = models.CharField("loại", max_length=64)
    size = models.PositiveIntegerField("cỡ (byte)")
    sha256 = models.BinaryField(max_length=32)
    name_sealed = models.BinaryField(null=True)
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "tài liệu kèm theo"
        verbose_name_plural = "tài liệu kèm theo"
        constraints = [
            models.UniqueConstraint(fields=["report", "sha256"], name="evidencefile_sent_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class FileCheck(models.Model):
    """What the worker found when it looked into a file, and the picture that it drew anew, sealed
    like the original. Replaceable, like facts: looking again gives it again.
    """

    class Copy(models.TextChoices):
        MADE = "made", "có bản đã xóa dữ liệu ẩn"
        NOT_MADE = "not_made", "không phải ảnh"
        UNREADABLE = "unreadable", "ảnh hỏng, không mở được"
        TOO_LARGE = "too_large", "ảnh có quá nhiều điểm"

    class Scan(models.TextChoices):
        NOT_SCANNED = "not_scanned", "chưa quét mã độc"
        CLEAN = "clean", "không thấy mã độc"
        INFECTED = "infected", "có mã độc"

    file = models.OneToOneField(
        EvidenceFile, models.PROTECT, primary_key=True, related_name="check_result"
    )
    checked_at = models.DateTimeField("xem lúc", db_default=Now())
    copy = models.CharField("bản xem", max_length=16, choices=Copy.choices)
    scan = models.CharField("quét mã độc", max_length=16, choices=Scan.choices)
    copy_id = models.UUIDField(null=True, editable=False)  # its sealed file, among files.COPIES
    media_type = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "bản đã xóa dữ liệu ẩn"
        verbose_name_plural = "bản đã xóa dữ liệu ẩn"

    def __str__(self) -> str:
        return f"{self.copy}, {self.scan}"
