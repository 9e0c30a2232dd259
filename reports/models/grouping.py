"""Officers' actions on campaigns: each action, the memberships it changed, and its exclusions.

`campaigns/manual_grouping.py` is the only writer. The machine moves no link of the kind "officer" and
places no report where a `CampaignExclusion` says it does not belong.
"""

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now

from reports.models.facts import Campaign
from reports.models.report import Report


class CampaignActionQuerySet(models.QuerySet["CampaignAction"]):
    def not_undone(self) -> "CampaignActionQuerySet":
        """Return the actions that nobody has undone."""
        return self.filter(undone_at=None)

    def active_splits(self) -> "CampaignActionQuerySet":
        """Return the splits in force: `campaign` and `other` are two campaigns by a person's decision."""
        return self.not_undone().filter(kind=CampaignAction.Kind.SPLIT)


class CampaignAction(models.Model):
    """A person's action on a campaign. A trigger allows one change: that it is undone.

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
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="actions")
    other = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="actions_as_other"
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
    """Where a report was before an action, so that it can be put back exactly. Append-only (trigger).

    Without `before_campaign` it was in none. `before_exclusion`: the action that excluded it from the
    campaign to which this one attached it.
    """

    id = models.BigAutoField(primary_key=True)
    action = models.ForeignKey(CampaignAction, models.PROTECT, related_name="membership_changes")
    report = models.ForeignKey(Report, models.PROTECT, related_name="membership_changes")
    before_campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, related_name="+")
    before_kind = models.CharField(max_length=16, blank=True)
    before_strength = models.DecimalField(max_digits=3, decimal_places=2, null=True)
    before_reason = models.TextField(blank=True)
    before_placed_at = models.DateTimeField(null=True)
    before_placed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    before_action = models.ForeignKey(CampaignAction, models.PROTECT, null=True, related_name="+")
    before_exclusion = models.ForeignKey(
        CampaignAction, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = "tin đã chuyển chỗ"
        verbose_name_plural = "tin đã chuyển chỗ"
        constraints = [
            models.UniqueConstraint(
                fields=["action", "report"], name="campaignmembershipchange_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} by {self.action_id}"


class CampaignExclusion(models.Model):
    """A report that the machine never places in this campaign, by a person's decision.

    Undoing the action, or attaching the report by hand, removes the row. A trigger drops the machine's
    INSERT or UPDATE of a link that it excludes.
    """

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, models.PROTECT, related_name="campaign_exclusions")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="exclusions")
    action = models.ForeignKey(CampaignAction, models.PROTECT, related_name="exclusions")

    class Meta:
        verbose_name = "tin không thuộc đợt"
        verbose_name_plural = "tin không thuộc đợt"
        constraints = [
            models.UniqueConstraint(fields=["report", "campaign"], name="campaignexclusion_once"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} not in {self.campaign_id}"


class BurstSnapshot(models.Model):
    """Where more reports come in than usual, as last counted (campaigns/bursts.py). One row.

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
