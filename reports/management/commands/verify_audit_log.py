"""manage.py verify_audit_log: verify the audit log against its chain.

Exit codes: 0 intact, 1 the chain is broken, 3 it could not be checked.
"""

from typing import Any

from django import db
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import database
from core.audit import chain, chain_verification
from core.audit.chain_verification import ChainBrokenError


class Command(BaseCommand):
    help = (
        "Verify every audit event against its chain link, and the links against the file of heads."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--restored",
            action="store_true",
            help="an archive was put back: the record may end before what the file knows",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = chain_verification.verify(restored=options["restored"])
        except ChainBrokenError as error:
            chain_verification.store_break(error)
            raise CommandError(f"BROKEN at {error}") from error
        except db.Error as error:
            why = database.append_hint(f"not checked: {type(error).__name__}")
            raise CommandError(why, returncode=3) from error
        except OSError as error:
            why = f"not checked: {chain.heads_path()}: {error.strerror}"
            raise CommandError(why, returncode=3) from error
        self.stdout.write(
            f"Whole: {result.cursor.links} acts linked, up to event {result.cursor.event};"
            f" {result.heads} heads outside the database agree;"
            f" {result.unlinked} acts wait for their link."
        )
