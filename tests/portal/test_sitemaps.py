"""What search engines are told of: every page that answers, in its languages, with its time."""

import pytest
from django.core.management import call_command
from django.test import Client
from lxml import etree

from tests.support.alert_factories import IN_ENGLISH, cancelled, draft, issued, office, withdrawn

pytestmark = pytest.mark.django_db
PORTAL = "http://127.0.0.1:8000"
NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def listed(client: Client) -> dict[str, etree._Element]:
    urls = etree.fromstring(client.get("/sitemap.xml").content).findall("s:url", NAMES)
    found = {str(url.findtext("s:loc", "", NAMES)).removeprefix(PORTAL): url for url in urls}
    assert len(found) == len(urls)
    return found


def test_every_listed_page_answers_and_none_asks_not_to_be_found(client: Client) -> None:
    call_command("setup_desk", verbosity=0)
    issued()
    paths = list(listed(client))
    assert len(paths) > 40
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert b'content="noindex"' not in answer.content, path
    told = client.get("/robots.txt").content.decode()
    assert f"Sitemap: {PORTAL}/sitemap.xml" in told
    assert "Disallow: /theo-doi/" in told


def test_warnings_stand_with_their_time_and_withdrawn_ones_and_drafts_do_not(
    client: Client,
) -> None:
    word, over, wrong = issued("mot"), issued("hai"), issued("ba")
    draft("bon")
    cancelled(over), withdrawn(wrong)
    found = listed(client)
    warnings = {path for path in found if path.startswith("/canh-bao/")}
    assert warnings == {"/canh-bao/", "/canh-bao/mot/", "/canh-bao/hai/"}
    assert {path for path in found if path.startswith("/en/canh-bao/")} == {"/en/canh-bao/"}
    changed = found["/canh-bao/mot/"].findtext("s:lastmod", "", NAMES)
    assert changed == word.frozen_content.message.effective.isoformat()


def test_a_page_in_two_languages_names_both_beside_each(client: Client) -> None:
    office("dien-luc"), issued("mot", **IN_ENGLISH)
    found = listed(client)
    for path in ("/co-quan/dien-luc/", "/en/co-quan/dien-luc/", "/dang-ky/", "/en/",
                 "/canh-bao/", "/canh-bao/mot/", "/en/canh-bao/mot/"):  # fmt: skip
        links = found[path].findall("x:link", NAMES)
        assert [link.get("hreflang") for link in links] == ["vi", "en"], path
        assert all(str(link.get("href")).startswith(f"{PORTAL}/") for link in links)
    assert found["/danh-cho-co-quan/"].findall("x:link", NAMES) == []


def test_the_report_page_may_be_found_and_receipts_may_not(client: Client) -> None:
    told = client.get("/robots.txt").content.decode().split("\n")
    assert "Disallow: /bao-cao/" not in told
    assert {"Disallow: /bao-cao/da-nhan/", "Disallow: /en/bao-cao/da-nhan/"} <= set(told)
    assert "/bao-cao/" in listed(client)
