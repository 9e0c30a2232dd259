"""Facts: what triage reads in a report. Replaceable, and each with its reason."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from reports.models.report import Report


class Facts(models.Model):
    """The latest reading of one report; triage overwrites it, nobody edits it.

    `reasons` is a list of {"fact", "rule", "words", "start", "end", "points"}; places count
    characters of `Report.story`. `additions_read`: how many of the reporter's later words this
    reading knew; one that knew fewer never replaces it.
    """

    report = models.OneToOneField(Report, models.PROTECT, primary_key=True)
    scenario = models.CharField("kiểu lừa", max_length=32)
    actions = ArrayField(models.CharField(max_length=32), verbose_name="họ đòi", default=list)
    money_lost_vnd = models.BigIntegerField("thiệt hại (đồng)", null=True)
    ongoing = models.BooleanField("đang diễn ra", default=False)
    priority = models.PositiveSmallIntegerField("ưu tiên")
    reasons = models.JSONField("căn cứ", default=list)
    search = models.TextField("chữ để tìm, không dấu", blank=True)
    rules_version = models.CharField(max_length=16)
    additions_read = models.PositiveIntegerField(db_default=0)
    read_at = models.DateTimeField("đọc lúc", db_default=Now())

    class Meta:
        verbose_name = "gợi ý của máy"
        verbose_name_plural = "gợi ý của máy"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(priority__lte=100), name="facts_priority_to_100"
            ),
        ]
        indexes = [
            models.Index(fields=["scenario"], name="facts_scenario"),
            GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="facts_search"),
        ]

    def __str__(self) -> str:
        return f"facts of {self.report_id}"


class Indicator(models.Model):
    """A number, an account or a link named in a report, in its canonical form."""

    class Kind(models.TextChoices):
        NUMBER = "number", "số điện thoại"
        ACCOUNT = "account", "tài khoản nhận"
        LINK = "link", "đường dẫn"

    class Place(models.TextChoices):
        CALLER = "caller", "số gọi đến"
        STORY = "story", "trong lời kể"
        LATER = "later", "báo thêm sau"

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, models.PROTECT, related_name="indicators")
    kind = models.CharField("loại", max_length=8, choices=Kind.choices)
    place = models.CharField("chỗ thấy", max_length=8, choices=Place.choices)
    raw = models.TextField("như đã ghi")
    key = models.CharField("dạng chuẩn", max_length=255, blank=True)
    number_kind = models.CharField("loại số", max_length=16, blank=True)
    flags = ArrayField(models.CharField(max_length=32), verbose_name="dấu hiệu", default=list)

    class Meta:
        verbose_name = "số, tài khoản, đường dẫn"
        verbose_name_plural = "số, tài khoản, đường dẫn"
        indexes = [
            models.Index(fields=["kind", "key"], name="indicator_key"),
            # For numbers that begin alike: LIKE 'prefix%' in every collation.
            models.Index(
                fields=["key"],
                opclasses=["text_pattern_ops"],
                condition=models.Q(kind="number"),
                name="indicator_range",
            ),
        ]

    def __str__(self) -> str:
        return self.key or self.raw


class Campaign(models.Model):
    """A wave of calls that belong together ("đợt")."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField("mã đợt", max_length=16, unique=True)
    title = models.CharField("tên đợt", max_length=200)
    opened_at = models.DateTimeField("mở lúc", db_default=Now())

    class Meta:
        verbose_name = "đợt lừa đảo"
        verbose_name_plural = "đợt lừa đảo"
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class CampaignLink(models.Model):
    """Why a report lies in a campaign. What a person placed the machine never moves."""

    class Kind(models.TextChoices):
        SAME_NUMBER = "same_number", "cùng số gọi"
        SAME_ACCOUNT = "same_account", "cùng tài khoản nhận"
        SAME_LINK = "same_link", "cùng đường dẫn"
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

    class Meta:
        verbose_name = "gắn vào đợt"
        verbose_name_plural = "gắn vào đợt"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="officer", placed_by__isnull=False)
                | (~models.Q(kind="officer") & models.Q(placed_by__isnull=True)),
                name="campaignlink_person_or_machine",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} in {self.campaign_id}"
