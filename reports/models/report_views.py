"""Events by which a person has read a report."""

from django.db.models import QuerySet

from core.audit.events import events_for
from core.models import AuditEvent

# Events of a person who has not read the report for them: a refusal, reprocessing of many, a search for
# its reporter's number, and whatever only says whose it is.
NO_VIEWS = (
    "refused",
    "reprocessed",
    "contact_searched",
    "assigned",
    "given_back",
    "checked",
    "unchecked",
)


def views_of_report(report_id: object) -> QuerySet[AuditEvent]:
    """Return the events by which a person has read a report, oldest first."""
    rows = events_for("report", report_id).filter(actor__isnull=False).exclude(kind__in=NO_VIEWS)
    return rows.order_by("id")
