"""`make soak` in its short form: random kills, and the residents' books beside the rows. Faults that
have a file of tests of their own are left to it.
"""

import pytest

from tools.portal_stack import PortalStack
from tools.soak_test import SoakPlan, run_soak

pytestmark = [pytest.mark.alone]

FAULTS = (
    "Valkey emptied", "beat killed", "connections cut", "relay killed", "web worker killed", "worker child killed",
)  # fmt: skip
PLAN = SoakPlan(reports=120, seconds=8, seed=3, pauses=(0.1, 0.5), faults=FAULTS)


def test_random_kills_lose_nothing_and_repeat_nothing(stack: PortalStack) -> None:
    outcome = run_soak(stack, PLAN, print)
    assert outcome.books.sent == PLAN.reports
    assert set(outcome.faults) == set(FAULTS)
    assert outcome.breaches() == [], outcome.table()
