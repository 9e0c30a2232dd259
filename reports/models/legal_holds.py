"""Legal holds and requests to destroy evidence: both by people, with a reason."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from reports.models.report import Report


class LegalHold(models.Model):
    """A report that must stay as it is: nothing of it is erased, purged or destroyed, and its case does
    not end, until the hold is released. Triggers enforce it too.
    """

    report = models.ForeignKey(Report, models.PROTECT, related_name="legal_holds")
    reason = models.TextField("lý do")
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="ai")
    placed_at = models.DateTimeField("từ lúc", db_default=Now())
    released_at = models.DateTimeField("thôi giữ lúc", null=True)
    released_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="ai thôi giữ"
    )
    released_reason = models.TextField("vì sao thôi giữ", blank=True, db_default="")

    class Meta:
        verbose_name = "tin phải giữ"
        verbose_name_plural = "tin phải giữ"
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

    def __str__(self) -> str:
        return f"hold of {self.report_id}"


class DestructionRequest(models.Model):
    """A file or follow-up of a report that one person wants destroyed and another one confirms.

    `target`: its key. Triggers let nothing be emptied without such a row or a logged erasure.
    """

    class What(models.TextChoices):
        FILE = "file", "tài liệu kèm theo"
        ADDITION = "addition", "lời báo thêm"

    report = models.ForeignKey(Report, models.PROTECT, related_name="destruction_requests")
    kind = models.CharField("cái gì", max_length=8, choices=What.choices)
    target = models.UUIDField()
    reason = models.TextField("lý do")
    proposed_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name="ai đề nghị"
    )
    proposed_at = models.DateTimeField("đề nghị lúc", db_default=Now())
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="ai đồng ý"
    )
    confirmed_at = models.DateTimeField("hủy lúc", null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField("thôi đề nghị lúc", null=True)

    class Meta:
        verbose_name = "đề nghị hủy"
        verbose_name_plural = "đề nghị hủy"
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

    def __str__(self) -> str:
        return f"destruction of {self.kind} {self.target}"

    @property
    def is_open(self) -> bool:
        return self.confirmed_at is None and self.withdrawn_at is None
