"""PostgreSQL dies, is cut off, takes no rows, has no room or says nothing, while people send."""

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg2
import pytest

from tests.faults.support.resident_load import HOTLINE, ask, desk, lines, residents
from tests.support import small_disk as disks
from tests.support.portal_process import Visitor
from tests.support.public_urls import public_paths
from tools.client_journal import RECEIPT, REFUSED
from tools.portal_stack import PortalStack, wait_until

pytestmark = pytest.mark.alone

CUT = """
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
ROOM = 32  # megabytes that a small disk has left
BALLAST = "ballast"
FOR_MACHINES = ("/api/", "/taxii2/", "/livez", "/readyz", "/robots.txt", "/.well-known/", "/metrics", "/favicon.ico",
                "/nhung.js", "/sw.js", "/manifest.webmanifest", "/csp/")  # fmt: skip
NEED_NO_DATABASE = {
    "/livez", "/robots.txt", "/.well-known/security.txt", "/favicon.ico", "/nhung.js", "/sw.js", "/manifest.webmanifest",
    "/api/v1/findings/pack.pem", "/api/v1/openapi.json", "/api/open311/v2/openapi.json",
    "/api/open311/v2/discovery.json", "/api/open311/v2/discovery.xml",
    "/", "/dang-bi-goi/", "/bao-cao/", "/bao-cao/da-nhan/", "/theo-doi/", "/kiem-tra/", "/that-hay-gia/",
    "/cong-that/", "/rieng-tu/", "/offline/", "/en/", "/en/dang-bi-goi/", "/en/bao-cao/",
    "/kiem-tra/cho-phan-mem/",
}  # fmt: skip


@contextmanager
def read_only(stack: PortalStack) -> Iterator[None]:
    """No transaction may write: a standby, or an administrator's hand."""
    stack.ask("ALTER SYSTEM SET default_transaction_read_only = on")
    stack.ask("SELECT pg_reload_conf()")
    try:
        assert wait_until(lambda: not ready(stack))
        yield
    finally:
        stack.ask("ALTER SYSTEM RESET default_transaction_read_only")
        stack.ask("SELECT pg_reload_conf()")
    assert wait_until(lambda: ready(stack))


@contextmanager
def small_disk(stack: PortalStack) -> Iterator[Path]:
    """PostgreSQL's data on a disk of its own that can be filled; put back afterwards."""
    disk, saved = stack.folder / "postgres", stack.folder / "kept"
    stack.stop_postgres()
    disk.rename(saved)
    disk.mkdir(0o700)
    with ExitStack() as exits:
        exits.callback(stack.start_postgres)
        exits.callback(saved.rename, disk)
        exits.callback(disk.rmdir)
        megabytes = sum(path.stat().st_size for path in saved.rglob("*")) // 2**20
        exits.enter_context(disks.small_disk(disk, megabytes + ROOM, mode="0700"))
        shutil.copytree(saved, disk, dirs_exist_ok=True)
        stack.start_postgres()
        exits.callback(shutil.copytree, disk, saved)
        exits.callback(shutil.rmtree, saved)
        exits.callback(stack.stop_postgres)
        yield disk


@contextmanager
def away(stack: PortalStack) -> Iterator[None]:
    stack.kill_postgres()
    try:
        yield
    finally:
        stack.start_postgres()
    assert wait_until(lambda: ready(stack))


def ready(stack: PortalStack) -> bool:
    return ask(stack, "/readyz").status == 200


def test_killed_and_started_again_under_load(stack: PortalStack) -> None:
    before = lines(stack)
    with residents(stack), away(stack):
        time.sleep(1)
    assert lines(stack) - before < 150


def test_who_sends_while_connections_are_cut_notices_nothing(stack: PortalStack) -> None:
    """A request may be cut once: the next cut waits until those under way have their receipts."""
    with residents(stack) as journal:
        for _ in range(5):
            stack.ask(CUT)
            under_way = [entry for entry in journal.entries if not entry.has_receipt]
            assert wait_until(lambda: all(entry.has_receipt for entry in under_way))  # noqa: B023
    assert {answer.kind for answer in journal.answers} == {RECEIPT}


def test_read_only_under_load(stack: PortalStack) -> None:
    before = lines(stack)
    with residents(stack, reports=20), read_only(stack):
        assert ask(stack, "/readyz").text == '{"database": false, "why": "read_only"}'
        time.sleep(1)
    assert lines(stack) - before < 150


def test_what_can_be_read_is_read_while_nothing_can_be_written(stack: PortalStack) -> None:
    desk(stack)
    with read_only(stack):
        front = ask(stack, "/")
        assert "Cảnh báo" in front.words
        warning = next(a for a in front.tree.iter("a") if "/canh-bao/" in a.get("href", "")[:10])
        paths = ["/", "/bao-cao/", "/canh-bao/", "/nhung/", warning.get("href"), "/theo-doi/"]
        assert {path: ask(stack, path).status for path in paths} == dict.fromkeys(paths, 200)


def test_a_full_disk_under_load(stack: PortalStack) -> None:
    with small_disk(stack) as disk, residents(stack, reports=20) as journal:
        with suppress(OSError), (disk / BALLAST).open("wb", buffering=0) as ballast:
            while True:  # until not a byte more goes in
                ballast.write(b"x" * 65536)
        assert wait_until(lambda: not ready(stack))
        assert "DiskFull" in ask(stack, "/readyz").text
        assert wait_until(lambda: any(answer.kind == REFUSED for answer in journal.answers))
        assert ask(stack, "/").status == 200
        (disk / BALLAST).unlink()
        assert wait_until(lambda: ready(stack))


def test_locked_under_load(stack: PortalStack) -> None:
    with residents(stack, reports=16) as journal:
        assert wait_until(lambda: bool(journal.entries[0].codes))
        (code,) = journal.entries[0].codes
        with closing(psycopg2.connect(stack.database)) as other, other.cursor() as cursor:
            cursor.execute("LOCK TABLE reports_report IN ACCESS EXCLUSIVE MODE")
            assert "Chưa xem được tin" in ask(stack, "/theo-doi/", code=code).words
            time.sleep(1)
        assert ask(stack, "/theo-doi/", code=code).status == 200


def test_frozen_under_load(stack: PortalStack) -> None:
    """It accepts and never answers."""
    pages = {"/": 200, "/bao-cao/": 200, "/canh-bao/": 503, "/nhung/": 503, "/dang-bi-goi/": 200}
    with residents(stack, reports=16), ExitStack() as exits:
        exits.callback(stack.signal_postgres, signal.SIGCONT)
        stack.signal_postgres(signal.SIGSTOP)
        assert {path: ask(stack, path).status for path in pages} == pages
        time.sleep(2)


def test_without_a_database_every_page_answers_and_says_whom_to_ring(stack: PortalStack) -> None:
    with away(stack):
        for path in public_paths():
            page = ask(stack, path)
            assert page.status in (
                {200} if path in NEED_NO_DATABASE else {200, 400, 401, 403, 404, 405, 503}
            ), path
            assert path.startswith(FOR_MACHINES) or HOTLINE in page.words, path


def test_without_a_database_the_desk_says_so_too(stack: PortalStack) -> None:
    visitor = Visitor(f"http://127.0.0.1:{stack.port}")
    login = visitor.get("/admin/login/")
    with away(stack):
        page = visitor.submit(login, "/admin/login", username="x", password="y", otp_token="1")
        assert page.status == 503
        assert "Chưa xem được trang này" in page.words
