"""The six roles of the desk, each a group with its permissions.

Code checks permissions, never group names: a police office may define its own groups.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.db.models import F, Value
from django.db.models.functions import Concat


@dataclass(frozen=True)
class Role:
    name: str
    permissions: frozenset[str]


def _permit(app: str, codenames: str) -> frozenset[str]:
    return frozenset(f"{app}.{codename}" for codename in codenames.split())


def _view(app: str, models: str) -> frozenset[str]:
    return frozenset(f"{app}.view_{model}" for model in models.split())


_REPORTS = _view("core", "auditevent proposal") | _view(
    "reports",
    "report indicator campaign commune office numberfinding dispute officenumber bankhotline"
    " publicstatement officequestion blockrequest blockingpartner cannedreply unit unitmember routingrule"
    " lookalikedomain dailycount",
)
_DUTY = (
    _REPORTS
    | _view("alerts", "alert")
    | _permit(
        "reports",
        "see_every_unit decide_case classify_case hand_over_case close_case reveal_contact"
        " propose_destruction add_numberfinding confirm_published change_dispute group_campaign"
        " file_report delete_officenumber delete_bankhotline add_officequestion"
        " change_officequestion",
    )
)
_WARNINGS = (
    _view("alerts", "alert alertstep alerttranslation alertrevision partneragency delivery")
    | _view("reports", "campaign")
    | _permit("alerts", "add_partneragency change_partneragency")
)
_LEAD = (
    _DUTY
    | _view("reports", "calendarexception reprocessingrun purgerun databreach")
    | _permit("auth", "view_user")
    | _permit("accounts", "keep_people")
    | _permit("core", "view_look view_apiclient add_apiclient change_apiclient")
    | _permit(
        "reports",
        "assign_case reopen_case extend_case confirm_number change_publicstatement"
        " add_officenumber change_officenumber add_bankhotline change_bankhotline"
        " add_cannedreply change_cannedreply add_lookalikedomain change_lookalikedomain"
        " add_blockingpartner change_blockingpartner add_calendarexception delete_calendarexception add_office change_office"
        " add_unit change_unit add_unitmember change_unitmember delete_unitmember"
        " add_routingrule change_routingrule delete_routingrule add_reprocessingrun"
        " place_hold lift_hold confirm_destruction grant_erasure add_databreach change_databreach"
        " export_queue export_case export_personal",
    )
)

ROLES = {
    "duty": Role("Trực ban", _DUTY),
    "lead": Role("Chỉ huy", _LEAD),
    # A row of UnitMember says for which reports; without one, none (reports/cases/visibility.py).
    "unit": Role(
        "Cán bộ đơn vị",
        _view("reports", "report indicator")
        | _permit("reports", "decide_case classify_case close_case reveal_contact"),
    ),
    "editor": Role(
        "Biên tập",
        _WARNINGS
        | _permit(
            "alerts",
            "add_alert change_alert add_alertstep change_alertstep delete_alertstep"
            " add_alerttranslation change_alerttranslation delete_alerttranslation",
        )
        | _view("reports", "office"),
    ),
    "approver": Role("Người duyệt", _WARNINGS | _permit("alerts", "issue_alert")),
    "auditor": Role(
        "Kiểm tra",
        _view("core", "auditevent look")
        | _view("reports", "purgerun databreach")
        | _view("auth", "user"),
    ),
}


def establish_roles() -> None:
    """Create the groups with exactly their permissions; raise LookupError before migrate."""
    wanted = frozenset().union(*(role.permissions for role in ROLES.values()))
    permissions = _load_permissions(wanted)
    if missing := wanted - permissions.keys():
        raise LookupError(f"No such permission: {', '.join(sorted(missing))}. Run migrate first.")
    names = [role.name for role in ROLES.values()]
    existing = set(Group.objects.values_list("name", flat=True))
    Group.objects.bulk_create(
        (Group(name=name) for name in names if name not in existing), ignore_conflicts=True
    )
    groups = Group.objects.in_bulk(names, field_name="name")
    _grant(
        {
            groups[role.name].pk: {permissions[name].pk for name in role.permissions}
            for role in ROLES.values()
        }
    )


def _grant(wanted: dict[int, set[int]]) -> None:
    """Give each group exactly these permissions, all by primary key, in three statements."""
    through = Group.permissions.through
    rows = through.objects.filter(group__in=wanted)
    granted = {(row.group_id, row.permission_id): row.pk for row in rows}
    pairs = {(group, each) for group, permissions in wanted.items() for each in permissions}
    if surplus := [granted[pair] for pair in granted.keys() - pairs]:
        through.objects.filter(pk__in=surplus).delete()
    missing = sorted(pairs - granted.keys())
    through.objects.bulk_create(
        (through(group_id=group, permission_id=each) for group, each in missing),
        ignore_conflicts=True,
    )


def group_of(role: str) -> Group:
    """Return the group of a role's code. Raises Group.DoesNotExist before setup_desk."""
    return Group.objects.get(name=ROLES[role].name)


def _load_permissions(names: Iterable[str]) -> dict[str, Permission]:
    full_name = Concat(F("content_type__app_label"), Value("."), F("codename"))
    rows = Permission.objects.annotate(full_name=full_name).filter(full_name__in=names)
    return {row.full_name: row for row in rows}
