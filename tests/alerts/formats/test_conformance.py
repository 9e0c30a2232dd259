"""Every format of a warning, whatever is written in it, in the eyes of programs that we did not write.

`WARNINGS` says how many are invented: 300 for `make soak`, fewer in the suite.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import feedparser
import html5lib
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from alerts.embed import frames, snippets
from alerts.formats import feeds, html
from alerts.models import AlertRevision
from tests.alerts.formats.test_cap import TEMPLATE, changed, words
from tests.support.alert_factories import HOSTILE, cancelled, commune, issued, office

PORTAL = "https://portal.example"
INVENTED = int(os.environ.get("WARNINGS", "40"))
HTML_VALIDATE = shutil.which("html-validate")
ATOM = {"a": "http://www.w3.org/2005/Atom"}
many = settings(
    max_examples=INVENTED,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def hostile(draw: st.DrawFn) -> AlertRevision:
    """A revision of any words, in force, cancelled or withdrawn."""
    text = {name: draw(words()) for name in ("title", "short_title", "summary", "sms_share")}
    english = {name: draw(words()) for name in ("title", "summary")} | {"advice": [draw(words())]}
    steps = [{name: draw(words()) for name in ("title", "text", "quote")}]
    document = TEMPLATE["document"] | {
        name: draw(words()) for name in ("number", "subject", "note")
    }
    ending = draw(st.sampled_from(["", "over", "error"]))
    kind = "Cancel" if ending else "Alert"
    message = TEMPLATE["message"] | {"msg_type": kind, "ending": ending, "reason": draw(words())}
    more = {"advice": draw(st.lists(words(), min_size=1, max_size=3)), "steps": steps}
    values = text | more | {"document": document, "message": message, "english": english}
    sent = datetime.fromisoformat(message["sent"])
    bare = AlertRevision(
        identifier=message["identifier"], version=1, msg_type=kind, sent=sent, effective=sent,
        content=dict(TEMPLATE), content_hash="ab" * 32,
    )  # fmt: skip
    return changed(bare, values)


def for_people(revision: AlertRevision) -> Iterator[str]:
    now = timezone.now()
    for language in ("vi", "en"):
        with translation.override(language):
            yield html.render_detail(revision, now)
            yield html.render_list([revision], [revision])
            yield html.render_history([revision], now)
    yield html.render_print(revision, now)
    for live in (False, True):
        yield frames.render_single(revision, now, live=live)
        yield frames.render_latest([revision, revision], now, live=live)


def strictly(page: str | bytes) -> None:
    """Raises html5lib's ParseError at the first error of a document."""
    html5lib.HTMLParser(strict=True).parse(page if isinstance(page, str) else page.decode())


@many
@given(hostile())
def test_pages_and_frames_are_html_without_an_error(revision: AlertRevision) -> None:
    for page in for_people(revision):
        strictly(page)


@many
@given(hostile())
def test_feeds_are_read_alike_by_two_programs(revision: AlertRevision) -> None:
    now = timezone.now()
    rss, atom = feeds.rss([revision], now, PORTAL), feeds.atom([revision], now, PORTAL)
    title = items(rss, "channel/item/title")
    assert title == items(atom, "a:entry/a:title")
    for feed in (rss, atom):
        read = feedparser.parse(feed)
        assert not read.bozo, read.bozo_exception
        (entry,) = read.entries
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
    words = {"title": HOSTILE, "summary": HOSTILE, "advice": HOSTILE, "audience": HOSTILE}
    issued(**words)
    over = cancelled(issued("qua", **words), reason=HOSTILE)
    asked = client.post("/danh-cho-co-quan/", {"code": over.identifier}).content
    strictly(asked)
    for path in (
        "/", "/en/", "/dang-bi-goi/", "/canh-bao/", "/canh-bao/qua/", "/canh-bao/qua/lich-su/",
        "/danh-cho-co-quan/", "/co-quan/", f"/co-quan/{office().pk}/", f"/en/co-quan/{office().pk}/",
        "/nhung/", f"/nhung/xa/{commune().pk}/", f"/nhung/co-quan/{office().pk}/", "/nhung/song/",
        "/dang-ky/", "/en/dang-ky/", "/rieng-tu/", "/en/canh-bao/", "/en/canh-bao/qua/",
        "/en/canh-bao/qua/lich-su/",
    ):  # fmt: skip
        strictly(client.get(path).content)


@pytest.mark.skipif(HTML_VALIDATE is None, reason="html-validate (node) is not installed")
@given(hostile())
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_second_program_finds_no_error_either(tmp_path: Path, revision: AlertRevision) -> None:
    assert HTML_VALIDATE
    numbers = count()
    for page in for_people(revision):
        (tmp_path / f"{next(numbers)}.html").write_text(page)
    (tmp_path / ".htmlvalidate.json").write_text('{"extends": ["html-validate:standard"]}')
    told = subprocess.run(
        [HTML_VALIDATE, "--formatter=text", *sorted(map(str, tmp_path.glob("*.html")))],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout[:2000]


@pytest.mark.parametrize("most", [(1, 1), (320, 420), (100_000, 100_000)])
def test_what_an_embed_brings_is_one_frame_and_fits(most: tuple[int, int]) -> None:
    told: dict[str, Any] = json.loads(
        snippets.oembed_response(f"{PORTAL}/nhung/?a=1&b='\"", PORTAL, *most)
    )
    assert {"version", "type", "html", "width", "height"} <= set(told)
    fragment = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(
        told["html"]
    )
    (frame,) = list(fragment)
    assert (frame.tag, frame.get("src")) == ("iframe", f"{PORTAL}/nhung/?a=1&b='\"")
    assert told["width"] <= most[0]
    assert told["height"] <= most[1]
