"""manage.py officer_code: the one-time code of a demo officer. First look only."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_otp.oath import TOTP

from accounts.models import EncryptedTOTPDevice


class Command(BaseCommand):
    help = (
        "Print the present second-factor code of a demo officer; refused anywhere but in a first "
        "look."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the officer's log-in name")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.FIRST_LOOK:
            raise CommandError(
                "officer_code works in a first look only (PORTAL_URL on this machine)."
            )
        devices = EncryptedTOTPDevice.objects.filter(user__username=options["name"], confirmed=True)
        device = devices.first()
        if device is None:
            raise CommandError(f"There is no officer {options['name']!r} with a device.")
        self.stdout.write(current_totp(device))


def current_totp(device: EncryptedTOTPDevice) -> str:
    """Return the present code; where that one has been used, the next, which is valid already."""
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    step = max(int(time.time() - device.t0) // device.step + device.drift, device.last_t + 1)
    totp.time = device.t0 + (step - device.drift) * device.step
    return f"{totp.token():0{device.digits}d}"
