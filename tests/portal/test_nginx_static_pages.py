"""Static pages at the front server: which it serves when, under which headers."""

import gzip
import http.server
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import brotli
import pytest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings

from alerts import publishing
from alerts.formats import print_files
from alerts.models import AlertRevision
from alerts.static_pages import generator
from alerts.static_pages.page_list import list_static_pages
from alerts.static_pages.store import path_for
from tests.support import database_reset
from tests.support.alert_factories import approved, cancelled, draft, issued, person
from tests.support.nginx_front import (
    FROM_PORTAL,
    PAGE,
    SAME_HEADERS,
    Stub,
    ask,
    body,
    is_healthy,
    kill_loop,
    list_workers,
    needs_nginx,
    run_front,
    run_portal,
    soon,
    stop,
)
from tests.support.recordings import translate
from tests.support.signing_keys import CAP_KEY, TEXT_KEY
from tests.support.stored_pages import checked

pytestmark = [needs_nginx, pytest.mark.django_db]


class Failing(Stub):
    """A portal whose database is away."""

    def do_GET(self) -> None:  # noqa: N802
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture(scope="module")
def published(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[AlertRevision, Path]]:
    """One warning and its pages, of which each test has a copy: a second to render."""
    folder = tmp_path_factory.mktemp("published")
    with (
        database_reset.session_fixture_data(django_db_blocker),
        override_settings(DATA_DIR=folder),
        pytest.MonkeyPatch.context() as patched,
    ):
        for name in ("picture", "poster", "pack"):
            patched.setattr(print_files, name, lambda _: b"drawn")
        alert = draft(expires=timezone.now() + timedelta(days=1))
        translate(alert)
        publishing.submit(alert, by=person("editor"))
        warning = approved(alert)
        generator.rebuild(draws=True)
        yield warning, folder / "static-pages"


@pytest.fixture
def home(published: tuple[AlertRevision, Path], settings: Settings, tmp_path: Path) -> Path:
    """Return a tree that was checked just now."""
    settings.DATA_DIR = tmp_path
    pages = shutil.copytree(published[1], tmp_path / "static-pages", symlinks=True)
    checked(pages, 0)
    return pages


@pytest.fixture
def revision(published: tuple[AlertRevision, Path]) -> AlertRevision:
    return AlertRevision.objects.get(pk=published[0].pk)


@pytest.fixture
def portal() -> Iterator[http.server.ThreadingHTTPServer]:
    with run_portal() as server:
        yield server


@pytest.fixture
def front(tmp_path: Path, portal: http.server.HTTPServer, home: Path) -> Iterator[int]:
    with run_front(portal, tmp_path / "front", home, BODY_SECONDS="3") as port:
        yield port


def test_under_the_name_of_another_no_kept_page_is_given(
    tmp_path: Path, portal: http.server.HTTPServer, home: Path
) -> None:
    hosts = {"ALLOWED_HOSTS": "portal.example,.other.example"}
    with run_front(portal, tmp_path / "front", home, **hosts) as front:
        for host in ("portal.example", "WWW.other.example:8080", "127.0.0.1"):
            assert not ask(front, PAGE, Host=host)[1].startswith(FROM_PORTAL)
        for path in (PAGE, "/", "/canh-bao/rss.xml", "/nhung/"):
            answer = ask(front, path, Host="ke-gian.example")[1]
            assert answer.startswith(b"Host: ke-gian.example")
        stop(portal)
        assert ask(front, PAGE, Host="ke-gian.example")[0].status == 502


@pytest.fixture
def dead(front: int, portal: http.server.HTTPServer) -> int:
    """Return the port of a front server whose portal is gone."""
    stop(portal)
    return front


def test_a_recording_is_given_in_parts_from_the_file_and_from_the_portal(
    front: int, revision: AlertRevision, home: Path
) -> None:
    door = reverse("alerts:sound", args=[revision.identifier, "hmn"])
    whole = next(iter(revision.sounds.values()))
    answer, part = ask(front, door, Range="bytes=10-19")
    assert (answer.status, part) == (206, whole[10:20])
    assert answer.headers["Content-Type"] == "audio/mpeg"
    (home / "wanted").write_text("1\n")
    assert soon(lambda: ask(front, door)[1].startswith(FROM_PORTAL))
    answer, part = ask(front, door, Range="bytes=0-3")
    assert (answer.status, part) == (206, FROM_PORTAL[:4])


def test_every_kept_page_goes_out_as_the_portal_would_send_it(
    front: int, client: Client, home: Path
) -> None:
    for door in list_static_pages(timezone.now()):
        answer, text = ask(front, door.path)
        if text.startswith(FROM_PORTAL):
            continue  # kept for the worst only
        wanted = client.get(door.path)
        assert answer.status == 200, door.path
        assert text == (home / "pages" / path_for(door.path)).read_bytes()
        for name in SAME_HEADERS:
            assert len(answer.headers.get_all(name) or []) < 2, (door.path, name)
            assert answer.headers.get(name) == wanted.headers.get(name), (door.path, name)


def test_what_changes_without_a_warning_comes_from_the_portal_while_it_answers(front: int) -> None:
    live = ("/dang-bi-goi/", "/co-quan/", "/en/dang-bi-goi/", "/bao-cao/", "/canh-bao/khong-co/")
    for path in live:
        assert body(front, path).startswith(FROM_PORTAL), path
    for path in (
        "/", "/canh-bao/", PAGE, "/nhung/", "/canh-bao/rss.xml", "/nhung.js",
        "/en/canh-bao/", f"/en{PAGE}", f"/en{PAGE}lich-su/", f"/en{PAGE}van-ban.txt",
    ):  # fmt: skip
        assert not body(front, path).startswith(FROM_PORTAL), path


def test_pages_go_out_compressed_and_to_nobody_twice(front: int) -> None:
    for accepts, form, unpack in (
        ("gzip", "gzip", gzip.decompress),
        ("gzip, br", "br", brotli.decompress),
    ):
        answer, packed = ask(front, PAGE, Accept_Encoding=accepts)
        assert answer.headers["Content-Encoding"] == form
        assert unpack(packed) == body(front, PAGE)
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "max-age=30" in answer.headers["Cache-Control"]
        again = {"Accept_Encoding": accepts, "If_None_Match": answer.headers["ETag"]}
        assert ask(front, PAGE, **again)[0].status == 304
    assert ask(front, PAGE, Accept_Encoding="br;q=0")[0].headers["Content-Encoding"] is None


def test_a_portal_without_its_database_leaves_them_too(
    front: int, portal: http.server.HTTPServer, home: Path
) -> None:
    portal.RequestHandlerClass = Failing
    checked(home, 3600)
    assert soon(lambda: ask(front, PAGE)[0].headers["X-Kept"] is not None)
    assert ask(front, "/co-quan/")[0].headers["X-Kept"]


def test_a_crowd_at_a_doubted_page_is_one_question_a_second(
    front: int, portal: http.server.HTTPServer, home: Path
) -> None:
    paths: list[str] = []

    class Counting(Stub):
        def do_GET(self) -> None:  # noqa: N802
            paths.append(self.path)
            time.sleep(0.05)  # so that a second one would be under way, too
            super().do_GET()

    portal.RequestHandlerClass = Counting
    generator.mark_stale()
    assert soon(lambda: body(front, "/nhung/").startswith(FROM_PORTAL))
    with ThreadPoolExecutor(32) as crowd:
        started = time.monotonic()
        end = started + 2.5  # what the portal said first is over by then
        answers = list(crowd.map(lambda number: asking(front, number, end), range(32)))
        took = time.monotonic() - started
    assert all(text.startswith(FROM_PORTAL) for text in answers)
    assert 2 <= paths.count(f"{PAGE}?a=b") <= 1 + took


def asking(front: int, number: int, end: float) -> bytes:
    """Return what one of a crowd reads at last; each words its Accept-Encoding in its own way."""
    text = b""
    while not text or time.monotonic() < end:
        text = ask(front, f"{PAGE}?a=b", Accept_Encoding=f"x-{number}")[1]
    return text


def test_a_new_doubt_empties_what_the_portal_said_before(front: int, tmp_path: Path) -> None:
    generator.mark_stale()
    cache = tmp_path / "front" / "front-cache"
    before: set[Path] = set()

    def is_rebuilt() -> bool:
        before.update(cache.iterdir())
        return body(front, PAGE).startswith(FROM_PORTAL) and bool(before)

    assert soon(is_rebuilt)
    generator.mark_stale()
    assert soon(lambda: not before & set(cache.iterdir()))


def test_at_a_doubt_nothing_is_held_open(front: int, tmp_path: Path) -> None:
    """A worker holds a page for up to a second; new ones hold none."""
    assert soon(lambda: bool(list_workers(tmp_path / "front")))
    before, first = list_workers(tmp_path / "front"), tmp_path / "front" / "first"
    assert first.is_symlink()
    generator.mark_stale()
    assert soon(lambda: not first.is_symlink() and not before & list_workers(tmp_path / "front"))
    assert body(front, PAGE).startswith(FROM_PORTAL)


def test_files_that_nobody_looks_at_any_more_are_not_trusted(front: int, home: Path) -> None:
    checked(home, 60)
    assert soon(lambda: body(front, PAGE).startswith(FROM_PORTAL))


def test_a_cancel_is_seen_at_once(front: int, revision: AlertRevision) -> None:
    cancelled(revision)
    generator.rebuild()
    assert "hết hiệu lực" in body(front, PAGE).decode()


def test_a_warning_past_its_end_goes_without_python(
    dead: int, home: Path, revision: AlertRevision
) -> None:
    """Its own pages go; lists say that they may be old; what has not ended stays."""
    front = re.sub(r"^end \d+", "end 1", (home / "front").read_text(), flags=re.MULTILINE)
    replace_front(home, front)
    assert soon(lambda: ask(dead, PAGE)[0].status == 503)
    assert ask(dead, f"{PAGE}nhung/")[0].status == 503
    assert ask(dead, f"{PAGE}van-ban.txt")[0].status == 503
    assert 'class="past"' in body(dead, "/nhung/").decode()
    assert "có thể đã cũ" in body(dead, "/").decode()
    assert ask(dead, "/canh-bao/khoa/x.pem")[0].status == 503
    message = reverse("alerts:cap_message", args=[revision.identifier])
    assert ask(dead, message)[0].status == 200


def test_what_has_ended_is_asked_of_the_portal_and_all_else_is_a_file(
    front: int, home: Path
) -> None:
    replace_front(home, f"scheme http\nend 1 drop {PAGE}\nend 99999999999 drop /nhung/\n")
    assert soon(lambda: body(front, PAGE).startswith(FROM_PORTAL))
    assert not body(front, "/nhung/").startswith(FROM_PORTAL)


def test_a_text_that_may_be_old_says_so(dead: int, home: Path) -> None:
    checked(home, 25 * 3600)
    assert soon(lambda: "có thể đã cũ" in body(dead, f"{PAGE}van-ban.txt").decode())
    answer, text = ask(dead, PAGE, Accept_Encoding="gzip, br")
    assert "có thể đã cũ" in gzip.decompress(text).decode()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    answer, _ = ask(dead, f"{PAGE}van-ban.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_loop_that_is_killed_comes_back_and_meanwhile_no_page_is_called_right(
    front: int, home: Path, tmp_path: Path
) -> None:
    scratch = tmp_path / "front"
    first = scratch / "first"
    assert soon(first.exists)
    kill_loop(scratch)
    generator.mark_stale()
    assert soon(lambda: body(front, PAGE).startswith(FROM_PORTAL))
    checked(home, 0)
    assert soon(lambda: not body(front, PAGE).startswith(FROM_PORTAL))


def test_where_nobody_brings_the_loop_back_the_health_check_does(
    front: int, home: Path, tmp_path: Path
) -> None:
    scratch = tmp_path / "front"
    assert soon((scratch / "watched").exists)
    assert is_healthy(scratch, front, home)
    kill_loop(scratch, with_parent=True)
    (scratch / "watched").write_text("1\n")
    assert not is_healthy(scratch, front, home)
    assert not (scratch / "first").exists()
    assert soon(lambda: not body(front, PAGE).startswith(FROM_PORTAL))


def test_a_policy_of_another_form_never_reaches_the_configuration(
    front: int, tmp_path: Path, home: Path
) -> None:
    lines = ['policy page x"; } server { listen 1; } map $uri $y { a "b', "policy now y$host"]
    lines += ['end 1 drop /a"; } server { listen 1; }', "end 1 drop /a;}", "end 1 drop /a\tb"]
    replace_front(home, "\n".join(lines))
    written = tmp_path / "front" / "policies.conf"
    assert soon(lambda: "script-src" not in written.read_text())
    assert "listen" not in written.read_text()
    assert "y$host" not in written.read_text()
    assert "/a" not in (tmp_path / "front" / "ends.conf").read_text()


def replace_front(home: Path, text: str) -> None:
    (home / "front.new").write_text(text)
    (home / "front.new").replace(home / "front")


def test_a_list_of_many_agencies_reaches_the_frames_of_a_dead_portal(dead: int, home: Path) -> None:
    """Longer than a word of nginx's configuration may be."""
    names = " ".join(f"https://xa-{number}.thanhhoa.example" for number in range(166))
    replace_front(home, f"policy page default-src 'self'\npolicy frame frame-ancestors {names}\n")
    wanted = f"frame-ancestors {names}"
    assert soon(lambda: ask(dead, "/nhung/")[0].headers["Content-Security-Policy"] == wanted)


def test_what_was_signed_keeps_its_signature_when_the_portal_is_dead(
    front: int, portal: http.server.HTTPServer, client: Client, settings: Settings
) -> None:
    settings.SIGNING_KEY, settings.CAP_KEY = TEXT_KEY, CAP_KEY
    path = f"/canh-bao/noi-dung/{issued('da-ky').identifier}.json"
    generator.rebuild()
    portal.RequestHandlerClass = Failing
    wanted = client.get(path).headers
    names = ("X-Content-Signature", "Access-Control-Expose-Headers", "Content-Type")
    values = [wanted[name] for name in names]
    assert soon(lambda: [ask(front, path)[0].headers[name] for name in names] == values)


def test_a_sheet_is_saved_under_the_name_of_its_warning_when_the_portal_is_dead(dead: int) -> None:
    answer, text = ask(dead, f"{PAGE}to-dan.pdf")
    assert answer.headers["Content-Disposition"] == 'inline; filename="gia-dien-luc-to-dan.pdf"'
    assert text == b"drawn"
    assert ask(dead, f"{PAGE}anh.png")[0].headers["Content-Disposition"] is None


def test_the_sheets_of_older_releases_stay(front: int, home: Path) -> None:
    sheet = home / "assets" / "static" / "css" / "old.0123456789ab.css"
    sheet.parent.mkdir(parents=True)
    sheet.write_text("body{}")
    answer, text = ask(front, "/static/css/old.0123456789ab.css")
    assert text == b"body{}"
    assert "immutable" in answer.headers["Cache-Control"]


def test_nothing_beside_the_doors_is_served_from_the_tree(front: int) -> None:
    for path in (
        "/made.json",
        "/canh-bao/../made.json",
        "/canh-bao/index.html",
        "/front",
        "/nhung/a.txt",
    ):
        assert body(front, path).startswith(FROM_PORTAL), path
