"""Reference rows that officers edit: communes, offices, units, and routing rules."""

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.models import optional_key_of, texts_of


class Commune(models.Model):
    """A commune or ward of the province, with its names before 2025."""

    codename = models.CharField("mã tên", max_length=64, primary_key=True)
    code = models.CharField("mã số", max_length=8, unique=True)
    name = models.CharField("tên", max_length=80)
    former_districts = ArrayField(models.CharField(max_length=80), verbose_name="huyện cũ")
    former_communes = ArrayField(models.CharField(max_length=80), verbose_name="xã cũ")
    # PostgreSQL from a wheel has no Vietnamese collation: sort by the normalized name.
    sort_key = models.CharField(max_length=80, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "xã, phường"
        ordering = ["sort_key"]

    def __str__(self) -> str:
        return self.name


class Office(models.Model):
    codename = models.SlugField("mã", max_length=64, primary_key=True)
    name = models.CharField("tên", max_length=160)
    other_names = texts_of("tên khác", 120, blank=True)
    never_by_phone = models.TextField("không bao giờ làm qua điện thoại", blank=True)
    claims = models.TextField("kẻ gian đang nói gì (mỗi dòng một câu)", blank=True, db_default="")
    name_en = models.CharField("tên tiếng Anh", max_length=160, blank=True, db_default="")
    never_by_phone_en = models.TextField("bản tiếng Anh", blank=True, db_default="")
    claims_en = models.TextField("bản tiếng Anh của lời kẻ gian", blank=True, db_default="")
    reviewed_on = models.DateField("rà soát ngày", null=True, blank=True)
    email = models.EmailField(
        "hộp thư để công an hỏi", blank=True, db_default="", help_text="Không hiện trên trang nào."
    )
    position = models.PositiveSmallIntegerField("thứ tự", default=100)

    class Meta:
        verbose_name = verbose_name_plural = "cơ quan bị giả danh"
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


MAX_NAME_LENGTH = 120  # as of Case.unit_name


class UnitQuerySet(models.QuerySet["Unit"]):
    def active(self) -> "UnitQuerySet":
        return self.filter(is_active=True)


class Unit(models.Model):
    """A commune's police or another body that takes reports over; deactivated, never deleted.
    `name_normalized`: the name folded by `core.text`, for searches without marks.
    """

    class Kind(models.TextChoices):
        COMMUNE = "commune", "Công an xã, phường"
        PROVINCE = "province", "đơn vị của Công an tỉnh"
        OTHER = "other", "cơ quan khác"

    codename = models.SlugField("mã", max_length=80, primary_key=True)
    name = models.CharField("tên", max_length=MAX_NAME_LENGTH)
    name_normalized = models.CharField(max_length=MAX_NAME_LENGTH, unique=True)
    kind = models.CharField("loại", max_length=16, choices=Kind.choices)
    commune = models.OneToOneField(
        Commune,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="police",
        verbose_name="xã, phường",
    )
    contact = models.CharField("liên hệ (cán bộ xem)", max_length=200, blank=True, db_default="")
    email = models.EmailField("hộp thư nhận báo có tin chuyển đến", blank=True, db_default="")
    is_active = models.BooleanField("đang nhận tin", default=True, db_default=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = "đơn vị"
        verbose_name_plural = "đơn vị nhận tin"
        ordering = ["name_normalized"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="commune", commune__isnull=False)
                | ~models.Q(kind="commune") & models.Q(commune=None),
                name="unit_of_a_commune_names_it",
            )
        ]

    def __str__(self) -> str:
        return self.name


class UnitMember(models.Model):
    """An officer of a unit, who sees its reports alone; officers of the office have no row."""

    user = models.OneToOneField(
        User, models.CASCADE, related_name="membership", verbose_name="cán bộ"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="members", verbose_name="đơn vị")

    class Meta:
        verbose_name = verbose_name_plural = "cán bộ của đơn vị"

    def __str__(self) -> str:
        return f"{self.user_id} at {self.unit_id}"


class RoutingRule(models.Model):
    """Where reports of a kind go: the first active rule that matches, by position.

    Empty conditions match everything; no unit: the police of the reporter's commune. `priority`:
    the report's minimum, 0 to 100.
    """

    position = models.PositiveSmallIntegerField("thứ tự", default=100)
    scenario = models.CharField("kiểu lừa", max_length=32, blank=True, default="", db_default="")
    commune = optional_key_of(Commune, "xã, phường của người báo", blank=True)
    office = optional_key_of(Office, "cơ quan bị giả danh", blank=True)
    min_loss = models.PositiveBigIntegerField("thiệt hại từ (đồng)", null=True, blank=True)
    unit = optional_key_of(
        Unit, "chuyển đến", blank=True, help_text="Để trống: Công an xã, phường nơi người báo ở."
    )
    priority = models.PositiveSmallIntegerField("ưu tiên ít nhất (0–100)", null=True, blank=True)
    is_active = models.BooleanField("đang dùng", default=False, db_default=False)

    class Meta:
        verbose_name = verbose_name_plural = "quy tắc chuyển tin"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(priority=None) | models.Q(priority__lte=100),
                name="routingrule_priority_to_100",
            )
        ]

    def __str__(self) -> str:
        return f"quy tắc {self.position}"
