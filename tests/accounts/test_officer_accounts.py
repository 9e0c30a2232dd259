"""Who may enter the desk: one writer, nobody for themselves, and always a lead who can log in."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts import invitations, officer_accounts, roles
from accounts.officer_accounts import AccountError
from core.audit import events, proposals
from core.errors import ActionError
from tests.support.concurrency import in_parallel
from tests.support.officers import Person, act_alone, create_officer

pytestmark = pytest.mark.django_db

# What would leave the desk without a lead, past the writer of accounts.
REMOVALS: dict[str, Callable[[User], object]] = {
    "switched off": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "no staff": lambda user: User.objects.filter(pk=user.pk).update(is_staff=False),
    "deleted": lambda user: user.delete(),
    "out of the group": lambda user: user.groups.clear(),
    "another group": lambda user: user.groups.set([roles.group_of("duty")]),
    "no such group": lambda _: Group.objects.filter(name="Chỉ huy").delete(),
    "a group without the right": lambda _: roles.group_of("lead").permissions.clear(),
}


def why(act: Callable[..., object], *on: object, by: User, reason: str = "x") -> str:
    """Why the act is refused."""
    with pytest.raises(AccountError) as refused:
        act(*on, by=by, reason=reason)
    return refused.value.code


@pytest.mark.parametrize("removal", REMOVALS)
def test_the_database_keeps_the_last_lead(lead: Person, removal: str) -> None:
    with pytest.raises(IntegrityError, match="the last lead stays"), transaction.atomic():
        REMOVALS[removal](lead.user)
    assert lead.user in officer_accounts.active_leads()


@pytest.mark.parametrize("removal", list(REMOVALS)[:5])
def test_of_two_leads_one_may_go(lead: Person, removal: str) -> None:
    other = create_officer("hai", "lead")
    REMOVALS[removal](lead.user)
    assert list(officer_accounts.active_leads()) == [other]


def test_a_lead_who_cannot_log_in_counts_for_none(lead: Person) -> None:
    other = create_officer("hai", "lead")
    User.objects.filter(pk=other.pk).update(is_active=False)
    other.groups.clear()  # was none who could log in
    with pytest.raises(IntegrityError), transaction.atomic():
        lead.user.groups.clear()


@pytest.mark.django_db(transaction=True)
def test_of_two_leads_who_are_closed_at_once_one_stays() -> None:
    one, other = create_officer("mot", "lead"), create_officer("hai", "lead")

    def close(user: User) -> str:
        try:
            officer_accounts.deactivate(user, by=None, reason="đi vắng")
        except AccountError as error:
            return error.code
        return "closed"

    done = in_parallel([lambda: close(one), lambda: close(other)])
    assert sorted(done) == ["closed", "last_lead"]
    assert officer_accounts.active_leads().count() == 1


def test_the_writer_names_the_last_lead(lead: Person, duty: Person) -> None:
    assert why(officer_accounts.deactivate, lead.user, by=duty.user) == "last_lead"
    role = roles.group_of("duty")
    assert why(officer_accounts.change_role, lead.user, role, by=duty.user) == "last_lead"
    assert not events.events_for("user", lead.user.pk)


def test_an_invitation_does_not_demote_the_last_lead(lead: Person) -> None:
    with pytest.raises(CommandError, match="invite another lead first"):
        call_command("invite_officer", lead.user.username, "--role", "duty")
    assert lead.user in officer_accounts.active_leads()
    assert not lead.user.totpdevice_set.filter(confirmed=False).exists()


def test_nobody_decides_on_their_own_account(lead: Person) -> None:
    create_officer("hai", "lead")
    assert why(officer_accounts.deactivate, lead.user, by=lead.user) == "own"
    assert why(officer_accounts.reactivate, lead.user, by=lead.user) == "own"
    role = roles.group_of("editor")
    assert why(officer_accounts.change_role, lead.user, role, by=lead.user) == "own"


def test_each_act_has_a_reason_and_an_effect_and_is_on_record(lead: Person, duty: Person) -> None:
    by, user = lead.user, duty.user
    assert why(officer_accounts.deactivate, user, by=by, reason=" ") == "reason"
    assert why(officer_accounts.reactivate, user, by=by) == "same"
    assert why(officer_accounts.change_role, user, roles.group_of("duty"), by=by) == "same"
    officer_accounts.deactivate(user, by=by, reason="nghỉ hưu")
    officer_accounts.reactivate(user, by=by, reason="quay lại")
    officer_accounts.change_role(user, roles.group_of("editor"), by=by, reason="chuyển việc")
    kinds = [each.kind for each in events.events_for("user", user.pk)]
    assert kinds == ["role_changed", "account_reopened", "account_closed"]
    assert events.events_for("user", user.pk)[2].detail == {"reason": "nghỉ hưu"}


@pytest.mark.parametrize("act", ["close", "role", "invitation to another role", "new device"])
def test_whoever_was_in_is_out(lead: Person, duty: Person, act: str) -> None:
    user, because = duty.user, {"by": lead.user, "reason": "x"}
    assert duty.client.get("/admin/sessions/").status_code == 200
    if act == "close":
        officer_accounts.deactivate(user, **because)
        officer_accounts.reactivate(user, **because)
    elif act == "role":
        officer_accounts.change_role(user, roles.group_of("editor"), **because)
    elif act == "new device":
        officer_accounts.on_enrolment(user)
    else:
        invitations.create_invitation(user.username, "editor")
    assert duty.client.get("/admin/sessions/").status_code == 302
    assert lead.client.get("/admin/sessions/").status_code == 200


def test_power_is_given_and_taken_by_two_leads_one_proposal_at_a_time(
    lead: Person, duty: Person
) -> None:
    other, third = create_officer("hai", "lead"), create_officer("ba", "lead")
    act_alone()
    because = {"by": lead.user, "reason": "chuyển việc"}
    for role in map(roles.group_of, ("approver", "editor")):
        proposal = officer_accounts.change_role(duty.user, role, **because)
        assert proposal
        with pytest.raises(ActionError, match="đang có một đề nghị"):
            officer_accounts.change_role(duty.user, roles.group_of("lead"), by=third, reason="x")
        proposals.confirm(officer_accounts.ACCOUNT, proposal.pk, by=other)
        assert list(duty.user.groups.all()) == [role]
    event = events.events_for("user", duty.user.pk)[0]
    assert (event.kind, event.actor) == ("role_changed", other)
    assert event.detail["reason"] == "chuyển việc"


@pytest.mark.parametrize("confirms", ["who proposed", "the person", "duty"])
def test_of_a_lead_another_lead_decides(lead: Person, duty: Person, confirms: str) -> None:
    other = create_officer("hai", "lead")
    act_alone()
    proposal = officer_accounts.deactivate(other, by=lead.user, reason="x")
    assert proposal
    by = {"who proposed": lead.user, "the person": other, "duty": duty.user}[confirms]
    with pytest.raises((ActionError, AccountError)):
        proposals.confirm(officer_accounts.ACCOUNT, proposal.pk, by=by)
    assert User.objects.get(pk=other.pk).is_active


def test_a_power_that_is_given_past_the_roles_is_none() -> None:
    auditor, look = create_officer("kiem.tra", "auditor"), "reports.view_databreach"
    assert auditor.has_perm(look)
    auditor.user_permissions.add(Permission.objects.get(codename="view_report"))
    assert not User.objects.get(pk=auditor.pk).has_perm("reports.view_report")
