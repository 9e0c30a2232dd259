"""Public responses in memory: served again without the database, and never past their time."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from django import db
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from alerts.models import AlertRevisionQuerySet
from alerts.static_pages import content_version, generator
from alerts.static_pages.page_list import list_static_pages
from alerts.views import pages
from portal import response_cache
from tests.support.alert_factories import cancelled, commune, issued, office, rewritten

pytestmark = pytest.mark.django_db
PAGE = "/canh-bao/gia-dien-luc/"
Doing = Callable[..., Any]


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> Path:
    """Write on disk that static pages were checked just now; there are none."""
    settings.DATA_DIR = tmp_path
    folder = tmp_path / "static-pages"
    folder.mkdir()
    (folder / "current").symlink_to("trees/one")
    (folder / "checked-at").write_text(f"{int(time.time())}\n")
    return folder


@pytest.fixture
def done(django_capture_on_commit_callbacks: Doing) -> Doing:
    """Return what calls a function as in a transaction of its own, with its callbacks of COMMIT."""

    def do(act: Doing, *args: Any, **kwargs: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return act(*args, **kwargs)

    return do


def warm(client: Client, path: str) -> str:
    """Return what is served the second time."""
    client.get(path)
    return client.get(path).content.decode()


def test_every_text_of_a_warning_costs_no_statement_when_it_is_asked_for_again(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    issued(), commune(), office()
    pages = [page.path for page in list_static_pages(timezone.now())]
    paths = [path for path in pages if path.startswith(response_cache.PATHS)]
    assert len(paths) > 20
    assert {"/en/canh-bao/", f"/en{PAGE}", f"/en{PAGE}van-ban.txt"} < set(paths)
    first = {path: client.get(path).content for path in paths}
    with django_assert_num_queries(0):
        again = {path: client.get(path).content for path in paths}
    assert again == first


def test_fifty_warnings_cost_five_statements_at_most(
    client: Client, django_assert_max_num_queries: Doing
) -> None:
    for number in range(50):
        issued(f"so-{number}")
    paths = ("/canh-bao/", "/canh-bao/rss.xml", "/canh-bao/cap.xml", "/nhung/", "/en/canh-bao/")
    for path in paths:
        with django_assert_max_num_queries(5):
            assert client.get(path).status_code == 200


@pytest.mark.parametrize("packed", ["", "gzip"])
def test_it_is_the_answer_that_went_out_first(packed: str) -> None:
    issued()
    client = Client(HTTP_ACCEPT_ENCODING=packed)
    first, again = client.get(PAGE), client.get(PAGE)
    assert again.content == first.content
    assert dict(again.headers) == dict(first.headers)
    assert again.headers.get("Content-Encoding", "") == packed
    assert not again.cookies


def test_who_has_it_is_told_so_without_a_statement(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    issued()
    first = client.get("/nhung/")
    process = Client()  # a new one: who asks it first has the text, who asks next has none
    assert process.get("/nhung/", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
    with django_assert_num_queries(0):
        assert process.get("/nhung/").content == first.content
        answer = process.get("/nhung/", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (answer.status_code, answer.content) == (304, b"")
    framing = ("Content-Security-Policy", "Cross-Origin-Resource-Policy", "X-Frame-Options")
    for name in ("ETag", "Vary", "Cache-Control", "Last-Modified", *framing):
        assert answer.headers.get(name) == first.headers.get(name)
    assert "Content-Type" not in answer.headers


def test_a_date_alone_never_says_that_nothing_changed(client: Client) -> None:
    issued()
    answer = client.get(PAGE)
    again = client.get(PAGE, HTTP_IF_MODIFIED_SINCE=answer["Last-Modified"])
    assert again.status_code == 200


def test_the_head_alone_says_how_long_the_text_is(client: Client) -> None:
    issued()
    text, head = client.get(PAGE), client.head(PAGE)
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Length"] == text["Content-Length"]
    assert Client().head(PAGE)["ETag"] == text["ETag"]


def test_a_new_word_and_a_cancel_are_read_at_once_while_files_are_doubted_and_after(
    client: Client, done: Doing
) -> None:
    first = done(issued)
    assert "Đang có hiệu lực" in warm(client, PAGE)
    second = done(rewritten, first, title="Bản hai")
    assert "Bản hai" in warm(client, PAGE)
    assert "bản 2" in warm(client, "/nhung/")
    done(cancelled, second)
    for _ in range(2):
        assert "Đang có hiệu lực" not in warm(client, PAGE)
        assert "bản 2" not in warm(client, "/nhung/")
        generator.rebuild()


def test_a_text_that_a_word_overtook_while_it_was_made_is_given_out_once(
    client: Client, done: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision = done(issued)
    load = pages.get_current_or_404

    def load_then_cancel(slug: str) -> Any:
        warning = load(slug)
        done(cancelled, revision)
        return warning

    monkeypatch.setattr(pages, "get_current_or_404", load_then_cancel)
    assert "Đang có hiệu lực" in client.get(PAGE).content.decode()
    monkeypatch.undo()
    assert "hết hiệu lực" in client.get(PAGE).content.decode()


def test_nothing_is_live_past_its_end(client: Client, done: Doing) -> None:
    done(issued, expires=timezone.now() + timedelta(seconds=10))
    assert "Đang có hiệu lực" in warm(client, PAGE)
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        assert "hết hiệu lực" in client.get(PAGE).content.decode()


def test_what_waits_for_its_hour_is_read_in_that_hour(client: Client, done: Doing) -> None:
    done(issued, effective=timezone.now() + timedelta(seconds=10))
    assert "Giả điện lực" not in warm(client, "/nhung/")
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        assert "Giả điện lực" in client.get("/nhung/").content.decode()


def test_what_nobody_looks_after_is_asked_of_the_database(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, home: Path
) -> None:
    issued()
    warm(client, PAGE)
    (home / "checked-at").write_text(f"{int(time.time()) - content_version.MAX_AGE_SECONDS - 1}\n")
    for _ in range(2):
        with django_assert_num_queries(1):
            client.get(PAGE)
        (home / "checked-at").unlink(missing_ok=True)


@pytest.mark.parametrize("is_warm", [True, False])
def test_a_database_that_is_away_leaves_what_lies_here_and_else_no_version(
    client: Client, monkeypatch: pytest.MonkeyPatch, done: Doing, is_warm: bool
) -> None:
    done(issued)
    if is_warm:
        warm(client, PAGE)
    monkeypatch.setattr(AlertRevisionQuerySet, "change_boundaries", Mock(side_effect=db.Error))
    assert (content_version.current_version() is not None) is is_warm
    assert client.get(PAGE).status_code == 200


def test_another_host_or_scheme_is_not_given_what_was_made_for_this_one(
    client: Client, settings: Settings
) -> None:
    issued()
    warm(client, PAGE)
    assert client.get(PAGE, HTTP_HOST="evil.example").status_code == 400
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    strict = Client()
    assert strict.get(PAGE, HTTP_X_FORWARDED_PROTO="https").status_code == 200
    assert strict.get(PAGE).status_code == 301


def test_files_are_written_of_the_database_and_not_of_what_lies_here() -> None:
    revision = issued()
    generator.render_internally(PAGE)
    rewritten(revision, title="Không ai trao qua đây")
    response = generator.render_internally(PAGE)
    assert "Không ai trao qua đây".encode() in getattr(response, "content", b"")


@pytest.mark.parametrize(
    ("path", "at_most"),
    [
        *((each, 10**9) for each in ("/canh-bao/khong-co/", f"{PAGE}?a=b", "/danh-cho-co-quan/")),
        (PAGE, 1000),
    ],
)
def test_what_is_not_a_text_for_all_or_too_large_does_not_lie_here(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str, at_most: int
) -> None:
    issued()
    monkeypatch.setattr(response_cache, "MAX_RESPONSE_BYTES", at_most)
    client.get(path)
    assert copies_of(client) == {}


def test_what_lies_here_stays_within_its_bounds(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued()
    paths = [PAGE, f"{PAGE}in/", f"{PAGE}lich-su/", "/canh-bao/", "/nhung/"]
    size = response_cache.OVERHEAD_BYTES + len(client.get(PAGE).content)
    monkeypatch.setattr(response_cache, "MAX_BYTES", 2 * size)
    for path in paths:
        client.get(path)
    copies = copies_of(client)
    total = sum(len(copy.body) + response_cache.OVERHEAD_BYTES for copy in copies.values())
    assert 0 < total <= 2 * size
    assert "/nhung/" in [path for path, *_ in copies]
    assert PAGE not in [path for path, *_ in copies]


def copies_of(client: Client) -> dict[response_cache.Key, response_cache.CachedResponse]:
    """Return the responses in this client's middleware, which stands behind the one that counts."""
    outermost = vars(client.handler)["_middleware_chain"].__wrapped__
    cache = outermost.get_response.__wrapped__
    assert isinstance(cache, response_cache.ResponseCacheMiddleware)
    return cache.copies
