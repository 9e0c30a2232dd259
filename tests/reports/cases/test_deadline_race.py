"""Officers and the machine at the same instant, each with a connection of its own."""

import pytest

from reports.cases import deadlines, workflow
from reports.models import Case, Deadline
from tests.support import report_factories
from tests.support.concurrency import in_parallel
from tests.support.officers import create_officer

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_machine_starts_clocks_while_two_officers_decide() -> None:
    case = report_factories.case(happening_now=True)
    officers = [create_officer("ha", "duty"), create_officer("minh", "duty")]

    def junk(number: int) -> str:
        try:
            workflow.junk(case.pk, by=officers[number], version=1, reason="quảng cáo")
        except workflow.StaleVersion:
            return "told"
        return "done"

    results = in_parallel(
        [lambda: junk(0), lambda: junk(1), *[deadlines.start_for_new_reports] * 3]
    )
    assert sorted(results[:2]) == ["done", "told"]
    assert not Deadline.objects.pending().exists()
    assert Case.objects.get(pk=case.pk).due_at is None


def test_of_two_who_extend_at_once_one_does() -> None:
    case, chief = report_factories.case(), create_officer("chief", "lead")
    workflow.classify_as_crime_report(case.pk, by=chief, version=1, reason="đủ căn cứ")

    def extend() -> str:
        try:
            workflow.extend(case.pk, by=chief, version=2, reason="phức tạp")
        except workflow.StaleVersion:
            return "told"
        return "done"

    assert sorted(in_parallel([extend, extend])) == ["done", "told"]
    assert Deadline.objects.get(kind="verify").extension_count == 1
