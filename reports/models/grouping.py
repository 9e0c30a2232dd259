"""What people do with campaigns: each act, what it moved, and what it keeps apart.

`reports/campaigns/manual_grouping.py` is the only writer. What the machine must know of it are rows: a link of the
kind "officer" stays where it is, and a row of `KeptApart` says where a report does not go.
"""

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now

from reports.models.facts import Campaign
from reports.models.report import Report


class CampaignActionQuerySet(models.QuerySet["CampaignAction"]):
    def not_undone(self) -> "CampaignActionQuerySet":
        """Acts that nobody has taken back."""
        return self.filter(undone_at=None)

    def active_splits(self) -> "CampaignActionQuerySet":
        """Splits that stand: `campaign` and `other` are two campaigns because a person said so."""
        return self.not_undone().filter(kind=CampaignAction.Kind.SPLIT)


class CampaignAction(models.Model):
    """A person's act on a campaign. Never changed but to be taken back, once (trigger).

    `campaign` is the one that goes on: merged into, split from, attached to, detached from.
    `other` is the one merged away, or the one that the split opened.
    """

    class Kind(models.TextChoices):
        MERGED = "merged", "gộp đợt"
        SPLIT = "split", "tách thành đợt mới"
        ATTACHED = "attached", "gắn vào đợt"
        DETACHED = "detached", "tách khỏi đợt"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField("việc", max_length=8, choices=Kind.choices)
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="acts")
    other = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="acts_as_other"
    )
    reason = models.TextField("lý do")
    reports = models.PositiveIntegerField("số tin")
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = CampaignActionQuerySet.as_manager()

    class Meta:
        verbose_name = "việc trên đợt"
        verbose_name_plural = "việc trên đợt"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=("merged", "split"), other__isnull=False)
                | models.Q(kind__in=("attached", "detached"), other__isnull=True),
                name="campaignaction_two_campaigns",
            ),
            models.CheckConstraint(
                condition=~models.Q(other=models.F("campaign")),
                name="campaignaction_not_with_itself",
            ),
            models.CheckConstraint(
                condition=models.Q(undone_at__isnull=True, undone_by__isnull=True)
                | models.Q(undone_at__isnull=False, undone_by__isnull=False),
                name="campaignaction_undone_by",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="campaignaction_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.campaign_id}"


class CampaignMembershipChange(models.Model):
    """Where a report lay before an act, so that it can be put back exactly. Append-only (trigger).

    Without `before_campaign` it lay nowhere. `before_apart`: the act that kept it apart from the
    campaign to which this act attached it.
    """

    id = models.BigAutoField(primary_key=True)
    act = models.ForeignKey(CampaignAction, models.PROTECT, related_name="moves")
    report = models.ForeignKey(Report, models.PROTECT, related_name="campaign_moves")
    before_campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, related_name="+")
    before_kind = models.CharField(max_length=16, blank=True)
    before_strength = models.DecimalField(max_digits=3, decimal_places=2, null=True)
    before_reason = models.TextField(blank=True)
    before_placed_at = models.DateTimeField(null=True)
    before_placed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    before_act = models.ForeignKey(CampaignAction, models.PROTECT, null=True, related_name="+")
    before_apart = models.ForeignKey(CampaignAction, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "tin đã chuyển chỗ"
        verbose_name_plural = "tin đã chuyển chỗ"
        constraints = [
            models.UniqueConstraint(fields=["act", "report"], name="campaignmembershipchange_once"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} by {self.act_id}"


class CampaignExclusion(models.Model):
    """A person said that this report does not belong to this campaign: the machine never places it
    there. A row stands as long as that holds; taking the act back, or attaching the report to the
    campaign by hand, removes it. The database lets no machine's link past it (trigger): such an
    INSERT writes nothing, such an UPDATE changes nothing.

    For a linker: leave out campaigns for which
    `EXISTS (SELECT FROM reports_campaignexclusion WHERE report_id = … AND campaign_id = …)`.
    """

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, models.PROTECT, related_name="kept_apart")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="kept_apart")
    act = models.ForeignKey(CampaignAction, models.PROTECT, related_name="keeps_apart")

    class Meta:
        verbose_name = "tin không thuộc đợt"
        verbose_name_plural = "tin không thuộc đợt"
        constraints = [
            models.UniqueConstraint(fields=["report", "campaign"], name="campaignexclusion_once"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} not in {self.campaign_id}"


class BurstSnapshot(models.Model):
    """Where more reports come in than is usual there, as last counted (bursts.py). One row.

    `bursts` is a list of {"unit", "key", "days", "count", "usual", "weeks", "chance", "mostly"}.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    counted_at = models.DateTimeField(db_default=Now())
    bursts = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="burstsnapshot_one_row")
        ]

    def __str__(self) -> str:
        return f"bursts at {self.counted_at}"
