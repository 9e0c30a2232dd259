"""Searches that officers keep: what was asked of the queue, and how many reports it had last."""

from django.contrib.auth.models import User
from django.db import models


class SavedSearch(models.Model):
    """A search of the queue under a name. `query` is an address's query of known lists and words
    alone (desk/saved_searches.py). `alert_at`: tell the owner when so many reports are found;
    `told_at` when that was, empty again once there are fewer.
    """

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(
        User, models.PROTECT, related_name="saved_searches", verbose_name="của ai"
    )
    name = models.CharField("tên", max_length=80)
    query = models.CharField("tìm gì", max_length=400)
    is_shared = models.BooleanField("cả phòng thấy", default=False)
    alert_at = models.PositiveIntegerField("báo khi có", null=True, blank=True)
    hits = models.PositiveIntegerField("số tin", null=True)
    counted_at = models.DateTimeField("đếm lúc", null=True)
    told_at = models.DateTimeField("đã báo lúc", null=True)

    class Meta:
        verbose_name = "tìm kiếm đã lưu"
        verbose_name_plural = "tìm kiếm đã lưu"
        default_permissions = ()
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="savedsearch_name_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_come(self) -> bool:
        """Whether so many are found as its owner waits for."""
        return self.alert_at is not None and (self.hits or 0) >= self.alert_at
