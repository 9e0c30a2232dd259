"""Pictures are drawn anew, so that nothing else of their file comes along."""

import os
import shutil
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from math import inf
from pathlib import Path

import pytest
from django.core.management import call_command
from PIL import Image

from core.outbox import queue
from core.outbox.queue import Priority
from reports.attachments import image_sanitizer, sanitized_copies
from reports.models import EvidenceFile, FileCheck
from reports.retention import purge
from tests.support import images
from tests.support.evidence_files import path_of
from tests.support.sanitized_copies import (
    COPY,
    MB,
    copies,
    copy_of,
    looked_into,
    owed,
    seen,
    store_file,
)

pytestmark = pytest.mark.django_db


# --- drawn anew


def test_a_file_that_is_kept_owes_one_look_when_nothing_else_is_to_be_done() -> None:
    file = store_file(images.jpeg())
    assert (owed(file).task, owed(file).priority) == ("reports.scan_files", Priority.IDLE)
    assert sanitized_copies.enqueue_scan([file]) == 0


def test_a_picture_is_drawn_anew_its_copy_sealed_and_its_item_settled() -> None:
    check = looked_into(images.jpeg(640, 480))
    assert (check.copy, check.media_type) == (COPY.MADE, "image/jpeg")
    assert check.size == len(copy_of(check))
    assert owed(check.file).done_at
    (path,) = copies()
    assert path.name == str(check.copy_id)
    assert b"JFIF" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_plain_screenshot_keeps_its_sharp_letters() -> None:
    flat = Image.new("RGB", (360, 740), "white")
    flat.paste("navy", (20, 20, 340, 60))
    assert looked_into(images.written(flat, "PNG")).media_type == "image/png"


def drawn(kind: str, mode: str) -> tuple[Callable[[], bytes], tuple[int, int]]:
    return lambda: images.written(images.picture(mode=mode), kind), (64, 48)


DRAWN = {
    **{f"png {mode}": drawn("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")},
    "webp": drawn("WEBP", "RGB"),
    "gif": drawn("GIF", "P"),
    "cmyk": drawn("JPEG", "CMYK"),
    "progressive": (lambda: images.jpeg(progressive=True), (64, 48)),
    "of an iphone": (lambda: images.HEIC, (96, 64)),
    "turned from its side": (images.telling_jpeg, (48, 64)),
    "made smaller": (lambda: images.jpeg(6000, 4000), (2400, 1600)),
    "broken off": (lambda: images.jpeg(800, 600)[:8000], (800, 600)),
}


@pytest.mark.parametrize(("made", "size"), DRAWN.values(), ids=DRAWN)
def test_what_phones_send_is_drawn(made: Callable[[], bytes], size: tuple[int, int]) -> None:
    check = looked_into(made())
    assert (check.copy, check.width, check.height) == (COPY.MADE, *size)
    assert seen(check).size == size


def test_what_is_transparent_is_white() -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    assert seen(looked_into(images.written(clear, "PNG"))).convert("L").getextrema() == (255, 255)


# --- hostile and broken ones


@pytest.mark.parametrize(
    ("made", "word"),  # when it is asked for: some take a second
    [
        (lambda: b"%PDF-1.7\n", COPY.NOT_MADE),
        (lambda: b"#!AMR\n" + b"x" * 40, COPY.NOT_MADE),
        (lambda: images.png_of(30_000, 30_000, bytes(MB)), COPY.TOO_LARGE),
        (lambda: images.png_of(2_000_000_000, 2_000_000_000), COPY.TOO_LARGE),
        (lambda: images.png_of(12_000, 11_000), COPY.TOO_LARGE),
        (lambda: images.jpeg(13_000, 10_000, quality=1), COPY.TOO_LARGE),
        (lambda: images.png_of(7_000, 7_000), COPY.TOO_LARGE),
        (lambda: images.png_of(0, 0), COPY.UNREADABLE),
        (lambda: images.png_of(6_000, 6_000), COPY.UNREADABLE),
        (lambda: b"\xff\xd8\xff\xe0" + b"." * 500, COPY.UNREADABLE),
        (lambda: images.jpeg()[:250], COPY.UNREADABLE),
        (lambda: b"GIF89a" + bytes(20), COPY.UNREADABLE),
        (lambda: b"RIFF\x10\x0a\0\0WEBPVP8 " + b"." * 50, COPY.UNREADABLE),
        (lambda: b"\0\0\0\x18ftypheic" + b"." * 500, COPY.UNREADABLE),
        (lambda: images.HEIC[:300], COPY.UNREADABLE),
    ],
)
def test_what_cannot_be_drawn_says_why(made: Callable[[], bytes], word: str) -> None:
    check = looked_into(made())
    assert (check.copy, check.copy_id, copies()) == (word, None, [])
    assert owed(check.file).done_at


MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdin=sys.stdin, stdout=subprocess.DEVNULL, env={})
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.parametrize(
    "made",
    [
        lambda: images.written(Image.new("RGBA", (6_300, 6_300)), "PNG"),
        lambda: images.written(Image.new("L", (12_000, 9_000)), "JPEG", progressive=True),
        lambda: images.png_of(30_000, 30_000, bytes(20 * MB)),
        images.text_bomb,
    ],
    ids=["rgba", "108 million points", "bomb", "comment"],
)
def test_drawing_stays_within_its_memory(made: Callable[[], bytes]) -> None:
    """By what the process had of its own at most, beside what it may map at all. Started by a
    small process: one that is forked from this one would count this one's memory.
    """
    program = [sys.executable, "-I", str(sanitized_copies._SANITIZER)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *program], input=made(), capture_output=True, check=True
    )
    assert 0 < int(done.stdout) * 1024 < image_sanitizer.MEMORY


def test_who_looks_holds_no_more_than_the_file_and_its_copy() -> None:
    """The worker's own memory; what decoding takes is the drawer's."""
    file = store_file(images.written(Image.new("RGB", (5_000, 5_000)), "PNG").ljust(10 * MB, b"."))
    tracemalloc.start()
    try:
        sanitized_copies.process_items([owed(file).pk])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert FileCheck.objects.get().copy == COPY.MADE
    assert peak < 40 * MB


def test_a_picture_that_never_ends_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(sanitized_copies, "_SANITIZER", slow)
    monkeypatch.setattr(sanitized_copies, "REDRAW_TIMEOUT_SECONDS", 0.3)
    began = time.monotonic()
    assert looked_into(images.jpeg()).copy == COPY.UNREADABLE
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "said",
    [
        b"text/html 10 10\n<script>",
        b"image/jpeg 10 10\n<script>",
        b"image/svg+xml 1 1\n<svg>",
        b"image/jpeg\n\xff\xd8\xff",
        b"image/png 1 1\n\xff\xd8\xff" + b"." * 20,
        b"",
        b"\xff\xfe",
    ],
)
def test_a_drawer_in_a_pictures_hands_is_not_believed(said: bytes) -> None:
    assert sanitized_copies._parse_output(said).copy == COPY.UNREADABLE


def test_the_drawer_sees_no_key_and_writes_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spy = tmp_path / "spy.py"
    output = b"image/png 1 1\n" + images.png_of(1, 1)
    spy.write_text(f"import os; 'FIELD_ENCRYPTION_KEYS' in os.environ or os.write(1, {output!r})")
    monkeypatch.setenv("FIELD_ENCRYPTION_KEYS", "a key")
    monkeypatch.setattr(sanitized_copies, "_SANITIZER", spy)
    assert sanitized_copies._redraw(EvidenceFile(media_type="image/png"), b"").copy == COPY.MADE
    confine = f"import runpy; runpy.run_path({str(image_sanitizer.__file__)!r})['apply_rlimits']()"
    code = f"{confine}; from pathlib import Path; Path('x').write_text('x')"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False)
    assert (tmp_path / "x").stat().st_size == 0


# --- looked into again


def test_looking_again_replaces_the_copy() -> None:
    first = looked_into(images.jpeg())
    assert sanitized_copies.enqueue_scan([first.file]) == 1
    sanitized_copies.process_items([owed(first.file).pk])
    second = FileCheck.objects.get()
    assert second.copy_id != first.copy_id
    assert [path.name for path in copies()] == [str(second.copy_id)]


def test_who_comes_second_leaves_the_first_copy_alone() -> None:
    file = store_file(images.jpeg())
    lease = queue.acquire_lease(owed(file).pk)
    assert lease
    sanitized_copies.scan_and_redraw(lease)
    first = FileCheck.objects.get().copy_id
    sanitized_copies.scan_and_redraw(lease)  # another worker, whose lease had lapsed
    assert FileCheck.objects.get().copy_id == first
    assert [path.name for path in copies()] == [str(first)]


def test_a_copy_that_is_lost_is_made_again_by_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    check = looked_into(images.jpeg())
    shutil.rmtree(copies()[0].parent)
    call_command("scan_files")
    assert "Files to be looked into: 1" in capsys.readouterr().out
    sanitized_copies.process_items([owed(check.file).pk])
    assert copy_of(FileCheck.objects.get())
    call_command("scan_files")
    assert "Files to be looked into: 0" in capsys.readouterr().out


def test_copies_that_no_row_names_are_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "MAX_CLOCK_SKEW_SECONDS", inf)  # all came after the first report
    check = looked_into(images.jpeg())
    (copy,) = copies()
    folder = copy.parent
    old, fresh = folder / "old", folder / "fresh"
    for path in (old, fresh):
        path.write_bytes(copy.read_bytes())
    os.utime(old, (0, 0))
    os.utime(folder / str(check.copy_id), (0, 0))
    assert purge.sweep_files(int(folder.name, 16)) == 1
    assert sorted(path.name for path in copies()) == sorted(["fresh", str(check.copy_id)])


def test_an_original_that_does_not_open_is_tried_again_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = store_file(images.jpeg())
    path_of(file.pk).unlink()
    sanitized_copies.process_items([owed(file).pk])
    item = owed(file)
    assert (item.done_at, item.error) == (None, "DecryptionError")
    assert "file.open_failed" in caplog.text
