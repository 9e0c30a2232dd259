"""The public figures: what is counted, what is hidden, and how the page and the file say it."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from pytest_django import DjangoAssertNumQueries, Settings

from core.audit import events
from reports import tasks
from reports.cases import workflow
from reports.extraction.language.cue_matcher import code_rows
from reports.models import Case, Commune, ExtractedFacts, Followup, Report
from reports.models import PublicStatistics as PublicFigures
from reports.public import statistics
from reports.public.statistics import (
    LossStatistics,
    PublicStatistics,
    RawStatistics,
    apply_suppression,
    count_and_keep,
    load,
    this_sunday,
)
from reports.public.statistics_text import format_duration, money
from reports.public.svg_charts import ceiling, chart
from tests.support import report_factories
from tests.support.language import vietnamese_words
from tests.support.officers import Person
from tests.support.resident_pages import words

PAGE = "/thong-ke/"
FILE = "/thong-ke/so-lieu.csv"
SUNDAY = date(2026, 11, 22)


def raw(
    weeks: list[int],
    scenarios: list[int],
    communes: list[int],
    claims: Sequence[int] = (),
    **fields: Any,
) -> RawStatistics:
    """A count whose cells are named by letters, weeks by their Mondays."""
    first = SUNDAY - timedelta(days=7 * len(weeks) - 1)
    mondays = [(first + timedelta(days=7 * week)).isoformat() for week in range(len(weeks))]
    tables = {
        "weeks": dict(zip(mondays, weeks, strict=True)),
        "scenarios": dict(zip("abcdefgh", scenarios, strict=False)),
        "communes": dict(zip("stuvwxyz", communes, strict=False)),
        "claims": dict(zip("klmn", claims or [sum(weeks)], strict=False)),
    }
    return RawStatistics(SUNDAY, sum(weeks), tables, **fields)


# --- hiding


def test_a_small_count_is_hidden_and_another_with_it() -> None:
    told = apply_suppression(raw([3, 20, 30], [53, 0], [40, 13, 0]))
    assert list(told.weeks.values()) == [None, None, 30]
    assert told.others == {"weeks": 23, "scenarios": 0, "communes": 13, "claims": 0}


def test_that_a_place_was_silent_is_hidden_that_a_week_was_is_not() -> None:
    told = apply_suppression(raw([0, 53], [53, 0], [0, 0, 13, 40]))
    assert list(told.weeks.values()) == [0, 53]
    assert told.communes == {"s": None, "t": None, "u": None, "v": 40}


@pytest.mark.parametrize("weeks", [[4], [4, 4], [0]])
def test_where_one_table_cannot_be_closed_nothing_is_told(weeks: list[int]) -> None:
    assert apply_suppression(raw(weeks, [sum(weeks)], [sum(weeks), 0])) == PublicStatistics(
        "2026-11-22"
    )


@pytest.mark.parametrize(("lost", "told"), [(4, None), (5, 5), (45, 45), (46, None), (0, None)])
def test_losses_are_told_where_neither_side_is_small(lost: int, told: int | None) -> None:
    assert apply_suppression(raw([50], [50], [45, 5], losses=LossStatistics(lost))).lost == told


def test_a_sum_of_losses_is_rounded() -> None:
    losses = LossStatistics(reports=9, named=6, vnd=1_873_450_000, most=500_000_000)
    assert apply_suppression(raw([50], [50], [45, 5], losses=losses)).lost_vnd == 1_900_000_000


@pytest.mark.parametrize("changed", [{"named": 4}, {"most": 60_000_001}, {"reports": 4}])
def test_a_sum_that_tells_of_one_person_is_hidden(changed: dict[str, int]) -> None:
    losses = LossStatistics(reports=9, named=6, vnd=120_000_000, most=60_000_000)
    assert apply_suppression(raw([50], [50], [45, 5], losses=losses)).lost_vnd == 120_000_000
    assert (
        apply_suppression(raw([50], [50], [45, 5], losses=replace(losses, **changed))).lost_vnd
        is None
    )


CELLS = (st.integers(0, 2), st.integers(0, 2), st.integers(0, 3), st.integers(0, 2))
REPORTS = st.lists(st.tuples(*CELLS), max_size=70)
TABLES = ("weeks", "scenarios", "communes", "claims")


def counted(reports: list[tuple[int, int, int, int]]) -> RawStatistics:
    cells = [Counter(report[side] for report in reports) for side in range(4)]
    return raw(
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
    told = apply_suppression(counted(reports))
    for side, name in enumerate(TABLES):
        cells = list(getattr(told, name).values())
        truth = Counter(report[side] for report in reports)
        for one in (place for place, count in enumerate(cells) if count is None):
            assert any(
                truth[one] != truth[other]
                and apply_suppression(counted(exchanged(reports, side, one, other))) == told
                for other, count in enumerate(cells)
                if count is None
            )


# --- counting


def told_of(*reports: Report) -> PublicStatistics:
    """What is told once each of these has been read; they are of the present week."""
    for report in reports:
        report_factories.add_facts(report)
    return count_and_keep(this_sunday())


def some(count: int, **typed: Any) -> list[Report]:
    return [report_factories.report(f"Chuyện {n}, xưng công an.", **typed) for n in range(count)]


@pytest.fixture
def _communes(db: None) -> None:
    call_command("setup_desk", verbosity=0)


@pytest.mark.django_db
@pytest.mark.usefixtures("_communes")
def test_each_report_stands_in_each_table() -> None:
    places = Commune.objects.values_list("codename", flat=True)[:2]
    told = told_of(*some(6, commune_id=places[0]), *some(7, commune_id=places[1]))
    assert told.total == 13
    assert list(told.weeks.values()) == [0] * 25 + [13]
    assert told.scenarios["police_case"] == 13
    assert told.communes[places[1]] == 7
    assert told.communes[places[0]] is told.communes[""] is None
    assert set(places) < set(told.communes)


@pytest.mark.django_db
@pytest.mark.usefixtures("_communes")
def test_a_report_stands_at_the_commune_that_its_reporter_told_last() -> None:
    first, last = Commune.objects.values_list("codename", flat=True)[:2]
    moved, *_ = reports = [*some(6, commune_id=first), *some(7, commune_id=last)]
    assert told_of(*reports).communes[last] == 7
    ExtractedFacts.objects.filter(report=moved).update(commune=last, commune_raw="Xã mới")
    assert count_and_keep(this_sunday()).communes[last] == 8


@pytest.mark.django_db
@pytest.mark.parametrize(
    "decided",
    [
        {"status": "junk"},
        {"status": "withdrawn"},
        {"status": "closed", "outcome": "duplicate"},
        {"status": "closed", "outcome": "not_scam"},
    ],
)
def test_what_the_desk_set_aside_is_left_out(decided: dict[str, str]) -> None:
    reports = some(9)
    Case.objects.filter(pk=reports[0].pk).update(**decided)
    assert told_of(*reports).total == 8


@pytest.mark.django_db
def test_who_wishes_to_withdraw_is_left_out() -> None:
    reports = some(9)
    wish = {"kind": "withdrawal", "submission_key": "k" * 16, "content_digest": b"d"}
    Followup.objects.create(report=reports[0], **wish)
    assert told_of(*reports).total == 8


@pytest.mark.django_db
def test_what_a_machine_may_have_sent_waits_for_an_officer() -> None:
    reports = [*some(8), report_factories.report("Tin rác", flags=("trap_filled",))]
    assert told_of(*reports).total == 8
    Case.objects.filter(report=reports[-1]).update(status="in_review")
    assert count_and_keep(this_sunday()).total == 9


@pytest.mark.django_db
def test_whom_they_claimed_to_be_is_a_table_like_the_others() -> None:
    reports = [*some(7, claimed_office="police"), *some(3, claimed_office="bank"), *some(6)]
    reports += some(9, claimed_office="utility")
    told = told_of(*reports).claims
    assert (told["police"], told["utility"], told["bank"], told[""]) == (7, 9, None, None)
    assert told["public_service"] == 0


@pytest.mark.django_db
def test_a_week_counts_only_when_it_is_over(settings: Settings) -> None:
    some(9)
    assert count_and_keep().total is None
    with time_machine.travel(timedelta(days=7), tick=False):
        assert count_and_keep().total == 9


@pytest.mark.django_db
def test_what_is_unread_or_no_scam_for_the_machine_has_no_kind() -> None:
    reports = some(12)
    for report in reports[:4]:
        report_factories.add_facts(report, scenario="not_scam")
    for report in reports[4:6]:
        report_factories.add_facts(report, scenario="unclear")
    assert count_and_keep(this_sunday()).scenarios["unclear"] == 12


@pytest.mark.django_db
def test_losses_are_those_that_were_ticked_or_read() -> None:
    reports = some(16)
    for report in reports[:6]:
        report_factories.add_facts(report, money_lost_vnd=2_000_000)
    reports += [report_factories.report(f"Mất tiền {n}.", money_lost=True) for n in range(2)]
    told = count_and_keep(this_sunday())
    assert (told.lost, told.lost_vnd) == (8, 12_000_000)


@pytest.mark.django_db
def test_the_first_look_is_a_persons_and_half_of_all_had_it(duty: Person) -> None:
    reports = some(8)
    for report in reports:
        events.log_event("report", report.pk, "triaged")
        events.log_event("report", report.pk, "refused", by=duty.user)
        events.log_event("report", report.pk, "reread", by=duty.user)
    assert count_and_keep(this_sunday()).first_look_s is None
    for report in reports[:4]:
        workflow.take(report.pk, by=duty.user, version=1)
    first_look = count_and_keep(this_sunday()).first_look_s
    assert first_look is not None
    assert 0 <= first_look < 60


@pytest.mark.django_db
def test_the_row_holds_nothing_that_is_hidden() -> None:
    count_and_keep()
    told = told_of(*some(9), report_factories.report("Khác."))
    row = PublicFigures.objects.get()
    assert row.figures == asdict(told)
    assert load() == (told, row.counted_at)


@pytest.mark.django_db
def test_it_is_counted_once_a_night() -> None:
    statistics.count_if_due()
    first = PublicFigures.objects.get().counted_at
    statistics.count_if_due()
    assert PublicFigures.objects.get().counted_at == first
    with time_machine.travel(timedelta(days=1), tick=False):
        statistics.count_if_due()
    assert PublicFigures.objects.get().counted_at > first


@pytest.mark.django_db(transaction=True)
def test_beats_task_counts_them(settings: Settings) -> None:
    tasks.count_figures()
    assert PublicFigures.objects.exists()
    names = [entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    assert names.count("reports.count_figures") == 1


@pytest.mark.django_db(transaction=True)
def test_each_statement_of_the_count_has_its_time() -> None:
    with CaptureQueriesContext(connection) as done:
        count_and_keep()
    said = [query["sql"] for query in done.captured_queries]
    assert "SET LOCAL statement_timeout = 25000" in said
    assert len(said) <= 10


# --- page and file


def page(client: Client, address: str = PAGE) -> str:
    return words(client.get(address).content)


@pytest.fixture
def _filled(db: None) -> None:
    told = replace(
        apply_suppression(raw([3, 20, 1240], [1263, 0], [1240, 13, 10])),
        scenarios={"police_case": 1200, "tax": 63, "bank": None, "electricity_evn": 0},
        others={"weeks": 23, "scenarios": 8, "communes": 23},
        lost=31,
        lost_vnd=1_900_000_000,
        first_look_s=7_830,
    )
    PublicFigures.objects.create(figures=asdict(told))


@pytest.mark.usefixtures("_filled")
def test_the_page_tells_what_was_kept(client: Client) -> None:
    seen = page(client)
    assert "1.263 tin báo" in seen
    assert "31 tin có mất tiền, tổng 1,9 tỷ đồng theo lời kể" in seen
    assert "2 giờ 10 phút" in seen
    assert "Giả danh cán bộ thuế 63" in seen
    assert "Các kiểu khác, mỗi kiểu ít tin 8" in seen
    assert "điện lực" not in seen


@pytest.mark.usefixtures("_filled")
def test_the_page_in_english(client: Client) -> None:
    seen = page(client, f"/en{PAGE}")
    assert "1,263 reports" in seen
    assert "1.9 billion đồng" in seen
    assert "2 h 10 min" in seen
    assert "Posing as tax officer 63" in seen


@pytest.mark.usefixtures("_filled")
def test_an_english_page_says_which_names_are_vietnamese(client: Client) -> None:
    Commune.objects.create(
        codename="s", code="1", name="Xã Yên Định", former_districts=[], former_communes=[]
    )
    assert vietnamese_words(client.get(f"/en{PAGE}").content) == []


@pytest.mark.usefixtures("_filled", "_communes")
def test_the_page_asks_for_one_row(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get(PAGE)  # the names of the communes are kept for five minutes
    with django_assert_num_queries(1):
        assert client.get(PAGE)["Cache-Control"] == "public, max-age=300"


@pytest.mark.usefixtures("_filled")
def test_columns_have_a_name_and_a_table(client: Client) -> None:
    tree: Any = html.document_fromstring(client.get(PAGE).content)
    (picture,) = tree.xpath("//svg[@role='img']")
    assert [
        tree.get_element_by_id(name).tag for name in picture.get("aria-labelledby").split()
    ] == [
        "title",
        "desc",
    ]
    rows = [
        html.tostring(row, method="text", encoding=str).split()
        for row in tree.xpath("//details//tbody/tr")
    ]
    assert rows[0] == ["02/11/2026", "không", "nêu"]
    assert rows[2] == ["16/11/2026", "1.240"]
    assert len(picture.xpath(".//rect[@class='closed']")) == 2


@pytest.mark.parametrize("kept_row", [None, PublicStatistics("2026-11-22")])
@pytest.mark.django_db
def test_too_little_to_tell_is_said(client: Client, kept_row: PublicStatistics | None) -> None:
    if kept_row:
        PublicFigures.objects.create(figures=asdict(kept_row))
    assert "Chưa đủ tin để nêu số" in page(client)
    assert client.get(FILE).status_code == 200


@pytest.mark.parametrize("address", [PAGE, FILE, f"/en{PAGE}"])
@pytest.mark.django_db
def test_without_a_database_a_clear_page(
    client: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError

    monkeypatch.setattr("reports.views.statistics.load", away)
    answer = client.get(address)
    assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store")
    assert answer["Content-Type"].startswith("text/html")


def lines(client: Client, address: str) -> list[list[str]]:
    body = client.get(address).content.decode()
    assert body.startswith("\ufeff")
    return list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))


@pytest.mark.usefixtures("_filled")
def test_the_file_says_the_same(client: Client) -> None:
    said = lines(client, FILE)
    assert said[:2] == [["Bảng", "Mục", "Số"], ["Chung", "Tin báo", "1263"]]
    assert ["Tuần từ", "02/11/2026", "không nêu"] in said
    assert ["Kiểu lừa", "Giả danh cán bộ thuế", "63"] in said
    assert lines(client, f"/en{FILE}")[0] == ["Table", "Item", "Number"]


@pytest.mark.usefixtures("_filled")
def test_a_name_is_never_a_formula(client: Client) -> None:
    Commune.objects.create(
        codename="s", code="1", name="=1+1", former_districts=[], former_communes=[]
    )
    assert ["Xã, phường", "'=1+1", "1240"] in lines(client, FILE)


@pytest.mark.django_db
def test_the_page_is_light_with_every_kind_and_every_commune(client: Client) -> None:
    call_command("setup_desk", verbosity=0)
    places = Commune.objects.values_list("codename", flat=True)
    full = apply_suppression(raw([1000], [1000], [500, 500]))
    kinds = dict.fromkeys(code_rows(), 17)
    told = replace(full, scenarios=kinds, communes=dict.fromkeys(places, 123))
    PublicFigures.objects.create(figures=asdict(told))
    answer = client.get(PAGE, headers={"Accept-Encoding": "gzip"})
    assert len(answer.getvalue()) < 7_000


def test_a_column_is_named_by_its_months_first_monday() -> None:
    mondays = [(date(2026, 5, 25) + timedelta(days=7 * week)).isoformat() for week in range(26)]
    labels = [column.label for column in chart(dict.fromkeys(mondays, 9)).columns]
    assert [label for label in labels if label] == ["1/6", "6/7", "3/8", "7/9", "5/10", "2/11"]


@pytest.mark.parametrize(
    ("most", "top"), [(0, 10), (10, 10), (11, 20), (241, 300), (61_000, 80_000)]
)
def test_the_highest_line_is_round(most: int, top: int) -> None:
    assert ceiling(most) == top


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "dưới 1 phút"), (7_830, "2 giờ 10 phút"), (3_600, "1 giờ"), (180_000, "2 ngày 2 giờ")],
)
def test_a_length_of_time_is_told_in_two_units(seconds: int, said: str) -> None:
    assert format_duration(seconds) == said


@pytest.mark.parametrize(
    ("dong", "said"),
    [
        (1_900_000_000, "1,9 tỷ đồng"),
        (27_000_000, "27 triệu đồng"),
        (1_200_000_000_000, "1.200 tỷ đồng"),
    ],
)
def test_a_sum_is_told_in_its_largest_unit(dong: int, said: str) -> None:
    assert money(dong) == said
