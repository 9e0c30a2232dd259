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
