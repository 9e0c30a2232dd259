"""What is here before a restore: rows that it would take away, and who is at work."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Manager

from core.models import AuditEvent
from ops.backup.archive import REPORTS
from reports.models import EvidenceFile, Report

# What nobody can give a second time, by its table: its word, its rows, their time. None is deleted.
_PERMANENT: dict[str, tuple[str, Manager[Any], str]] = {
    REPORTS: ("reports", Report.objects, "received_at"),
    "reports_evidencefile": ("files", EvidenceFile.objects, "received_at"),
    "core_auditevent": ("acts on record", AuditEvent.objects, "created_at"),
}


def count_rows() -> dict[str, int]:
    """Return how many rows of what stays for good there are now, by table, of tables that are here."""
    tables = connection.introspection.table_names()
    rows = {table: manager for table, (_, manager, _) in _PERMANENT.items() if table in tables}
    return {table: manager.count() for table, manager in rows.items()}


def count_unarchived_rows(
    present: Mapping[str, int], archived: Mapping[str, int], taken_at: datetime
) -> dict[str, int]:
    """Return how many rows that are here the archive does not hold, by what they are, if any.
    Both their number and their time tell; the larger counts.
    """
    counts = {}
    for table, count in present.items():
        what, manager, time = _PERMANENT[table]
        late = manager.filter(**{f"{time}__gt": taken_at}).count()
        counts[what] = max(late, count - archived.get(table, 0))
    return {what: count for what, count in counts.items() if count}


def other_database_sessions() -> list[str]:
    """Return the names of those who are connected to our database as we are, ourselves apart."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(nullif(application_name, ''), 'portal') FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return [name for (name,) in cursor.fetchall()]
