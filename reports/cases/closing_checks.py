"""What keeps a report from being ended without a second thought: its reporter is still pressed, has
written since anybody acted on it, or wishes something that nobody has answered.
"""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q

from core.audit import log as events
from reports.cases import deadlines as timekeeping
from reports.facts.effective_facts import held
from reports.models import ErasureWish, Report

PRESSED, WRITTEN, WISH = "pressed", "written", "wish"


def of(report: Report) -> tuple[str, ...]:
    """Codes of what is pending. Wants the report with its case, and its facts where there are any;
    one statement.
    """
    return tuple(_found(report))


def _found(report: Report) -> Iterator[str]:
    ongoing = held(report).ongoing
    if report.happening_now if ongoing is None else ongoing:
        yield PRESSED
    looked = events.looks(report.pk).filter(at__gte=OuterRef("sent_at"))
    written = report.messages.filter(~Exists(looked), by=None)
    erasures = ErasureWish.objects.open().filter(report=report)
    others = timekeeping.unanswered().filter(report=report)
    asked = Report.objects.filter(pk=report.pk).annotate(
        written=Exists(written), wish=Q(Exists(erasures)) | Q(Exists(others))
    )
    has_written, has_wish = asked.values_list("written", "wish").get()
    if has_written:
        yield WRITTEN
    if has_wish:
        yield WISH
