"""Facts: what triage reads in a report. Replaceable, and each with its reason."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Collate, Left, Now, Reverse

from reports.models.places import Commune
from reports.models.report import Report

_LEADING_TO = """
WITH RECURSIVE here (id) AS (
    SELECT %s::uuid
     UNION SELECT merged.id FROM reports_campaign AS merged JOIN here ON merged.merged_into_id = here.id)
SELECT id FROM here
"""
_ROOT = """
WITH RECURSIVE way (id, merged_into_id) AS (
    SELECT id, merged_into_id FROM reports_campaign WHERE id = %s
     UNION SELECT next.id, next.merged_into_id
             FROM reports_campaign AS next JOIN way ON next.id = way.merged_into_id)
SELECT id FROM way WHERE merged_into_id IS NULL
"""


def search_vector_input(field: str) -> models.Func:
    """The words of a text as PostgreSQL indexes them: as they are, the first 100,000 signs."""
    return models.Func(
        Left(field, 100_000),
        template="to_tsvector('simple'::regconfig, %(expressions)s)",
        output_field=SearchVectorField(),
    )


class ExtractedFacts(models.Model):
    """The latest reading of one report; triage overwrites it, nobody edits it.

    `reasons` is a list of {"fact", "rule", "words", "start", "end", "points"}; places count
    characters of `Report.story`. `followups_read`: how many of the reporter's later words this
    reading knew; one that knew fewer never replaces it. `offices`: whom the callers claimed to be,
    rows of Office or wider names of claim_tables; `office_communes`: the communes that the unit
    named with it may be, several where its name is ambiguous; `stages`: the steps of the script.
    `commune`, `commune_raw`: where the reporter lives, as told last after the report; "" where
    nobody said it anew, and the report's own stands.
    """

    report = models.OneToOneField(Report, models.PROTECT, primary_key=True, related_name="facts")
    scenario = models.CharField("kiểu lừa", max_length=32)
    actions = ArrayField(models.CharField(max_length=32), verbose_name="họ đòi", default=list)
    money_lost_vnd = models.BigIntegerField("thiệt hại (đồng)", null=True)
    ongoing = models.BooleanField("đang diễn ra", default=False)
    priority = models.PositiveSmallIntegerField("ưu tiên")
    offices = ArrayField(
        models.CharField(max_length=64), verbose_name="xưng là", default=list, db_default=[]
    )
    office_communes = ArrayField(
        models.CharField(max_length=64), verbose_name="xưng ở xã", default=list, db_default=[]
    )
    stages = ArrayField(
        models.CharField(max_length=16), verbose_name="bước kịch bản", default=list, db_default=[]
    )
    commune = models.ForeignKey(
        Commune,
        models.PROTECT,
        null=True,
        db_index=False,  # see extractedfacts_commune
        related_name="+",
        verbose_name="xã, phường kể sau",
    )
    commune_raw = models.CharField("nơi ở kể sau", max_length=200, db_default="", blank=True)
    reasons = models.JSONField("căn cứ", default=list)
    search_text = models.TextField("chữ để tìm, không dấu", blank=True)
    rules_version = models.CharField(max_length=16)
    followups_read = models.PositiveIntegerField(db_default=0)
    extracted_at = models.DateTimeField("đọc lúc", db_default=Now())

    class Meta:
        verbose_name = "gợi ý của máy"
        verbose_name_plural = "gợi ý của máy"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(priority__lte=100), name="extractedfacts_priority_to_100"
            ),
        ]
        indexes = [
            models.Index(fields=["scenario"], name="extractedfacts_scenario"),
            GinIndex(
                search_vector_input("search_text"), name="extractedfacts_words"
            ),  # reports/cases/full_text_search.py
            # Of those that told it later: no other reading pays for it.
            models.Index(
                fields=["commune"],
                condition=models.Q(commune_raw__gt=""),
                name="extractedfacts_commune",
            ),
        ]

    def __str__(self) -> str:
        return f"facts of {self.report_id}"


class Indicator(models.Model):
    """A number, an account or a link named in a report, in its canonical form."""

    class Kind(models.TextChoices):
        NUMBER = "number", "số điện thoại"
        ACCOUNT = "account", "tài khoản nhận"
        LINK = "link", "đường dẫn"

    class IndicatorSource(models.TextChoices):
        CALLER = "caller", "số gọi đến"
        STORY = "story", "trong lời kể"
        LATER = "later", "báo thêm sau"

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, models.PROTECT, related_name="indicators")
    kind = models.CharField("loại", max_length=8, choices=Kind.choices)
    place = models.CharField("chỗ thấy", max_length=8, choices=IndicatorSource.choices)
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
            # For numbers and accounts of which somebody knows the last digits.
            models.Index(
                Collate(Reverse("key"), "C"),
                condition=models.Q(kind__in=("number", "account")),
                name="indicator_end",
            ),
        ]

    def __str__(self) -> str:
        return self.key or self.raw


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def live(self) -> "CampaignQuerySet":
        """Campaigns that have not been merged away."""
        return self.filter(merged_into=None)

    def with_merged_into(self, campaign: "Campaign") -> "CampaignQuerySet":
        """The campaign itself and all that were merged into it, over however many merges."""
        return self.filter(pk__in=RawSQL(_LEADING_TO, [campaign.pk]))  # noqa: S611  # no words of others  # nosec B611


class Campaign(models.Model):
    """A wave of calls that belong together ("đợt").

    One that was merged away keeps its code and leads to `merged_into`; it holds no reports, and a
    link that the machine writes to it is laid into the one that it leads to (trigger). `version`
    counts people's acts, as a case's does.
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
        verbose_name = "đợt lừa đảo"
        verbose_name_plural = "đợt lừa đảo"
        ordering = ["-opened_at"]
        permissions = [("group_campaign", "gộp đợt, tách đợt, gắn tin vào đợt")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(merged_into=models.F("id")), name="campaign_not_into_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def root(self) -> "Campaign":
        """The campaign that this one leads to: itself where it was not merged away."""
        return Campaign.objects.get(pk=RawSQL(_ROOT, [self.pk]))  # noqa: S611  # no words of others  # nosec B611


class CampaignLink(models.Model):
    """Why a report lies in a campaign. What a person placed (kind "officer") the machine never
    moves (trigger); `act` is the act that placed it. Where a person said that a report does not
    belong, see `KeptApart`.
    """

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
