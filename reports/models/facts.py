"""Facts and indicators that triage extracts from a report, with their reasons; replaceable."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Collate, Left, Now, Reverse

from core.models import optional_key_of, texts_of
from reports.models.reference import Commune
from reports.models.report import Report


def search_vector_input(field: str) -> models.Func:
    """Return the search vector of a text's first 100,000 characters, words as they are."""
    return models.Func(
        Left(field, 100_000),
        template="to_tsvector('simple'::regconfig, %(expressions)s)",
        output_field=SearchVectorField(),
    )


class ExtractedFacts(models.Model):
    """The latest extraction of one report, written by triage alone.

    `reasons`: {"fact", "rule", "words", "start", "end", "points"}, offsets in `Report.story`.
    `followups_read`: how many it covers; fewer never replace more. `offices`: claimed offices,
    rows of Office or wider names of the claim table; `loss`: {"state", "sums": [{"vnd", "role",
    "start", "end"}], "proposed_vnd", "is_declared"} (extraction/loss); `office_communes`: communes that a named unit
    may be of. `commune`, `commune_raw`: the home by the last follow-up that names one,
    or by story or answer where no field does; else "". `received_at`: the report's, by which a search
    sorts; beside the words it halves the pages that a search reads.
    """

    report = models.OneToOneField(Report, models.PROTECT, primary_key=True, related_name="facts")
    received_at = models.DateTimeField("nhận lúc", db_default=Now(), editable=False)
    scenario = models.CharField("kiểu lừa", max_length=32)
    actions = texts_of("họ đòi", 32)
    money_lost_vnd = models.BigIntegerField("thiệt hại (đồng)", null=True)
    loss = models.JSONField("tiền kể trong tin", default=dict, db_default={})
    ongoing = models.BooleanField("đang diễn ra", default=False)
    priority = models.PositiveSmallIntegerField("ưu tiên")
    offices = texts_of("xưng là", 64, db_default=[])
    office_communes = texts_of("xưng ở xã", 64, db_default=[])
    stages = texts_of("bước kịch bản", 16, db_default=[])
    commune = optional_key_of(
        Commune, "xã, phường kể sau", db_index=False
    )  # extractedfacts_commune
    commune_raw = models.CharField("nơi ở kể sau", max_length=200, db_default="", blank=True)
    reasons = models.JSONField("căn cứ", default=list)
    search_text = models.TextField("chữ để tìm, không dấu", blank=True)
    rules_version = models.CharField(max_length=16)
    followups_read = models.PositiveIntegerField(db_default=0)
    extracted_at = models.DateTimeField("đọc lúc", db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = "gợi ý của máy"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(priority__lte=100), name="extractedfacts_priority_to_100"
            )
        ]
        indexes = [
            models.Index(fields=["scenario"], name="extractedfacts_scenario"),
            # For reports/cases/full_text_search.py.
            GinIndex(search_vector_input("search_text"), name="extractedfacts_words"),
            # Partial: of those with a later commune.
            models.Index(
                fields=["commune"],
                condition=models.Q(commune_raw__gt=""),
                name="extractedfacts_commune",
            ),
        ]


class Indicator(models.Model):
    """A number, an account, a link or a person that a report names, in its canonical form.

    Triage writes them, without those that an officer took off and with those added
    (facts/named_things.py). A person has no key: a name alone joins no reports.
    """

    class Kind(models.TextChoices):
        NUMBER = "number", "số điện thoại"
        ACCOUNT = "account", "tài khoản nhận"
        LINK = "link", "đường dẫn"
        PERSON = "person", "tên, chức vụ"

    class IndicatorSource(models.TextChoices):
        CALLER = "caller", "số gọi đến"
        FORM = "form", "ô riêng trên tin"
        STORY = "story", "trong lời kể"
        FOLLOWUP = "followup", "báo thêm sau"
        OFFICER = "officer", "cán bộ ghi"

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, models.PROTECT, related_name="indicators")
    kind = models.CharField("loại", max_length=8, choices=Kind.choices)
    source = models.CharField("chỗ thấy", max_length=8, choices=IndicatorSource.choices)
    raw = models.TextField("như đã ghi")
    key = models.CharField("dạng chuẩn", max_length=255, blank=True)
    number_kind = models.CharField("loại số", max_length=16, blank=True)
    # Of an account, "" where not told. The same number at another bank is another account.
    bank = models.CharField("ngân hàng", max_length=32, blank=True, default="", db_default="")
    holder = models.CharField("chủ tài khoản", max_length=80, blank=True, default="", db_default="")
    flags = texts_of("dấu hiệu", 32)

    class Meta:
        verbose_name = verbose_name_plural = "số, tài khoản, đường dẫn"
        indexes = [
            models.Index(fields=["kind", "key"], name="indicator_key"),
            # For numbers with one beginning: LIKE 'prefix%' in every collation.
            models.Index(
                fields=["key"],
                opclasses=["text_pattern_ops"],
                condition=models.Q(kind="number"),
                name="indicator_range",
            ),
            # For numbers and accounts by their last digits.
            models.Index(
                Collate(Reverse("key"), "C"),
                condition=models.Q(kind__in=("number", "account")),
                name="indicator_end",
            ),
        ]
