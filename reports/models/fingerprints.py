"""Fingerprints by which reports match, and merge proposals. matching.py and
regrouping.py of campaigns/ alone write them.
"""

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from core.models import key_of
from reports.models.campaigns import Campaign
from reports.models.report import Report


class ReportFingerprint(models.Model):
    """What may link a report to others, as last extracted; replaceable.

    `keys`: exact identifiers, "kind:value". `script_terms`: rare words and phrases as hashes.
    `scam`: its kind, where it is sure. `lookup_keys`: the keys of its rows in FingerprintKey; none
    where it ties nobody.
    """

    report = models.OneToOneField(
        Report, models.PROTECT, primary_key=True, related_name="fingerprint"
    )
    created_at = models.DateTimeField()
    keys = ArrayField(models.TextField())
    script_terms = models.BinaryField()
    scam = models.CharField(max_length=32, blank=True, db_default="")
    lookup_keys = ArrayField(models.BigIntegerField())

    class Meta:
        verbose_name = verbose_name_plural = "dấu vết của tin"
        indexes = [
            GinIndex(
                fields=["keys"], condition=models.Q(lookup_keys=[]), name="reportfingerprint_untied"
            )
        ]


class FingerprintKey(models.Model):
    """A hashed key of a report, looked up newest first. Some twenty rows a report: the primary key
    is the only index, `report_id` no foreign key.
    """

    pk = models.CompositePrimaryKey("key", "created_at", "report_id")
    key = models.BigIntegerField()
    created_at = models.DateTimeField()
    report_id = models.UUIDField()

    class Meta:
        verbose_name = verbose_name_plural = "khóa dấu vết"


class ProposalQuerySet(models.QuerySet["MergeProposal"]):
    def open(self) -> "ProposalQuerySet":
        """Return those that are not rejected, of campaigns that are not merged."""
        return self.filter(
            rejected_at=None, campaign_a__merged_into=None, campaign_b__merged_into=None
        )


class MergeProposal(models.Model):
    """Two campaigns linked by a report, so that a person must decide. Written by the machine, and
    taken back with the report as long as nobody has answered; a trigger allows one change, the
    rejection.
    """

    id = models.BigAutoField(primary_key=True)
    campaign_a = models.ForeignKey(Campaign, models.PROTECT, related_name="+", verbose_name="đợt")
    campaign_b = key_of(Campaign, "đợt kia")
    report = models.ForeignKey(Report, models.PROTECT, related_name="+", verbose_name="tin nối")
    kind = models.CharField("loại", max_length=16)
    strength = models.DecimalField("độ chắc", max_digits=3, decimal_places=2)
    reason = models.TextField("căn cứ")
    created_at = models.DateTimeField("lúc", db_default=Now())
    rejected_at = models.DateTimeField(null=True, blank=True)
    rejected_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "đề nghị gộp đợt"
        constraints = [
            models.UniqueConstraint(fields=["campaign_a", "campaign_b"], name="mergeproposal_once"),
            models.CheckConstraint(
                condition=models.Q(campaign_a__lt=models.F("campaign_b")),
                name="mergeproposal_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(rejected_at__isnull=True, rejected_by__isnull=True)
                | models.Q(rejected_at__isnull=False, rejected_by__isnull=False),
                name="mergeproposal_rejected_by",
            ),
        ]
