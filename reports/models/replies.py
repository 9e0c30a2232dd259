"""Sentences that officers keep ready to write to a reporter."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from reports.models.report import Report


class CannedReplyQuerySet(models.QuerySet["CannedReply"]):
    def usable(self, verb: str) -> "CannedReplyQuerySet":
        """The replies that are in use for a question ("ask") or a message ("message")."""
        return self.filter(Q(use=verb) | Q(use=CannedReply.Use.BOTH), is_active=True)


class CannedReply(models.Model):
    """A question or a message in both languages, with blanks (blanks.py). `scenarios`: for reports
    of these kinds alone; empty is for all.
    """

    class Use(models.TextChoices):
        ASK = "ask", "Hỏi thêm người báo"
        MESSAGE = "message", "Nhắn người báo"
        BOTH = "both", "Cả hai"

    title = models.CharField("tên câu", max_length=80, unique=True)
    text = models.TextField("câu tiếng Việt", max_length=1000)
    text_en = models.TextField("câu tiếng Anh", max_length=1000)
    use = models.CharField("dùng để", max_length=8, choices=Use.choices, default=Use.BOTH)
    scenarios = ArrayField(
        models.CharField(max_length=32), verbose_name="chỉ cho kiểu lừa", default=list, blank=True
    )
    is_active = models.BooleanField("đang dùng", default=True)
    position = models.PositiveSmallIntegerField("thứ tự", default=100)

    objects = CannedReplyQuerySet.as_manager()

    class Meta:
        verbose_name = "câu mẫu"
        verbose_name_plural = "câu mẫu nhắn người báo"
        ordering = ["position", "title"]

    def __str__(self) -> str:
        return self.title

    def in_language(self, language: str) -> str:
        return self.text_en if language == Report.Language.ENGLISH else self.text
