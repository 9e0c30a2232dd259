"""A taken report goes back to the queue, to a colleague, or with a whole shift, and none is lost."""

from functools import partial

import pytest
from django.contrib.auth.models import User

from core.errors import ActionError, NotAllowedError
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
    return [ReportVersion(each.pk, each.report.public_number, each.version) for each in cases]


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


@pytest.mark.parametrize("verb", ["give_back", "assign"])
def test_only_its_officer_or_a_lead_moves_a_taken_report(duty: Person, verb: str) -> None:
    other, lead = create_officer("minh", "duty"), create_officer("chi.huy", "lead")
    case, words = taken(duty), {"reason": "Hết ca.", "officer": other}
    assert verb not in workflow.allowed_actions(case, other)
    assert try_this(verb, case, other, **words) == "NotAllowedError"
    assert verb in workflow.allowed_actions(case, duty.user)
    assert try_this(verb, case, lead, **words) == "done"


def test_a_colleague_of_the_office_gets_it_with_a_word_and_it_is_new_until_opened(
    duty: Person,
) -> None:
    minh, away, case = create_officer("minh", "duty"), create_officer("xa", "unit"), taken(duty)
    UnitMember.objects.create(user=away, unit=report_factories.unit())
    for words in ({"officer": minh}, {"officer": away, "reason": "Đúng địa bàn."}):
        assert try_this("assign", case, duty.user, **words) == "ReasonMissingError"
    passed = decide("assign", case, duty, officer=minh, reason="Gọi lại lúc 9 giờ.")
    for reader, by in ((duty.user, duty.user), (minh, None)):
        workflow.mark_opened(passed, reader)
        assert Case.objects.get(pk=case.pk).passed_by == by


def test_a_shift_goes_over_in_whole_or_not_at_all_and_what_changed_is_told(
    duty: Person, editor: Person
) -> None:
    minh, cases = create_officer("minh", "duty"), [taken(duty) for _ in range(3)]
    listed = rows(*cases)
    with pytest.raises(workflow.ReasonMissingError):
        bulk.hand_over_shift(listed, duty.user, editor.user, "Bàn giao ca.")
    assert Case.objects.filter(officer=duty.user).count() == 3
    decide("close", cases[1], duty)
    result = bulk.hand_over_shift(listed, duty.user, minh, "Bàn giao ca.")
    assert result.refused == [(listed[1].number, "stale")]
    assert Case.objects.filter(officer=minh, passed_by=duty.user).count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["take", "give_back"])
def test_of_passing_on_and_another_act_at_once_one_is_done_and_one_told(verb: str) -> None:
    ha, minh, lan = (create_officer(name, "duty") for name in ("ha", "minh", "lan"))
    case = taken(ha)
    acts = [
        partial(try_this, "assign", case, ha, officer=minh, reason="Hết ca."),
        partial(try_this, verb, case, lan if verb == "take" else ha, reason="Hết ca."),
    ]
    assert sorted(in_parallel(acts)) == ["StaleVersionError", "done"]


@pytest.mark.django_db(transaction=True)
def test_of_a_shift_and_a_closing_at_once_each_report_ends_in_one_state() -> None:
    ha, minh = create_officer("ha", "duty"), create_officer("minh", "duty")
    cases, words = [taken(ha) for _ in range(4)], {"outcome": "duplicate", "reason": "Trùng."}
    results = in_parallel([
        partial(bulk.hand_over_shift, rows(*cases), ha, minh, "Bàn giao ca."),
        *(partial(try_this, "close", case, ha, **words) for case in cases[:2]),
    ])  # fmt: skip
    closed = {case for case, told in zip(cases, results[1:], strict=False) if told == "done"}
    assert len(results[0].done) + len(closed) == 4
    assert set(Case.objects.filter(officer=minh)) == set(cases) - closed
