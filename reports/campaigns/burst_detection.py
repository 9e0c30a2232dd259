"""Where more reports come in than is usual there, per commune and per scenario. Pure.

Each unit is measured against itself: its last day and its last seven days against the eight weeks
before those. How many would come if nothing had changed is negative binomial: a Poisson rate that
is only known from so many weeks (so a quiet unit is judged by its quiet, and a short memory judges
mildly), and wider still where its weeks differ more than chance lets them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import exp, lgamma, log

WEEKS = 8  # that a baseline has at most
MIN_WEEKS = 2  # that it needs: a portal that began last week has no usual yet
MIN_COUNT = 6  # reports; fewer are no alarm, however rare
MIN_MORE = 5  # than usual
RARE = 1e-5  # some 400 questions are asked at each look: a false alarm in years
SAME = 0.6  # of a burst's reports that another explains: then it is one burst
_START = 0.5  # of a report, as if seen before the first week (Jeffreys)
COMMUNE, SCENARIO = "commune", "scenario"
# What is no kind of scam does not burst; its reports still count in their commune.
_NO_KIND = frozenset({"", "unclear", "not_scam", "spam_submission", "abuse_prank"})


@dataclass(frozen=True)
class UnitCounts:
    """How many reports a unit had: in the last day, in the last seven, and in each of the weeks
    before, the nearest first, of as many weeks as there were reports at all.
    """

    unit: str
    key: str
    day: int
    week: int
    weeks: tuple[int, ...]


@dataclass(frozen=True)
class Burst:
    """More than usual: `count` reports in `days` days where about `usual` come; `chance` that this
    happens by itself. `mostly`: the scenario that most of a commune's reports have.
    """

    unit: str
    key: str
    days: int
    count: int
    usual: float
    chance: float
    mostly: str = ""


def find_bursts(
    counts: Iterable[UnitCounts], together: Mapping[tuple[str, str], tuple[int, int]]
) -> list[Burst]:
    """The bursts, the least likely first. `together`: of each commune and scenario, the reports of
    the last day and of the last seven. A scenario whose burst lies in bursting communes is told
    with them alone.
    """
    found = [burst for counted in counts if (burst := _find_burst(counted))]
    communes = [_with_scenario(burst, together) for burst in found if burst.unit == COMMUNE]
    wide = [
        burst
        for burst in found
        if burst.unit == SCENARIO and not _is_local(burst, communes, together)
    ]
    return sorted([*communes, *wide], key=lambda burst: (burst.chance, burst.unit, burst.key))


def poisson_tail_probability(count: int, weeks: tuple[int, ...], days: int) -> float:
    """That *count* reports or more come in so many days, after such weeks."""
    spread = _spread(weeks)
    shape = (sum(weeks) + _START) / spread
    stays = len(weeks) / (len(weeks) + days / 7)
    return _tail(int(count / spread), shape, stays)


def expected_count(weeks: tuple[int, ...], days: int) -> float:
    """How many come in so many days, by those weeks."""
    return sum(weeks) / len(weeks) * days / 7


def _find_burst(counted: UnitCounts) -> Burst | None:
    """The rarer of a unit's two windows, where it is an alarm."""
    if len(counted.weeks) < MIN_WEEKS or (counted.unit == SCENARIO and counted.key in _NO_KIND):
        return None
    alarms = list(_alarms(counted))
    return min(alarms, key=lambda burst: burst.chance) if alarms else None


def _alarms(counted: UnitCounts) -> Iterator[Burst]:
    for days, count in ((1, counted.day), (7, counted.week)):
        expected = expected_count(counted.weeks, days)
        if count < MIN_COUNT or count < expected + MIN_MORE or count < 2 * expected:
            continue
        rare = poisson_tail_probability(count, counted.weeks, days)
        if rare < RARE:
            yield Burst(counted.unit, counted.key, days, count, round(expected, 1), rare)


def _with_scenario(burst: Burst, together: Mapping[tuple[str, str], tuple[int, int]]) -> Burst:
    """The burst of a commune, with the scenario that explains it."""
    shares = {
        scenario: _within(burst, both)
        for (commune, scenario), both in together.items()
        if commune == burst.key
    }
    most = max(shares, key=lambda scenario: (shares[scenario], scenario), default="")
    explains = most not in _NO_KIND and shares[most] >= SAME * burst.count
    return replace(burst, mostly=most) if explains else burst


def _is_local(
    burst: Burst, communes: list[Burst], together: Mapping[tuple[str, str], tuple[int, int]]
) -> bool:
    """Whether bursting communes explain the burst of a scenario."""
    keys = [(commune.key, burst.key) for commune in communes]
    inside = sum(_within(burst, together[key]) for key in keys if key in together)
    return inside >= SAME * burst.count


def _within(burst: Burst, both: tuple[int, int]) -> int:
    day, week = both
    return day if burst.days == 1 else week


def _spread(weeks: tuple[int, ...]) -> float:
    """How many times wider than by chance the weeks differ; 1 where they do not."""
    mean = sum(weeks) / len(weeks)
    if mean < 1 or len(weeks) < 3:
        return 1.0
    return max(1.0, sum((week - mean) ** 2 for week in weeks) / (len(weeks) - 1) / mean)


def _tail(count: int, shape: float, stays: float) -> float:
    """P(X >= count) of the negative binomial with that shape and that chance of no report."""
    if count <= shape * (1 - stays) / stays:
        return 1.0  # no more than expected: nobody asks how likely
    term = exp(_log_mass(count, shape, stays))
    total, place = 0.0, count
    while term > total * 1e-12 and place < count + 100_000:
        total += term
        term *= (place + shape) / (place + 1) * (1 - stays)
        place += 1
    return total


def _log_mass(count: int, shape: float, stays: float) -> float:
    ways = lgamma(count + shape) - lgamma(shape) - lgamma(count + 1)
    return ways + shape * log(stays) + count * log(1 - stays)
