"""The page that an agency copies to its own site: run as it stands on /danh-cho-co-quan/, by CGI."""

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from core.api import keys
from core.models import ApiKey
from reports.models import Report
from reports.submission import receipt_codes
from tests.support.api_program import register
from tests.support.concurrency import QuietHandler, answering
from tests.support.warning_pages import get_text

pytestmark = pytest.mark.django_db(transaction=True)
MAX_LINES = 60
TYPED = {"story": "Họ xưng công an, đòi {tiền} <b>.", "caller_number": "0550 000 123"}


class Site:
    """An agency's web server with the page in its CGI folder."""

    def __init__(self, folder: Path, page: str, key: str) -> None:
        self.page, self.key_file = folder / "bao-tin.py", folder / "key"
        self.page.write_text(page)
        self.key_file.write_text(f"{key}\n")

    def ask(self, **typed: str) -> str:
        """The page that a visitor sees after a GET, or after a POST of what was typed."""
        return self.ask_raw(urlencode(typed).encode())

    def ask_raw(self, body: bytes, length: str = "") -> str:
        """The page after a POST of this body, however long it is said to be."""
        environ = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "CONTENT_LENGTH": length or str(len(body)),
            "KEY_FILE": str(self.key_file),
            "SERVER_NAME": "xa.example",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
        }
        command = [sys.executable, self.page]
        ran = subprocess.run(
            command, input=body, env=os.environ | environ, capture_output=True, check=True
        )
        head, _, page = ran.stdout.decode().replace("\r", "").partition("\n\n")
        assert head.startswith("Status: 200 OK")
        assert "key_" not in page
        return page


@pytest.fixture
def site(live_server: LiveServer, client: Client, settings: Settings, tmp_path: Path) -> Site:
    settings.PORTAL_URL = live_server.url
    listing = get_text(client, "/danh-cho-co-quan/").partition('id="report-page">')[2]
    page = unescape(listing.partition("</pre>")[0])
    assert len(page.splitlines()) <= MAX_LINES
    return Site(tmp_path, page, register().key)


def key_in(page: str) -> str:
    """What makes a second press the same report."""
    return re.findall('name="key" value="([^"]+)"', page)[0]


def test_what_a_visitor_tells_is_a_report_whose_code_is_shown(site: Site) -> None:
    page = site.ask(key=key_in(site.ask()), **TYPED)
    report = Report.objects.get()
    assert (report.source, report.story) == ("api", TYPED["story"])
    code = re.findall("Mã tin báo của bạn: <b>([^<]+)</b>", page)[0]
    assert receipt_codes.report_for_code(code.replace(" ", "")) == report


def test_a_second_press_is_the_same_report(site: Site) -> None:
    key = key_in(site.ask())
    assert site.ask(key=key, **TYPED) == site.ask(key=key, **TYPED)
    assert Report.objects.count() == 1


def test_an_empty_form_is_asked_for_a_sentence(site: Site) -> None:
    page = site.ask(key=key_in(site.ask()), story=" ")
    assert "Kể một câu" in page
    assert not Report.objects.exists()


def test_with_a_revoked_key_nothing_that_was_typed_is_lost(site: Site) -> None:
    key = ApiKey.objects.get()
    keys.revoke(key, by=key.created_by)
    fresh = key_in(site.ask())
    page = site.ask(key=fresh, **TYPED)
    assert "Chữ bạn viết vẫn còn đây" in page
    assert "đòi {tiền} &lt;b&gt;.</textarea>" in page
    assert key_in(page) == fresh


def test_of_an_answer_that_breaks_off_nothing_that_was_typed_is_lost(
    site: Site, settings: Settings
) -> None:
    def break_off(asked: QuietHandler) -> None:
        asked.read_body()
        asked.send_response(201)
        asked.send_header("Content-Length", "99")
        asked.end_headers()

    with answering(break_off) as port:
        page = site.page.read_text().replace(settings.PORTAL_URL, f"http://127.0.0.1:{port}")
        site.page.write_text(page)
        fresh = key_in(site.ask())
        page = site.ask(key=fresh, **TYPED)
    assert "Chữ bạn viết vẫn còn đây" in page
    assert key_in(page) == fresh


def test_a_key_of_a_visitors_own_making_breaks_nothing(site: Site) -> None:
    site.ask(key="x\r\nHost: evil.example", **TYPED)
    assert Report.objects.count() == 1


@pytest.mark.parametrize("length", ["", "-1", "9" * 12, "x"])
def test_a_body_that_is_too_long_or_of_no_length_is_told_and_not_read(
    site: Site, length: str
) -> None:
    page = site.ask_raw(urlencode(TYPED | {"story": "x" * 100_000}).encode(), length)
    assert "Dài quá, chưa gửi. Bấm Quay lại" in page
    assert "xxx" not in page
    assert not Report.objects.exists()


def test_a_long_story_is_sent_whole(site: Site) -> None:
    story = "Họ gọi đến, nói thế này. " * 400
    site.ask(key=key_in(site.ask()), story=story)
    assert Report.objects.get().story == story
