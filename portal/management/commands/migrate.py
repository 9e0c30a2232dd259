"""Django's migrate, beside a portal that runs.

No statement timeout applies: an index takes its time. But all queries queue behind DDL that waits
for a lock, so it waits briefly and tries again.
"""

import contextlib
import random
import time
from collections.abc import Iterator
from typing import Any

from django import db
from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.migrations.recorder import MigrationRecorder
from psycopg2.errors import LockNotAvailable

from core import encryption

LOCK_TIMEOUT_MS = 700  # well below the three seconds within which a resident is answered
MAX_ATTEMPTS = 12
RETRY_DELAYS = (0.3, 1.5)  # seconds, drawn at random: two migrations do not keep meeting
BEFORE_1_0 = ("reports", "0003_desk_permissions")  # recorded in no database that 1.0 has made


class Command(migrate.Command):
    help = "Django's migrate, without statement timeout and with short waits for locks."

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_database_before_1_0(options["database"])
        if problem := encryption.find_key_problem():
            raise CommandError(problem)
        for left in reversed(range(MAX_ATTEMPTS)):
            try:
                with migration_timeouts(options["database"]):
                    super().handle(*args, **options)
            except OperationalError as error:
                if not left or not isinstance(error.__cause__, LockNotAvailable):
                    raise
                self.stderr.write(f"A table is in use; {left} more tries.")
                time.sleep(random.uniform(*RETRY_DELAYS))  # noqa: S311  # nosec B311
            else:
                # Of a plan the table may not be there.
                with contextlib.suppress(db.ProgrammingError):
                    encryption.store_key_proof()
                return


def refuse_database_before_1_0(alias: str) -> None:
    """Raise CommandError where the tables are those of a release before 1.0."""
    if BEFORE_1_0 in MigrationRecorder(connections[alias]).applied_migrations():
        raise CommandError(
            "This database was made before 1.0 and is not carried over:"
            " give an empty one (DATABASE_URL), or an empty folder (DATA_DIR)."
        )


@contextlib.contextmanager
def migration_timeouts(alias: str) -> Iterator[None]:
    """Set no limit for a statement and a short one for a lock, until the block ends."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
    try:
        yield
    finally:
        with contextlib.suppress(db.Error), connections[alias].cursor() as cursor:
            cursor.execute("RESET statement_timeout")
            cursor.execute("RESET lock_timeout")
