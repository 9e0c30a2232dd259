"""The papers with which reports go to other units."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now

from reports.models.report import Report
from reports.models.units import MAX_NAME_LENGTH


class TransferSlip(models.Model):
    """A phiếu chuyển tin: what was handed over to whom and why, under a number of its year, as it was
    then. Never changed (trigger); a second hand-over is a second slip. The sheet itself is drawn
    anew from the report each time.
    """

    report = models.ForeignKey(Report, models.PROTECT, related_name="slips")
    year = models.PositiveSmallIntegerField("năm")
    number = models.PositiveIntegerField("số")
    unit = models.CharField("nơi nhận", max_length=MAX_NAME_LENGTH)
    reason = models.TextField("lý do chuyển")
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="người lập")
    created_at = models.DateTimeField("lúc", db_default=Now())

    class Meta:
        verbose_name = "phiếu chuyển tin"
        verbose_name_plural = "phiếu chuyển tin"
        ordering = ["-year", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["year", "number"], name="transferslip_number_of_year"),
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.year}"
