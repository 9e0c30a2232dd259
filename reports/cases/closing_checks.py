"""Checks before a case is closed: its reporter is still under pressure, has written since an officer
viewed it, or has an open request.
"""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q

from core.audit import events
from reports.cases import deadlines
from reports.facts.effective_facts import effective_facts
from reports.models import ErasureRequest, Report

PRESSED, WRITTEN, WISH = "pressed", "written", "wish"


def closing_blockers(report: Report) -> tuple[str, ...]:
    """Return the codes of what is pending, for a report loaded with its case and facts. One statement."""
    return tuple(_iter_blockers(report))


def _iter_blockers(report: Report) -> Iterator[str]:
    ongoing = effective_facts(report).ongoing
    if report.happening_now if ongoing is None else ongoing:
        yield PRESSED
    looked = events.views_of_report(report.pk).filter(created_at__gte=OuterRef("sent_at"))
    written = report.messages.filter(~Exists(looked), actor=None)
    erasures = ErasureRequest.objects.open().filter(report=report)
    others = deadlines.unanswered_followups().filter(report=report)
    asked = Report.objects.filter(pk=report.pk).annotate(
        written=Exists(written), wish=Q(Exists(erasures)) | Q(Exists(others))
    )
    has_written, has_wish = asked.values_list("written", "wish").get()
    if has_written:
        yield WRITTEN
    if has_wish:
        yield WISH
