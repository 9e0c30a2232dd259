"""Start everything that the portal is; in production only when the deploy checks pass."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Run web, relay, worker and beat, and local servers where none are given."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.FIRST_LOOK:
            call_command("check", deploy=True, fail_level="ERROR")
        os.execv(  # noqa: S606  # the supervisor needs no Django: give its memory back
            sys.executable, [sys.executable, "-m", "portal.supervisor", "--host", options["host"]]
        )
