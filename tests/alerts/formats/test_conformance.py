"""Every format of a warning, whatever is written in it, as programs that we did not write read it.

`WARNINGS` says how many are invented: 300 for `make soak`, fewer in the suite.
"""

import json
import os
from datetime import datetime
from typing import Any

import atoma
import feedparser
import html5lib
import micawber
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from lxml import etree

from alerts.formats import feeds, frames, html
from alerts.models import AlertRevision
from tests.support.alert_factories import HOSTILE, cancelled, commune, issued, office
from tests.support.cap_documents import hostile

PORTAL = "https://portal.example"
HERE = "http://127.0.0.1:8000"
PAGE = f"{HERE}/canh-bao/gia-dien-luc/"
ATOM = {"a": "http://www.w3.org/2005/Atom"}
many = settings(
    max_examples=int(os.environ.get("WARNINGS", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def assert_valid_html(page: str | bytes) -> None:
    """Raise html5lib's ParseError at the first error of a document."""
    html5lib.HTMLParser(strict=True).parse(page if isinstance(page, str) else page.decode())


@many
@given(hostile())
def test_pages_and_frames_are_html_without_an_error(revision: AlertRevision) -> None:
    now = timezone.now()
    pages = [html.render_print(revision, now)]
    for language in ("vi", "en"):
        with translation.override(language):
            pages += [html.render_detail(revision, now), html.render_history([revision], now)]
            pages.append(html.render_list([revision], [revision]))
    for live in (False, True):
        pages.append(frames.render_single(revision, now, live=live))
        pages.append(frames.render_latest([revision, revision], now, live=live))
    for page in pages:
        assert_valid_html(page)


@many
@given(hostile())
def test_feeds_are_read_alike_by_two_programs(revision: AlertRevision) -> None:
    now = timezone.now()
    rss, atom = feeds.rss([revision], now, PORTAL), feeds.atom([revision], now, PORTAL)
    title = items(rss, "channel/item/title")
    assert title == items(atom, "a:entry/a:title")
    for feed in (rss, atom):
        parsed = feedparser.parse(feed)
        assert not parsed.bozo, parsed.bozo_exception
        (entry,) = parsed.entries
        assert entry.link == revision.frozen_content.message.web
        assert entry.get("published_parsed") or entry.get("updated_parsed")
    (item,) = json.loads(feeds.json_feed([revision], now, PORTAL))["items"]
    assert item["id"] == revision.identifier
    assert datetime.fromisoformat(item["date_published"]).utcoffset() is not None


def items(feed: bytes, path: str) -> list[str]:
    root = etree.fromstring(feed, etree.XMLParser(resolve_entities=False, no_network=True))
    return [element.text or "" for element in root.findall(path, ATOM)]


@pytest.mark.django_db
def test_pages_that_show_a_hostile_warning_among_other_things_are_html_too(client: Client) -> None:
    call_command("setup_desk", verbosity=0)
    text = {"title": HOSTILE, "summary": HOSTILE, "advice": HOSTILE, "audience": HOSTILE}
    issued(**text)
    over = cancelled(issued("qua", **text))
    assert_valid_html(client.post("/danh-cho-co-quan/", {"code": over.identifier}).content)
    for path in (
        "/", "/en/", "/dang-bi-goi/", "/canh-bao/", "/canh-bao/qua/", "/canh-bao/qua/lich-su/",
        "/danh-cho-co-quan/", "/co-quan/", f"/co-quan/{office().pk}/", f"/en/co-quan/{office().pk}/",
        "/nhung/", f"/nhung/xa/{commune().pk}/", f"/nhung/co-quan/{office().pk}/", "/nhung/song/",
        "/dang-ky/", "/en/dang-ky/", "/rieng-tu/", "/en/canh-bao/", "/en/canh-bao/qua/",
        "/en/canh-bao/qua/lich-su/",
    ):  # fmt: skip
        assert_valid_html(client.get(path).content)


@pytest.mark.parametrize("most", [(1, 1), (320, 420), (100_000, 100_000)])
def test_what_an_embed_brings_is_one_frame_and_fits(most: tuple[int, int]) -> None:
    address = f"{PORTAL}/nhung/?a=1&b='\""
    response: dict[str, Any] = json.loads(frames.oembed_response(address, PORTAL, *most))
    assert {"version", "type", "html", "width", "height"} <= set(response)
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    (frame,) = list(parser.parseFragment(response["html"]))
    assert (frame.tag, frame.get("src")) == ("iframe", address)
    assert (response["width"] <= most[0], response["height"] <= most[1]) == (True, True)


# --- once more, by libraries that agencies' own sites are built with


@pytest.mark.django_db
def test_a_second_parser_reads_the_same_hostile_warning_in_every_feed(client: Client) -> None:
    issued(title=HOSTILE, summary=HOSTILE)
    (rss,) = atoma.parse_rss_bytes(client.get("/canh-bao/rss.xml").content).items
    (atom,) = atoma.parse_atom_bytes(client.get("/canh-bao/atom.xml").content).entries
    (item,) = atoma.parse_json_feed_bytes(client.get("/canh-bao/feed.json").content).items
    assert rss.title == atom.title.value == item.title
    assert rss.guid == item.id_
    assert item.id_ in atom.id_
    assert rss.link == atom.links[0].href == item.url
    assert rss.pub_date.utcoffset() is not None
    assert atom.updated.utcoffset() is not None
    (message,) = atoma.parse_atom_bytes(client.get("/canh-bao/cap.xml").content).entries
    assert any("/cap/" in link.href for link in message.links)


@pytest.mark.django_db
def test_a_site_that_embeds_by_a_library_shows_our_frame(client: Client) -> None:
    class Site(micawber.Provider):
        def fetch(self, url: str) -> str:
            return client.get(url.removeprefix(HERE)).content.decode()

    issued()
    registry = micawber.ProviderRegistry()
    registry.register(rf"{HERE}/\S*", Site(f"{HERE}/oembed/"))
    embed = registry.request(PAGE, maxwidth=300, maxheight=250)
    assert (embed["type"], embed["width"], embed["height"]) == ("rich", 300, 250)
    assert 'width="300" height="250"' in embed["html"]
    text = micawber.parse_text(f"Đọc:\n{PAGE}\nrồi gọi lại.", registry)
    assert f'<iframe src="{PAGE}nhung/"' in text
