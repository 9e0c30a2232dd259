"""Every public page of the residents' room speaks English under /en/, and nothing but English."""

import pytest
from django.core.management import call_command
from django.test import Client
from lxml import html

from tests.support.alert_factories import issued
from tests.support.language import vietnamese_words
from tests.support.public_urls import public_paths

ENGLISH = [path for path in public_paths() if path.startswith("/en/")]

pytestmark = pytest.mark.django_db


def test_the_walk_finds_the_english_pages() -> None:
    assert {"/en/", "/en/dang-bi-goi/", "/en/rieng-tu/", "/en/bao-cao/"} <= set(ENGLISH)


def test_the_reader_of_this_test_knows_vietnamese() -> None:
    assert vietnamese_words("<p>Hang up</p><p>Cúp máy</p><p>Thanh Hóa</p>".encode()) == ["Cúp máy"]
    assert vietnamese_words('<p lang="vi">Cúp máy</p><i title="Ảnh">x</i>'.encode()) == ["Ảnh"]


@pytest.mark.parametrize("path", [*ENGLISH, "/en/khong-co/"])
def test_an_english_page_speaks_no_vietnamese(client: Client, path: str) -> None:
    call_command("setup_desk", verbosity=0)
    answer = client.get(path)
    if answer.headers["Content-Type"].startswith("text/html") and answer.content:
        assert vietnamese_words(answer.content) == []


def test_an_english_home_says_that_its_warning_is_vietnamese(client: Client) -> None:
    issued(title="Giả điện lực, dọa cắt điện")
    page = client.get("/en/").content
    card = html.document_fromstring(page).xpath("//*[@aria-labelledby='current-warning']")[0]
    title = card.xpath(".//h2/a")[0]
    assert "So far this warning is in Vietnamese only." in card.text_content()
    assert (title.get("lang"), title.get("href")) == ("vi", "/en/canh-bao/gia-dien-luc/")
    assert vietnamese_words(page) == []
