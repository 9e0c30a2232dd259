"""The configuration of the front server, run by Debian's nginx."""

import base64
import gzip
import hashlib
import http.client
import http.server
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.nginx_front import (
    ask,
    is_healthy,
    listens,
    needs_nginx,
    run_front,
    run_portal,
    soon,
    stop,
)
from tests.support.small_disk import small_disk
from tools.servers import find_free_port

CSS = b"body{color:#17211d}" * 100
HASHED = "css/portal.0123456789ab.css"

pytestmark = [needs_nginx]


def collect_static_files(folder: Path) -> Path:
    for name in (HASHED, "css/portal.css"):
        sheet = folder / "static" / name
        sheet.parent.mkdir(parents=True, exist_ok=True)
        sheet.write_bytes(CSS)
        sheet.with_suffix(".css.gz").write_bytes(gzip.compress(CSS))
    return folder


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Yield the port of a front server that all tests share who leave it as it was."""
    folder = collect_static_files(tmp_path_factory.mktemp("front"))
    with run_portal() as portal, run_front(portal, folder) as port:
        yield port


@pytest.fixture
def portal() -> Iterator[http.server.ThreadingHTTPServer]:
    with run_portal() as server:
        yield server


@pytest.fixture
def own_front(tmp_path: Path, portal: http.server.HTTPServer) -> Iterator[int]:
    with run_front(portal, collect_static_files(tmp_path)) as port:
        yield port


def test_static_files_are_served_pre_compressed_and_kept_for_long_if_their_name_is_hashed(
    front: int,
) -> None:
    answer, body = ask(front, f"/static/{HASHED}", Accept_Encoding="gzip")
    assert answer.status == 200
    assert gzip.decompress(body) == CSS
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer, body = ask(front, "/static/css/portal.css")
    assert body == CSS
    assert "immutable" not in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/static/../error.html", "/static/..%2ferror.html", "/static/", "/error.html"]
)
def test_nothing_beside_the_static_files_is_served(front: int, path: str) -> None:
    assert ask(front, path)[0].status in {403, 404}


def test_the_portal_is_told_who_asks_and_how(front: int) -> None:
    _, body = ask(
        front,
        "/bao-cao/",
        Host="portal.example",
        X_Forwarded_For="192.0.2.7",
        X_Forwarded_Proto="https",
        X_Forwarded_Host="evil.example",
        Forwarded="for=192.0.2.9",
    )
    lines = body.decode().splitlines()
    assert "Host: portal.example" in lines
    assert "X-Forwarded-For: 192.0.2.7, 127.0.0.1" in lines
    assert "X-Forwarded-Proto: https" in lines
    assert not [line for line in lines if "evil" in line or line.startswith("Forwarded")]


def test_without_tls_before_it_the_portal_hears_http(front: int) -> None:
    assert b"X-Forwarded-Proto: http" in ask(front, "/", X_Forwarded_Proto="ftp")[1].splitlines()


def test_the_portals_own_errors_pass_unchanged(front: int) -> None:
    answer, body = ask(front, "/missing")
    assert answer.status == 404
    assert b"Host:" in body


def test_a_dead_portal_is_a_calm_page_with_the_two_numbers_and_leaves_static_files(
    own_front: int, portal: http.server.HTTPServer
) -> None:
    stop(portal)
    assert ask(own_front, f"/static/{HASHED}")[0].status == 200
    answer, body = ask(own_front, "/bao-cao/", "POST", b"story=x")
    text = body.decode()
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'href="tel:113"' in text
    assert "02373.725.725" in text
    assert answer.headers["Server"] == "nginx"  # and not which one


def test_a_body_that_cannot_be_kept_is_the_calm_page_too(own_front: int, tmp_path: Path) -> None:
    """As on a full disk: a body of this size goes through a file."""
    shutil.rmtree(tmp_path / "front-body")
    answer, body = ask(own_front, "/bao-cao/", "POST", b"x" * 3 * 1024 * 1024)
    assert answer.status == 503
    assert 'href="tel:113"' in body.decode()
    assert ask(own_front, "/bao-cao/", "POST", b"story=x")[0].status == 200


def test_a_front_that_hangs_is_ended_by_the_third_bad_look_in_a_row(
    own_front: int, tmp_path: Path
) -> None:
    nobody = find_free_port()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        looks = [silent.getsockname()[1], nobody, own_front, nobody, nobody]
        assert [is_healthy(tmp_path, port) for port in looks] == [False, False, True, False, False]
    assert listens(own_front)
    assert not is_healthy(tmp_path, nobody)
    assert soon(lambda: not listens(own_front))


@pytest.mark.parametrize(
    ("path", "fits", "oversize", "words"),
    [
        ("/bao-cao/", 6, 9, ("Nội dung gửi quá lớn", "02373.725.725")),
        ("/theo-doi/tep/", 53, 100, ("mỗi cái đến 10 MB", "Tin của bạn vẫn còn nguyên")),
        ("/api/v1/reports/26-BCDF-GHJK/files", 53, 100, ("Nội dung gửi quá lớn",)),
    ],
    ids=["report", "five pictures", "five of a program"],
)
def test_a_large_body_reaches_the_portal_and_an_oversize_one_gets_a_clear_answer(
    front: int, path: str, fits: int, oversize: int, words: tuple[str, ...]
) -> None:
    assert ask(front, path, "POST", b"x" * fits * 1024 * 1024)[0].status == 200
    answer, body = ask(front, path, "POST", b"x" * oversize * 1024 * 1024)
    assert answer.status == 413
    assert [each for each in words if each not in body.decode()] == []


@pytest.mark.parametrize(
    ("address", "status"),
    [("//api/v1/reports/x/files", 404), ("/api/v1/./reports/x/files", 404),
     ("/api/v1/reports/x/files%0A", 404), ("/api/v1/reports/x/files?a=b", 200)],
)  # fmt: skip
def test_a_body_passes_unbuffered_only_by_the_address_that_asks_for_a_key_first(
    front: int, address: str, status: int
) -> None:
    """By another spelling the portal would wait for a stranger's slow body before it says 404."""
    assert ask(front, address, "POST", b"x" * 100_000)[0].status == status


def test_a_full_scratch_folder_costs_pictures_and_no_report(own_front: int, tmp_path: Path) -> None:
    """A report waits in memory; pictures wait in the folder that is full."""
    with small_disk(tmp_path / "front-body"):
        answer, body = ask(own_front, "/theo-doi/tep/", "POST", b"x" * 3 * 1024 * 1024)
        assert answer.status == 503
        assert "Chưa nhận được ảnh, ghi âm" in body.decode()
        assert ask(own_front, "/bao-cao/", "POST", b"x" * 1_500_000)[0].status == 200


OWN = (
    "Content-Security-Policy", "X-Frame-Options", "Cross-Origin-Resource-Policy",
    "Cross-Origin-Opener-Policy", "Permissions-Policy", "Referrer-Policy", "X-Content-Type-Options",
)  # fmt: skip


def test_whatever_it_answers_by_itself_says_what_the_portal_says(
    own_front: int, portal: http.server.HTTPServer
) -> None:
    answers = [
        ask(own_front, "/bao-cao/", "POST", b"x" * 9 * 1024 * 1024)[0],
        ask(own_front, "/theo-doi/tep/", "POST", b"x" * 60 * 1024 * 1024)[0],
        ask(own_front, f"/static/{HASHED}", X_Forwarded_Proto="https")[0],
        ask(own_front, "/" + "x" * 9000)[0],
        ask(own_front, "/", X_Long="x" * 9000)[0],
    ]
    stop(portal)
    answers.append(ask(own_front, "/bao-cao/")[0])
    assert [answer.status for answer in answers] == [413, 413, 200, 414, 431, 503]
    for answer in answers:
        assert [name for name in OWN if len(answer.headers.get_all(name) or []) != 1] == []
        assert answer.headers["X-Frame-Options"] == "DENY"
    assert "max-age=" in answers[2].headers["Strict-Transport-Security"]


def test_a_style_sheet_that_it_does_not_have_is_asked_of_the_portal(own_front: int) -> None:
    assert ask(own_front, "/static/khong-co.css")[0].status == 200
    assert ask(own_front, "/front-alive")[0].status == 204


def test_its_own_pages_run_the_style_that_stands_in_them_and_nothing_else() -> None:
    docker = Path(__file__).resolve().parents[2] / "docker"
    policy = (docker / "local.conf").read_text()
    for page in ("error.html", "files.html", "too-large.html"):
        (style,) = re.findall(r"<style>(.*?)</style>", (docker / page).read_text(), re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy, page
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("accepted", "forwarded"),
    [("br;q=1.0, gzip;q=0.8", "gzip"), ("GZIP", "gzip"), ("gzip;q=0", None), ("zstd", None)],
)
def test_the_portal_hears_of_one_packing_alone(
    front: int, accepted: str, forwarded: str | None
) -> None:
    lines = ask(front, "/bao-cao/", Accept_Encoding=accepted)[1].decode().splitlines()
    encodings = [line for line in lines if line.startswith("Accept-Encoding: ")]
    assert encodings == ([f"Accept-Encoding: {forwarded}"] if forwarded else [])
