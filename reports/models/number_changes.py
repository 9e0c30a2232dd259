"""Changes of the numbers that pages tell people to ring: proposed by one, confirmed by another."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class PublishedNumberChange(models.Model):
    """What one officer wants to change of the published numbers. Until another confirms it, the row
    stays as it was (trigger on both tables); what was decided is never changed (trigger here).

    `target` is the key of the row, None for a new one; `new_values` what it is to say, empty for a
    removal; `old_values` what it said when that was asked.
    """

    class Table(models.TextChoices):
        OFFICE = "office", "số công bố của cơ quan"
        BANK = "bank", "số gọi gấp của ngân hàng"

    class Act(models.TextChoices):
        SAVE = "save", "Ghi"
        REMOVE = "remove", "Bỏ"

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", "Đã xác nhận"
        REFUSED = "refused", "Không nhận"

    table = models.CharField("bảng", max_length=8, choices=Table.choices)
    act = models.CharField("việc", max_length=8, choices=Act.choices)
    target = models.BigIntegerField(null=True, blank=True)
    new_values = models.JSONField("ghi là", default=dict)
    old_values = models.JSONField("đang là", default=dict)
    proposed_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name="người đề nghị"
    )
    proposed_at = models.DateTimeField("đề nghị lúc", db_default=Now())
    outcome = models.CharField(
        "kết quả", max_length=16, choices=Outcome.choices, blank=True, default="", db_default=""
    )
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="người quyết"
    )
    decided_at = models.DateTimeField("quyết lúc", null=True, blank=True)

    class Meta:
        verbose_name = "đề nghị đổi số công bố"
        verbose_name_plural = "đề nghị đổi số công bố"
        ordering = ["-proposed_at"]
        permissions = [("confirm_published", "xác nhận đổi số công bố do người khác đề nghị")]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", decided_by=None, decided_at=None)
                | ~Q(outcome="") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="publishednumberchange_decided_whole",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="confirmed") | ~Q(decided_by=F("proposed_by")),
                name="publishednumberchange_four_eyes",
            ),
            models.UniqueConstraint(
                fields=["table", "target"],
                condition=Q(outcome="", target__isnull=False),
                name="publishednumberchange_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} {self.new_values.get('number') or self.old_values.get('number')}"
