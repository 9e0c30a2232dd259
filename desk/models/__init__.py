"""Who has which report open, and saved searches."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now

from core.models import key_of
from reports.models import Report


class ReportViewer(models.Model):
    """An officer has a report open; no lock: old rows are removed (desk/reports/navigation.py)."""

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, models.CASCADE, related_name="+")
    officer = models.ForeignKey(User, models.CASCADE, related_name="+")
    last_seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = "đang mở tin"
        constraints = [
            models.UniqueConstraint(fields=["report", "officer"], name="reportviewer_once")
        ]


class SavedSearch(models.Model):
    """A named search; `query` is a query string of known parameters (desk/reports/saved_searches.py).

    The owner is notified when `notify_threshold` reports match; `notified_at` is cleared below it.
    """

    id = models.BigAutoField(primary_key=True)
    owner = key_of(User, "của ai", related_name="saved_searches")
    name = models.CharField("tên", max_length=80)
    query = models.CharField("tìm gì", max_length=400)
    is_shared = models.BooleanField("cả phòng thấy", default=False)
    notify_threshold = models.PositiveIntegerField("báo khi có", null=True, blank=True)
    hits = models.PositiveIntegerField("số tin", null=True)
    counted_at = models.DateTimeField("đếm lúc", null=True)
    notified_at = models.DateTimeField("đã báo lúc", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "tìm kiếm đã lưu"
        default_permissions = ()
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="savedsearch_name_once")
        ]

    @property
    def has_come(self) -> bool:
        return self.notify_threshold is not None and (self.hits or 0) >= self.notify_threshold
