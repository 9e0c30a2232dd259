"""The outbox: work that is owed, in the database, in the same transaction as its cause."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class OutboxItem(models.Model):
    """A task's name, its key, and how far it has come. All times are PostgreSQL's.

    `due_at`: not handed over before; the relay moves it by a lease when it gives the key to the
    broker, a failed attempt by a pause. `claimed_until`: a worker is on it and has until then.
    What is lost meanwhile is due again. `error` is the class of the last failure, never its text.
    """

    class Priority(models.IntegerChoices):
        URGENT = 0, "gấp"
        USUAL = 1, "thường"
        IDLE = 2, "khi rảnh"

    id = models.BigAutoField(primary_key=True)
    task = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, db_default=Priority.USUAL)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    claimed_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    settled_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=120, blank=True, db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True) | Q(failed_at__isnull=True),
                name="outboxitem_settled_or_failed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "id"],
                condition=Q(settled_at__isnull=True, failed_at__isnull=True),
                name="outboxitem_waiting",
            ),
            models.Index(
                fields=["id"], condition=Q(failed_at__isnull=False), name="outboxitem_failed"
            ),
            models.Index(fields=["task", "key", "-id"], name="outboxitem_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.key}"
