"""Where a report came from, until it is counted for floods, and the flags of that count."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from reports.models.report import Report


class FloodSample(models.Model):
    """Written with a report from a page and deleted once it is counted (submission/flood_detection.py),
    unless that gave flags: then they stay here and `origin_digests` is null.

    `origin_digests`: keyed digests of the sender's networks, narrow to wide; empty where the address
    tells nobody apart.
    """

    report = models.OneToOneField(
        Report,
        models.PROTECT,
        primary_key=True,
        db_constraint=False,  # one statement writes both, and each report would pay for it
        related_name="flood_sample",
    )
    received_at = models.DateTimeField(db_default=Now())
    origin_digests = ArrayField(models.CharField(max_length=32), null=True)
    flags = ArrayField(models.CharField(max_length=32), db_default=[])

    class Meta:
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=Q(origin_digests__isnull=False),
                name="floodsample_uncounted",
            ),
        ]

    def __str__(self) -> str:
        return f"flood sample of {self.report_id}"
