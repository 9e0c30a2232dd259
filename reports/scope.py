"""Which reports an officer may see: who works at a unit those that lie there, PV01 all of them.

The one place that says so: the queue, the report page and the workflow ask here.
"""

from django.contrib.auth.models import User
from django.db.models import QuerySet

from reports import units
from reports.models import Case, Indicator, Report


def reports(rows: QuerySet[Report], user: User) -> QuerySet[Report]:
    """Those of *rows* that the officer may see."""
    unit = units.of(user)
    return rows.filter(case__at_unit=unit) if unit else rows


def cases(rows: QuerySet[Case], user: User) -> QuerySet[Case]:
    """Those of *rows* that the officer may see."""
    unit = units.of(user)
    return rows.filter(at_unit=unit) if unit else rows


def told_in(rows: QuerySet[Indicator], user: User) -> QuerySet[Indicator]:
    """Those of *rows* that stand in reports that the officer may see."""
    unit = units.of(user)
    return rows.filter(report__case__at_unit=unit) if unit else rows


def is_at_pv01(user: User) -> bool:
    """Whether the officer sees every report, and so what is counted over all of them."""
    return units.of(user) is None


def sees(user: User, case: Case) -> bool:
    """Whether the officer may see this one."""
    unit = units.of(user)
    return unit is None or case.at_unit_id == unit
