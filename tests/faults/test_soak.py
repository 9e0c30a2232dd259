"""`make soak` in its short form: random kills, and the residents' books beside the rows."""

import pytest

from tests.support.nginx_front import NGINX
from tools.portal_stack import portal_stack
from tools.soak_test import FAULTS, SoakPlan, run_soak

pytestmark = [pytest.mark.serial]

PLAN = SoakPlan(reports=250, seconds=20, seed=3, pauses=(0.1, 0.5))


def test_random_kills_lose_nothing_and_repeat_nothing() -> None:
    with portal_stack(front=NGINX is not None) as stack:
        outcome = run_soak(stack, PLAN, print)
    assert outcome.books.sent == PLAN.reports
    assert set(outcome.faults) == set(FAULTS)
    assert outcome.breaches() == [], outcome.table()
