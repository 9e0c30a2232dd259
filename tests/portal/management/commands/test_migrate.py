"""Our migrate: statements may take long, waiting for a lock may not."""

import contextlib
from collections.abc import Callable, Iterator
from unittest.mock import Mock

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands import migrate
from django.db import OperationalError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from psycopg2 import extensions

from portal.management.commands import migrate as migrate_command

Migration = Callable[[], None]
Runner = Callable[[Migration], None]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def migrating(monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Runs our command with this in place of Django's own work."""
    monkeypatch.setattr(migrate_command, "RETRY_DELAYS", (0.0, 0.01))

    def run(work: Migration) -> None:
        monkeypatch.setattr(migrate.Command, "handle", lambda *_, **__: work())
        call_command("migrate", verbosity=0)

    return run


def limit(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}_timeout")
        return str(cursor.fetchone()[0])


LOCK = "LOCK TABLE reports_report"


def lock_reports() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Iterator[extensions.connection]:
    """Somebody at the table, for whom a migration does not wait long."""
    monkeypatch.setattr(migrate_command, "LOCK_TIMEOUT_MS", 50)
    with contextlib.closing(psycopg2.connect(**connection.get_connection_params())) as other:
        other.cursor().execute(LOCK)
        yield other


def test_only_the_migration_is_free_of_the_statement_timeout(migrating: Runner) -> None:
    usual = limit("statement"), limit("lock")
    seen: list[str] = []
    migrating(lambda: seen.extend([limit("statement"), limit("lock")]))
    assert seen == ["0", "700ms"]
    assert (limit("statement"), limit("lock")) == usual != ("0", "700ms")


def test_a_table_in_use_is_left_alone_and_tried_again(
    migrating: Runner, other: extensions.connection
) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(len(tries))
        if len(tries) == 3:
            other.rollback()
        lock_reports()

    migrating(work)
    assert len(tries) == 3


@pytest.mark.usefixtures("other")
def test_it_gives_up_in_the_end(migrating: Runner) -> None:
    with pytest.raises(OperationalError, match="lock timeout"):
        migrating(lock_reports)


def test_any_other_trouble_is_raised_at_once(migrating: Runner) -> None:
    broken = Mock(side_effect=OperationalError)
    with pytest.raises(OperationalError):
        migrating(broken)
    assert broken.call_count == 1


def test_a_database_from_before_1_0_is_refused_with_one_sentence_and_not_touched(
    migrating: Runner,
) -> None:
    recorder, migrated = MigrationRecorder(connection), Mock()
    recorder.record_applied(*migrate_command.BEFORE_1_0)
    try:
        with pytest.raises(CommandError, match=r"made before 1\.0 and is not carried over"):
            migrating(migrated)
    finally:
        recorder.record_unapplied(*migrate_command.BEFORE_1_0)
    assert not migrated.called
