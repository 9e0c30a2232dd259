"""Lists of reports that officers upload, until they are filed or a day is over."""

import uuid

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now

from core.models import choice_of, key_of


class ReportList(models.Model):
    """A table that an officer uploaded (submission/report_lists.py), shown to nobody else.

    `file_sealed` until it has been read; `summary_sealed`: its name, columns with samples, what is told of single
    cells, or why it goes no further. `good`, `bad`: rows that become a report, or are left out; of the good ones
    `done` are filed, `again` of them were before.
    """

    class State(models.TextChoices):
        READING = "reading", "máy đang đọc"
        READY = "ready", "chờ xem"
        FILING = "filing", "đang nhập"
        DONE = "done", "đã nhập xong"
        REFUSED = "refused", "không nhập được"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    officer = key_of(User, "cán bộ")
    uploaded_at = models.DateTimeField("gửi lên lúc", db_default=Now())
    state = choice_of("trạng thái", State, 8, default=State.READING)
    file_sealed = models.BinaryField(null=True)
    summary_sealed = models.BinaryField(null=True)
    good = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    again = models.PositiveIntegerField(default=0)
    begun_at = models.DateTimeField("bắt đầu nhập lúc", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "danh sách gửi lên"
        default_permissions = ()


class ReportListPart(models.Model):
    """Some rows of a list, sealed until they are reports; `reports`: the number of each row and its report's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report_list = models.ForeignKey(ReportList, models.CASCADE, related_name="parts")
    position = models.PositiveIntegerField()
    rows_sealed = models.BinaryField(null=True)
    reports = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["report_list", "position"], name="reportlistpart_position"
            )
        ]
