"""manage.py invite_officer: invite an officer, or restore one who is locked out."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import invitations, roles
from accounts.officer_accounts import AccountError


class Command(BaseCommand):
    help = (
        "Print a link, good once within 48 hours, where an officer sets password and second "
        "factor. It also restores a locked last lead."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the officer's log-in name")
        parser.add_argument(
            "--role", required=True, choices=roles.ROLES, help="what the officer may do"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            UnicodeUsernameValidator()(options["name"])
            path = invitations.create_invitation(options["name"], options["role"])
        except ValidationError as error:
            raise CommandError(
                f"{options['name']!r} is no log-in name: letters, digits, @.+-_"
            ) from error
        except AccountError as error:
            raise CommandError(
                f"{options['name']!r} is the last lead who can log in: invite another lead first."
            ) from error
        except Group.DoesNotExist as error:
            raise CommandError("There are no roles yet: run manage.py setup_desk first.") from error
        self.stdout.write(f"{settings.PORTAL_URL}{path}")
