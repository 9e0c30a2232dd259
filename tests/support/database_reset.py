"""What a test finds in the database: nothing after a test that committed, or what the tests of its
module share.

Django truncates ninety tables, most of them empty, and writes content types and permissions anew.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest import mock

from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from pytest_django import DjangoDbBlocker

from portal import views
from reports.calendar import deadline_rules
from reports.reference import confirmed_statements, gazetteer, office_lexicon, units

KEPT = (  # what is written before the first test, and by none
    "django_content_type", "auth_permission", "auth_group", "auth_group_permissions", "core_keyproof",
)  # fmt: skip
# Guards and foreign keys look away, as they do when a table is truncated.
UNGUARDED = "SET LOCAL session_replication_role = replica"
MIGRATED = "migrated"


def migrate_once() -> str:
    """Return the name of a database of this server that has every table, for workers to begin with a
    copy. Who comes first makes it; the others wait.
    """
    with Path(os.environ["PREPARED_STACK"]).with_suffix(".migrated").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.fstat(lock.fileno()).st_size:
            with connection._nodb_cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {MIGRATED}")
            with mock.patch.dict(connection.settings_dict, NAME=MIGRATED):
                call_command("migrate", verbosity=0)
                connection.close()
            lock.write("yes")
    return MIGRATED


def truncate_all() -> None:
    """Delete every row that a test has left, though its processes may still be at work."""
    for _ in range(5):
        try:
            return _delete_all()
        except OperationalError as error:
            deadlock = error
    raise deadlock


def _delete_all() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(UNGUARDED)
        for table in filled():
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608


@contextmanager
def session_fixture_data(blocker: DjangoDbBlocker) -> Iterator[None]:
    """What is written in the block every test of a module finds, and leaves as it was; for fixtures
    of modules of whose tests none commits.
    """
    forget()
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def forget() -> None:
    """What this process remembers of tables: it may be another test's."""
    for each in (gazetteer, office_lexicon, confirmed_statements, deadline_rules, units, views):
        each.clear_cache()


def filled() -> list[str]:
    """The tables that hold a row."""
    with connection.cursor() as cursor:
        cursor.execute(_question())
        (oids,) = cursor.fetchone()
    return list(oids)


@cache
def _question() -> str:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    each = (
        f"CASE WHEN EXISTS (SELECT FROM {name}) THEN '{name}' END"
        for name in tables
        if name not in KEPT
    )
    return f"SELECT array_remove(ARRAY[{', '.join(each)}], NULL)"
