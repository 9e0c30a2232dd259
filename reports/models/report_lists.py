"""Lists of reports that officers upload, until they are filed or a day is over."""

import uuid

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now

from core.models import key_of


class ReportList(models.Model):
    """A table that an officer uploaded (submission/report_lists.py), shown to nobody else.

    `rows_sealed` until all are filed; `summary_sealed`: its name, columns and what is told of single cells. Of
    `total` rows `good` become a report and `done` were come to, among which `again` had been filed before.
    `reports`: number of the row, key and public number of its report.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    officer = key_of(User, "cán bộ")
    uploaded_at = models.DateTimeField("gửi lên lúc", db_default=Now())
    begun_at = models.DateTimeField("bắt đầu nhập lúc", null=True)
    rows_sealed = models.BinaryField(null=True)
    summary_sealed = models.BinaryField(null=True)
    total = models.PositiveIntegerField()
    good = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    again = models.PositiveIntegerField(default=0)
    reports = models.JSONField(default=list)

    class Meta:
        verbose_name = verbose_name_plural = "danh sách gửi lên"
        default_permissions = ()

    @property
    def is_done(self) -> bool:
        return self.rows_sealed is None

    @property
    def is_filing(self) -> bool:
        return self.begun_at is not None and not self.is_done
