"""Host names that look like the portal's own."""

from django.contrib.auth.models import User
from django.db import models


class LookalikeDomain(models.Model):
    """A host name that might be taken for ours, and an officer's verdict."""

    class Verdict(models.TextChoices):
        UNSEEN = "unseen", "Chưa xem"
        NOBODY = "nobody", "Chưa ai dùng"
        OURS = "ours", "Của công an"
        OTHERS = "others", "Của người khác, không giả"
        FALSE = "false", "Trang giả"

    name = models.CharField("tên miền", max_length=253, unique=True)
    verdict = models.CharField(
        "là gì", max_length=8, choices=Verdict.choices, default=Verdict.UNSEEN, db_index=True
    )
    note = models.CharField("thấy gì, đã báo đâu", max_length=300, blank=True)
    reviewed_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="+", verbose_name="ai xem"
    )
    reviewed_at = models.DateTimeField("xem lúc", null=True, editable=False)

    class Meta:
        verbose_name = "tên miền giống tên của trang"
        verbose_name_plural = "tên miền giống tên của trang"
        default_permissions = ("add", "change", "view")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
