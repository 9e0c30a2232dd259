"""`make soak` in its short form: random kills, and the residents' books beside the rows."""

import pytest

from bench.house import house
from bench.soak import FAULTS, Plan, soak
from tests.portal.test_nginx import NGINX

pytestmark = [pytest.mark.serial]

PLAN = Plan(reports=400, seconds=22, seed=3, pauses=(0.2, 0.9))


def test_random_kills_lose_nothing_and_repeat_nothing() -> None:
    with house(front=NGINX is not None) as home:
        outcome = soak(home, PLAN, print)
    assert outcome.books.sent == PLAN.reports
    assert set(outcome.faults) == set(FAULTS)
    assert outcome.breaches() == [], outcome.table()
