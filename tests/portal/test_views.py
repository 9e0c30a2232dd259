"""What the portal itself answers: errors, readiness, files that a browser keeps."""

import gzip
import json
import logging
import re
from io import BytesIO
from unittest.mock import Mock

import pytest
from django.db import OperationalError, connection
from django.test import Client
from PIL import Image
from pytest_django import Settings

from core import database
from portal import views
from portal.logging_filters import ErrorRedactionFilter
from tests.support.broken_pages import Broken
from tests.support.language import vietnamese_words
from tests.support.resident_pages import words

HOTLINE = "02373.725.725"


@pytest.fixture
def broken(settings: Settings) -> Client:
    settings.ROOT_URLCONF = Broken
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("home", ["/", "/en/"])
def test_a_host_of_another_is_told_where_we_are(
    client: Client, settings: Settings, home: str
) -> None:
    answer = client.get(home, headers={"Host": "ke-gian.example"})
    assert answer.status_code == 400
    assert HOTLINE in words(answer.content)
    assert f'href="{settings.PORTAL_URL}{home}"' in answer.content.decode()
    assert "ke-gian" not in answer.content.decode()
    if home == "/en/":
        assert vietnamese_words(answer.content) == []


def test_it_is_told_so_under_our_policy_over_plain_http_too(
    client: Client, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/", headers={"Host": "ke-gian.example"})
    assert answer.status_code == 400
    assert {"Content-Security-Policy", "X-Frame-Options"} <= {*answer.headers}


def test_the_english_home_is_found_without_its_last_slash(client: Client) -> None:
    assert client.get("/en")["Location"] == "/en/"


def test_a_page_without_its_database_says_so(broken: Client) -> None:
    answer = broken.get("/lost/x/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "Chờ một phút rồi thử lại" in words(answer.content)
    assert HOTLINE in words(answer.content)
    assert "vừa bấm chưa chắc đã xong" not in words(answer.content)
    assert "vừa bấm chưa chắc đã xong" in words(broken.post("/lost/x/").content)


def test_any_other_error_is_ours_and_says_so(broken: Client) -> None:
    answer = broken.get("/wrong/")
    assert answer.status_code == 500
    assert "không phải của bạn" in words(answer.content)


@pytest.mark.parametrize("address", ["/en/lost/x/", "/en/wrong/", "/en/khong-co/"])
def test_a_fault_of_an_english_page_is_told_in_english(broken: Client, address: str) -> None:
    answer = broken.post(address)
    assert answer.status_code in {404, 500, 503}
    assert HOTLINE in words(answer.content)
    assert vietnamese_words(answer.content) == []


def test_the_log_names_view_place_and_class_of_an_error_and_nothing_else(
    broken: Client, caplog: pytest.LogCaptureFixture
) -> None:
    broken.get("/lost/loi-moi-bi-mat/")
    (record,) = [record for record in caplog.records if record.name == "django.request"]
    text = logging.Formatter().format(record)
    assert "view=lost error=OperationalError at=broken_pages.py:" in text
    assert "0550" not in text
    assert "bi-mat" not in text


def test_an_answer_that_has_had_its_line_gets_no_second_one() -> None:
    record = logging.makeLogRecord({"msg": "Service Unavailable: /bao-cao/", "levelno": 40})
    assert not ErrorRedactionFilter().filter(record)


def test_a_form_of_the_desk_from_elsewhere_is_refused_in_our_words() -> None:
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x"})
    assert answer.status_code == 403
    assert "lời gửi không đến từ trang này" in words(answer.content)
    assert HOTLINE in words(answer.content)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("trouble", "status", "said"),
    [
        ("SELECT 1", 200, {"database": True}),
        ("SET TRANSACTION READ ONLY", 503, {"database": False, "why": "read_only"}),
        # Stands in for the full disk, which tests/faults fills: no room for temporary files.
        (
            "SET LOCAL temp_file_limit = 0",
            503,
            {"database": False, "why": "ConfigurationLimitExceeded"},
        ),
    ],
    ids=["well", "takes no rows", "without room"],
)
def test_a_database_that_takes_rows_and_has_room_is_ready(
    client: Client, trouble: str, status: int, said: dict[str, object]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(trouble)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (status, said)


def test_without_a_database_readiness_says_so(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "is_writable", Mock(side_effect=OperationalError))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, False)


@pytest.mark.django_db
def test_the_service_worker_is_asked_for_anew_and_named_by_what_it_keeps(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    views.clear_cache()
    answer, before = client.get("/sw.js"), views.cache_version()
    assert answer["Content-Type"] == "text/javascript"
    assert answer["Cache-Control"] == "no-cache"
    assert before in answer.content.decode()
    assert views._hash_offline_content(0) == before
    views.clear_cache()
    monkeypatch.setattr("portal.views.read_static_file", lambda name: name.encode())
    assert views.cache_version() != before


@pytest.mark.django_db
def test_only_what_is_nobodys_is_kept(client: Client) -> None:
    assert views.precached_urls() == [
        *("/dang-bi-goi/", "/en/dang-bi-goi/", "/offline/", "/en/offline/"),
        *("/static/css/portal.css", "/static/js/portal.js", "/static/js/sending.js"),
    ]
    for address in views.OFFLINE_PAGES:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "no-store" not in answer["Cache-Control"]


@pytest.mark.django_db
def test_the_page_without_a_line_leads_to_help_in_both_languages(client: Client) -> None:
    for address, ahead in (("/offline/", "/dang-bi-goi/"), ("/en/offline/", "/en/dang-bi-goi/")):
        page = client.get(address).content
        assert f'href="{ahead}"' in page.decode()
        assert "02373.725.725" in words(page)


def test_a_phone_learns_how_the_portal_is_called(client: Client) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    icons = json.loads(answer.content)["icons"]
    assert client.get(icons[0]["src"]).getvalue().startswith(b"<svg")


def test_the_icon_is_small_and_asked_for_once_a_week(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert len(answer.content) < 700
    assert Image.open(BytesIO(answer.content), formats=["ICO"]).size == (32, 32)
    assert answer["Cache-Control"] == "public, max-age=604800"


@pytest.mark.parametrize(
    ("name", "most"),
    [("portal", 2_500), ("sending", 3_800), ("files", 1_500), ("share", 1_000), ("cards", 1_000)],
)
def test_a_script_is_light_and_asks_nobody_else(client: Client, name: str, most: int) -> None:
    script = client.get(f"/static/js/{name}.js").getvalue()
    assert len(gzip.compress(script, 9)) <= most
    assert not re.findall(rb"https?://|eval|innerHTML", script)
