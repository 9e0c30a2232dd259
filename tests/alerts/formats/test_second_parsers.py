"""Feeds and oEmbed once more, by libraries that agencies' own sites are built with.

They came to the lock of development later than the others: an older environment says what it lacks.
"""

from typing import Any

import pytest
from django.test import Client

from tests.support.alert_factories import HOSTILE, issued

atoma = pytest.importorskip("atoma", reason="atoma is in requirements/dev.txt, not in here")
micawber = pytest.importorskip(
    "micawber", reason="micawber is in requirements/dev.txt, not in here"
)

pytestmark = pytest.mark.django_db
PORTAL = "http://127.0.0.1:8000"
PAGE = f"{PORTAL}/canh-bao/gia-dien-luc/"


def parse_feed(client: Client, path: str) -> Any:
    parse = {
        "rss.xml": atoma.parse_rss_bytes,
        "atom.xml": atoma.parse_atom_bytes,
        "feed.json": atoma.parse_json_feed_bytes,
        "cap.xml": atoma.parse_atom_bytes,
    }[path]
    return parse(client.get(f"/canh-bao/{path}").content)


def consumer(client: Client) -> Any:
    """A site that embeds us, its network being Django's test client."""

    class Site(micawber.Provider):
        def fetch(self, url: str) -> str:
            answer = client.get(url.removeprefix(PORTAL))
            if answer.status_code != 200:
                raise micawber.ProviderException(answer.status_code)
            return answer.content.decode()

    known = micawber.ProviderRegistry()
    known.register(rf"{PORTAL}/\S*", Site(f"{PORTAL}/oembed/"))
    return known


def test_a_second_parser_reads_the_same_hostile_warning_in_every_feed(client: Client) -> None:
    issued(title=HOSTILE, summary=HOSTILE)
    (rss,) = parse_feed(client, "rss.xml").items
    (atom,) = parse_feed(client, "atom.xml").entries
    (item,) = parse_feed(client, "feed.json").items
    assert rss.title == atom.title.value == item.title
    assert rss.guid == item.id_
    assert item.id_ in atom.id_
    assert rss.link == atom.links[0].href == item.url
    assert rss.pub_date.utcoffset() is not None
    assert atom.updated.utcoffset() is not None


def test_a_second_parser_finds_each_cap_message_of_the_index(client: Client) -> None:
    issued()
    (entry,) = parse_feed(client, "cap.xml").entries
    assert any("/cap/" in link.href for link in entry.links)


def test_a_site_that_embeds_by_a_library_shows_our_frame(client: Client) -> None:
    issued()
    told = consumer(client).request(PAGE, maxwidth=300, maxheight=250)
    assert (told["type"], told["width"], told["height"]) == ("rich", 300, 250)
    text = micawber.parse_text(f"Đọc:\n{PAGE}\nrồi gọi lại.", consumer(client))
    assert f'<iframe src="{PAGE}nhung/"' in text


def test_a_library_asks_in_vain_for_what_nobody_may_embed(client: Client) -> None:
    with pytest.raises(micawber.ProviderException):
        consumer(client).request(f"{PORTAL}/canh-bao/khong-co/")
    text = f"{PORTAL}/canh-bao/khong-co/"
    assert "<iframe" not in micawber.parse_text(text, consumer(client))
