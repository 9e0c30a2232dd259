"""Where an officer says that the machine read wrongly, and what is right."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now

from reports.models.report import Report


class Correction(models.Model):
    """What one officer said of one fact; append-only (trigger), the newest of a fact counts.

    `value` has the shape of that fact (corrections.py); a row that does not stand takes back what
    was said before: the machine's reading holds again. `Case.corrected` keeps those that hold.
    """

    class Fact(models.TextChoices):
        PRIORITY = "priority", "ưu tiên"
        SCENARIO = "scenario", "kiểu lừa"
        ACTIONS = "actions", "họ đòi"
        MONEY = "money_lost_vnd", "thiệt hại"
        ONGOING = "ongoing", "đang bị ép"
        OFFICES = "offices", "họ xưng"

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, models.PROTECT, related_name="corrections")
    fact = models.CharField(max_length=16, choices=Fact.choices)
    is_active = models.BooleanField(default=True)
    value = models.JSONField(null=True)
    reason = models.TextField("lý do", blank=True)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "chỗ cán bộ sửa"
        verbose_name_plural = "chỗ cán bộ sửa"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_active=False) | ~models.Q(reason=""),
                name="correction_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fact} of {self.report_id}"
