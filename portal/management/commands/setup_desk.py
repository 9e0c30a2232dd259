"""Make what the desk needs after every migrate: roles, communes, units, offices."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import roles as people
from reports.management import reference_data as reference
from reports.public import lookalike_domains as lookalikes


class Command(BaseCommand):
    help = "Writes roles with their permissions, communes, units and offices. May run at any time, again."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            self._establish_roles()
            communes = reference.load_communes()
            units = reference.load_units()
            offices = reference.load_offices()
            statements = reference.load_statements()
            replies = reference.load_replies()
            lookalikes.establish()
        self.stdout.write(
            f"Desk ready: {len(people.ROLES)} roles, {communes} communes, {units} units,"
            f" {offices} offices, {statements} sentences to confirm, {replies} canned replies."
        )

    def _establish_roles(self) -> None:
        try:
            people.establish_roles()
        except LookupError as error:
            raise CommandError(str(error)) from error
