"""The units that a report may go to, who works there, and the rules by which it goes."""

from django.contrib.auth.models import User
from django.db import models

from reports.models.places import Commune, Office

MAX_NAME_LENGTH = 120  # signs, as of Case.unit


class UnitQuerySet(models.QuerySet["Unit"]):
    def active(self) -> "UnitQuerySet":
        """Units that a report may be given to."""
        return self.filter(is_active=True)


class Unit(models.Model):
    """A commune's police or another body that takes reports over. setup_desk adds those of the
    data files, officers keep the rows; one that takes nothing any more is switched off, not removed.

    `name_normalized` is the name as `core.text` folds it: people look for it without marks.
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
    """An officer who works at a unit and sees its reports alone. Who has no row is at the office."""

    user = models.OneToOneField(
        User, models.CASCADE, related_name="membership", verbose_name="cán bộ"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="members", verbose_name="đơn vị")

    class Meta:
        verbose_name = "cán bộ của đơn vị"
        verbose_name_plural = "cán bộ của đơn vị"

    def __str__(self) -> str:
        return f"{self.user_id} at {self.unit_id}"


class RoutingRule(models.Model):
    """Where reports of a kind go: the first active rule that fits, by position. What a rule leaves
    empty fits everything; without a unit it leads to the police of the reporter's commune. `priority`
    is what the report counts at least from then on, 0 to 100.
    """

    position = models.PositiveSmallIntegerField("thứ tự", default=100)
    scenario = models.CharField("kiểu lừa", max_length=32, blank=True, default="", db_default="")
    commune = models.ForeignKey(
        Commune,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="xã, phường của người báo",
    )
    office = models.ForeignKey(
        Office,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="cơ quan bị giả danh",
    )
    min_loss = models.PositiveBigIntegerField("thiệt hại từ (đồng)", null=True, blank=True)
    unit = models.ForeignKey(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="chuyển đến",
        help_text="Để trống: Công an xã, phường nơi người báo ở.",
    )
    priority = models.PositiveSmallIntegerField("ưu tiên ít nhất (0–100)", null=True, blank=True)
    is_active = models.BooleanField("đang dùng", default=False, db_default=False)

    class Meta:
        verbose_name = "quy tắc chuyển tin"
        verbose_name_plural = "quy tắc chuyển tin"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(priority=None) | models.Q(priority__lte=100),
                name="routingrule_priority_to_100",
            )
        ]

    def __str__(self) -> str:
        return f"quy tắc {self.position}"
