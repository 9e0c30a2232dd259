"""Who else has a report open. Cheap and forgetful: one row for an officer and a report, one
statement at a look, nothing is locked and nothing kept.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection

from desk.models import ReportViewer

FRESH_S = 180  # without a sign for so long somebody has gone
_KEPT = "1 hour"
_MAX_COUNT = 5

# An officer's old rows go with the next look; one that another tab holds may stay.
_LOOK = f"""
WITH here AS (
    INSERT INTO desk_reportviewer (report_id, officer_id) VALUES (%(report)s, %(officer)s)
    ON CONFLICT (report_id, officer_id) DO UPDATE SET last_seen_at = statement_timestamp()),
old AS (
    DELETE FROM desk_reportviewer WHERE id IN (
        SELECT id FROM desk_reportviewer
         WHERE officer_id = %(officer)s AND report_id <> %(report)s
           AND last_seen_at < statement_timestamp() - interval '{_KEPT}'
           FOR UPDATE SKIP LOCKED))
SELECT officer.username, officer.first_name, officer.last_name, other.last_seen_at
  FROM desk_reportviewer AS other JOIN auth_user AS officer ON officer.id = other.officer_id
 WHERE other.report_id = %(report)s AND other.officer_id <> %(officer)s
   AND other.last_seen_at > statement_timestamp() - interval '{FRESH_S} seconds'
 ORDER BY other.last_seen_at DESC LIMIT {_MAX_COUNT}
"""  # noqa: S608  # nosec B608


@dataclass(frozen=True)
class OtherViewer:
    """A colleague who has the report open, and when that was last seen."""

    officer: User
    at: datetime


def remove_viewers(*, report_id: UUID, **_: object) -> None:
    """Remove who had a report open; connected to its erasure."""
    ReportViewer.objects.filter(report=report_id).delete()


def touch(report: UUID, officer: User) -> list[OtherViewer]:
    """Say that the officer has the report open, and who else has, the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, {"report": report, "officer": officer.pk})
        rows = cursor.fetchall()
    return [
        OtherViewer(User(username=name, first_name=first, last_name=last), at)
        for name, first, last, at in rows
    ]
