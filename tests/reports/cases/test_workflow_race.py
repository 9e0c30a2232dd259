"""Two officers at the same instant, each with a connection of its own."""

import pytest
from django.contrib.auth.models import User

from core.audit import events
from reports.cases import workflow
from reports.models import Case
from tests.support import report_factories
from tests.support.concurrency import in_parallel
from tests.support.officers import create_officer

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_who_take_a_case_at_once_one_gets_it_and_one_is_told() -> None:
    case = report_factories.case()
    officers = [create_officer("ha", "duty"), create_officer("minh", "duty")]

    def taking(by: User) -> str:
        try:
            workflow.take(case.pk, by=by, version=1)
        except workflow.StaleVersion:
            return "told"
        return by.username

    results = in_parallel([lambda by=by: taking(by) for by in officers])  # type: ignore[misc]
    assert sorted(results, key=lambda name: name == "told")[1] == "told"
    winner = next(name for name in results if name != "told")
    after = Case.objects.get(pk=case.pk)
    assert (after.officer, after.version) == (User.objects.get(username=winner), 2)
    assert [event.kind for event in events.events_for("report", case.pk)] == ["taken"]
