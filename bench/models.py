"""The bare view's own table."""

from typing import ClassVar

from django.db import models


class BareRow(models.Model):
    """One row an answer."""

    body = models.TextField()

    objects: ClassVar[models.Manager["BareRow"]] = models.Manager()

    def __str__(self) -> str:
        return f"row {self.pk}"
