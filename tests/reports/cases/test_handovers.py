"""Hand-overs: the unit receives and answers, the clocks run until it has, and a victim is not lost."""

from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from core.errors import NotAllowedError, StaleVersionError
from reports.cases import blockers, deadlines, handovers, workflow
from reports.models import Case, Deadline, TransferSlip, UnitMember
from reports.retention import erasure
from tests.support import database_contents, report_factories
from tests.support.concurrency import in_parallel
from tests.support.officers import Person, create_officer
from tests.support.report_factories import WORDS, decide

pytestmark = pytest.mark.django_db
HERE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.fixture
def commune() -> User:
    """The officer of a unit with a mailbox."""
    return report_factories.create_unit_officer(report_factories.unit(email="xa@unit.example"))


def running(case: Case) -> dict[str, datetime]:
    return dict(Deadline.objects.pending().filter(report=case.pk).values_list("kind", "due_at"))


def hand_over(by: Person | User, case: Case | None = None, **words: str) -> Case:
    return decide("hand_over", case or report_factories.case(), by, **words)


@pytest.mark.parametrize(
    ("urgent", "ends"), [("", ["07 17:00", "11 17:00"]), ("1", ["04 09:30", "05 09:00"])]
)
def test_a_unit_has_working_days_and_for_what_is_urgent_half_an_hour_and_a_day(
    urgent: str, ends: list[str], duty: Person
) -> None:
    with time_machine.travel(datetime(2026, 12, 4, 9, tzinfo=HERE), tick=False):  # a Friday
        case = hand_over(duty, urgent=urgent)
    due = {kind: f"{timezone.localtime(at):%d %H:%M}" for kind, at in running(case).items()}
    assert due == dict(zip(("unit_receipt", "unit_answer"), ends, strict=True))
    assert case.due_at == TransferSlip.objects.get().receive_by


def test_a_danger_that_was_only_just_read_is_called_after_a_hand_over_too(duty: Person) -> None:
    case = decide("note", report_factories.case(), duty)
    report_factories.add_facts(case.report, priority=60)
    assert blockers.UNCALLED in blockers.closing_blockers(case.pk)
    hand_over(duty, case)
    assert "call" in running(case)


@pytest.mark.parametrize("back", ["decline", "take_back"])
@pytest.mark.parametrize(("verb", "was"), [("", "in_review"), ("ask", "waiting"), ("act", "crime_report")])  # fmt: skip
def test_what_comes_back_is_as_it_was_and_its_clocks_run_on(
    verb: str, was: str, back: str, duty: Person, commune: User
) -> None:
    case = report_factories.case()
    deadlines.start_for_new_reports()
    case = decide(verb, case, duty) if verb else case
    before = running(case)
    hand_over(duty, case)
    after = decide(back, case, commune if back == "decline" else duty)
    assert (after.status, after.assigned_unit, after.officer) == (was, None, duty.user)
    assert running(case) == before
    assert hand_over(duty, case).status == "handed_over"


@pytest.mark.parametrize("back", ["decline", "take_back"])
@pytest.mark.parametrize("is_member", [True, False])
def test_what_comes_back_is_of_its_former_unit_and_of_nobody_who_cannot_see_it(
    is_member: bool, back: str, duty: Person, lead: Person, commune: User
) -> None:
    former = report_factories.unit("Công an xã B")
    holder = report_factories.create_unit_officer(former, "khac")
    case = decide("take", report_factories.assign_to_unit(former, lead), holder)
    hand_over(duty, case)
    if not is_member:
        UnitMember.objects.filter(user=holder).delete()
    after = decide(back, case, commune if back == "decline" else duty)
    assert (after.assigned_unit, after.unit_name) == (former, former.name)
    assert after.officer == (holder if is_member else None)


@pytest.mark.parametrize("back", ["decline", "take_back"])
@pytest.mark.parametrize("urgent", ["", "1"])
def test_what_was_urgent_is_called_anew_when_it_comes_back(
    urgent: str, back: str, duty: Person, commune: User
) -> None:
    case = hand_over(duty, urgent=urgent)
    decide(back, case, commune if back == "decline" else duty)
    assert ("call_again" in running(case), deadlines.uncalled().exists()) == (bool(urgent),) * 2


def test_a_call_that_runs_is_not_begun_twice_and_one_of_yesterday_is_begun_anew(
    duty: Person, commune: User
) -> None:
    case = report_factories.case(happening_now=True)
    deadlines.start_for_new_reports()
    hand_over(duty, case, urgent="1")
    decide("decline", case, commune)
    assert running(case).keys() == {"call", "classify"}
    hand_over(duty, case, urgent="1")
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        after = decide("decline", case, commune)
        assert running(case)["call_again"] > timezone.now()
        assert list(deadlines.uncalled()) == [after]


@pytest.mark.parametrize("verb", ["hand_over", "act"])
def test_a_danger_that_is_read_after_the_hand_over_is_called(verb: str, duty: Person) -> None:
    case = decide(verb, report_factories.case(), duty)
    report_factories.add_facts(case.report, priority=60)
    before = running(case)
    deadlines.start_for_new_reports()
    assert running(case).keys() == before.keys() | {"call"}
    assert deadlines.uncalled().filter(pk=case.pk).exists()


def test_a_danger_that_the_unit_answered_before_it_was_read_is_called(
    duty: Person, commune: User
) -> None:
    case = hand_over(duty)
    for verb in ("receive", "answer"):
        decide(verb, case, commune)
    report_factories.add_facts(case.report, priority=60)
    deadlines.start_for_new_reports()
    assert running(case).keys() == {"call"}


def test_an_erased_report_has_no_step_of_its_hand_over(duty: Person, commune: User) -> None:
    case = hand_over(duty)
    report_factories.erase(case.report)
    case = Case.objects.get(pk=case.pk)
    assert [handovers.list_steps(case, by) for by in (commune, duty.user)] == [[], []]
    for verb, by in (("receive", commune), ("decline", commune), ("take_back", duty.user)):
        with pytest.raises(NotAllowedError):
            decide(verb, case, by)


def test_only_the_unit_receives_and_what_it_has_is_not_taken_back(
    duty: Person, lead: Person, commune: User
) -> None:
    case = hand_over(duty)
    other = report_factories.create_unit_officer(report_factories.unit("Công an xã B"), "khac")

    def refuse(*tried: tuple[str, User]) -> None:
        for verb, by in tried:
            with pytest.raises(NotAllowedError):
                decide(verb, case, by)

    refuse(("receive", lead.user), ("receive", other), ("receive_on_paper", duty.user))
    refuse(("answer", commune), ("take_back", commune))
    decide("receive", case, commune)
    refuse(*((verb, duty.user) for verb in ("take_back", "reopen", "answer")))
    decide("reopen", case, lead)
    assert (TransferSlip.objects.get().ending, running(case).keys()) == ("reopen", {"classify"})


@pytest.mark.parametrize(
    "changes",
    [
        "unit = 'x'", "received_at = now()", "answer = 'khác'", "ended_at = now(), ended_by_id = actor_id",
        "answered_at = now(), answered_by_id = actor_id, outcome = 'helped'",
        "ended_at = now(), ended_by_id = actor_id, ending = 'decline', answer_by = now()",
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_answered", [False, True])
def test_the_database_refuses_half_a_step_a_second_one_and_any_other_change(
    changes: str, is_answered: bool, duty: Person, commune: User
) -> None:
    case = hand_over(duty)
    for verb in ("receive", "answer") if is_answered else ():
        decide(verb, case, commune)
    database_contents.refused_by_database(f"UPDATE reports_transferslip SET {changes}")  # noqa: S608


def test_an_erasure_takes_what_officers_wrote(duty: Person, commune: User) -> None:
    case = hand_over(duty, uncalled_reason="bà Tư không nghe")
    decide("receive", case, commune)
    decide("answer", case, commune, reason="bà Tư đã gọi lại")
    erasure.erase(case.pk, cause="test")
    assert not database_contents.words_in_tables("bà Tư")
    assert handovers.find_slip(case)


def remind(**later: int) -> list[str]:
    """Return who was mailed what so much later."""
    mail.outbox.clear()
    with time_machine.travel(timezone.now() + timedelta(**later)):
        deadlines.send_due_reminders()
    return sorted(f"{each.to[0]}: {each.subject}" for each in mail.outbox)


def test_who_hands_over_what_a_colleague_holds_is_reminded_too(
    duty: Person, lead: Person, commune: User, settings: Settings
) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1"
    for person in (duty, lead):
        User.objects.filter(pk=person.user.pk).update(email=f"{person.user}@desk.example")
    holder = create_officer("giu", "duty")
    User.objects.filter(pk=holder.pk).update(email="giu@desk.example")
    hand_over(duty, decide("take", report_factories.case(), holder), urgent="1")
    assert remind() == ["xa@unit.example: Tin được chuyển đến, chờ xác nhận: 1"]
    told = [line.partition("@")[0] for line in remind(minutes=31)]
    assert told == ["duty", "giu", "lead", "xa"]


def test_unit_sender_and_lead_are_mailed_until_it_has_answered(
    duty: Person, lead: Person, commune: User, settings: Settings
) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1"
    for person in (duty, lead):
        User.objects.filter(pk=person.user.pk).update(email=f"{person.user}@desk.example")
    case = hand_over(duty, report_factories.case("Số 0550 000 123."), urgent="1")
    assert remind() == ["xa@unit.example: Tin được chuyển đến, chờ xác nhận: 1"]
    text = str(mail.outbox[0].body)
    assert (case.report.public_number in text, "0550" in text) == (True, False)
    late = [f"{who}.example: Quá hạn: 1 tin" for who in ("duty@desk", "lead@desk", "xa@unit")]
    assert [remind(), remind(minutes=31)] == [[], late]
    decide("receive", case, commune)
    assert len(remind(hours=20)) == 2  # soon: the unit and the sender
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
            return ""
        return verb

    by = sender if other == "take_back" else second
    _, taken = sorted(in_parallel([partial(step, "receive", first), partial(step, other, by)]))
    slip = TransferSlip.objects.get()
    assert (bool(slip.received_at), slip.ending) == (
        taken == "receive",
        taken.replace("receive", ""),
    )
    assert Case.objects.get(pk=case.pk).version == case.version + 1
