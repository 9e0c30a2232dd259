"""Deadlines of a case: which act starts, meets, drops and extends which, also in a race."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.errors import NotAllowedError
from reports.calendar import deadline_rules
from reports.cases import deadlines, workflow
from reports.facts.effective_facts import effective_facts
from reports.models import Case, Deadline, Message
from tests.support import report_factories
from tests.support.concurrency import in_parallel
from tests.support.officers import Person, create_officer
from tests.support.report_factories import decide, try_to

pytestmark = pytest.mark.django_db

HERE = ZoneInfo("Asia/Ho_Chi_Minh")


def running(case: Case) -> dict[str, datetime]:
    rows = Deadline.objects.pending().filter(report_id=case.pk)
    return {deadline.kind: deadline.due_at for deadline in rows}


def at(moment: str) -> Any:
    return time_machine.travel(datetime.fromisoformat(moment).replace(tzinfo=HERE), tick=False)


def test_a_minute_after_a_report_came_its_deadlines_run_from_receipt() -> None:
    case = report_factories.case(happening_now=True)
    assert not Deadline.objects.exists()
    assert [deadlines.start_for_new_reports() for _ in range(2)] == [1, 0]
    begun = case.report.received_at
    due = {"call": begun + timedelta(minutes=15), "classify": begun + timedelta(hours=24)}
    assert running(case) == due
    case.refresh_from_db()
    assert (case.due_at, case.version) == (begun + timedelta(minutes=15), 1)


def test_what_is_not_ongoing_is_to_be_classified_alone_until_extracted_otherwise() -> None:
    case = report_factories.case()
    deadlines.start_for_new_reports()
    assert running(case).keys() == {"classify"}
    report_factories.add_facts(case.report, priority=60)
    deadlines.start_for_new_reports()
    assert running(case).keys() == {"call", "classify"}
    case.refresh_from_db()
    assert case.due_at == running(case)["call"]


def test_a_danger_that_is_read_after_a_note_is_called_all_the_same(chief: User) -> None:
    case = report_factories.case()
    decide("note", case, chief)
    report_factories.add_facts(case.report, priority=60)
    deadlines.start_for_new_reports()
    assert running(case).keys() == {"call", "classify"}


def test_what_is_older_than_a_day_is_called_no_more() -> None:
    case = report_factories.case()
    deadlines.start_for_new_reports()
    report_factories.add_facts(case.report, priority=60)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        deadlines.start_for_new_reports()
    assert running(case).keys() == {"classify"}
    assert not deadlines.running_calls().exists()


@pytest.mark.parametrize(
    "verb", ["take", "assign", "note", "ask", "message", "correct", "act", "hand_over"]
)
def test_nothing_but_a_recorded_contact_ends_the_call(verb: str, chief: User) -> None:
    case = report_factories.case(happening_now=True)
    deadlines.start_for_new_reports()
    if verb == "correct":
        report_factories.correct(case, chief, "ongoing", False)
    else:
        decide(verb, case, chief)
    assert "call" in running(case)
    decide("contact", case, chief, contact=Case.Contact.REACHED)
    assert running(case).keys().isdisjoint({"call", "call_again"})
    assert Deadline.objects.get(kind="call").met_at


def test_a_call_that_nobody_answers_is_due_again_until_somebody_is_reached(chief: User) -> None:
    case = report_factories.case(happening_now=True)
    for _ in range(2):
        decide("contact", case, chief, contact=Case.Contact.NO_ANSWER)
        assert running(case).keys() == {"call_again", "classify"}
    decide("contact", case, chief, contact=Case.Contact.POLICE)
    assert running(case).keys() == {"classify"}


@pytest.mark.parametrize(("fact", "value"), [("ongoing", True), ("priority", 80)])
def test_who_is_in_danger_by_an_officers_word_is_called(fact: str, value: Any, chief: User) -> None:
    case = report_factories.case()
    report_factories.add_facts(case.report, priority=20)
    report_factories.correct(case, chief, fact, value)
    assert running(case).keys() == {"call", "classify"}
    case.refresh_from_db()
    assert effective_facts(case.report).priority >= 60


def test_while_the_reporter_is_asked_sorting_waits_and_runs_anew_from_the_answer(
    chief: User,
) -> None:
    case = report_factories.case()
    decide("ask", case, chief)
    waits = deadline_rules.due_at("followup_answer", timezone.now())
    assert running(case) == {"classify": waits}
    assert deadlines.resume_answered() == 0
    first, later = (timezone.now() + timedelta(hours=hours) for hours in (1, 5))
    for sent_at in (first, later):
        Message.objects.create(report_id=case.pk, sent_at=sent_at, content_digest=b"x")
    assert [deadlines.resume_answered() for _ in range(2)] == [1, 0]
    assert running(case) == {"classify": first + timedelta(hours=24)}
    case.refresh_from_db()
    assert case.due_at == first + timedelta(hours=24)


def test_who_waits_no_longer_has_the_whole_time_to_sort(chief: User) -> None:
    case = report_factories.case()
    with at("2026-11-30 09:00"):
        decide("ask", case, chief)
    with at("2026-12-02 09:00"):
        decide("resume", case, chief)
    assert running(case)["classify"] == datetime(2026, 12, 3, 9, tzinfo=HERE)


@pytest.mark.parametrize("verb", ["junk", "withdraw", "close"])
def test_an_end_drops_the_call_and_does_not_count_it_as_made(verb: str, chief: User) -> None:
    case = report_factories.case(happening_now=True)
    decide(verb, case, chief)
    assert running(case) == {}
    assert Deadline.objects.get(kind="call").dropped_at


@pytest.mark.parametrize("verb", ["junk", "withdraw", "close"])
def test_sorting_ends_what_ran_from_receipt(verb: str, chief: User) -> None:
    case = report_factories.case()
    after = decide(verb, case, chief)
    assert running(case) == {}
    assert after.due_at is None


def test_a_crime_report_starts_the_deadlines_of_the_law(chief: User) -> None:
    case = report_factories.case()
    with at("2026-12-31 09:00"):
        after = decide("act", case, chief)
    due = {kind: f"{timezone.localtime(end):%d/%m/%Y %H:%M}" for kind, end in running(case).items()}
    assert due == {"notify": "06/01/2027 17:00", "verify": "20/01/2027 17:00"}
    assert after.due_at == running(case)["notify"]


@pytest.mark.parametrize(
    ("verb", "left"), [("message", {"verify"}), ("hand_over", {"notify", *deadline_rules.HANDOVER})]
)
def test_a_message_to_the_reporter_meets_the_telling_and_a_hand_over_leaves_it(
    verb: str, left: set[str], chief: User
) -> None:
    case = report_factories.case()
    decide("act", case, chief)
    after = decide(verb, case, chief)
    assert running(case).keys() == left
    assert after.due_at == min(running(case).values())


def test_verifying_is_extended_twice_to_month_ends_and_no_further(chief: User) -> None:
    case, ends = report_factories.case(), []
    with at("2026-12-31 09:00"):
        decide("act", case, chief)
        for _ in range(2):
            decide("extend", case, chief)
            ends.append(f"{timezone.localtime(running(case)['verify']):%d/%m/%Y}")
        with pytest.raises(workflow.NoExtensionLeftError):
            decide("extend", case, chief)
    assert ends == ["28/02/2027", "30/04/2027"]
    assert Case.objects.get(pk=case.pk).version == 4


def test_reopening_drops_the_deadlines_of_the_law_and_classifies_anew(chief: User) -> None:
    case = report_factories.case()
    decide("act", case, chief)
    with at("2026-12-01 08:00"):
        decide("reopen", case, chief)
    assert running(case) == {"classify": datetime(2026, 12, 2, 8, tzinfo=HERE)}
    assert Deadline.objects.filter(dropped_at__isnull=False).count() == 2


def test_what_was_refused_leaves_the_deadlines_alone(chief: User) -> None:
    case = report_factories.case()
    decide("act", case, chief)
    before = list(Deadline.objects.order_by("id").values())
    with pytest.raises(workflow.InvalidTransitionError):
        decide("junk", case, chief)
    assert list(Deadline.objects.order_by("id").values()) == before


def test_two_of_a_kind_cannot_run() -> None:
    report = report_factories.report()
    deadlines.apply_transition(report.case)
    row = {"report": report, "kind": "classify"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Deadline.objects.create(started_at=timezone.now(), due_at=timezone.now(), **row)


def test_officers_take_up_again_what_they_ended_themselves_within_a_day(
    duty: Person, chief: User
) -> None:
    mine, another = report_factories.case(), report_factories.case()
    decide("junk", another, chief)
    with pytest.raises(NotAllowedError):
        decide("reopen", another, duty)
    after = decide("junk", mine, duty)
    assert "reopen" in workflow.allowed_actions(after, duty.user)
    assert decide("reopen", mine, duty).status == Case.Status.IN_REVIEW
    decide("junk", mine, duty)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):  # noqa: SIM117
        with pytest.raises(NotAllowedError):
            decide("reopen", mine, duty)


@pytest.mark.django_db(transaction=True)
def test_the_machine_starts_deadlines_while_two_officers_decide() -> None:
    case = report_factories.case(happening_now=True)
    officers = [create_officer("ha", "duty"), create_officer("minh", "duty")]
    junking = [partial(try_to, "junk", case, by) for by in officers]
    results = in_parallel([*junking, *[deadlines.start_for_new_reports] * 3])
    assert sorted(results[:2]) == ["done", "told"]
    assert not Deadline.objects.pending().exists()
    assert Case.objects.get(pk=case.pk).due_at is None


@pytest.mark.django_db(transaction=True)
def test_of_two_who_extend_at_once_one_does() -> None:
    chief = create_officer("chief", "lead")
    case = decide("act", report_factories.case(), chief)
    results = in_parallel([partial(try_to, "extend", case, chief)] * 2)
    assert sorted(results) == ["done", "told"]
    assert Deadline.objects.get(kind="verify").extension_count == 1
