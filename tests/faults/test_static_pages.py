"""Public pages while words are given, and with Python, PostgreSQL and Valkey dead."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import telling
from bench.house import House, house, until
from bench.pace import Pace
from tests.portal.test_nginx import NGINX, ask, needs_nginx
from tests.portal.test_nginx_static_pages import checked, kept_as

pytestmark = [pytest.mark.serial, needs_nginx]

# `make soak` asks the whole: 50 rounds, 2,000 requests.
ROUNDS, REQUESTS = 6, 300
LATEST = 5.0  # seconds from a word to its files and to every door; 60 are allowed
DOORS = [
    "/", "/en/", "/dang-bi-goi/", "/co-quan/", "/co-quan/dien-luc/", "/canh-bao/", "/canh-bao/mot/",
    "/canh-bao/mot/in/", "/canh-bao/mot/van-ban.txt", "/canh-bao/mot/nhung/", "/nhung/",
    "/nhung/song/", "/nhung/xa/phuong_hac_thanh/", "/canh-bao/rss.xml", "/canh-bao/atom.xml",
    "/canh-bao/feed.json", "/canh-bao/cap.xml", "/nhung.js", "/canh-bao/mot/to-dan.pdf",
    "/canh-bao/mot/tai-lieu.zip", "/canh-bao/mot/anh.png",
    "/en/canh-bao/", "/en/canh-bao/mot/", "/en/canh-bao/mot/van-ban.txt",
]  # fmt: skip


@pytest.fixture(scope="module")
def home() -> Iterator[House]:
    with house(front=NGINX is not None) as ours:
        yield ours


def kept(home: House) -> Path:
    return Path(home.env["DATA_DIR"]) / "snapshots"


def shows(home: House, path: str, words: str) -> bool:
    return words in ask(home.front_port, path)[1].decode()


def test_no_reader_sees_a_mixed_a_draft_or_a_withdrawn_word(home: House) -> None:
    pace = Pace()
    judged = telling.rounds(home.env, home.front_port, ROUNDS, REQUESTS)
    assert len(judged.answers) >= REQUESTS
    assert judged.mixed() == []
    assert judged.drafts() == []
    assert not judged.lags() or judged.lags()[-1] < pace.grants(LATEST)


def test_a_cancel_reaches_every_door_in_seconds(home: House) -> None:
    with telling.desk(home.env) as desk:
        desk.act("issue", "hai")
        assert until(lambda: shows(home, "/nhung/", "(hai v1)"))
        pace = Pace()
        cancelled = desk.act("cancel", "hai")
    for path in ("/", "/nhung/", "/nhung/song/", "/nhung/xa/phuong_hac_thanh/"):
        assert until(lambda path=path: not shows(home, path, "(hai v"), 60), path  # type: ignore[misc]
    for path in ("/canh-bao/hai/", "/canh-bao/hai/nhung/", "/canh-bao/hai/van-ban.txt"):
        assert until(lambda path=path: shows(home, path, "ết hiệu lực"), 60), path  # type: ignore[misc]
    assert time.time() - cancelled < pace.grants(LATEST)


def test_a_cancel_reaches_every_door_without_a_worker(home: House) -> None:
    """Files that a word has overtaken are doubted at once, whoever is there to write new ones."""
    with telling.desk(home.env) as desk:
        desk.act("issue", "ba")
        assert until(lambda: shows(home, "/nhung/", "(ba v1)"))
        pace = Pace()
        home.freeze("valkey")
        try:
            cancelled = desk.act("cancel", "ba")
            assert until(lambda: not shows(home, "/nhung/", "(ba v"), 60)
            assert time.time() - cancelled < pace.grants(LATEST)
        finally:
            home.thaw("valkey")


def test_with_all_else_dead_every_door_answers_and_says_so(home: House) -> None:
    with telling.desk(home.env) as desk:
        desk.act("issue", "mot")
    assert until((kept(home) / "current/fresh/canh-bao/mot/tai-lieu.zip").exists, 60)
    home.kill_child("serve")
    home.kill_child("valkey")
    home.kill_postgres()
    checked(kept(home), 3600)
    wanted = (200, "the portal does not answer; fresh")
    for path in DOORS:
        assert until(lambda path=path: kept_as(home.front_port, path) == wanted, 10), path  # type: ignore[misc]
        assert ask(home.front_port, path)[1], path
    [message] = [*(kept(home) / "current/fresh/canh-bao/cap").glob("*-1.xml")][-1:]
    assert ask(home.front_port, f"/canh-bao/cap/{message.name}")[0].status == 200
    refused, text = ask(home.front_port, "/bao-cao/")
    assert refused.status == 503
    assert b'href="tel:113"' in text

    checked(kept(home), 25 * 3600)
    assert until(lambda: shows(home, "/canh-bao/mot/", "có thể đã cũ"), 10)
    assert shows(home, "/nhung/", 'class="past"')
    assert kept_as(home.front_port, "/") == (200, "the portal does not answer; stale")
    home.start_postgres()
    home.start_valkey()
    home.start_serve()
    assert until(lambda: kept_as(home.front_port, "/")[1] is None, 60)
