"""The public statistics: what is counted, what is suppressed, and the chart's columns."""

from collections import Counter
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from core.audit import events
from reports import tasks
from reports.models import BlockRequest, Case, Commune, ExtractedFacts, PublicStatistics, Report
from reports.public import statistics
from reports.public.statistics import (
    LossStatistics,
    RawStatistics,
    StatisticsData,
    apply_suppression,
    load,
    update_statistics,
)
from reports.public.svg_charts import ceiling, chart
from tests.support import report_factories
from tests.support.blocking import add_partner
from tests.support.number_factories import add_finding
from tests.support.officers import Person
from tests.support.raw_statistics import build_raw, count_a_week_later

pytestmark = pytest.mark.django_db


def test_a_small_count_is_hidden_and_another_with_it() -> None:
    public = apply_suppression(build_raw([3, 20, 30], [53, 0], [40, 13, 0]))
    assert list(public.weeks.values()) == [None, None, 30]
    assert public.others == {"weeks": 23, "scenarios": 0, "communes": 13, "claims": 0}


def test_that_a_place_was_silent_is_hidden_that_a_week_was_is_not() -> None:
    public = apply_suppression(build_raw([0, 53], [53, 0], [0, 0, 13, 40]))
    assert list(public.weeks.values()) == [0, 53]
    assert public.communes == {"s": None, "t": None, "u": None, "v": 40}


@pytest.mark.parametrize("weeks", [[4], [4, 4], [0]])
def test_where_one_table_cannot_be_closed_nothing_is_told(weeks: list[int]) -> None:
    public = apply_suppression(build_raw(weeks, [sum(weeks)], [sum(weeks), 0]))
    assert public == StatisticsData("2026-11-22")


def suppress_losses(losses: LossStatistics) -> StatisticsData:
    """What is told of losses among fifty reports."""
    return apply_suppression(build_raw([50], [50], [45, 5], losses=losses))


@pytest.mark.parametrize(("lost", "public"), [(4, None), (5, 5), (45, 45), (46, None), (0, None)])
def test_losses_are_told_where_neither_side_is_small(lost: int, public: int | None) -> None:
    assert suppress_losses(LossStatistics(lost)).lost == public


@pytest.mark.parametrize(
    ("changed", "public"),
    [
        ({}, 120_000_000),
        ({"vnd": 1_873_450_000, "most": 500_000_000}, 1_900_000_000),
        ({"named": 4}, None),
        ({"most": 60_000_001}, None),
        ({"reports": 4}, None),
    ],
)
def test_a_sum_of_losses_is_rounded_and_hidden_where_it_tells_of_one_person(
    changed: dict[str, int], public: int | None
) -> None:
    losses = LossStatistics(reports=9, named=6, vnd=120_000_000, most=60_000_000)
    assert suppress_losses(replace(losses, **changed)).lost_vnd == public


@pytest.mark.parametrize(
    ("changed", "public"),
    [({}, 70_000_000), ({"confirmed_named": 4}, None), ({"confirmed_named": 8}, None),
     ({"confirmed_most": 35_000_001}, None), ({"proposed_most": 25_000_001}, None)],
)  # fmt: skip
def test_a_confirmed_sum_is_told_where_neither_it_nor_the_rest_tells_of_one_person(
    changed: dict[str, int], public: int | None
) -> None:
    losses = LossStatistics(12, 12, 120_000_000, 30_000_000, 6, 70_000_000, 30_000_000, 20_000_000)
    assert suppress_losses(replace(losses, **changed)).confirmed_vnd == public


CELLS = (st.integers(0, 2), st.integers(0, 2), st.integers(0, 3), st.integers(0, 2))
REPORTS = st.lists(st.tuples(*CELLS), max_size=70)
TABLES = ("weeks", "scenarios", "communes", "claims")


def counted(reports: list[tuple[int, int, int, int]]) -> RawStatistics:
    cells = [Counter(report[side] for report in reports) for side in range(4)]
    return build_raw(
        *([cell[n] for n in range(4 if side == 2 else 3)] for side, cell in enumerate(cells))
    )


def exchanged(reports: list[Any], side: int, one: int, other: int) -> list[Any]:
    """The same reports, two cells of one table with each other's."""
    swap = {one: other, other: one}
    return [
        tuple(swap.get(cell, cell) if at == side else cell for at, cell in enumerate(report))
        for report in reports
    ]


@given(REPORTS)
def test_for_each_hidden_count_other_reports_would_show_the_very_same(reports: list[Any]) -> None:
    """Of all that is told together: no table helps against another, no total against a table."""
    public = apply_suppression(counted(reports))
    for side, name in enumerate(TABLES):
        cells = list(getattr(public, name).values())
        truth = Counter(report[side] for report in reports)
        for one in (place for place, count in enumerate(cells) if count is None):
            assert any(
                truth[one] != truth[other]
                and apply_suppression(counted(exchanged(reports, side, one, other))) == public
                for other, count in enumerate(cells)
                if count is None
            )


def told_of(*reports: Report) -> StatisticsData:
    """What is told once each of these has been read; they are of the present week."""
    for report in reports:
        report_factories.add_facts(report)
    return count_a_week_later()


def some(count: int, **typed: Any) -> list[Report]:
    return [report_factories.report(f"Chuyện {n}, xưng công an.", **typed) for n in range(count)]


@pytest.mark.usefixtures("reference_rows")
def test_each_report_stands_in_each_table() -> None:
    places = Commune.objects.values_list("codename", flat=True)[:2]
    public = told_of(*some(6, commune_id=places[0]), *some(7, commune_id=places[1]))
    assert public.total == 13
    assert list(public.weeks.values()) == [0] * 25 + [13]
    assert public.scenarios["police_case"] == 13
    assert public.communes[places[1]] == 7
    assert public.communes[places[0]] is public.communes[""] is None
    assert set(places) < set(public.communes)


@pytest.mark.usefixtures("reference_rows")
def test_a_report_stands_at_the_commune_that_its_reporter_told_last() -> None:
    first, last = Commune.objects.values_list("codename", flat=True)[:2]
    moved, *_ = reports = [*some(6, commune_id=first), *some(7, commune_id=last)]
    assert told_of(*reports).communes[last] == 7
    ExtractedFacts.objects.filter(report=moved).update(commune=last, commune_raw="Xã mới")
    assert count_a_week_later().communes[last] == 8


@report_factories.SET_ASIDE
def test_what_the_desk_set_aside_is_left_out(decided: dict[str, str]) -> None:
    reports = some(9)
    Case.objects.filter(pk=reports[0].pk).update(**decided)
    assert told_of(*reports).total == 8


def test_who_asks_to_withdraw_is_left_out() -> None:
    reports = some(9)
    report_factories.add_followup(reports[0], kind="withdrawal")
    assert told_of(*reports).total == 8


def test_what_a_machine_may_have_sent_waits_for_an_officer() -> None:
    reports = [*some(8), report_factories.report("Tin rác", flags=("trap_filled",))]
    assert told_of(*reports).total == 8
    Case.objects.filter(report=reports[-1]).update(status="in_review")
    assert count_a_week_later().total == 9


def test_whom_they_claimed_to_be_is_a_table_like_the_others() -> None:
    reports = [*some(7, claimed_office="police"), *some(3, claimed_office="bank"), *some(6)]
    reports += some(9, claimed_office="utility")
    public = told_of(*reports).claims
    assert (public["police"], public["utility"], public["bank"], public[""]) == (7, 9, None, None)
    assert public["public_service"] == 0


def test_a_week_counts_only_when_it_is_over(settings: Settings) -> None:
    some(9)
    assert update_statistics().total is None
    with time_machine.travel(timedelta(days=7), tick=False):
        assert update_statistics().total == 9


def test_what_is_unread_or_no_scam_for_the_machine_has_no_kind() -> None:
    reports = some(12)
    for report, scenario in zip(reports, ["not_scam"] * 4 + ["unclear"] * 2, strict=False):
        report_factories.add_facts(report, scenario=scenario)
    assert count_a_week_later().scenarios["unclear"] == 12


def test_losses_are_those_that_were_ticked_or_read() -> None:
    reports = some(16)
    for report in reports[:6]:
        report_factories.add_facts(report, money_lost_vnd=2_000_000)
    reports += [report_factories.report(f"Mất tiền {n}.", money_lost=True) for n in range(2)]
    public = count_a_week_later()
    assert (public.lost, public.lost_vnd, public.confirmed_vnd) == (8, 12_000_000, None)


def test_a_sum_that_the_reporter_typed_is_confirmed() -> None:
    for number, report in enumerate(some(20)):
        report_factories.add_facts(report, money_lost_vnd=2_000_000)
        if number < 8:
            report_factories.add_followup(report, money_lost_raw="2 triệu")
    public = count_a_week_later()
    assert (public.lost_vnd, public.confirmed_vnd) == (None, None)  # nobody without a loss
    some(9)
    public = count_a_week_later()
    assert (public.lost_vnd, public.confirmed_vnd) == (40_000_000, 16_000_000)


def test_the_first_review_is_a_persons_and_half_of_all_had_it(duty: Person) -> None:
    reports = some(8)
    for report in reports:
        events.log_event("report", report.pk, "triaged")
        events.log_event("report", report.pk, "refused", by=duty.user)
        events.log_event("report", report.pk, "reprocessed", by=duty.user)
    assert count_a_week_later().first_review_s is None
    for report in reports[:4]:
        report_factories.decide("take", report, duty)
    first_review = count_a_week_later().first_review_s
    assert first_review in range(60)


def test_how_soon_a_block_came_is_told_of_all_requests_those_without_an_answer_too(
    duty: Person, lead: Person
) -> None:
    some(9)
    asked = timezone.now()
    times = {"reported_at": asked - timedelta(minutes=30), "requested_at": asked}
    partner, by = add_partner(), {"proposed_by": duty.user, "confirmed_by": lead.user}

    def add_request(number: int, **fields: Any) -> None:
        finding = add_finding(key=f"+8455000012{number}", number=f"055000012{number}")
        until = asked + timedelta(days=7)
        values = times | by | {"blocked_until": until} | fields
        BlockRequest.objects.create(finding=finding, partner=partner, **values)

    blocked = {"state": "blocked", "blocked_at": asked + timedelta(minutes=12)}
    for number in range(4):
        add_request(number, **(blocked if number < 2 else {}))
    public = count_a_week_later()
    assert (public.block_request_s, public.block_s) == (None, None)  # of too few
    add_request(4)
    public = count_a_week_later()
    assert (public.block_request_s, public.block_s) == (1800, None)  # most have not answered
    add_request(5, **blocked)
    assert count_a_week_later().block_s == 42 * 60


def test_the_row_holds_nothing_that_is_hidden() -> None:
    update_statistics()
    public = told_of(*some(9), report_factories.report("Khác."))
    row = PublicStatistics.objects.get()
    assert row.figures == asdict(public)
    assert load() == (public, row.counted_at)


def test_it_is_counted_once_a_night() -> None:
    statistics.update_if_due()
    first = PublicStatistics.objects.get().counted_at
    statistics.update_if_due()
    assert PublicStatistics.objects.get().counted_at == first
    with time_machine.travel(timedelta(days=1), tick=False):
        statistics.update_if_due()
    assert PublicStatistics.objects.get().counted_at > first


@pytest.mark.django_db(transaction=True)
def test_beats_task_counts_them_and_each_of_its_statements_has_its_time(settings: Settings) -> None:
    names = [entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    assert names.count("reports.update_public_statistics") == 1
    with CaptureQueriesContext(connection) as done:
        tasks.update_public_statistics()
    assert PublicStatistics.objects.exists()
    statements = [query["sql"] for query in done.captured_queries]
    assert "SET LOCAL statement_timeout = 25000" in statements
    assert len(statements) <= 13  # the first asks whether it is due, the last for a failure


def test_a_column_is_named_by_its_months_first_monday() -> None:
    mondays = [(date(2026, 5, 25) + timedelta(days=7 * week)).isoformat() for week in range(26)]
    labels = [column.label for column in chart(dict.fromkeys(mondays, 9)).columns]
    assert [label for label in labels if label] == ["1/6", "6/7", "3/8", "7/9", "5/10", "2/11"]


@pytest.mark.parametrize(
    ("most", "top"), [(0, 10), (10, 10), (11, 20), (241, 300), (61_000, 80_000)]
)
def test_the_highest_line_is_round(most: int, top: int) -> None:
    assert ceiling(most) == top
