"""What the public pages may say, the public statistics, and host names like the portal's."""

from urllib.parse import quote

from django.contrib.auth.models import User
from django.db import models

from core.models import choice_of, optional_key_of
from reports.models.monitoring import SnapshotModel


class PublicStatement(models.Model):
    """A sentence, promise or number that two officers must confirm before a page shows it. `amount`:
    its figure, if any, in hours, working days or months by codename.
    """

    codename = models.SlugField("mã", max_length=32, primary_key=True)
    title = models.CharField("về việc", max_length=120)
    text = models.TextField("câu tiếng Việt")
    text_en = models.TextField("câu tiếng Anh")
    amount = models.PositiveSmallIntegerField("con số", null=True, blank=True)
    is_public = models.BooleanField("cho hiện trên trang", default=False)

    class Meta:
        verbose_name = "câu cần xác nhận"
        verbose_name_plural = "câu cần xác nhận trước khi hiện"
        ordering = ["codename"]
        permissions = [
            ("confirm_published", "xác nhận lời và số trên trang công khai do người khác đề nghị")
        ]

    def __str__(self) -> str:
        return self.title


class BankHotline(models.Model):
    name = models.CharField("ngân hàng", max_length=80, unique=True)
    number = models.CharField("số gọi gấp", max_length=40)
    source = models.CharField("đối chiếu ở đâu", max_length=200)
    verified_on = models.DateField("đối chiếu ngày")

    class Meta:
        verbose_name = verbose_name_plural = "số gọi gấp của ngân hàng"
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    @property
    def dial(self) -> str:
        """Return the number for a tel: link."""
        return quote("".join(sign for sign in self.number if sign not in " .-"), safe="*+")


class PublicStatistics(SnapshotModel):
    """The statistics of /thong-ke/, small counts already suppressed."""

    figures = models.JSONField()


class LookalikeDomain(models.Model):
    """A host name that resembles the portal's, and an officer's verdict."""

    class Verdict(models.TextChoices):
        UNSEEN = "unseen", "Chưa xem"
        NOBODY = "nobody", "Chưa ai dùng"
        OURS = "ours", "Của công an"
        OTHERS = "others", "Của người khác, không giả"
        FALSE = "false", "Trang giả"

    name = models.CharField("tên miền", max_length=253, unique=True)
    verdict = choice_of("là gì", Verdict, 8, default=Verdict.UNSEEN, db_index=True)
    note = models.CharField("thấy gì, đã báo đâu", max_length=300, blank=True)
    reviewed_by = optional_key_of(User, "ai xem", editable=False)
    reviewed_at = models.DateTimeField("xem lúc", null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "tên miền giống tên của trang"
        default_permissions = ("add", "change", "view")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
