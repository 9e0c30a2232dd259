"""More reports than usual, by each unit's own measure: found where they are, and nowhere else."""

import random
from math import exp

import pytest

from reports.campaigns import burst_detection
from reports.campaigns.burst_detection import Burst, UnitCounts

QUIET = (0,) * 8
STEADY = (12, 11, 13, 12, 10, 14, 12, 12)
WILD = (5, 20, 12, 10, 15, 9, 14, 11)


def commune(week: int, weeks: tuple[int, ...] = QUIET, day: int = 0, key: str = "x") -> UnitCounts:
    return UnitCounts(burst_detection.COMMUNE, key, day, week, weeks)


def find(
    *counted: UnitCounts, together: dict[tuple[str, str], tuple[int, int]] | None = None
) -> list[Burst]:
    return burst_detection.find_bursts(counted, together or {})


def test_a_quiet_commune_that_is_struck_is_found() -> None:
    burst = find(commune(9))[0]
    assert (burst.days, burst.count, burst.usual) == (7, 9, 0.0)
    assert burst.chance < burst_detection.RARE


@pytest.mark.parametrize("week", range(burst_detection.MIN_COUNT))
def test_few_reports_are_no_alarm_however_quiet_it_was(week: int) -> None:
    assert find(commune(week, day=week)) == []


def test_a_steady_commune_is_measured_by_its_own_weeks() -> None:
    assert find(commune(25, STEADY)) == []
    assert find(commune(40, STEADY)) != []


def test_a_commune_whose_weeks_differ_wants_more_to_alarm() -> None:
    assert find(commune(33, STEADY)) != []
    assert find(commune(33, WILD)) == []


def test_a_wave_of_one_day_is_found_before_the_week_is_full() -> None:
    burst = find(commune(40, (30,) * 8, day=30))[0]
    assert (burst.days, burst.count) == (1, 30)


def test_little_more_than_much_is_no_burst() -> None:
    """However sure: 500 where 400 come is nothing that an officer warns of."""
    assert find(commune(500, (400,) * 8)) == []


@pytest.mark.parametrize("weeks", [(), (0,)])
def test_a_portal_that_began_last_week_has_no_usual_yet(weeks: tuple[int, ...]) -> None:
    assert find(commune(50, weeks)) == []


def test_a_short_memory_judges_mildly() -> None:
    rare = [burst_detection.poisson_tail_probability(8, QUIET[:known], 7) for known in (2, 4, 8)]
    assert rare == sorted(rare, reverse=True)


@pytest.mark.parametrize("kind", ["unclear", "not_scam", "spam_submission", ""])
def test_what_is_no_kind_of_scam_does_not_burst(kind: str) -> None:
    assert find(UnitCounts(burst_detection.SCENARIO, kind, 50, 50, QUIET)) == []


def test_a_burst_in_a_commune_and_in_its_scenario_is_told_once() -> None:
    both = [commune(20), UnitCounts(burst_detection.SCENARIO, "bank", 0, 22, QUIET)]
    only = find(*both, together={("x", "bank"): (0, 19)})
    assert [(burst.key, burst.mostly) for burst in only] == [("x", "bank")]


def test_a_scenario_that_bursts_everywhere_is_told_by_itself() -> None:
    both = [commune(8), UnitCounts(burst_detection.SCENARIO, "bank", 0, 60, QUIET)]
    told = find(*both, together={("x", "bank"): (0, 8)})
    assert [burst.key for burst in told] == ["bank", "x"]


def test_no_false_alarm_in_a_year_of_ordinary_weeks() -> None:
    """166 communes and 28 scenarios, each with chance weeks of its own, once a day."""
    dice = random.Random(7)  # noqa: S311  # no secret
    for _ in range(365):
        rates = [dice.choice((0.05, 0.3, 1.0, 3.0, 12.0)) for _ in range(194)]
        units = [
            commune(week := poisson(dice, rate), tuple(poisson(dice, rate) for _ in range(8)),
                    sum(dice.random() < 1 / 7 for _ in range(week)), key=str(place))
            for place, rate in enumerate(rates)
        ]  # fmt: skip
        assert find(*units) == []


def poisson(dice: random.Random, rate: float) -> int:
    count, left, end = 0, dice.random(), exp(-rate)
    while left > end:
        left, count = left * dice.random(), count + 1
    return count


def test_chances_are_chances() -> None:
    for weeks in (QUIET, STEADY, WILD, (1000,) * 8):
        chances = [
            burst_detection.poisson_tail_probability(count, weeks, 7) for count in range(0, 3000, 7)
        ]
        assert chances == sorted(chances, reverse=True)
        assert all(0 <= each <= 1 for each in chances)
