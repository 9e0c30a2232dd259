"""Who may enter the desk: one writer, nobody for themselves, and always a lead who can log in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts import invitations
from accounts import roles as people
from accounts import service as accounts
from accounts.service import AccountError
from core.audit import log as events
from tests.support.officers import Person, enlist

pytestmark = pytest.mark.django_db

# What would leave the desk without a lead, past the writer of accounts.
REMOVALS: dict[str, Callable[[User], object]] = {
    "switched off": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "no staff": lambda user: User.objects.filter(pk=user.pk).update(is_staff=False),
    "deleted": lambda user: user.delete(),
    "out of the group": lambda user: user.groups.clear(),
    "another group": lambda user: user.groups.set([people.group_of("duty")]),
    "no such group": lambda _: Group.objects.filter(name="Chỉ huy").delete(),
    "a group without the right": lambda _: people.group_of("lead").permissions.clear(),
}


def why(act: Callable[[], object]) -> str:
    with pytest.raises(AccountError) as refused:
        act()
    return refused.value.why


@pytest.mark.parametrize("removal", REMOVALS)
def test_the_database_keeps_the_last_lead(lead: Person, removal: str) -> None:
    with pytest.raises(IntegrityError, match="the last lead stays"), transaction.atomic():
        REMOVALS[removal](lead.user)
    assert lead.user in accounts.leads()


@pytest.mark.parametrize("removal", list(REMOVALS)[:5])
def test_of_two_leads_one_may_go(lead: Person, removal: str) -> None:
    other = enlist("hai", "lead")
    REMOVALS[removal](lead.user)
    assert list(accounts.leads()) == [other]


def test_a_lead_who_cannot_log_in_counts_for_none(lead: Person) -> None:
    other = enlist("hai", "lead")
    User.objects.filter(pk=other.pk).update(is_active=False)
    other.groups.clear()  # was none who could log in
    with pytest.raises(IntegrityError), transaction.atomic():
        lead.user.groups.clear()


@pytest.mark.django_db(transaction=True)
def test_of_two_leads_who_close_each_other_one_stays() -> None:
    both = [enlist("mot", "lead"), enlist("hai", "lead")]

    def close(pair: tuple[User, User]) -> str:
        try:
            accounts.close(pair[0], by=pair[1], reason="đi vắng")
        except AccountError as error:
            return error.why
        finally:
            connection.close()
        return "closed"

    with ThreadPoolExecutor(2) as pool:
        done = sorted(pool.map(close, [(both[0], both[1]), (both[1], both[0])]))
    assert done == ["closed", "last_lead"]
    assert accounts.leads().count() == 1


def test_the_writer_names_the_last_lead(lead: Person, duty: Person) -> None:
    assert why(lambda: accounts.close(lead.user, by=duty.user, reason="x")) == "last_lead"
    duty_role = people.group_of("duty")
    role = lambda: accounts.change_role(lead.user, duty_role, by=duty.user, reason="x")  # noqa: E731
    assert why(role) == "last_lead"
    assert not events.about("user", lead.user.pk)


def test_an_invitation_does_not_demote_the_last_lead(lead: Person) -> None:
    with pytest.raises(CommandError, match="invite another lead first"):
        call_command("invite_officer", lead.user.username, "--role", "duty")
    assert lead.user in accounts.leads()
    assert not lead.user.totpdevice_set.filter(confirmed=False).exists()


def test_nobody_decides_on_their_own_account(lead: Person) -> None:
    enlist("hai", "lead")
    own = {"by": lead.user, "reason": "x"}
    assert why(lambda: accounts.close(lead.user, **own)) == "own"
    assert why(lambda: accounts.reopen(lead.user, **own)) == "own"
    editor = people.group_of("editor")
    assert why(lambda: accounts.change_role(lead.user, editor, **own)) == "own"


def test_each_act_has_a_reason_and_is_on_record(lead: Person, duty: Person) -> None:
    by, user = lead.user, duty.user
    assert why(lambda: accounts.close(user, by=by, reason=" ")) == "reason"
    accounts.close(user, by=by, reason="nghỉ hưu")
    accounts.reopen(user, by=by, reason="quay lại")
    accounts.change_role(user, people.group_of("editor"), by=by, reason="chuyển việc")
    kinds = [each.kind for each in events.about("user", user.pk)]
    assert kinds == ["role_changed", "account_reopened", "account_closed"]
    assert events.about("user", user.pk)[2].detail == {"reason": "nghỉ hưu"}


def test_an_act_that_changes_nothing_is_told(lead: Person, duty: Person) -> None:
    by, user = lead.user, duty.user
    assert why(lambda: accounts.reopen(user, by=by, reason="x")) == "same"
    role = people.group_of("duty")
    assert why(lambda: accounts.change_role(user, role, by=by, reason="x")) == "same"


@pytest.mark.parametrize("act", ["close", "role", "invitation to another role", "new device"])
def test_whoever_was_in_is_out(lead: Person, duty: Person, act: str) -> None:
    user, by = duty.user, lead.user
    assert duty.client.get("/admin/sessions/").status_code == 200
    if act == "close":
        accounts.close(user, by=by, reason="x")
        accounts.reopen(user, by=by, reason="x")
    elif act == "role":
        accounts.change_role(user, people.group_of("editor"), by=by, reason="x")
    elif act == "new device":
        accounts.enrolled(user)
    else:
        invitations.invite(user.username, "editor")
    assert duty.client.get("/admin/sessions/").status_code == 302
    assert lead.client.get("/admin/sessions/").status_code == 200
