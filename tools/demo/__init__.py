"""Invented officers, a first warning and 300 reports, for a first look only."""

from django.conf import settings
from django.core.management import CommandError


def require_first_look() -> None:
    """Raise CommandError anywhere but in a first look."""
    if not settings.FIRST_LOOK:
        raise CommandError("Invented people and reports are for a first look at 127.0.0.1 only.")
