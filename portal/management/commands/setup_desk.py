"""manage.py setup_desk: roles and reference rows, after every migrate."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import roles
from core.audit.proposals import bypass_four_eyes
from portal.management import reference_data
from reports.public import link_hosts


class Command(BaseCommand):
    help = (
        "Load roles with their permissions, communes, units and offices. Idempotent; run it "
        "after every migrate."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with bypass_four_eyes():
            self._establish_roles()
            communes = reference_data.load_communes()
            units = reference_data.load_units()
            offices = reference_data.load_offices()
            statements = reference_data.load_statements()
            replies = reference_data.load_replies()
            link_hosts.sync_lookalikes()
        self.stdout.write(
            f"Desk ready: {len(roles.ROLES)} roles, {communes} communes, {units} units,"
            f" {offices} offices, {statements} sentences to confirm, {replies} canned replies."
        )

    def _establish_roles(self) -> None:
        try:
            roles.establish_roles()
        except LookupError as error:
            raise CommandError(str(error)) from error
