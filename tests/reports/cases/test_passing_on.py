"""A taken report goes back to the queue, to a colleague, or with a whole shift, and none is lost."""

from functools import partial

import pytest
from django.contrib.auth.models import User

from core.audit import events
from core.errors import ActionError, NotAllowedError, StaleVersionError
from reports.cases import bulk, deadlines, workflow
from reports.cases.bulk import ReportVersion
from reports.models import Case, Deadline, UnitMember
from tests.support import report_factories
from tests.support.concurrency import in_parallel
from tests.support.officers import Person, create_officer
from tests.support.report_factories import decide

pytestmark = pytest.mark.django_db


def taken(by: User | Person, **typed: object) -> Case:
    return decide("take", report_factories.case(**typed), by)


def rows(*cases: Case) -> list[ReportVersion]:
    numbers = dict(Case.objects.values_list("pk", "report__public_number"))
    return [ReportVersion(each.pk, numbers[each.pk], each.version) for each in cases]


def try_this(verb: str, case: Case, by: User, **words: object) -> str:
    try:
        workflow.decide(verb, case.pk, by=by, version=case.version, **words)  # type: ignore[arg-type]
    except (ActionError, NotAllowedError) as error:
        return type(error).__name__
    return "done"


def test_what_is_given_back_is_anybodys_and_its_clocks_run_on(duty: Person) -> None:
    case = taken(duty, happening_now=True)
    before = list(Deadline.objects.order_by("pk").values())
    after = decide("give_back", case, duty)
    assert (after.officer, after.status, after.due_at) == (None, "in_review", case.due_at)
    assert list(Deadline.objects.order_by("pk").values()) == before
    assert deadlines.uncalled().filter(pk=case.pk).exists()
    event = events.events_for("report", case.pk).get(kind="given_back")
    assert event.detail["reason"] == "Nhận nhầm"


@pytest.mark.parametrize("verb", ["give_back", "assign"])
def test_only_its_officer_or_a_lead_moves_a_taken_report(duty: Person, verb: str) -> None:
    other, lead = create_officer("minh", "duty"), create_officer("chi.huy", "lead")
    case, words = taken(duty), {"reason": "Hết ca.", "officer": other}
    assert verb not in workflow.allowed_actions(case, other)
    assert try_this(verb, case, other, **words) == "NotAllowedError"
    assert verb in workflow.allowed_actions(case, duty.user)
    assert try_this(verb, case, lead, **words) == "done"


def test_a_colleague_gets_it_with_a_word_and_it_is_new_until_opened(duty: Person) -> None:
    minh, case = create_officer("minh", "duty"), taken(duty)
    assert try_this("assign", case, duty.user, officer=minh) == "ReasonMissingError"
    passed = decide("assign", case, duty, officer=minh, reason="Gọi lại lúc 9 giờ.")
    assert (passed.officer, passed.passed_by) == (minh, duty.user)
    workflow.mark_opened(passed, duty.user)
    assert Case.objects.get(pk=case.pk).passed_by == duty.user
    workflow.mark_opened(passed, minh)
    assert Case.objects.get(pk=case.pk).passed_by is None
    assert Case.objects.get(pk=case.pk).version == passed.version


def test_without_the_right_to_assign_it_stays_at_the_unit(duty: Person) -> None:
    away = create_officer("xa", "unit")
    UnitMember.objects.create(user=away, unit=report_factories.unit())
    words = {"officer": away, "reason": "Đúng địa bàn."}
    assert try_this("assign", taken(duty), duty.user, **words) == "ReasonMissingError"


def test_a_shift_goes_over_in_whole_and_what_a_colleague_changed_is_told(duty: Person) -> None:
    minh, cases = create_officer("minh", "duty"), [taken(duty) for _ in range(3)]
    listed = rows(*cases)
    decide("close", cases[1], duty)
    result = bulk.hand_over_shift(listed, duty.user, minh, "Bàn giao ca.")
    assert result.refused == [(listed[1].number, "stale")]
    assert Case.objects.filter(officer=minh, passed_by=duty.user).count() == 2
    assert Case.objects.get(pk=cases[1].pk).officer == duty.user


def test_a_shift_goes_back_to_the_queue_or_not_at_all(duty: Person, editor: Person) -> None:
    cases = [taken(duty) for _ in range(2)]
    with pytest.raises(workflow.ReasonMissingError):  # after the first of two
        bulk.hand_over_shift(rows(*cases), duty.user, editor.user, "Bàn giao ca.")
    assert Case.objects.filter(officer=duty.user).count() == 2
    bulk.hand_over_shift(rows(*cases), duty.user, None, "Bàn giao ca.")
    assert Case.objects.filter(officer=None, status="in_review").count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["take", "give_back"])
def test_of_passing_on_and_another_act_at_once_one_is_done_and_one_told(verb: str) -> None:
    ha, minh, lan = (create_officer(name, "duty") for name in ("ha", "minh", "lan"))
    case = taken(ha)
    acts = [
        partial(try_this, "assign", case, ha, officer=minh, reason="Hết ca."),
        partial(try_this, verb, case, lan if verb == "take" else ha, reason="Hết ca."),
    ]
    assert sorted(in_parallel(acts)) == [StaleVersionError.__name__, "done"]
    assert Case.objects.get(pk=case.pk).version == case.version + 1


@pytest.mark.django_db(transaction=True)
def test_of_a_shift_and_a_closing_at_once_each_report_ends_in_one_state() -> None:
    ha, minh = create_officer("ha", "duty"), create_officer("minh", "duty")
    cases = [taken(ha) for _ in range(4)]
    words = {"outcome": "duplicate", "reason": "Trùng."}
    results = in_parallel([
        partial(bulk.hand_over_shift, rows(*cases), ha, minh, "Bàn giao ca."),
        *(partial(try_this, "close", case, ha, **words) for case in cases[:2]),
    ])  # fmt: skip
    closed = [case for case, told in zip(cases, results[1:], strict=False) if told == "done"]
    assert len(results[0].done) + len(closed) == 4
    assert set(Case.objects.filter(officer=minh)) == set(cases) - set(closed)
