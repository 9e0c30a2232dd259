"""By what reports find each other, and campaigns that the machine would have lie together.

`reports/campaigns/matching.py` and `reports/campaigns/auto_grouping.py` are the only writers.
"""

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from reports.models.facts import Campaign
from reports.models.report import Report


class Footprint(models.Model):
    """What of a report may tie it to others, as last read. Replaceable, like facts.

    `keys`: what it shares exactly, each "kind:value". `script`: its rare words as hashes
    (scripts.Script). `found_by`: the keys of its rows in FootprintKey.
    """

    report = models.OneToOneField(Report, models.PROTECT, primary_key=True)
    at = models.DateTimeField()
    keys = ArrayField(models.TextField())
    script = models.BinaryField()
    found_by = ArrayField(models.BigIntegerField())

    class Meta:
        verbose_name = "dấu vết của tin"
        verbose_name_plural = "dấu vết của tin"

    def __str__(self) -> str:
        return f"footprint of {self.report_id}"


class FootprintKey(models.Model):
    """A hashed key of a report, with when the report came in: looked up by key, newest first.

    One index and nothing else: there are some twenty rows a report, so the report is named without
    a constraint; its Footprint has one.
    """

    pk = models.CompositePrimaryKey("key", "at", "report_id")
    key = models.BigIntegerField()
    at = models.DateTimeField()
    report_id = models.UUIDField()

    class Meta:
        verbose_name = "khóa dấu vết"
        verbose_name_plural = "khóa dấu vết"

    def __str__(self) -> str:
        return f"{self.key} of {self.report_id}"


class ProposalQuerySet(models.QuerySet["CampaignProposal"]):
    def open(self) -> "ProposalQuerySet":
        """Those that wait for a person: not turned down, and both campaigns still stand."""
        return self.filter(turned_down_at=None, one__merged_into=None, other__merged_into=None)


class CampaignProposal(models.Model):
    """Two campaigns that a report ties together, of which a person has touched one: a person
    decides. Written once by the machine; never changed but to be turned down, once (trigger).
    """

    id = models.BigAutoField(primary_key=True)
    one = models.ForeignKey(Campaign, models.PROTECT, related_name="+", verbose_name="đợt")
    other = models.ForeignKey(Campaign, models.PROTECT, related_name="+", verbose_name="đợt kia")
    report = models.ForeignKey(Report, models.PROTECT, related_name="+", verbose_name="tin nối")
    kind = models.CharField("loại", max_length=16)
    strength = models.DecimalField("độ chắc", max_digits=3, decimal_places=2)
    reason = models.TextField("căn cứ")
    at = models.DateTimeField("lúc", db_default=Now())
    turned_down_at = models.DateTimeField(null=True, blank=True)
    turned_down_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = "đề nghị gộp đợt"
        verbose_name_plural = "đề nghị gộp đợt"
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="campaignproposal_once"),
            models.CheckConstraint(
                condition=models.Q(one__lt=models.F("other")), name="campaignproposal_in_order"
            ),
            models.CheckConstraint(
                condition=models.Q(turned_down_at__isnull=True, turned_down_by__isnull=True)
                | models.Q(turned_down_at__isnull=False, turned_down_by__isnull=False),
                name="campaignproposal_turned_down_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one_id} with {self.other_id}"
