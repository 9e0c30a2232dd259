"""What Lighthouse's SEO audits and link previews ask of a page, of every public page in each language."""

import re
from functools import cache
from io import BytesIO
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from lxml import html
from PIL import Image
from pytest_django import DjangoDbBlocker

from tests.support.alert_factories import IN_ENGLISH, issued
from tests.support.database_reset import session_fixture_data
from tests.support.public_urls import public_paths

pytestmark = pytest.mark.django_db
PORTAL = "http://127.0.0.1:8000"
GENERIC = {
    "tại đây",
    "đây",
    "ở đây",
    "xem",
    "xem thêm",
    "here",
    "click here",
    "more",
    "read more",
    "link",
}
FRAMES = "nhung/"
Head = dict[str, str]


@pytest.fixture(scope="module")
def indexed(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> dict[str, html.HtmlElement]:
    """Every page but answers to one person, by its path, drawn once; no listed page is shut out."""
    with session_fixture_data(django_db_blocker):
        return fetch_indexed(Client())


def fetch_indexed(client: Client) -> dict[str, html.HtmlElement]:
    robots = RobotFileParser()
    robots.parse(client.get("/robots.txt").content.decode().splitlines())
    call_command("setup_desk", verbosity=0)
    issued(**IN_ENGLISH)
    listed = re.findall(r"<loc>(\S+?)</loc>", client.get("/sitemap.xml").content.decode())
    assert all(robots.can_fetch("*", each) for each in listed)
    open_paths = [path for path in public_paths() if robots.can_fetch("*", PORTAL + path)]
    paths = {*open_paths, *(each.removeprefix(PORTAL) for each in listed)}
    pages = {}
    for path in sorted(path for path in paths if FRAMES not in path):
        answer = client.get(path)
        is_page = answer.status_code == 200 and "html" in answer.headers["Content-Type"]
        if is_page and b'content="noindex"' not in answer.content:
            pages[path] = html.document_fromstring(answer.content.decode())
    assert len(pages) > 60
    return pages


def read_head(page: html.HtmlElement) -> Head:
    """Return the named metas; each stands once."""
    metas = [
        (each.get("name") or each.get("property"), each.get("content"))
        for each in page.xpath("//head/meta[@name or @property]")
    ]
    assert len(dict(metas)) == len(metas), metas
    return dict(metas)


def test_every_page_says_what_it_is_to_who_finds_it_and_to_who_is_sent_it(
    indexed: dict[str, html.HtmlElement],
) -> None:
    wrong, titles = [], dict[tuple[str, str], str]()
    for path, page in indexed.items():
        head, language = read_head(page), page.get("lang")
        title = str(page.findtext(".//title")).strip()
        checks = {
            "title": len(title) > 8 and titles.setdefault((language, title), path) == path,
            "description": 20 <= len(head.get("description", "")) <= 400,
            "shared": bool(head.get("og:title"))
            and head.get("og:description") == head["description"],
            "address": head.get("og:url") == PORTAL + path,
            "language": head.get("og:locale") == {"vi": "vi_VN", "en": "en_GB"}[language],
            "picture": head.get("og:image", "").startswith(PORTAL),
            "card": head.get("twitter:card") in {"summary", "summary_large_image"},
            "viewport": head.get("viewport") == "width=device-width, initial-scale=1",
        }
        wrong += [(path, name) for name, is_right in checks.items() if not is_right]
    assert wrong == []


def test_every_page_has_one_address_and_names_itself_in_each_language(
    indexed: dict[str, html.HtmlElement],
) -> None:
    wrong = []
    for path, page in indexed.items():
        own = page.xpath("//head/link[@rel='canonical']/@href")
        others = {
            each.get("hreflang"): each.get("href")
            for each in page.xpath("//head/link[@rel='alternate'][@hreflang]")
        }
        vi = PORTAL + path.removeprefix("/en")
        both = {"vi": vi, "en": vi.replace(PORTAL, f"{PORTAL}/en", 1), "x-default": vi}
        is_right = own == [PORTAL + path] and others in ({}, both)
        wrong += [] if is_right else [(path, own, others)]
    assert wrong == []


def test_every_link_says_where_it_leads_and_every_picture_what_it_shows(
    indexed: dict[str, html.HtmlElement],
) -> None:
    wrong = []
    for path, page in indexed.items():
        for link in page.xpath("//a"):
            text = (link.get("aria-label") or link.text_content()).strip().casefold()
            href = link.get("href", "")
            if text in GENERIC or not text or href.startswith("javascript:") or not href:
                wrong.append((path, html.tostring(link)))
        wrong += [(path, html.tostring(each)) for each in page.xpath("//img[not(@alt)]")]
    assert wrong == []


@pytest.mark.parametrize("name", ["portal", "program_text"])
def test_no_letter_is_too_small_to_read(name: str) -> None:
    sheet = Path(str(finders.find(f"css/{name}.css"))).read_text()
    rems = [float(size) for size in re.findall(r"font-size: ([\d.]+)rem", sheet)]
    pixels = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", sheet)]
    assert min([*rems, 1]) >= 0.75
    assert min([*pixels, 16]) >= 12


@cache
def read_icon(address: str) -> Image.Image:
    content = Client().get(address).getvalue()
    assert len(content) < 6_000
    return Image.open(BytesIO(content), formats=["PNG"])


def test_a_phone_that_installs_the_portal_finds_pictures_of_each_size(client: Client) -> None:
    icons = client.get("/manifest.webmanifest").json()["icons"]
    pictures = [each for each in icons if each["type"] == "image/png"]
    found = {(each["sizes"], each.get("purpose", "any")) for each in pictures}
    assert found == {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")}
    for each in pictures:
        width, height = read_icon(each["src"]).size
        assert f"{width}x{height}" == each["sizes"]
    (touch,) = html.document_fromstring(client.get("/").content.decode()).xpath(
        "//link[@rel='apple-touch-icon']/@href"
    )
    assert read_icon(touch).size == (180, 180)
