"""A report that an officer files for who called, came or wrote: through intake like any other.

Who filed it is an act on record, beside the report and not in it. The same form sent twice is one
report and one act.
"""

from django.contrib.auth.models import User
from django.db import transaction

from core.audit import events
from reports.models import Case, Report
from reports.reference import gazetteer
from reports.submission import intake
from reports.submission.form_parser import ReportFormParser
from reports.submission.intake import SubmissionResult

PERMISSION = "reports.file_report"
SOURCES = (
    Report.Source.PHONE,
    Report.Source.WALK_IN,
    Report.Source.LETTER,
    Report.Source.DESK,
)


class NotAllowed(Exception):  # noqa: N818
    """The officer may not file for others. Nothing has been written."""


def file_on_behalf(posted: ReportFormParser, source: str, by: User) -> SubmissionResult:
    """Take it in. Raises NotAllowed, and what intake raises when it is not known to be written."""
    if not by.has_perm(PERMISSION):
        raise NotAllowed
    typed = posted.to_submission(gazetteer.communes())
    accepted = intake.submit_report(typed, posted.submission_key, source=source)
    _put_on_record(accepted.report, by)
    return accepted


def _put_on_record(report: Report, by: User) -> None:
    """Once, also where the first try was cut off after its report was written."""
    with transaction.atomic():
        Case.objects.select_for_update().get(report_id=report.pk)
        if not events.events_for("report", report.pk).filter(kind="filed").exists():
            events.log_event("report", report.pk, "filed", by=by, source=report.source)
