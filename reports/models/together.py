"""How officers work beside each other: who has which report open, and what each likes at the desk."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now

from reports.models.report import Report


class Presence(models.Model):
    """An officer has a report open, last seen `at`. No lock and no record: it is overwritten, and
    what is old is removed (presence.py).
    """

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, models.CASCADE, related_name="+")
    officer = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "đang mở tin"
        verbose_name_plural = "đang mở tin"
        constraints = [
            models.UniqueConstraint(fields=["report", "officer"], name="presence_once"),
        ]

    def __str__(self) -> str:
        return f"{self.officer_id} at {self.report_id}"


class DeskHabit(models.Model):
    """What one officer likes. `keys`: single keys act on the report page; `moves_on`: after a
    decision that ends the work the next report of the queue is opened.
    """

    officer = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="+")
    keys = models.BooleanField(default=True, db_default=True)
    moves_on = models.BooleanField(default=True, db_default=True)

    class Meta:
        verbose_name = "thói quen bàn trực"
        verbose_name_plural = "thói quen bàn trực"

    def __str__(self) -> str:
        return f"habits of {self.officer_id}"
