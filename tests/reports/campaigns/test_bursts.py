"""Bursts: found by each unit's own measure, stored with their time, shown on the desk."""

import random
from datetime import timedelta
from math import exp

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reports.campaigns import bursts
from reports.campaigns.bursts import Burst, UnitCounts
from reports.models import BurstSnapshot, Case, Commune
from reports.submission import intake
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

QUIET = (0,) * 8
STEADY = (12, 11, 13, 12, 10, 14, 12, 12)
WILD = (5, 20, 12, 10, 15, 9, 14, 11)


def find(*counted: UnitCounts, **together: tuple[int, int]) -> list[Burst]:
    """Bursts, where so many reports of commune x are of a scenario."""
    return bursts.find_bursts(
        counted, {("x", scenario): both for scenario, both in together.items()}
    )


def commune(week: int, weeks: tuple[int, ...] = QUIET, day: int = 0, key: str = "x") -> UnitCounts:
    return UnitCounts(bursts.COMMUNE, key, day, week, weeks)


def test_a_struck_commune_is_found_in_a_week_or_by_the_wave_of_one_day() -> None:
    burst = find(commune(9))[0]
    assert (burst.days, burst.count, burst.usual) == (7, 9, 0.0)
    assert burst.chance < bursts.MAX_CHANCE
    burst = find(commune(40, (30,) * 8, day=30))[0]  # before the week is full
    assert (burst.days, burst.count) == (1, 30)


@pytest.mark.parametrize("week", range(bursts.MIN_COUNT))
def test_few_reports_are_no_alarm_however_quiet_it_was(week: int) -> None:
    assert find(commune(week, day=week)) == []


@pytest.mark.parametrize(
    ("week", "weeks", "is_burst"),
    [
        (25, STEADY, False),
        (33, STEADY, True),
        (33, WILD, False),  # weeks that differ want more to alarm
        (500, (400,) * 8, False),  # however sure: nothing that an officer warns of
        (50, (), False),  # a portal that began last week has no usual yet
        (50, (0,), False),
    ],
)
def test_a_commune_is_measured_by_its_own_weeks(
    week: int, weeks: tuple[int, ...], is_burst: bool
) -> None:
    assert bool(find(commune(week, weeks))) is is_burst


def test_a_short_memory_judges_mildly() -> None:
    rare = [bursts.poisson_tail_probability(8, QUIET[:known], 7) for known in (2, 4, 8)]
    assert rare == sorted(rare, reverse=True)


@pytest.mark.parametrize("kind", ["unclear", "not_scam", "spam_submission", ""])
def test_what_is_no_kind_of_scam_does_not_burst(kind: str) -> None:
    assert find(UnitCounts(bursts.SCENARIO, kind, 50, 50, QUIET)) == []


def test_a_scenario_is_told_by_itself_unless_a_bursting_commune_explains_it() -> None:
    local = find(commune(20), UnitCounts(bursts.SCENARIO, "bank", 0, 22, QUIET), bank=(0, 19))
    assert [(burst.key, burst.mostly) for burst in local] == [("x", "bank")]
    everywhere = find(commune(8), UnitCounts(bursts.SCENARIO, "bank", 0, 60, QUIET), bank=(0, 8))
    assert [burst.key for burst in everywhere] == ["bank", "x"]


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
        chances = [bursts.poisson_tail_probability(count, weeks, 7) for count in range(0, 3000, 7)]
        assert chances == sorted(chances, reverse=True)
        assert all(0 <= each <= 1 for each in chances)


def submit_reports(days: float, many: int = 1) -> None:
    """Reports of a commune, so many days ago."""
    at = timezone.now() - timedelta(days=days)
    for number in range(many):
        typed = intake.ReportSubmission(story=f"Có người gọi {days} {number}", commune_id="xa_mau")
        intake.submit_demo_report(typed, f"burst-{days}-{number}", at)


@pytest.fixture
def sample_commune() -> Commune:
    return Commune.objects.create(
        codename="xa_mau", code="1", name="Xã Mẫu", former_districts=[], former_communes=[]
    )


@pytest.fixture
def growing_reports(sample_commune: Commune) -> None:
    """Ten reports this week where one came every other week."""
    for week in (1.5, 3.5, 5.5, 9.5):
        submit_reports(7 * week)
    submit_reports(2, many=10)


@pytest.mark.usefixtures("growing_reports")
def test_a_wave_in_a_commune_is_found_in_two_statements_and_junk_is_none() -> None:
    with CaptureQueriesContext(connection) as queries:
        (burst,) = bursts.detect()
    asked = [query["sql"] for query in queries if query["sql"].lstrip().startswith("SELECT")]
    assert len(asked) == 2
    assert (burst.unit, burst.key, burst.days, burst.count) == ("commune", "xa_mau", 7, 10)
    assert burst.usual == pytest.approx(3 / 8, abs=0.1)
    Case.objects.update(status="junk")
    assert bursts.detect() == []


@pytest.mark.usefixtures("sample_commune")
def test_the_first_week_of_a_portal_is_no_burst() -> None:
    submit_reports(2, many=20)
    assert bursts.detect() == []


@pytest.mark.usefixtures("growing_reports")
def test_beat_keeps_what_it_found_and_does_not_count_again_at_once() -> None:
    bursts.detect_if_due()
    stored = BurstSnapshot.objects.get()
    assert [row["key"] for row in stored.bursts] == ["xa_mau"]
    bursts.detect_if_due()
    assert BurstSnapshot.objects.get().counted_at == stored.counted_at


@pytest.mark.usefixtures("growing_reports")
@pytest.mark.parametrize("address", ["/admin/", "/admin/reports/campaign/"])
def test_the_desk_tells_of_it_and_how_old_the_count_is(duty: Person, address: str) -> None:
    bursts.detect_and_store()
    page = duty.client.get(address).content.decode()
    assert "<b>Xã Mẫu</b>: 10 tin trong 7 ngày qua, thường chưa đến 1" in page
    assert "Số cũ" not in page
    BurstSnapshot.objects.update(counted_at=timezone.now() - timedelta(hours=2))
    assert "Số cũ" in duty.client.get(address).content.decode()


def test_where_nothing_is_unusual_the_desk_says_so(duty: Person) -> None:
    assert "Chưa đếm lần nào" in duty.client.get("/admin/").content.decode()
    bursts.detect_and_store()
    assert "không kiểu lừa nào tăng bất thường" in duty.client.get("/admin/").content.decode()
