"""Public texts of warnings at the application: few statements, and 304 without rendering while they stand."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from django.template.backends.django import Template
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from alerts import responses
from alerts.formats.validators import describe_states, release_fingerprint
from alerts.models import AlertRevision
from alerts.static_pages.page_list import list_static_pages
from tests.support.alert_factories import cancelled, commune, issued, office, rewritten

pytestmark = pytest.mark.django_db
PAGE = "/canh-bao/gia-dien-luc/"
MAX_STATEMENTS = 4
Doing = Callable[..., Any]


def ask_again(path: str, etag: str) -> Any:
    return Client().get(path, HTTP_IF_NONE_MATCH=etag)


def test_every_text_costs_four_statements_at_most_and_none_is_rendered_for_who_has_it(
    client: Client, django_assert_max_num_queries: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        issued(f"so-{number}")
    issued(), commune(), office()
    pages = [page.path for page in list_static_pages(timezone.now()) if not page.drawn]
    paths = [path for path in pages if "canh-bao" in path or "/nhung" in path]
    paths = [path for path in paths if "/so-" not in path and "THA-" not in path]
    assert {"/en/canh-bao/", f"/en{PAGE}", f"/en{PAGE}van-ban.txt", "/nhung.js"} < set(paths)
    etags = {}
    for path in paths:
        with django_assert_max_num_queries(MAX_STATEMENTS):
            etags[path] = client.get(path)["ETag"]
    monkeypatch.setattr(Template, "render", Mock(side_effect=AssertionError))
    for path, etag in etags.items():
        with django_assert_max_num_queries(MAX_STATEMENTS):
            answer = ask_again(path, etag)
        assert (answer.status_code, answer.content) == (304, b""), path


@pytest.mark.parametrize("path", [PAGE, "/canh-bao/", "/nhung/", "/canh-bao/rss.xml"])
def test_a_new_word_a_cancel_an_end_a_day_and_a_release_are_new_texts(
    path: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision, seen = issued(), set()

    def see() -> None:
        etag = client.get(path)["ETag"]
        assert etag not in seen
        assert ask_again(path, etag).status_code == 304
        seen.add(etag)

    see()
    second = rewritten(revision, title="Bản hai", expires=timezone.now() + timedelta(hours=1))
    see()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        see()
    cancelled(second)
    see()
    monkeypatch.setattr(responses, "release_fingerprint", lambda: "another")
    see()


def test_whatever_pages_are_made_with_is_part_of_the_release(
    settings: Settings, tmp_path: Path
) -> None:
    settings.BASE_DIR, seen = tmp_path, {release_fingerprint.__wrapped__()}
    for name in ("core/text.py", "portal/formats/vi/formats.py", "templates/base.html"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("changed")
        seen.add(release_fingerprint.__wrapped__())
    settings.PORTAL_URL = "https://moved.example"
    assert len(seen | {release_fingerprint.__wrapped__()}) == 5


def test_what_waits_for_its_hour_is_read_in_that_hour(client: Client) -> None:
    issued(effective=timezone.now() + timedelta(seconds=10))
    before = client.get("/nhung/")
    assert "Giả điện lực" not in before.content.decode()
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        assert "Giả điện lực" in ask_again("/nhung/", before["ETag"]).content.decode()


def test_who_has_it_is_told_under_the_headers_that_a_frame_needs(client: Client) -> None:
    issued()
    first = client.get("/nhung/")
    answer = ask_again("/nhung/", first["ETag"])
    framing = ("Content-Security-Policy", "Cross-Origin-Resource-Policy", "X-Frame-Options")
    for name in ("Cache-Control", *framing):
        assert answer.headers.get(name) == first.headers.get(name)


def test_a_date_alone_never_says_that_nothing_changed(client: Client) -> None:
    issued()
    later = "Fri, 01 Jan 2100 00:00:00 GMT"
    assert client.get(PAGE, HTTP_IF_MODIFIED_SINCE=later).status_code == 200


def test_the_head_alone_says_how_long_the_text_is(client: Client) -> None:
    issued()
    text, head = client.get(PAGE), client.head(PAGE)
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Length"] == text["Content-Length"]
    assert head["ETag"] == text["ETag"]


def test_a_text_that_a_word_overtook_while_it_was_made_is_given_out_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its ETag is that of the older word: who has it is given the newer one."""
    revision = issued()

    def describe_then_cancel(rows: list[AlertRevision], now: Any) -> str:
        cancelled(revision)
        return describe_states(rows, now)

    with monkeypatch.context() as patched:
        patched.setattr("alerts.views.pages.describe_states", describe_then_cancel)
        overtaken = client.get(PAGE)
    assert "Đang có hiệu lực" in overtaken.content.decode()
    assert "hết hiệu lực" in ask_again(PAGE, overtaken["ETag"]).content.decode()
