"""clamd is asked about each original, and never waited for too long."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from pytest_django import Settings

from core.models import OutboxItem
from core.outbox import queue
from reports.attachments import antivirus, sanitized_copies
from reports.models import FileCheck
from tests.support import fake_clamd, images
from tests.support.concurrency import accepting
from tests.support.sanitized_copies import COPY, MB, SCAN, copy_of, looked_into, owed, store_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def scanner(settings: Settings) -> Iterator[fake_clamd.Clamd]:
    with fake_clamd.running() as running:
        settings.CLAMD_URL = running.url
        yield running


def test_clamd_is_asked_about_the_whole_original(scanner: fake_clamd.Clamd) -> None:
    content = images.jpeg() + os.urandom(300_000)
    assert looked_into(content).scan == SCAN.CLEAN
    assert scanner.asked == [content]


def test_what_clamd_knows_is_said_and_the_picture_drawn_all_the_same(
    scanner: fake_clamd.Clamd,
) -> None:
    check = looked_into(images.jpeg() + images.EICAR)
    assert (check.scan, check.copy) == (SCAN.INFECTED, COPY.MADE)
    assert images.EICAR not in copy_of(check)


def test_without_an_answer_the_file_rests_and_in_the_end_says_so(settings: Settings) -> None:
    settings.CLAMD_URL = "tcp://127.0.0.1:1"
    file = store_file(images.jpeg())
    for attempt in range(1, queue.MAX_ATTEMPTS):
        sanitized_copies.process_items([owed(file).pk])
        item = owed(file)
        assert (item.attempts, item.done_at, item.error) == (attempt, None, "ScanError")
    sanitized_copies.process_items([owed(file).pk])
    check = FileCheck.objects.get()
    assert (check.scan, check.copy) == (SCAN.NOT_SCANNED, COPY.MADE)
    assert owed(file).done_at


def test_without_clamd_nobody_scanned_a_file_and_once_it_is_there_that_is_owed(
    settings: Settings,
) -> None:
    check = looked_into(images.jpeg())
    assert check.scan == SCAN.NOT_SCANNED
    assert list(sanitized_copies.files_needing_scan()) == []
    settings.CLAMD_URL = "unix:///run/clamd.sock"
    assert list(sanitized_copies.files_needing_scan()) == [check.file]


@pytest.mark.parametrize(
    "answer", [b"INSTREAM size limit exceeded. ERROR", b"", b"x" * 9000, b"stream: \xff"]
)
def test_an_odd_answer_is_no_answer(settings: Settings, answer: bytes) -> None:
    with fake_clamd.running(answer) as odd:
        settings.CLAMD_URL = odd.url
        with pytest.raises(antivirus.ScanError):
            antivirus.is_infected(b"x")


def hang(_: socket.socket) -> None:
    time.sleep(20)


def drip(line: socket.socket) -> None:
    """A character of an answer each tenth of a second, for twenty seconds."""
    for _ in range(200):
        line.sendall(b"s")
        time.sleep(0.1)


@pytest.mark.parametrize(("answer", "size"), [(hang, 10 * MB), (drip, 1)])
def test_a_clamd_that_hangs_or_answers_by_drops_is_not_waited_for(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[socket.socket], None],
    size: int,
) -> None:
    monkeypatch.setattr(antivirus, "TIMEOUT_SECONDS", 0.5)
    with accepting(answer) as port:
        settings.CLAMD_URL = f"tcp://127.0.0.1:{port}"
        began = time.monotonic()
        with pytest.raises(antivirus.ScanError):
            antivirus.is_infected(b"x" * size)
        assert time.monotonic() - began < 10


def test_a_task_that_runs_out_of_time_at_clamd_keeps_the_picture(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(_: str) -> None:
        raise SoftTimeLimitExceeded

    settings.CLAMD_URL = "tcp://127.0.0.1:1"
    monkeypatch.setattr(antivirus, "parse_clamd_url", late)
    file = store_file(images.jpeg())
    OutboxItem.objects.update(attempts=queue.MAX_ATTEMPTS - 1)
    sanitized_copies.process_items([owed(file).pk])
    check = FileCheck.objects.get()
    assert (check.scan, check.copy) == (SCAN.NOT_SCANNED, COPY.MADE)


def test_a_look_ends_within_its_lease_and_a_message_within_its_task(settings: Settings) -> None:
    one = sanitized_copies.REDRAW_TIMEOUT_SECONDS + antivirus.TIMEOUT_SECONDS
    assert one + 1 < queue.LEASE.total_seconds()
    assert sanitized_copies.TIMEOUT_SECONDS + one + 1 < settings.CELERY_TASK_SOFT_TIME_LIMIT


def test_a_socket_that_is_not_there_is_no_answer(settings: Settings, tmp_path: Path) -> None:
    settings.CLAMD_URL = f"unix://{tmp_path}/none.sock"
    with pytest.raises(antivirus.ScanError):
        antivirus.is_infected(b"x")


@pytest.fixture
def real_clamd(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """The real one, with one signature of our own, over a socket in a short folder."""
    program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
    if not program:
        pytest.skip("no clamd is installed (Debian: clamav-daemon); ours is asked all the same")
    with tempfile.TemporaryDirectory(prefix="clamd") as folder:
        database, door = Path(folder, "db"), Path(folder, "s")
        database.mkdir()
        (database / "own.ndb").write_text(f"Own.Mark:0:*:{images.EICAR.hex()}\n")
        conf = Path(folder, "clamd.conf")
        conf.write_text(f"LocalSocket {door}\nDatabaseDirectory {database}\nForeground yes\n")
        process = subprocess.Popen([program, "-c", conf], stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 30
            while not door.exists() and time.monotonic() < until and process.poll() is None:
                time.sleep(0.1)
            settings.CLAMD_URL = f"unix://{door}"
            yield
        finally:
            process.terminate()
            process.wait(20)


def test_the_real_clamd_is_understood(real_clamd: None) -> None:
    assert not antivirus.is_infected(images.jpeg(2000, 2000))
    assert antivirus.is_infected(b"a letter\n" + images.EICAR)
