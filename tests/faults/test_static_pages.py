"""Public pages while words are given, and with Python, PostgreSQL and Valkey dead."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.portal.test_nginx import NGINX, ask, needs_nginx
from tests.portal.test_nginx_static_pages import checked, kept_as
from tools import publishing_rounds
from tools.cpu_allowance import CpuAllowance
from tools.portal_stack import PortalStack, portal_stack, wait_until

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
def home() -> Iterator[PortalStack]:
    with portal_stack(front=NGINX is not None) as ours:
        yield ours


def kept(home: PortalStack) -> Path:
    return Path(home.env["DATA_DIR"]) / "snapshots"


def shows(home: PortalStack, path: str, words: str) -> bool:
    return words in ask(home.front_port, path)[1].decode()


def test_no_reader_sees_a_mixed_a_draft_or_a_withdrawn_word(home: PortalStack) -> None:
    pace = CpuAllowance()
    judged = publishing_rounds.run_rounds(home.env, home.front_port, ROUNDS, REQUESTS)
    assert len(judged.answers) >= REQUESTS
    assert judged.mixed_versions() == []
    assert judged.drafts() == []
    assert not judged.staleness() or judged.staleness()[-1] < pace.allowance(LATEST)


def test_a_cancel_reaches_every_door_in_seconds(home: PortalStack) -> None:
    with publishing_rounds.publisher_process(home.env) as desk:
        desk.act("issue", "hai")
        assert wait_until(lambda: shows(home, "/nhung/", "(hai v1)"))
        pace = CpuAllowance()
        cancelled = desk.act("cancel", "hai")
    for path in ("/", "/nhung/", "/nhung/song/", "/nhung/xa/phuong_hac_thanh/"):
        assert wait_until(lambda path=path: not shows(home, path, "(hai v"), 60), path  # type: ignore[misc]
    for path in ("/canh-bao/hai/", "/canh-bao/hai/nhung/", "/canh-bao/hai/van-ban.txt"):
        assert wait_until(lambda path=path: shows(home, path, "ết hiệu lực"), 60), path  # type: ignore[misc]
    assert time.time() - cancelled < pace.allowance(LATEST)


def test_a_cancel_reaches_every_door_without_a_worker(home: PortalStack) -> None:
    """Files that a word has overtaken are doubted at once, whoever is there to write new ones."""
    with publishing_rounds.publisher_process(home.env) as desk:
        desk.act("issue", "ba")
        assert wait_until(lambda: shows(home, "/nhung/", "(ba v1)"))
        pace = CpuAllowance()
        home.freeze("valkey")
        try:
            cancelled = desk.act("cancel", "ba")
            assert wait_until(lambda: not shows(home, "/nhung/", "(ba v"), 60)
            assert time.time() - cancelled < pace.allowance(LATEST)
        finally:
            home.thaw("valkey")


def test_with_all_else_dead_every_door_answers_and_says_so(home: PortalStack) -> None:
    with publishing_rounds.publisher_process(home.env) as desk:
        desk.act("issue", "mot")
    assert wait_until((kept(home) / "current/fresh/canh-bao/mot/tai-lieu.zip").exists, 60)
    home.kill_child("serve")
    home.kill_child("valkey")
    home.kill_postgres()
    checked(kept(home), 3600)
    wanted = (200, "the portal does not answer; fresh")
    for path in DOORS:
        assert wait_until(lambda path=path: kept_as(home.front_port, path) == wanted, 10), path  # type: ignore[misc]
        assert ask(home.front_port, path)[1], path
    [message] = [*(kept(home) / "current/fresh/canh-bao/cap").glob("*-1.xml")][-1:]
    assert ask(home.front_port, f"/canh-bao/cap/{message.name}")[0].status == 200
    refused, text = ask(home.front_port, "/bao-cao/")
    assert refused.status == 503
    assert b'href="tel:113"' in text

    checked(kept(home), 25 * 3600)
    assert wait_until(lambda: shows(home, "/canh-bao/mot/", "có thể đã cũ"), 10)
    assert shows(home, "/nhung/", 'class="past"')
    assert kept_as(home.front_port, "/") == (200, "the portal does not answer; stale")
    home.start_postgres()
    home.start_valkey()
    home.start_serve()
    assert wait_until(lambda: kept_as(home.front_port, "/")[1] is None, 60)
