"""Decisions: the table of transitions, lost races, and the event of each act."""

from functools import partial

import pytest
from django.contrib.auth.models import User

from accounts import roles
from core.audit import events
from core.errors import NotAllowedError
from reports.cases import handovers, transitions, workflow
from reports.models import Case, Message
from tests.support import report_factories
from tests.support.concurrency import in_parallel
from tests.support.officers import Person, create_officer
from tests.support.report_factories import WORDS, decide, try_to
from tests.support.workflow_table import (
    LEADS,
    OF_UNITS,
    S,
    create_case,
    create_case_for,
    put_at_unit,
)

pytestmark = pytest.mark.django_db

MAY = {
    "duty": "contact take recall note ask message resume act hand_over receive_on_paper answer take_back close junk withdraw second",
    "lead": "contact take assign give_back assign_unit recall note ask message resume act extend hand_over receive_on_paper answer take_back close junk withdraw second reopen",
    "unit": "contact take recall note ask message resume act receive answer decline close junk withdraw second",
    "editor": "",
    "approver": "",
    "auditor": "",
}


@pytest.mark.parametrize("verb", WORDS)
@pytest.mark.parametrize("status", S)
def test_a_verb_leads_where_the_table_says_and_nowhere_else(
    status: str, verb: str, chief: User
) -> None:
    case = create_case(status, verb)
    if verb in OF_UNITS:
        put_at_unit(case, chief)
    leads = dict(pair.split("=") for pair in LEADS[S(status)].split())
    if verb in leads:
        assert decide(verb, case, chief).status == leads[verb]
    else:
        with pytest.raises(workflow.InvalidTransitionError):
            decide(verb, case, chief)
        assert Case.objects.get(pk=case.pk).version == case.version


@pytest.mark.parametrize("verb", WORDS)
@pytest.mark.parametrize("role", MAY)
def test_a_role_may_what_is_written_here(role: str, verb: str) -> None:
    by, case = create_officer(role, role), create_case_for(verb)
    if role == "unit":
        put_at_unit(case, by)
    if verb in MAY[role].split():
        assert decide(verb, case, by).version == case.version + 1
    else:
        with pytest.raises(NotAllowedError):
            decide(verb, case, by)
        assert not events.events_for("report", case.pk)


@pytest.mark.parametrize("verb", WORDS)
def test_each_decision_leaves_one_event_with_who_and_why(verb: str, chief: User) -> None:
    case = create_case_for(verb)
    if verb in OF_UNITS:
        put_at_unit(case, chief)
    after = decide(verb, case, chief)
    event = events.events_for("report", case.pk).get()
    assert (event.kind, event.actor) == (transitions.TABLE[verb].event, chief)
    assert (event.detail["before"], event.detail["after"]) == (case.status, after.status)
    detail = (
        {"message": Message.objects.get().pk}
        if transitions.TABLE[verb].messages_reporter
        else WORDS[verb]
    )
    assert event.detail.items() >= detail.items()


@pytest.mark.parametrize(
    ("verb", "missing", "typed"),
    [
        *((verb, "reason", " \n") for verb in WORDS if "reason" in WORDS[verb]),
        ("hand_over", "unit", " \n"),
        ("receive_on_paper", "receiver", " \n"),
        ("receive_on_paper", "received_on", "2999-01-01"),
        ("answer", "result", "solved"),
        ("close", "outcome", " \n"),
        ("close", "outcome", "solved"),
    ],
)
def test_what_a_verb_needs_is_asked_for(verb: str, missing: str, typed: str, chief: User) -> None:
    case = create_case_for(verb)
    with pytest.raises(workflow.ReasonMissingError) as caught:
        decide(verb, case, chief, **{missing: typed})
    assert caught.value.code == missing
    assert not events.events_for("report", case.pk)


def test_only_one_who_may_decide_can_be_assigned(chief: User, editor: Person) -> None:
    with pytest.raises(workflow.ReasonMissingError, match="officer"):
        decide("assign", report_factories.case(), chief, officer=editor.user)


def test_an_officer_who_left_decides_nothing(chief: User) -> None:
    chief.is_active = False
    with pytest.raises(NotAllowedError):
        decide("take", report_factories.case(), chief)


def test_who_decides_on_an_untaken_case_becomes_its_officer_and_who_notes_does_not(
    duty: Person, chief: User
) -> None:
    case = report_factories.case()
    assert decide("note", case, duty).officer is None
    assert decide("ask", case, duty).officer == duty.user
    assert decide("act", case, chief).officer == duty.user


def test_reopening_clears_the_outcome_and_the_event_keeps_it(chief: User) -> None:
    case = decide("close", report_factories.case(), chief)
    assert decide("reopen", case, chief).outcome == ""
    closing = events.events_for("report", case.pk).get(kind="closed")
    assert closing.detail["outcome"] == "duplicate"


def test_offers_are_what_would_be_accepted(duty: Person) -> None:
    case = report_factories.case()
    expected = set(MAY["duty"].split()) - {
        "resume",
        "recall",
        "withdraw",
        "second",
        *handovers.STEPS,
    }
    assert set(workflow.allowed_actions(case, duty.user)) == expected
    taken = decide("take", case, duty)
    assert "take" not in workflow.allowed_actions(taken, duty.user)


def test_every_permission_of_the_table_exists(db: None) -> None:
    wanted = {move.permission for move in transitions.TABLE.values()}
    assert roles._load_permissions(wanted).keys() == wanted


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_a_case_at_once_one_gets_it_and_one_is_told() -> None:
    case = report_factories.case()
    officers = [create_officer("ha", "duty"), create_officer("minh", "duty")]
    results = in_parallel([partial(try_to, "take", case, by) for by in officers])
    assert sorted(results) == ["done", "told"]
    after = Case.objects.get(pk=case.pk)
    assert (after.officer, after.version) == (officers[results.index("done")], 2)
    assert [event.kind for event in events.events_for("report", case.pk)] == ["taken"]


def test_what_waits_for_a_second_officer_is_counted_without_reading_all_reports() -> None:
    """At a million reports a join was planned as a scan of them all, by three processes."""
    assert " JOIN " not in str(Case.objects.unseconded().query)
