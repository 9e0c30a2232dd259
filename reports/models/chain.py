"""The record of acts, held together: a link for each event, and how far the links were checked."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class EventSeal(models.Model):
    """The link of one event in the chain (chain.py): `digest` covers the act, the digest before it
    and `detail_digest`, which is keyed by a salt of its own. A trigger refuses UPDATE and DELETE,
    but for the salt of a detail whose erasure is on record: what is left then tells nothing of it.
    """

    # No relation: a link stays when its event was taken away, and so tells of it.
    event_id = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField(db_default=Now())
    salt = models.BinaryField(max_length=16, null=True)
    detail_digest = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            # Two links never follow the same one: the chain has one end.
            models.UniqueConstraint(fields=["previous"], name="eventseal_one_chain")
        ]

    def __str__(self) -> str:
        return f"link of event {self.event_id}"


class ChainCheck(models.Model):
    """How far the links were checked, over and over. One row. `broken` and `broken_at`: the first
    break that was found and its event; they stay until `verify_events` finds all whole.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    checked_at = models.DateTimeField(db_default=Now())
    checked_to = models.BigIntegerField(default=0)
    broken = models.CharField(max_length=16, blank=True, default="")
    broken_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="chaincheck_one_row")]

    def __str__(self) -> str:
        return f"chain checked to {self.checked_to}"
