"""Which reports an officer may see: their unit's, all with the permission for every unit, or none.
Queue, report page and workflow decide by this module.
"""

from typing import TypeVar

from django.contrib.auth.models import User
from django.db.models import Model, Q, QuerySet

from core.permissions import users_with_permission
from reports.models import Case, Report
from reports.reference import units

EVERY_UNIT = "reports.see_every_unit"
_READS, _CAMPAIGNS = "reports.view_report", "reports.view_campaign"
_RowT = TypeVar("_RowT", bound=Model)  # of a report
_NOWHERE = ""  # the codename of no unit


def visible_reports(rows: QuerySet[Report], user: User) -> QuerySet[Report]:
    unit = visible_unit_code(user)
    return rows if unit is None else rows.filter(case__assigned_unit=unit)


def visible_via_report(rows: QuerySet[_RowT], user: User) -> QuerySet[_RowT]:
    unit = visible_unit_code(user)
    return rows if unit is None else rows.filter(report__case__assigned_unit=unit)


def officers_in_scope(rows: QuerySet[User]) -> QuerySet[User]:
    """Return those of *rows* who may see reports of some unit."""
    everywhere = users_with_permission(EVERY_UNIT)
    return rows.filter(Q(membership__isnull=False) | Q(pk__in=everywhere.values("pk")))


def without_unit() -> QuerySet[User]:
    """Return the officers who may read reports but have no unit yet."""
    readers = users_with_permission(_READS)
    return readers.exclude(pk__in=officers_in_scope(User.objects.all()).values("pk"))


def visible_unit_code(user: User) -> str | None:
    """Return the only unit the officer may see, None for every unit, _NOWHERE for none."""
    unit = units.unit_code_of(user)
    return unit or (None if user.has_perm(EVERY_UNIT) else _NOWHERE)


def sees_every_report(user: User) -> bool:
    return visible_unit_code(user) is None


def sees_campaigns(user: User) -> bool:
    """Return whether the officer may see campaigns and bursts, which count every unit: readers of
    all reports, and editors of warnings, who read none.
    """
    return user.has_perm(_CAMPAIGNS) and (sees_every_report(user) or not user.has_perm(_READS))


def has_no_unit(user: User) -> bool:
    return visible_unit_code(user) == _NOWHERE


def can_see(user: User, case: Case) -> bool:
    unit = visible_unit_code(user)
    return unit is None or case.assigned_unit_id == unit
