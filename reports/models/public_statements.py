"""What officers decide that the public pages may say, and the figures that are public."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class PublicStatement(models.Model):
    """A sentence, a promise or a number that must be confirmed before any page says it.

    Off until an officer turns it on. `amount` is its figure where it has one (hours, working
    days, months: the codename tells which).
    """

    codename = models.SlugField("mã", max_length=32, primary_key=True)
    title = models.CharField("về việc", max_length=120)
    text = models.TextField("câu tiếng Việt")
    text_en = models.TextField("câu tiếng Anh")
    amount = models.PositiveSmallIntegerField("con số", null=True, blank=True)
    is_public = models.BooleanField("cho hiện trên trang", default=False)
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="người cho hiện"
    )
    confirmed_at = models.DateTimeField("cho hiện lúc", null=True, blank=True)

    class Meta:
        verbose_name = "câu cần xác nhận"
        verbose_name_plural = "câu cần xác nhận trước khi hiện"
        ordering = ["codename"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_public=False)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="publicstatement_confirmed",
            )
        ]

    def __str__(self) -> str:
        return self.title


class BankHotline(models.Model):
    """A bank's own number for urgent calls, as an officer has verified it. Empty until then."""

    name = models.CharField("ngân hàng", max_length=80, unique=True)
    number = models.CharField("số gọi gấp", max_length=40)
    source = models.CharField("đối chiếu ở đâu", max_length=200)
    verified_on = models.DateField("đối chiếu ngày")

    class Meta:
        verbose_name = "số gọi gấp của ngân hàng"
        verbose_name_plural = "số gọi gấp của ngân hàng"
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class PublicStatistics(models.Model):
    """The figures of /thong-ke/ as they were last counted, small counts already hidden. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    counted_at = models.DateTimeField(db_default=Now())
    figures = models.JSONField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="publicstatistics_one_row")]

    def __str__(self) -> str:
        return f"figures at {self.counted_at}"
