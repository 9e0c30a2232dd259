"""What a browser asks for by itself, and what it may keep."""

import gzip
import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from PIL import Image

from portal import offline_cache
from tests.support.resident_pages import words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clear_cache() -> None:
    offline_cache._version.cache_clear()


def test_the_service_worker_may_hold_every_address_and_is_asked_for_anew(client: Client) -> None:
    answer = client.get("/sw.js")
    assert answer["Content-Type"] == "text/javascript"
    assert answer["Cache-Control"] == "no-cache"
    assert offline_cache.cache_version() in answer.content.decode()


def test_only_what_is_nobodys_is_kept(client: Client) -> None:
    assert offline_cache.precached_urls() == [
        "/dang-bi-goi/",
        "/en/dang-bi-goi/",
        "/offline/",
        "/en/offline/",
        "/static/css/portal.css",
        "/static/js/portal.js",
        "/static/js/sending.js",
    ]
    for path in offline_cache.PAGES:
        answer = client.get(path)
        assert answer.status_code == 200
        assert "no-store" not in answer["Cache-Control"]


def test_other_content_has_another_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = offline_cache.cache_version()
    assert offline_cache._version(0) == before
    offline_cache._version.cache_clear()
    monkeypatch.setattr("portal.offline_cache.read_static_file", lambda name: name.encode())
    assert offline_cache.cache_version() != before


def test_the_page_without_a_line_leads_to_help_in_both_languages(client: Client) -> None:
    for path, ahead in (("/offline/", "/dang-bi-goi/"), ("/en/offline/", "/en/dang-bi-goi/")):
        page = client.get(path).content
        assert f'href="{ahead}"' in page.decode()
        assert "02373.725.725" in words(page)


def test_a_phone_learns_how_the_portal_is_called(client: Client) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    icons = json.loads(answer.content)["icons"]
    assert client.get(icons[0]["src"]).getvalue().startswith(b"<svg")


def test_the_icon_is_asked_for_once_a_week(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert answer.content.startswith(b"\0\0\1\0")
    assert answer["Cache-Control"] == "public, max-age=604800"


def test_the_icon_adds_little_to_a_first_page(client: Client) -> None:
    icon = client.get("/favicon.ico").content
    assert len(icon) < 700
    assert Image.open(BytesIO(icon)).size == (32, 32)


@pytest.mark.parametrize("name", ["portal", "sending", "files"])
def test_a_script_is_light_and_asks_nobody_else(client: Client, name: str) -> None:
    script = client.get(f"/static/js/{name}.js").getvalue()
    assert len(gzip.compress(script, 9)) <= 3_500
    assert not re.findall(rb"https?://|eval|innerHTML", script)


def test_who_is_on_the_call_waits_for_no_script(client: Client) -> None:
    assert b"<script" not in client.get("/dang-bi-goi/").content
    assert b"<script" in client.get("/").content
