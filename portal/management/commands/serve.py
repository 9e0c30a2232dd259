"""manage.py serve: start all processes; in production only when the deploy checks pass."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import encryption
from ops.local_services import read_env


class Command(BaseCommand):
    help = "Run web, relay, worker and beat, and local servers where none are given."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
        parser.add_argument(
            "--wait", default="0", help="seconds to wait for an older start to leave the port"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.FIRST_LOOK:
            call_command("check", deploy=True, fail_level="ERROR")
        elif problem := encryption.find_key_problem():
            raise CommandError(problem)
        chosen = ["--host", options["host"], "--wait", options["wait"]]
        # The supervisor needs no Django: give its memory back.
        command = [sys.executable, "-m", "ops.serve", *chosen]
        os.execve(sys.executable, command, original_environment())  # noqa: S606  # nosec B606


def original_environment() -> dict[str, str]:
    """Return the environment without what settings took from local.env: those servers end with their
    start.
    """
    local = read_env(settings.DATA_DIR)
    return {name: value for name, value in os.environ.items() if value != local.get(name)}
