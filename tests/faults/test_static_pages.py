"""Public pages while words are given, and with Python, PostgreSQL and Valkey dead."""

import time
from pathlib import Path

import pytest

from tests.support.nginx_front import ask, needs_nginx
from tests.support.stored_pages import checked, kept_as
from tools import publishing_rounds
from tools.cpu_allowance import CpuAllowance
from tools.portal_stack import PortalStack, wait_until

pytestmark = [pytest.mark.alone, needs_nginx]

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


def pages_of(stack: PortalStack) -> Path:
    return Path(stack.env["DATA_DIR"]) / "static-pages"


def shows(stack: PortalStack, path: str, words: str) -> bool:
    return words in ask(stack.front_port, path)[1].decode()


def test_no_reader_sees_a_mixed_a_draft_or_a_withdrawn_word(stack: PortalStack) -> None:
    allowance = CpuAllowance()
    judged = publishing_rounds.run_rounds(stack.env, stack.front_port, ROUNDS, REQUESTS)
    assert len(judged.answers) >= REQUESTS
    assert judged.mixed_versions() == []
    assert judged.drafts() == []
    assert not judged.staleness() or judged.staleness()[-1] < allowance.extend(LATEST)


def test_a_cancel_reaches_every_door_in_seconds(stack: PortalStack) -> None:
    with publishing_rounds.publisher_process(stack.env) as desk:
        desk.act("issue", "hai")
        assert wait_until(lambda: shows(stack, "/nhung/", "(hai v1)"))
        allowance = CpuAllowance()
        cancelled = desk.act("cancel", "hai")
    for path in ("/", "/nhung/", "/nhung/song/", "/nhung/xa/phuong_hac_thanh/"):
        assert wait_until(lambda path=path: not shows(stack, path, "(hai v"), 60), path  # type: ignore[misc]
    for path in ("/canh-bao/hai/", "/canh-bao/hai/nhung/", "/canh-bao/hai/van-ban.txt"):
        assert wait_until(lambda path=path: shows(stack, path, "ết hiệu lực"), 60), path  # type: ignore[misc]
    assert time.time() - cancelled < allowance.extend(LATEST)


def test_with_all_else_dead_every_door_answers_and_says_so(stack: PortalStack) -> None:
    with publishing_rounds.publisher_process(stack.env) as desk:
        desk.act("issue", "mot")
    assert wait_until((pages_of(stack) / "pages/canh-bao/mot/tai-lieu.zip").exists, 60)
    stack.kill_child("serve")
    stack.kill_child("valkey")
    stack.kill_postgres()
    checked(pages_of(stack), 3600)
    wanted = (200, "the portal does not answer; fresh")
    for path in DOORS:
        assert wait_until(lambda path=path: kept_as(stack.front_port, path) == wanted, 10), path  # type: ignore[misc]
        assert ask(stack.front_port, path)[1], path
    [message] = [*(pages_of(stack) / "pages/canh-bao/cap").glob("*-1.xml")][-1:]
    assert ask(stack.front_port, f"/canh-bao/cap/{message.name}")[0].status == 200
    refused, text = ask(stack.front_port, "/bao-cao/")
    assert refused.status == 503
    assert b'href="tel:113"' in text

    checked(pages_of(stack), 25 * 3600)
    # nginx holds a page that it was asked for open for a second.
    stale = (200, "the portal does not answer; stale")
    assert wait_until(lambda: kept_as(stack.front_port, "/") == stale, 10)
    assert wait_until(lambda: shows(stack, "/canh-bao/mot/", "có thể đã cũ"), 10)
    assert wait_until(lambda: shows(stack, "/nhung/", 'class="past"'), 10)
    stack.start_postgres()
    stack.start_valkey()
    stack.start_serve()
    assert wait_until(lambda: kept_as(stack.front_port, "/")[1] is None, 60)
