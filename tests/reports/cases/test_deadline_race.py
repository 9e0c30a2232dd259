"""Officers and the machine at the same instant, each with a connection of its own."""

import pytest

from reports.cases import deadlines as timekeeping
from reports.cases import workflow
from reports.models import Case, Clock
from tests.support import report_factories as evidence
from tests.support.concurrency import in_parallel
from tests.support.officers import enlist

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_machine_starts_clocks_while_two_officers_decide() -> None:
    case = evidence.case(happening_now=True)
    officers = [enlist("ha", "duty"), enlist("minh", "duty")]

    def junk(number: int) -> str:
        try:
            workflow.junk(case.pk, by=officers[number], version=1, reason="quảng cáo")
        except workflow.StaleVersion:
            return "told"
        return "done"

    results = in_parallel(
        [lambda: junk(0), lambda: junk(1), *[timekeeping.start_those_of_new_reports] * 3]
    )
    assert sorted(results[:2]) == ["done", "told"]
    assert not Clock.objects.running().exists()
    assert Case.objects.get(pk=case.pk).due_at is None


def test_of_two_who_extend_at_once_one_does() -> None:
    case, chief = evidence.case(), enlist("chief", "lead")
    workflow.act(case.pk, by=chief, version=1, reason="đủ căn cứ")

    def extend() -> str:
        try:
            workflow.extend(case.pk, by=chief, version=2, reason="phức tạp")
        except workflow.StaleVersion:
            return "told"
        return "done"

    assert sorted(in_parallel([extend, extend])) == ["done", "told"]
    assert Clock.objects.get(kind="verify").extended == 1
