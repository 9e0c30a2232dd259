"""Locks of a case and of a report, held until COMMIT; who takes both takes the case first."""

from uuid import UUID

from reports.models import Case, Report


def lock_case(report_id: UUID) -> Case:
    return Case.objects.select_for_update(of=("self",)).get(pk=report_id)


def lock_report(report_id: UUID) -> Report:
    """Return the locked report: nobody else holds, erases or destroys it."""
    return Report.objects.select_for_update(no_key=True).only("erased_at").get(pk=report_id)
