"""Feeds and oEmbed, as programs that we did not write read them."""

import json
from io import BytesIO
from typing import Any

import feedparser
import html5lib
import pytest
from django.test import Client
from PIL import Image

from alerts import publishing
from alerts.models import CancelReason
from tests.support.alert_factories import HOSTILE, cancelled, draft, issued, person, rewritten

pytestmark = pytest.mark.django_db
PORTAL = "http://127.0.0.1:8000"
XML_FEEDS = ["/canh-bao/rss.xml", "/canh-bao/atom.xml"]
FOR_PROGRAMS = [*XML_FEEDS, "/canh-bao/feed.json", "/canh-bao/cap.xml"]


def entries(client: Client, path: str) -> list[dict[str, str]]:
    """Title, link, name and text of each entry, by a parser of others' making."""
    body = client.get(path).content
    if path.endswith(".json"):
        return [
            {
                "title": item["title"],
                "link": item["url"],
                "id": item["id"],
                "text": item["content_text"],
            }
            for item in json.loads(body)["items"]
        ]
    feed = feedparser.parse(body)
    assert not feed.bozo, feed.bozo_exception
    return [
        {
            "title": entry.title,
            "link": entry.link,
            "id": entry.id,
            "text": entry.content[0].value if "content" in entry else entry.description,
        }
        for entry in feed.entries
    ]


@pytest.mark.parametrize("path", FOR_PROGRAMS[:3])
def test_a_feed_tells_of_each_warning_newest_first(client: Client, path: str) -> None:
    issued("mot", title="Một")
    issued("hai", title="Hai")
    draft("ba")
    found = entries(client, path)
    assert [entry["title"] for entry in found] == ["Hai", "Một"]
    assert found[0]["link"] == f"{PORTAL}/canh-bao/hai/"


@pytest.mark.parametrize("path", FOR_PROGRAMS[:3])
def test_an_update_is_a_new_entry_in_the_place_of_the_old_one(client: Client, path: str) -> None:
    first = issued()
    before = entries(client, path)[0]["id"]
    rewritten(first, title="Tiêu đề mới")
    after = entries(client, path)
    assert [entry["title"] for entry in after] == ["Tiêu đề mới"]
    assert after[0]["id"] != before


@pytest.mark.parametrize("path", FOR_PROGRAMS[:3])
def test_an_ended_warning_stays_and_is_marked(client: Client, path: str) -> None:
    cancelled(issued(title="Đợt cũ"), reason="Hết đợt.")
    (entry,) = entries(client, path)
    assert entry["title"] == "[Hết hiệu lực] Đợt cũ"
    assert "Hết đợt." in entry["text"]


@pytest.mark.parametrize("path", FOR_PROGRAMS[:3])
def test_a_withdrawn_warning_leaves_nothing_but_the_reason(client: Client, path: str) -> None:
    revision = issued(summary="Điều sai.")
    publishing.cancel(
        revision.alert, by=person("approver"), reason="Nhầm.", ending=CancelReason.ERROR
    )
    (entry,) = entries(client, path)
    assert entry["title"].startswith("[Đã rút lại] ")
    assert entry["text"] == "Nhầm."
    assert "Điều sai" not in client.get(path).content.decode()


@pytest.mark.parametrize("path", FOR_PROGRAMS)
def test_hostile_words_stay_words(client: Client, path: str) -> None:
    issued(title=f"{HOSTILE}\x0b", summary=HOSTILE, advice=HOSTILE)
    body = client.get(path).content.decode()
    assert path.endswith(".json") or "<script" not in body
    if path in FOR_PROGRAMS[:3]:
        (entry,) = entries(client, path)
        assert entry["title"].startswith(HOSTILE[:25]) or "&lt;script" in entry["title"]


def test_a_reader_that_takes_a_description_for_html_finds_no_element_in_it(client: Client) -> None:
    issued(summary=HOSTILE)
    (entry,) = entries(client, "/canh-bao/rss.xml")
    tree = html5lib.parseFragment(entry["text"], namespaceHTMLElements=False)
    assert {element.tag for element in tree.iter()} <= {"DOCUMENT_FRAGMENT", "br"}


@pytest.mark.parametrize("path", FOR_PROGRAMS)
def test_programs_of_every_origin_may_read_and_keep(client: Client, path: str) -> None:
    issued()
    answer = client.get(path)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"].startswith("public, max-age=30")
    assert "Set-Cookie" not in answer.headers
    again = client.get(path, headers={"if-none-match": answer.headers["ETag"]})
    assert (again.status_code, again.headers["Access-Control-Allow-Origin"]) == (304, "*")


def test_the_json_feed_holds_what_its_version_asks(client: Client) -> None:
    issued()
    answer = client.get("/canh-bao/feed.json")
    feed = json.loads(answer.content)
    assert answer.headers["Content-Type"] == "application/feed+json"
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert {"title", "home_page_url", "feed_url", "items"} <= set(feed)


def test_an_empty_province_has_feeds_all_the_same(client: Client) -> None:
    for path in FOR_PROGRAMS[:3]:
        assert entries(client, path) == []


def embed(client: Client, **asked: Any) -> Any:
    return client.get("/oembed/", {"url": f"{PORTAL}/canh-bao/gia-dien-luc/"} | asked)


def test_the_page_of_a_warning_tells_how_to_embed_it(client: Client) -> None:
    issued()
    page = html5lib.parse(
        client.get("/canh-bao/gia-dien-luc/").content, namespaceHTMLElements=False
    )
    link = next(e for e in page.iter("link") if e.get("type") == "application/json+oembed")
    told = client.get(link.get("href").removeprefix(PORTAL)).json()
    frame = html5lib.parseFragment(told["html"], namespaceHTMLElements=False).find("iframe")
    assert (told["version"], told["type"]) == ("1.0", "rich")
    assert frame.get("src") == f"{PORTAL}/canh-bao/gia-dien-luc/nhung/"
    assert (frame.get("width"), frame.get("height")) == ("320", "420")


def test_an_embed_takes_no_more_room_than_there_is(client: Client) -> None:
    issued()
    told = embed(client, maxwidth=300, maxheight=250).json()
    assert (told["width"], told["height"]) == (300, 250)
    assert 'width="300" height="250"' in told["html"]


def test_an_english_page_is_embedded_as_its_vietnamese_frame(client: Client) -> None:
    issued()
    told = embed(client, url=f"{PORTAL}/en/canh-bao/gia-dien-luc/").json()
    assert f'src="{PORTAL}/canh-bao/gia-dien-luc/nhung/"' in told["html"]
    assert embed(client, url=f"{PORTAL}/vi/canh-bao/gia-dien-luc/").status_code == 404


@pytest.mark.parametrize(
    ("asked", "status"),
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
    client: Client, asked: dict[str, str], status: int
) -> None:
    issued()
    assert embed(client, **asked).status_code == status


def test_search_engines_read_the_announcement(client: Client) -> None:
    issued(title="Giả điện lực </script><b>")
    page = html5lib.parse(
        client.get("/canh-bao/gia-dien-luc/").content, namespaceHTMLElements=False
    )
    script = next(e for e in page.iter("script") if e.get("type") == "application/ld+json")
    data = json.loads(script.text)
    assert data["@type"] == "SpecialAnnouncement"
    assert data["name"] == "Giả điện lực </script><b>"
    assert data["url"] == f"{PORTAL}/canh-bao/gia-dien-luc/"


def test_a_cancelled_warning_is_announced_no_more(client: Client) -> None:
    cancelled(issued())
    assert b"ld+json" not in client.get("/canh-bao/gia-dien-luc/").content


def drawn(client: Client) -> Image.Image:
    answer = client.get("/canh-bao/gia-dien-luc/anh.png")
    assert answer.headers["Content-Type"] == "image/png"
    return Image.open(BytesIO(answer.content))


@pytest.mark.parametrize("title", ["Giả điện lực, dọa cắt điện", "W" * 140, "Ắ" * 60, HOSTILE, "x"])
def test_a_link_is_shown_with_a_picture_of_its_words(client: Client, title: str) -> None:
    issued(title=title)
    picture = drawn(client).convert("RGB")
    assert picture.size == (1200, 630)
    margin = picture.crop((1150, 150, 1200, 480)).getcolors()
    assert margin is not None
    assert len(margin) == 1


def test_a_picture_shows_that_its_warning_is_over(client: Client) -> None:
    revision = issued()
    live = drawn(client).tobytes()
    cancelled(revision)
    assert drawn(client).tobytes() != live


def test_a_withdrawn_warning_has_no_picture(client: Client) -> None:
    revision = issued()
    publishing.cancel(
        revision.alert, by=person("approver"), reason="Nhầm.", ending=CancelReason.ERROR
    )
    assert client.get("/canh-bao/gia-dien-luc/anh.png").status_code == 404
    assert b"og:image" not in client.get("/canh-bao/gia-dien-luc/").content
