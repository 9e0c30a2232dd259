"""The people of the desk: six roles, each a group with its permissions.

Code asks for permissions, never for a group's name; a police office may mix its own groups.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.db.models import F, Value
from django.db.models.functions import Concat


@dataclass(frozen=True)
class Role:
    """A group by the name that the desk shows, and the permissions it carries."""

    name: str
    permissions: frozenset[str]


def _views(*models: str) -> frozenset[str]:
    return frozenset(f"{app}.view_{model}" for app, model in (name.split(".") for name in models))


_REPORTS = _views(
    "reports.report",
    "reports.indicator",
    "reports.campaign",
    "reports.commune",
    "reports.office",
    "core.auditevent",
    "reports.numberfinding",
    "reports.dispute",
    "reports.officenumber",
    "reports.bankhotline",
    "reports.publicstatement",
    "reports.cannedreply",
    "reports.unit",
    "reports.unitmember",
    "reports.routingrule",
    "reports.publishednumberchange",
    "reports.lookalikedomain",
)
_KEEPS = frozenset(
    f"reports.{verb}_{table}"
    for verb in ("add", "change", "delete")
    for table in ("officenumber", "bankhotline")
)
_DUTY = _REPORTS | {
    "reports.see_every_unit",
    "reports.decide_case",
    "reports.act_case",
    "reports.hand_over_case",
    "reports.close_case",
    "reports.reveal_contact",
    "reports.propose_destruction",
    "reports.add_numberfinding",
    "reports.confirm_published",
    "reports.change_dispute",
    "reports.group_campaign",
    "reports.file_report",
    "alerts.view_alert",
}
_WARNINGS = _views(
    "alerts.alert",
    "alerts.alertstep",
    "alerts.alertrevision",
    "alerts.partneragency",
    "alerts.delivery",
    "reports.campaign",
) | {"alerts.add_partneragency", "alerts.change_partneragency"}

ROLES = {
    "duty": Role("Trực ban", _DUTY),
    "lead": Role(
        "Chỉ huy",
        _DUTY
        | _KEEPS
        | {
            "reports.assign_case",
            "reports.confirm_number",
            "reports.change_publicstatement",
            "reports.add_cannedreply",
            "reports.change_cannedreply",
            "reports.reopen_case",
            "reports.extend_case",
            "reports.add_lookalikedomain",
            "reports.change_lookalikedomain",
            "reports.add_calendarexception",
            "reports.delete_calendarexception",
            "reports.view_calendarexception",
            "reports.add_unit",
            "reports.change_unit",
            "reports.add_routingrule",
            "reports.change_routingrule",
            "reports.delete_routingrule",
            "reports.add_unitmember",
            "reports.change_unitmember",
            "reports.delete_unitmember",
            "reports.add_office",
            "reports.change_office",
            "reports.add_reprocessingrun",
            "reports.view_reprocessingrun",
            "auth.view_user",
            "accounts.keep_people",
            "reports.place_hold",
            "reports.lift_hold",
            "reports.propose_destruction",
            "reports.confirm_destruction",
            "reports.grant_erasure",
            "reports.view_purgerun",
            "reports.add_databreach",
            "reports.change_databreach",
            "reports.view_databreach",
            "core.view_look",
            "reports.export_queue",
            "reports.export_case",
            "reports.export_personal",
        },
    ),
    # Beside it a row of UnitMember: this role says what, that row says of which reports. Without the
    # row there are none (reports/cases/visibility.py).
    "unit": Role(
        "Cán bộ đơn vị",
        frozenset(
            f"reports.{name}"
            for name in (
                "view_report",
                "view_indicator",
                "decide_case",
                "act_case",
                "close_case",
                "reveal_contact",
            )
        ),
    ),
    "editor": Role(
        "Biên tập",
        _WARNINGS
        | {
            "alerts.add_alert",
            "alerts.change_alert",
            "alerts.add_alertstep",
            "alerts.change_alertstep",
            "alerts.delete_alertstep",
            "reports.view_office",
        },
    ),
    "approver": Role("Người duyệt", _WARNINGS | {"alerts.issue_alert"}),
    "auditor": Role(
        "Kiểm tra",
        _views(
            "core.auditevent", "core.look", "reports.purgerun", "reports.databreach", "auth.user"
        ),
    ),
}


def establish_roles() -> None:
    """Make the groups and give each exactly its permissions.

    Raises LookupError when a permission does not exist: run after migrate.
    """
    wanted = frozenset().union(*(role.permissions for role in ROLES.values()))
    known = _permissions(wanted)
    if missing := wanted - known.keys():
        raise LookupError(f"No such permission: {', '.join(sorted(missing))}. Run migrate first.")
    names = [role.name for role in ROLES.values()]
    there = set(Group.objects.values_list("name", flat=True))
    lacking = [Group(name=name) for name in names if name not in there]
    Group.objects.bulk_create(lacking, ignore_conflicts=True)
    groups = Group.objects.in_bulk(names, field_name="name")
    _grant(
        {
            groups[role.name].pk: {known[name].pk for name in role.permissions}
            for role in ROLES.values()
        }
    )


def _grant(wanted: dict[int, set[int]]) -> None:
    """Give each group, by its key, exactly these permissions, by theirs: in three statements."""
    granted = Group.permissions.through
    rows = granted.objects.filter(group__in=wanted)
    there = {(row.group_id, row.permission_id): row.pk for row in rows}
    pairs = {(group, one) for group, permissions in wanted.items() for one in permissions}
    if surplus := [there[pair] for pair in there.keys() - pairs]:
        granted.objects.filter(pk__in=surplus).delete()
    granted.objects.bulk_create(
        (granted(group_id=group, permission_id=one) for group, one in sorted(pairs - there.keys())),
        ignore_conflicts=True,
    )


def group_of(role: str) -> Group:
    """The group of a role's code. Raises Group.DoesNotExist before setup_desk."""
    return Group.objects.get(name=ROLES[role].name)


def _permissions(names: Iterable[str]) -> dict[str, Permission]:
    full_name = Concat(F("content_type__app_label"), Value("."), F("codename"))
    found = Permission.objects.annotate(full_name=full_name).filter(full_name__in=names)
    return {permission.full_name: permission for permission in found}
