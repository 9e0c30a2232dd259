"""Hand-overs: the unit receives and answers, the clocks run until it has, and a victim is not lost."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from core.audit import events
from core.errors import NotAllowedError, StaleVersionError
from reports.cases import deadline_notifications, deadlines, handovers, workflow
from reports.models import Case, Deadline, TransferSlip
from reports.retention import erasure
from tests.support import report_factories
from tests.support.concurrency import in_parallel
from tests.support.database_contents import refused_by_database
from tests.support.officers import Person, create_officer
from tests.support.report_factories import WORDS, decide

pytestmark = pytest.mark.django_db
HERE = ZoneInfo("Asia/Ho_Chi_Minh")
MORNING = datetime(2026, 12, 4, 9, tzinfo=HERE)  # a Friday


@pytest.fixture
def commune() -> User:
    """The officer of a unit with a mailbox."""
    unit = report_factories.unit(email="xa@unit.example")
    return report_factories.create_unit_officer(unit)


def running(case: Case) -> dict[str, datetime]:
    rows = Deadline.objects.pending().filter(report=case.pk)
    return dict(rows.values_list("kind", "due_at"))


def hand_over(by: Person | User, case: Case | None = None, **words: str) -> Case:
    return decide("hand_over", case or report_factories.case(), by, **words)


@pytest.mark.parametrize(
    ("words", "received", "answered"),
    [
        ({}, "2026-12-07 17:00", "2026-12-11 17:00"),
        ({"urgent": "1"}, "2026-12-04 09:30", "2026-12-05 09:00"),
    ],
)
def test_a_unit_has_working_days_and_for_what_is_urgent_half_an_hour_and_a_day(
    words: Mapping[str, str], received: str, answered: str, duty: Person
) -> None:
    with time_machine.travel(MORNING, tick=False):
        case = hand_over(duty, **words)
    ends = tuple(datetime.fromisoformat(end).replace(tzinfo=HERE) for end in (received, answered))
    assert running(case) == dict(zip(("unit_receipt", "unit_answer"), ends, strict=True))
    slip = TransferSlip.objects.get()
    assert (slip.receive_by, slip.answer_by, case.due_at) == (*ends, ends[0])


def test_a_step_ends_its_clock_and_the_last_leaves_none(duty: Person, commune: User) -> None:
    case = hand_over(duty)
    decide("receive", case, commune)
    assert running(case).keys() == {"unit_answer"}
    assert decide("answer", case, commune).due_at is None
    slip = TransferSlip.objects.get()
    assert (slip.received_by, slip.outcome, slip.answer) == (commune, *WORDS["answer"].values())
    assert handovers.list_steps(case, commune) == []


@pytest.mark.parametrize("reaches", ["duty", "commune"])
def test_a_victim_stays_in_the_lane_until_office_or_unit_reached_somebody(
    reaches: str, request: pytest.FixtureRequest, duty: Person, commune: User
) -> None:
    case = report_factories.case(happening_now=True)
    hand_over(duty, case, uncalled_reason="máy bận", urgent="1")
    decide("receive", case, commune)
    decide("answer", case, commune)
    assert list(deadlines.uncalled()) == [case]
    decide("contact", case, request.getfixturevalue(reaches))
    assert not deadlines.uncalled().exists()


def test_a_danger_that_was_only_just_read_is_called_after_a_hand_over_too(duty: Person) -> None:
    case = decide("note", report_factories.case(), duty)
    report_factories.add_facts(case.report, priority=60)
    assert workflow.UNCALLED in workflow.closing_blockers(case.report)
    hand_over(duty, case)
    assert "call" in running(case)


def test_whom_nobody_reached_goes_nowhere_without_a_contact_or_a_reason(duty: Person) -> None:
    case = report_factories.case(happening_now=True)
    with pytest.raises(workflow.ReasonMissingError) as refused:
        hand_over(duty, case, uncalled_reason=" ")
    assert (refused.value.code, TransferSlip.objects.count()) == ("uncalled_reason", 0)
    decide("contact", case, duty)
    hand_over(duty, case, uncalled_reason="")
    assert TransferSlip.objects.get().uncalled_reason == ""


@pytest.mark.parametrize("back", ["decline", "take_back"])
@pytest.mark.parametrize("was", ["new", "waiting", "crime_report"])
def test_what_comes_back_is_as_it_was_and_its_clocks_run_on(
    was: str, back: str, duty: Person, commune: User
) -> None:
    case = report_factories.case()
    deadlines.start_for_new_reports()
    verbs = {"waiting": "ask", "crime_report": "act"}
    case = decide(verbs[was], case, duty) if was in verbs else case
    before = running(case)
    hand_over(duty, case)
    after = decide(back, case, commune if back == "decline" else duty)
    assert after.status == ("in_review" if was == "new" else was)
    assert (after.unit_name, after.assigned_unit, after.officer) == ("", None, duty.user)
    assert running(case) == before
    slip = TransferSlip.objects.get()
    assert (slip.ending, slip.end_reason) == (back, WORDS[back]["reason"])
    assert hand_over(duty, case).status == "handed_over"


def test_only_the_unit_receives_and_what_it_has_is_not_taken_back(
    duty: Person, lead: Person, commune: User
) -> None:
    case = hand_over(duty)
    other = report_factories.create_unit_officer(report_factories.unit("Công an xã B"), "khac")
    tried = [("receive", lead.user), ("receive", other), ("receive_on_paper", duty.user)]
    for verb, by in [*tried, ("answer", commune), ("take_back", commune)]:
        with pytest.raises(NotAllowedError):
            decide(verb, case, by)
    decide("receive", case, commune)
    for verb, by in (("take_back", duty.user), ("reopen", duty.user), ("answer", duty.user)):
        with pytest.raises(NotAllowedError):
            decide(verb, case, by)
    decide("reopen", case, lead)
    assert TransferSlip.objects.get().ending == "reopen"
    assert running(case).keys() == {"classify"}


def test_for_a_unit_without_an_account_the_office_records_the_paper(
    duty: Person, lead: Person
) -> None:
    case = hand_over(duty)
    assert handovers.list_steps(case, duty.user) == ["receive_on_paper", "take_back"]
    decide("receive_on_paper", case, duty)
    decide("answer", case, lead, result="accepted")
    slip = TransferSlip.objects.get()
    assert (slip.receiver, slip.received_by, slip.answered_by) == (
        "trực ban xã",
        duty.user,
        lead.user,
    )
    assert f"{slip.received_on:%d/%m/%Y}" == "05/01/2026"


@pytest.mark.parametrize(
    "changes",
    [
        "unit = 'x'", "is_urgent = NOT is_urgent", "received_at = now()", "answer = 'khác'",
        "ended_at = now(), ended_by_id = actor_id", "answered_at = now(), answered_by_id = actor_id, outcome = 'helped'",
        "ended_at = now(), ended_by_id = actor_id, ending = 'decline', answer_by = now()",
    ],
)  # fmt: skip
def test_the_database_refuses_half_a_step_and_any_other_change(changes: str, duty: Person) -> None:
    hand_over(duty)
    refused_by_database(f"UPDATE reports_transferslip SET {changes}")  # noqa: S608


def test_an_answer_is_given_once_and_a_report_is_at_one_unit(duty: Person, commune: User) -> None:
    case = hand_over(duty)
    for verb in ("receive", "answer"):
        decide(verb, case, commune)
    refused_by_database("UPDATE reports_transferslip SET answer = 'khác', answered_at = now()")
    refused_by_database(
        "INSERT INTO reports_transferslip (year, number, report_id, actor_id, unit, reason, status_before,"
        " receive_by, answer_by) SELECT year, 99, report_id, actor_id, '', '', 'new', now(), now()"
        " FROM reports_transferslip"
    )


def test_an_erasure_takes_what_officers_wrote(duty: Person, commune: User) -> None:
    case = hand_over(duty, uncalled_reason="bà Tư không nghe")
    decide("receive", case, commune)
    decide("answer", case, commune, reason="bà Tư đã gọi lại")
    erasure.erase(case.pk, cause="test")
    slip = TransferSlip.objects.get()
    assert {slip.uncalled_reason, slip.answer, slip.reason} == {erasure.ERASED_PLACEHOLDER}
    assert "bà Tư" not in str([event.detail for event in events.events_for("report", case.pk)])


def remind(**later: int) -> list[str]:
    """Return who was mailed what so much later."""
    mail.outbox.clear()
    with time_machine.travel(timezone.now() + timedelta(**later)):
        deadline_notifications.send_due_reminders()
    return sorted(f"{each.to[0]}: {each.subject}" for each in mail.outbox)


def test_unit_sender_and_lead_are_mailed_until_it_has_answered(
    duty: Person, lead: Person, commune: User, settings: Settings
) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1"
    for person in (duty, lead):
        User.objects.filter(pk=person.user.pk).update(email=f"{person.user}@desk.example")
    case = hand_over(duty, report_factories.case("Số 0550 000 123."), urgent="1")
    assert remind() == ["xa@unit.example: Tin được chuyển đến, chờ xác nhận: 1"]
    assert case.report.public_number in str(mail.outbox[0].body)
    assert "0550" not in str(mail.outbox[0].body)
    assert remind() == []
    late = [f"{who}: Quá hạn: 1 tin" for who in ("duty@desk.example", "lead@desk.example", "xa@unit.example")]  # fmt: skip
    assert remind(minutes=31) == late
    decide("receive", case, commune)
    assert remind(hours=20) == [line.replace("Quá hạn", "Sắp đến hạn") for line in late if "lead" not in line]  # fmt: skip
    assert remind(hours=25) == late
    decide("answer", case, commune)
    assert remind(days=9) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("other", ["receive", "decline", "take_back"])
def test_of_two_steps_at_once_one_is_taken_and_the_other_is_told(other: str) -> None:
    sender, unit = create_officer("gui", "duty"), report_factories.unit()
    first, second = (report_factories.create_unit_officer(unit, name) for name in ("mot", "hai"))
    case = hand_over(sender)

    def step(verb: str, by: User) -> str:
        try:
            workflow.decide(verb, case.pk, by=by, version=case.version, **WORDS[verb])
        except (StaleVersionError, NotAllowedError):
            return "told"
        return verb

    by = sender if other == "take_back" else second
    results = in_parallel([partial(step, "receive", first), partial(step, other, by)])
    assert sorted(results).count("told") == 1
    slip, (taken,) = TransferSlip.objects.get(), [each for each in results if each != "told"]
    assert (bool(slip.received_at), slip.ending) == (
        taken == "receive",
        taken.replace("receive", ""),
    )
