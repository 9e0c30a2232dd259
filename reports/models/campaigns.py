"""Campaigns, their reports, and officers' actions on them.

campaigns/matching.py and campaigns/manual_grouping.py alone write them. The machine moves no
link of kind "officer" and places no report where a `CampaignExclusion` forbids it.
"""

import uuid

from django.contrib.auth.models import User
from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from reports.models.monitoring import SnapshotModel
from reports.models.report import Report

_MERGED_INTO_SQL = """
WITH RECURSIVE here (id) AS (
    SELECT %s::uuid
     UNION SELECT merged.id FROM reports_campaign AS merged JOIN here ON merged.merged_into_id = here.id)
SELECT id FROM here
"""
_ROOT_SQL = """
WITH RECURSIVE way (id, merged_into_id) AS (
    SELECT id, merged_into_id FROM reports_campaign WHERE id = %s
     UNION SELECT next.id, next.merged_into_id
             FROM reports_campaign AS next JOIN way ON next.id = way.merged_into_id)
SELECT id FROM way WHERE merged_into_id IS NULL
"""


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def live(self) -> "CampaignQuerySet":
        return self.filter(merged_into=None)

    def with_merged_into(self, campaign: "Campaign") -> "CampaignQuerySet":
        """Return the campaign and all that were merged into it, directly or not."""
        return self.filter(pk__in=RawSQL(_MERGED_INTO_SQL, [campaign.pk]))  # noqa: S611  # no words of others  # nosec B611


class Campaign(models.Model):
    """A wave of related calls ("đợt"). `version` counts officers' actions. A merged one keeps its
    code, has no reports and leads to `merged_into`; a trigger redirects the machine's links to it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField("mã đợt", max_length=16, unique=True)
    title = models.CharField("tên đợt", max_length=200)
    opened_at = models.DateTimeField("mở lúc", db_default=Now())
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged_campaigns"
    )
    version = models.PositiveIntegerField(db_default=1)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "đợt lừa đảo"
        ordering = ["-opened_at"]
        permissions = [("group_campaign", "gộp đợt, tách đợt, gắn tin vào đợt")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(merged_into=models.F("id")), name="campaign_not_into_itself"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def root(self) -> "Campaign":
        """Return the campaign that this one was finally merged into, else itself."""
        return Campaign.objects.get(pk=RawSQL(_ROOT_SQL, [self.pk]))  # noqa: S611  # no words of others  # nosec B611


class CampaignLink(models.Model):
    """The campaign of a report, the reason, and the action that placed it."""

    class Kind(models.TextChoices):
        SAME_NUMBER = "same_number", "cùng số gọi"
        SAME_ACCOUNT = "same_account", "cùng tài khoản nhận"
        SAME_LINK = "same_link", "cùng đường dẫn"
        SAME_SITE_NAME = "same_site_name", "cùng tên trang"
        NEAR_NUMBER = "near_number", "số gọi liền kề"
        SAME_SCRIPT = "same_script", "cùng kịch bản"
        OFFICER = "officer", "cán bộ gắn"

    report = models.OneToOneField(
        Report, models.PROTECT, primary_key=True, related_name="campaign_link"
    )
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="links")
    kind = models.CharField("loại", max_length=16, choices=Kind.choices)
    strength = models.DecimalField("độ chắc", max_digits=3, decimal_places=2)
    reason = models.TextField("căn cứ")
    placed_at = models.DateTimeField(db_default=Now())
    placed_by = models.ForeignKey(
        "auth.User", models.PROTECT, null=True, blank=True, related_name="+"
    )
    action = models.ForeignKey(
        "reports.CampaignAction", models.PROTECT, null=True, blank=True, related_name="links"
    )

    class Meta:
        verbose_name = verbose_name_plural = "gắn vào đợt"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="officer", placed_by__isnull=False)
                | (~models.Q(kind="officer") & models.Q(placed_by__isnull=True)),
                name="campaignlink_person_or_machine",
            )
        ]


class CampaignAction(models.Model):
    """An officer's action on a campaign; a trigger allows one change, its undo.

    `campaign` goes on: merged into, split from, attached to, detached from. `other` was merged
    away, or opened by the split.
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

    class Meta:
        verbose_name = verbose_name_plural = "việc trên đợt"
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


class CampaignMembershipChange(models.Model):
    """Where a report was before an action, for an exact undo. Append-only (trigger). No
    `before_campaign`: it was in none. `before_exclusion`: the action whose exclusion was lifted.
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
        verbose_name = verbose_name_plural = "tin đã chuyển chỗ"
        constraints = [
            models.UniqueConstraint(
                fields=["action", "report"], name="campaignmembershipchange_once"
            )
        ]


class CampaignExclusion(models.Model):
    """A report that the machine never places in this campaign (trigger), by an officer's decision.
    Undoing the action, or attaching the report by hand, removes the row.
    """

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, models.PROTECT, related_name="campaign_exclusions")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="exclusions")
    action = models.ForeignKey(CampaignAction, models.PROTECT, related_name="exclusions")

    class Meta:
        verbose_name = verbose_name_plural = "tin không thuộc đợt"
        constraints = [
            models.UniqueConstraint(fields=["report", "campaign"], name="campaignexclusion_once")
        ]


class BurstSnapshot(SnapshotModel):
    """Bursts of reports (campaigns/bursts.py): a list of {"unit", "key", "days", "count", "usual",
    "weeks", "chance", "mostly"}; and the rows of ActiveCampaign (campaigns/campaign_stats.py).
    """

    bursts = models.JSONField(default=list)
    campaigns = models.JSONField(default=list)
