"""Search: what is found, in which order, and that what was typed stays nowhere."""

import logging
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from pytest_django import DjangoAssertNumQueries

from core.text import rank_by_similarity
from reports.models import Office
from reports.public import site_search
from tests.support.alert_factories import cancelled, draft, issued
from tests.support.data_files import read_cases
from tests.support.language import vietnamese_words
from tests.support.resident_pages import value, words

pytestmark = pytest.mark.django_db

PAGE = "/tim/"

THINGS = [
    ("sim", "Khóa SIM bằng một cuộc gọi", "nhà mạng"),
    ("power", "Tiền điện", "Điện lực không dọa cắt điện"),
    ("police", "Công an xã, phường", "căn cước"),
    ("portal", "Cổng dịch vụ công", "dữ liệu đất đai, an toàn"),
]


# --- finding


@pytest.mark.parametrize(("query", "found"), read_cases("queries.json", "words"))
def test_all_words_of_a_query_or_half_of_a_sentence_find_a_thing_however_they_are_typed(
    query: str, found: list[str]
) -> None:
    assert rank_by_similarity(query, THINGS) == found


def test_a_title_counts_more_than_what_is_said_of_it() -> None:
    things = [("said", "Khác", "thuế"), ("titled", "Thuế", ""), ("begun", "Thuếx", "")]
    assert rank_by_similarity("thue", things) == ["titled", "begun", "said"]


@given(st.text(max_size=300))
def test_any_text_may_be_looked_for(query: str) -> None:
    assert set(rank_by_similarity(query, THINGS)) <= {"sim", "power", "police", "portal"}


def test_an_endless_query_costs_no_more() -> None:
    endless = "sim " + "a1 b2 c3 d4 e5 f6 g7 h8 i9 k0 l1 m2 n3 " * 10_000
    assert rank_by_similarity(endless, THINGS) == []


# --- the page


def search(client: Client, query: str, address: str = PAGE) -> str:
    """What the page says of a query, heading by heading; the site's own frame left out."""
    answer = client.post(address, {"q": query})
    assert answer.status_code == 200
    sections: Any = html.document_fromstring(answer.content).xpath("//main//section")
    return " ".join(" ".join(section.text_content().split()) for section in sections)


@pytest.mark.parametrize("page", site_search.PAGES, ids=lambda page: page.address)
def test_each_page_that_is_named_is_there(page: site_search.Page) -> None:
    assert reverse(page.address)


@pytest.mark.usefixtures("reference_rows")
@pytest.mark.parametrize(
    ("address", "query", "title"),
    [
        (PAGE, "cup may", "Trang Họ đang gọi tôi"),
        (PAGE, "thống kê", "Trang Số liệu tin báo"),
        (PAGE, "trang nay co that khong", "Trang Trang này có thật không?"),
        (PAGE, "statistics", "Trang Số liệu tin báo"),
        (PAGE, "tien dien", "Nơi hay bị giả danh Điện lực"),
        (PAGE, "EVN", "Nơi hay bị giả danh Điện lực"),
        (f"/en{PAGE}", "STATISTICS", "Pages Report statistics"),
        (f"/en{PAGE}", "thong ke", "Pages Report statistics"),
    ],
)
def test_words_of_either_language_lead_to_pages_and_offices(
    client: Client, address: str, query: str, title: str
) -> None:
    assert title in search(client, query, address)


@pytest.mark.usefixtures("reference_rows")
@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("bat coc online", "/dang-bi-goi/"),
        ("lấy lại tiền", "/dang-bi-goi/#first"),
        ("mất mã", "/theo-doi/ma-moi/"),
        ("công an gọi có thật không", "/that-hay-gia/"),
        ("gọi ngân hàng", "/co-quan/ngan-hang/"),
    ],
)
def test_a_question_in_ones_own_words_leads_to_its_page(
    client: Client, query: str, first: str
) -> None:
    page = html.document_fromstring(client.post(PAGE, {"q": query}).content)
    assert page.xpath("//ul[@class='search-results']//a/@href")[0] == first
    assert "Sàn bán hàng" not in search(client, query)
    assert client.get(first).status_code == 200


@pytest.mark.parametrize("query", ["mất tiền", "bi lua", "bi lua mat tien", "tôi bị lừa mất tiền"])
def test_who_lost_money_is_led_to_the_first_half_hour(query: str) -> None:
    assert "reports:now" in [page.address for page in site_search.search_pages(query)]


@pytest.mark.usefixtures("reference_rows")
def test_an_english_search_says_which_of_its_findings_are_vietnamese(client: Client) -> None:
    issued(title="Giả danh điện lực")
    Office.objects.create(codename="cho-den", name="Chợ Đen điện lực")
    answer = client.post(f"/en{PAGE}", {"q": "dien luc"})
    assert "Chợ Đen".encode() in answer.content
    assert vietnamese_words(answer.content) == []


def test_warnings_in_force_and_ended_are_found(client: Client) -> None:
    issued(title="Giả danh điện lực", summary="Dọa cắt điện trong hai giờ.")
    cancelled(issued("gia-thue", title="Giả danh cán bộ thuế", summary="Gửi ứng dụng thuế."))
    assert "Cảnh báo Giả danh điện lực Dọa cắt điện" in search(client, "doa cat dien")
    assert "Giả danh cán bộ thuế Hết hiệu lực từ" in search(client, "ung dung thue")
    assert "điện lực" not in search(client, "gia danh can bo thue")


def test_a_draft_is_nobodys_business(client: Client) -> None:
    draft(title="Chưa phát bao giờ")
    assert "Chưa phát" not in search(client, "chua phat bao gio")


@pytest.mark.parametrize(
    "query", ["0550 000 123", "số 0550000123 của ai", "113", "+44 7700 900123"]
)
def test_a_number_is_handed_to_the_page_that_knows(client: Client, query: str) -> None:
    tree: Any = html.document_fromstring(client.post(PAGE, {"q": query}).content)
    (form,) = tree.xpath(f"//form[@action='{reverse('reports:check')}']")
    assert (form.method, form.fields["number"]) == ("POST", query)


def test_words_are_no_number(client: Client) -> None:
    assert "Kiểm tra số này" not in search(client, "công văn 140 ngày 12")


@pytest.mark.parametrize("query", ["qwrtz", "<script>alert(1)</script>", "\0", "%", "   ", "🙂"])
def test_who_finds_nothing_is_shown_three_doors(client: Client, query: str) -> None:
    answer = client.post(PAGE, {"q": query})
    tree: Any = html.document_fromstring(answer.content)
    doors = [reverse(name) for name in site_search.HELP]
    assert tree.xpath("//section[@aria-labelledby='nothing']//a/@href") == doors
    assert b"<script>alert" not in answer.content


def test_what_was_typed_stands_in_the_box_again_and_is_kept_and_told_nowhere(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = client.post(PAGE, {"q": '0550 000 123 "b" <c>'})
    assert value(answer.content, "q") == '0550 000 123 "b" <c>'
    assert "private" in answer["Cache-Control"]
    assert "000 123" not in caplog.text.replace("POST", "")
    assert not answer.cookies
    assert "0550 000 123" not in client.get(PAGE, {"q": "0550 000 123"}).content.decode()


def test_a_very_long_query_is_told_and_cut(client: Client) -> None:
    answer = client.post(PAGE, {"q": "điện " * 20_000})
    assert answer.status_code == 200
    assert "200 chữ cái đầu" in words(answer.content)


def test_a_body_that_is_too_large_gets_an_answer(client: Client) -> None:
    answer = client.post(PAGE, {"q": "điện " * 1_000_000})
    assert answer.status_code == 413
    assert "Chưa gửi được" not in words(answer.content)


@pytest.mark.parametrize("address", [PAGE, f"/en{PAGE}"])
def test_without_a_database_our_pages_are_found_all_the_same(
    client: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_search, "search_offices", Mock(side_effect=OperationalError))
    answer = client.post(address, {"q": "cup may"})
    assert answer.status_code == 503
    assert reverse("reports:now") in answer.content.decode()


@pytest.mark.usefixtures("reference_rows")
def test_a_search_is_three_statements_at_most(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(3):
        client.post(PAGE, {"q": "công an"})
