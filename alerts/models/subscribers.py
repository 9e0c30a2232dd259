"""Subscribers to warnings by mail."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Subscriber(models.Model):
    """An encrypted address and which warnings it is for; "" stands for all of a kind.

    `address_index` is a keyed hash for look-up; `filters` were requested and not confirmed yet;
    `opt_in_requests` counts the opt-in mails since the last confirmation.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    address_sealed = models.BinaryField()
    address_index = models.BinaryField(unique=True)
    commune = models.CharField(max_length=64, blank=True, db_default="")
    scenario = models.CharField(max_length=32, blank=True, db_default="")
    office = models.CharField(max_length=64, blank=True, db_default="")
    filters = models.JSONField(default=dict)
    opt_in_requests = models.PositiveSmallIntegerField(db_default=0)
    opt_in_requested_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "người đăng ký nhận tin"
        indexes = [
            models.Index(
                fields=["opt_in_requested_at"],
                condition=Q(confirmed_at=None),
                name="subscriber_unconfirmed",
            )
        ]
