"""Feeds and oEmbed, as programs that we did not write read them."""

import json
from io import BytesIO
from typing import Any

import feedparser
import html5lib
import pytest
from django.test import Client
from lxml import html
from PIL import Image

from tests.support.alert_factories import HOSTILE, cancelled, draft, issued, rewritten, withdrawn
from tests.support.warning_pages import get_text

pytestmark = pytest.mark.django_db
PORTAL = "http://127.0.0.1:8000"
PAGE = "/canh-bao/gia-dien-luc/"
XML_FEEDS = ["/canh-bao/rss.xml", "/canh-bao/atom.xml"]
FOR_PROGRAMS = [*XML_FEEDS, "/canh-bao/feed.json", "/canh-bao/cap.xml"]


def parse_entries(client: Client, path: str) -> list[dict[str, str]]:
    """Return title, link, id and text of each entry, by a parser of others' making."""
    body = client.get(path).content
    if path.endswith(".json"):
        names = {"title": "title", "link": "url", "id": "id", "text": "content_text"}
        items = json.loads(body)["items"]
        return [{name: item[key] for name, key in names.items()} for item in items]
    feed = feedparser.parse(body)
    assert not feed.bozo, feed.bozo_exception
    return [
        {name: entry[name] for name in ("title", "link", "id")}
        | {"text": entry.content[0].value if "content" in entry else entry.description}
        for entry in feed.entries
    ]


@pytest.mark.parametrize("path", FOR_PROGRAMS[:3])
def test_a_feed_tells_of_each_warning_newest_first(client: Client, path: str) -> None:
    assert parse_entries(client, path) == []
    issued("mot", title="Một")
    issued("hai", title="Hai")
    draft("ba")
    entries = parse_entries(client, path)
    assert [entry["title"] for entry in entries] == ["Hai", "Một"]
    assert entries[0]["link"] == f"{PORTAL}/canh-bao/hai/"


@pytest.mark.parametrize("path", FOR_PROGRAMS[:3])
def test_an_update_and_an_end_take_the_place_of_the_old_entry(client: Client, path: str) -> None:
    first = issued()
    (entry,) = parse_entries(client, path)
    second = rewritten(first, title="Tiêu đề mới")
    (update,) = parse_entries(client, path)
    assert update["title"] == "Tiêu đề mới"
    cancelled(second)
    (end,) = parse_entries(client, path)
    assert end["title"] == "[Hết hiệu lực] Tiêu đề mới"
    assert end["text"].startswith("Cảnh báo này đã hết hiệu lực.")
    assert len({entry["id"], update["id"], end["id"]}) == 3


@pytest.mark.parametrize("path", FOR_PROGRAMS[:3])
def test_a_withdrawn_warning_leaves_nothing_but_that(client: Client, path: str) -> None:
    withdrawn(issued(summary="Điều sai."))
    (entry,) = parse_entries(client, path)
    assert entry["title"].startswith("[Đã rút lại] ")
    assert entry["text"] == "Cảnh báo này đã được rút lại vì có chỗ chưa đúng."
    assert "Điều sai" not in get_text(client, path)


def test_a_reader_that_takes_a_description_for_html_finds_no_element_in_it(client: Client) -> None:
    issued(summary=HOSTILE)
    (entry,) = parse_entries(client, "/canh-bao/rss.xml")
    tree = html5lib.parseFragment(entry["text"], namespaceHTMLElements=False)
    assert {element.tag for element in tree.iter()} <= {"DOCUMENT_FRAGMENT", "br"}


@pytest.mark.parametrize("path", FOR_PROGRAMS)
def test_programs_of_every_origin_may_read_and_keep(client: Client, path: str) -> None:
    issued()
    headers = client.get(path).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cache-Control"].startswith("public, max-age=30")
    assert "Set-Cookie" not in headers
    again = client.get(path, headers={"if-none-match": headers["ETag"]})
    assert (again.status_code, again.headers["Access-Control-Allow-Origin"]) == (304, "*")


def test_the_json_feed_holds_what_its_version_asks(client: Client) -> None:
    issued()
    response = client.get("/canh-bao/feed.json")
    feed = json.loads(response.content)
    assert response.headers["Content-Type"] == "application/feed+json"
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert {"title", "home_page_url", "feed_url", "items"} <= set(feed)


def embed(client: Client, **query: Any) -> Any:
    return client.get("/oembed/", {"url": f"{PORTAL}{PAGE}"} | query)


def test_the_page_of_a_warning_tells_how_to_embed_it(client: Client) -> None:
    issued()
    page = html.document_fromstring(client.get(PAGE).content)
    (address,) = page.xpath("//link[@type='application/json+oembed']/@href")
    values = client.get(address.removeprefix(PORTAL)).json()
    frame = html5lib.parseFragment(values["html"], namespaceHTMLElements=False).find("iframe")
    assert (values["version"], values["type"]) == ("1.0", "rich")
    assert frame.get("src") == f"{PORTAL}/canh-bao/gia-dien-luc/nhung/"
    assert (frame.get("width"), frame.get("height")) == ("320", "420")


def test_an_english_page_is_embedded_as_its_vietnamese_frame(client: Client) -> None:
    issued()
    values = embed(client, url=f"{PORTAL}/en/canh-bao/gia-dien-luc/").json()
    assert f'src="{PORTAL}/canh-bao/gia-dien-luc/nhung/"' in values["html"]
    assert embed(client, url=f"{PORTAL}/vi/canh-bao/gia-dien-luc/").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"url": "https://elsewhere.example/canh-bao/gia-dien-luc/"}, 404),
        ({"url": f"{PORTAL}/canh-bao/khong-co/"}, 404),
        ({"url": f"{PORTAL}/admin/"}, 404),
        ({"url": ""}, 404),
        ({"url": "http://[::1"}, 404),
        ({"format": "xml"}, 501),
        ({"maxwidth": "rộng"}, 400),
        ({"maxwidth": "0"}, 400),
        ({"maxheight": "-5"}, 400),
    ],
)
def test_what_cannot_be_embedded_is_told_by_its_status(
    client: Client, query: dict[str, str], status: int
) -> None:
    issued()
    assert embed(client, **query).status_code == status


def test_search_engines_read_the_announcement_until_it_is_over(client: Client) -> None:
    revision = issued(title="Giả điện lực </script><b>")
    page = html.document_fromstring(client.get(PAGE).content)
    (text,) = page.xpath("//script[@type='application/ld+json']/text()")
    data = json.loads(text)
    assert data["@type"] == "SpecialAnnouncement"
    assert data["name"] == "Giả điện lực </script><b>"
    assert data["url"] == f"{PORTAL}{PAGE}"
    cancelled(revision)
    assert "ld+json" not in get_text(client, PAGE)


def read_picture(client: Client) -> Image.Image:
    response = client.get(f"{PAGE}anh.png")
    assert response.headers["Content-Type"] == "image/png"
    return Image.open(BytesIO(response.content))


@pytest.mark.parametrize("title", ["Giả điện lực, dọa cắt điện", "W" * 140, "Ắ" * 60, HOSTILE, "x"])
def test_a_link_is_shown_with_a_picture_of_its_words(client: Client, title: str) -> None:
    issued(title=title)
    picture = read_picture(client).convert("RGB")
    assert picture.size == (1200, 630)
    assert len(picture.crop((1150, 150, 1200, 480)).getcolors() or []) == 1


def test_a_picture_shows_an_end_and_is_gone_with_a_withdrawn_warning(client: Client) -> None:
    revision = issued()
    live = read_picture(client).tobytes()
    cancelled(revision)
    assert read_picture(client).tobytes() != live
    withdrawn(issued("nham"))
    assert client.get("/canh-bao/nham/anh.png").status_code == 410
    assert "og:image" not in get_text(client, "/canh-bao/nham/")
