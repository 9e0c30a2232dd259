"""Create the first warning as a draft where nobody has written one yet."""

from typing import Any

from django.core.management.base import BaseCommand

from alerts.drafting import ensure_first_alert
from alerts.models import Alert


class Command(BaseCommand):
    help = "Create the first warning as a draft when there is no warning at all."

    def handle(self, *args: Any, **options: Any) -> None:
        if Alert.objects.exists():
            self.stdout.write("Warnings are there already; nothing written.")
            return
        alert = ensure_first_alert()
        self.stdout.write(f"Draft written: {alert.title}")
