"""The page and the file of the public statistics."""

import csv
import io
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
from django.test import Client
from lxml import html
from pytest_django import DjangoAssertNumQueries

from reports.extraction.language.cue_matcher import code_rows
from reports.models import Commune, PublicStatistics
from reports.public.statistics import StatisticsData, apply_suppression
from reports.views.statistics import format_duration, format_money
from tests.support.alert_factories import commune
from tests.support.language import vietnamese_words
from tests.support.raw_statistics import build_raw
from tests.support.resident_pages import words

pytestmark = pytest.mark.django_db

PAGE = "/thong-ke/"
FILE = "/thong-ke/so-lieu.csv"


@pytest.fixture
def _filled(db: None) -> None:
    public = replace(
        apply_suppression(build_raw([3, 20, 1240], [1263, 0], [1240, 13, 10])),
        scenarios={"police_case": 1200, "tax": 63, "bank": None, "electricity_evn": 0},
        others={"weeks": 23, "scenarios": 8, "communes": 23},
        lost=31,
        lost_vnd=1_900_000_000,
        first_review_s=7_830,
        block_request_s=1_500,
        block_s=93_600,
    )
    PublicStatistics.objects.create(figures=asdict(public))


@pytest.mark.usefixtures("_filled")
def test_the_page_tells_what_was_kept(client: Client) -> None:
    seen = words(client.get(PAGE).content)
    assert "1.263 tin báo" in seen
    assert "31 tin có mất tiền, tổng 1,9 tỷ đồng theo lời kể" in seen
    assert "2 giờ 10 phút" in seen
    assert "25 phút từ tin đầu tiên đến lúc đề nghị nhà mạng, ngân hàng chặn" in seen
    assert "1 ngày 2 giờ từ tin đầu tiên đến lúc được chặn" in seen
    assert "Giả danh cán bộ thuế 63" in seen
    assert "Các kiểu khác, mỗi kiểu ít tin 8" in seen
    assert "điện lực" not in seen


@pytest.mark.usefixtures("_filled")
def test_the_page_in_english_says_which_names_are_vietnamese(client: Client) -> None:
    commune("s", "Xã Yên Định")
    page = client.get(f"/en{PAGE}").content
    for told in ("1,263 reports", "1.9 billion đồng", "2 h 10 min", "Posing as a tax officer 63"):
        assert told in words(page)
    assert vietnamese_words(page) == []


@pytest.mark.usefixtures("_filled", "reference_rows")
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
    names = picture.get("aria-labelledby").split()
    assert [tree.get_element_by_id(name).tag for name in names] == ["title", "desc"]
    rows = [
        html.tostring(row, method="text", encoding=str).split()
        for row in tree.xpath("//details//tbody/tr")
    ]
    assert rows[0] == ["02/11/2026", "không", "nêu"]
    assert rows[2] == ["16/11/2026", "1.240"]
    assert len(picture.xpath(".//rect[@class='closed']")) == 2


@pytest.mark.parametrize("kept_row", [None, StatisticsData("2026-11-22")])
def test_too_little_to_tell_is_said(client: Client, kept_row: StatisticsData | None) -> None:
    if kept_row:
        PublicStatistics.objects.create(figures=asdict(kept_row))
    assert "Chưa đủ tin để nêu số" in words(client.get(PAGE).content)
    assert client.get(FILE).status_code == 200


def lines(client: Client, address: str) -> list[list[str]]:
    body = client.get(address).content.decode()
    assert body.startswith("\ufeff")
    return list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))


@pytest.mark.usefixtures("_filled")
def test_the_file_says_the_same(client: Client) -> None:
    rows = lines(client, FILE)
    assert rows[:2] == [["Bảng", "Mục", "Số"], ["Chung", "Tin báo", "1263"]]
    assert ["Tuần từ", "02/11/2026", "không nêu"] in rows
    assert ["Kiểu lừa", "Giả danh cán bộ thuế", "63"] in rows
    asked = "Một nửa số đề nghị chặn trong 4 tuần cuối gửi đi sau, phút"
    assert ["Chung", asked, "25"] in rows
    assert lines(client, f"/en{FILE}")[0] == ["Table", "Item", "Number"]


@pytest.mark.usefixtures("_filled")
def test_a_name_is_never_a_formula(client: Client) -> None:
    commune("s", "=1+1")
    assert ["Xã, phường", "'=1+1", "1240"] in lines(client, FILE)


@pytest.mark.usefixtures("reference_rows")
def test_the_page_is_light_with_every_kind_and_every_commune(client: Client) -> None:
    places = Commune.objects.values_list("codename", flat=True)
    full = apply_suppression(build_raw([1000], [1000], [500, 500]))
    kinds = dict.fromkeys(code_rows(), 17)
    public = replace(full, scenarios=kinds, communes=dict.fromkeys(places, 123))
    PublicStatistics.objects.create(figures=asdict(public))
    answer = client.get(PAGE, headers={"Accept-Encoding": "gzip"})
    assert len(answer.getvalue()) < 7_000


@pytest.mark.parametrize(
    ("tell", "figure", "text"),
    [
        (format_duration, 0, "dưới 1 phút"),
        (format_duration, 3_600, "1 giờ"),
        (format_duration, 180_000, "2 ngày 2 giờ"),
        (format_money, 27_000_000, "27 triệu đồng"),
        (format_money, 1_200_000_000_000, "1.200 tỷ đồng"),
    ],
)
def test_a_time_is_told_in_two_units_and_a_sum_in_its_largest(
    tell: Callable[[int], str], figure: int, text: str
) -> None:
    assert tell(figure) == text
