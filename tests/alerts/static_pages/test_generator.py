"""Static pages: whole, dated, with a stale copy, and changed all at once."""

import gzip
import json
import sys
from datetime import timedelta
from pathlib import Path

import brotli
import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from alerts.formats import print_files
from alerts.models import PartnerAgency
from alerts.static_pages import generator, store
from alerts.static_pages.generator import render_in_subprocess
from alerts.static_pages.page_list import list_static_pages
from alerts.static_pages.store import (
    CHECKED,
    FRONT,
    STALE,
    WANTED,
    PublishedFolder,
    PublishedIndex,
    path_for,
)
from core.models import OutboxItem
from tests.support.alert_factories import cancelled, commune, draft, issued, office, rewritten
from tests.support.signing_keys import CAP_KEY, TEXT_KEY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "static-pages"


@pytest.fixture
def _drawn_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("picture", "poster", "pack"):
        monkeypatch.setattr(print_files, name, lambda _: b"drawn")


def locate(path: str, form: str = "") -> Path:
    return settings.DATA_DIR / "static-pages" / "pages" / f"{path_for(path)}{form}"


def read_static_page(path: str, form: str = "") -> str:
    return locate(path, form).read_text()


def get_inode(path: str) -> int:
    return locate(path).stat().st_ino


def is_right() -> bool:
    """Return whether the pages were found right since the last word was given."""
    return store.load_text(CHECKED).split()[1:] == store.load_text(WANTED).split()


def test_every_door_is_a_file_of_what_the_portal_answers(client: Client) -> None:
    issued()
    commune("xa-nay"), commune("xa-kia"), office()
    generator.rebuild()
    for path in (page.path for page in list_static_pages(timezone.now()) if not page.drawn):
        response = client.get(path)
        assert response.status_code == 200, path
        assert response.content == locate(path).read_bytes(), path


def test_each_text_lies_in_compressed_forms_too_and_what_is_signed_in_no_other() -> None:
    revision = issued()
    generator.rebuild()
    text = locate("/canh-bao/").read_bytes()
    assert gzip.decompress(locate("/canh-bao/", ".gz").read_bytes()) == text
    assert brotli.decompress(locate("/canh-bao/", ".br").read_bytes()) == text
    assert not locate(f"/canh-bao/cap/{revision.identifier}.xml", STALE).exists()


def test_beside_each_page_lies_one_that_says_when_it_was_written_or_is_grey() -> None:
    with time_machine.travel("2026-11-20T10:01:00+07:00", tick=False):
        issued()
        generator.rebuild()
    assert "Bản lưu lúc 10:01, 20/11/2026" in read_static_page("/canh-bao/gia-dien-luc/", STALE)
    english = "/en/canh-bao/gia-dien-luc/"
    for notice, paths in (
        ("có thể đã cũ", ("/", "/dang-bi-goi/", "/co-quan/", f"{english[3:]}van-ban.txt")),
        ("It may be out of date", ("/en/", "/en/canh-bao/", english, f"{english}van-ban.txt")),
        ('past">', ("/nhung/", "/nhung/song/", "/canh-bao/gia-dien-luc/nhung/")),
    ):
        for path in paths:
            assert notice in read_static_page(path, STALE), path
            assert notice not in read_static_page(path), path


def test_a_draft_and_a_withdrawn_word_are_in_no_file() -> None:
    first = issued("mot", title="Bản đầu", summary="Bản đầu")
    draft("hai", title="Chưa ai được biết")
    generator.rebuild()
    cancelled(first)
    generator.rebuild()
    files = [
        file for file in locate("/").parent.rglob("*.html*") if file.suffix in {".html", STALE}
    ]
    assert len(files) > 20
    assert "Chưa ai được biết" not in "".join(file.read_text() for file in files)
    assert "Đang có hiệu lực</" not in read_static_page("/canh-bao/mot/")
    assert "hết hiệu lực" in read_static_page("/canh-bao/mot/")
    assert "Bản đầu" not in read_static_page("/nhung/")


def test_only_what_changed_is_rendered_and_the_rest_is_the_same_file() -> None:
    first, _ = issued("mot"), issued("hai")
    every = generator.rebuild()
    before = {path: get_inode(path) for path in ("/canh-bao/mot/", "/canh-bao/hai/", "/co-quan/")}
    rewritten(first)
    assert generator.rebuild() < every
    after = {path: get_inode(path) for path in before}
    assert [path for path in before if before[path] != after[path]] == ["/canh-bao/mot/"]


def test_a_new_text_never_has_the_second_of_the_old_one() -> None:
    path = "/canh-bao/gia-dien-luc/"
    with time_machine.travel(timezone.now(), tick=False):
        first = issued()
        generator.rebuild()
        old = locate(path).stat().st_mtime
        cancelled(first)
        generator.rebuild()
    assert locate(path).stat().st_mtime > old


def test_a_disk_that_is_full_leaves_whole_pages_that_nobody_calls_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = issued()
    generator.rebuild()
    cancelled(first)
    generator.mark_stale()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fail)
        with pytest.raises(OSError, match="no space"):
            generator.rebuild()
    assert not is_right()
    assert "Đang có hiệu lực" in read_static_page("/canh-bao/gia-dien-luc/")
    generator.rebuild()
    assert is_right()
    assert "hết hiệu lực" in read_static_page("/canh-bao/gia-dien-luc/")


@pytest.mark.usefixtures("_drawn_elsewhere")
def test_a_round_that_broke_off_is_made_good_by_writing_all_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it wrote is in no index: a page of it could pass for the one before."""
    first = issued()
    every = generator.rebuild()
    generator.rebuild(draws=True)
    end = "end 1 drop /canh-bao/gia-dien-luc/"
    store.save(FRONT, f"{store.load_text(FRONT)}\n{end}")
    second = rewritten(first, title="Bản hai")
    with monkeypatch.context() as patched:
        patched.setattr(PublishedFolder, "sync", fail)
        with pytest.raises(OSError, match="no space"):
            generator.rebuild(draws=True)
    assert end in store.load_text(FRONT)  # of either round, until all is written
    assert generator.rebuild() >= every
    assert end not in store.load_text(FRONT)
    cancelled(second)
    generator.rebuild(draws=True)
    assert not locate("/canh-bao/gia-dien-luc/to-dan.pdf").exists()


def fail(*_: object) -> bytes:
    raise OSError(28, "no space left on the disk")


def test_a_word_owes_new_files_once_and_doubts_the_old(
    django_capture_on_commit_callbacks: object,
) -> None:
    generator.rebuild()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        cancelled(issued())
    assert OutboxItem.objects.filter(task=generator.WRITE_TASK).count() == 1
    assert not is_right()
    item = OutboxItem.objects.get(task=generator.WRITE_TASK)
    generator.process_items([item.pk])
    assert is_right()
    item.refresh_from_db()
    assert item.done_at


def test_a_published_place_that_is_away_keeps_no_word_from_being_given(
    django_capture_on_commit_callbacks: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "save", fail)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        issued()
    assert OutboxItem.objects.filter(task=generator.WRITE_TASK).count() == 1


def test_a_doubt_while_files_are_written_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    generator.rebuild()
    with monkeypatch.context() as patched:
        patched.setattr(PublishedFolder, "sync", lambda _: generator.mark_stale())
        generator.rebuild()
    assert not is_right()
    generator.refresh_if_needed()
    assert is_right()


@pytest.mark.usefixtures("_drawn_elsewhere")
def test_a_look_says_that_all_is_right_and_writes_nothing() -> None:
    issued()
    with time_machine.travel("2026-11-20T10:01:00+07:00", tick=False) as clock:
        generator.rebuild(draws=True)
        before = get_inode("/dang-bi-goi/")
        clock.shift(20)
        generator.refresh_if_needed()
        assert get_inode("/dang-bi-goi/") == before
        assert store.load_text(CHECKED).split() == [str(int(timezone.now().timestamp()))]


@pytest.mark.usefixtures("_drawn_elsewhere")
def test_an_end_is_seen_by_the_next_look_and_told_to_the_front_before() -> None:
    end = timezone.now() + timedelta(minutes=1)
    issued(expires=end)
    generator.rebuild()
    front = store.load_text(FRONT).splitlines()
    assert f"end {int(end.timestamp())} drop /canh-bao/gia-dien-luc/" in front
    assert f"end {int(end.timestamp())} stale /" in front
    with time_machine.travel(end + timedelta(minutes=1)):
        generator.refresh_if_needed()
        assert "hết hiệu lực" in read_static_page("/canh-bao/gia-dien-luc/")


def test_sheets_of_the_last_releases_stay(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STATIC_ROOT.mkdir()
    assets = locate("/").parent.parent / "assets" / "static"
    for number in range(5):
        name = f"a.{number}.css"
        (settings.STATIC_ROOT / name).write_text("a{}")
        names = json.dumps({"paths": {"a.css": name}})
        (settings.STATIC_ROOT / "staticfiles.json").write_text(names)
        generator.rebuild()
    assert sorted(file.name for file in assets.iterdir()) == ["a.2.css", "a.3.css", "a.4.css"]


def test_a_new_release_and_a_new_day_write_all_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    generator.rebuild()
    monkeypatch.setattr(generator, "release_fingerprint", lambda: "another")
    before = get_inode("/canh-bao/")
    generator.refresh_if_needed()
    assert get_inode("/canh-bao/") != before


def test_an_index_that_cannot_be_read_has_all_written_anew(home: Path) -> None:
    every = generator.rebuild()
    (home / "made.json").write_text("{")
    assert PublishedIndex.load() == PublishedIndex()
    assert generator.rebuild() == every


# --- drawings

SHEETS = [f"/canh-bao/gia-dien-luc/{name}" for name in ("to-dan.pdf", "tai-lieu.zip", "anh.png")]


def test_sheets_pictures_and_packs_are_kept_while_their_warning_stands(client: Client) -> None:
    revision = issued()
    generator.rebuild(draws=True)
    for path in SHEETS:
        assert locate(path).read_bytes() == client.get(path).content
    assert not Path(f"{locate(SHEETS[0])}.br").exists()
    cancelled(revision)
    generator.rebuild(draws=True)
    assert [locate(path).exists() for path in SHEETS] == [False, False, True]
    assert locate(SHEETS[2]).read_bytes() == client.get(SHEETS[2]).content


@pytest.mark.usefixtures("_drawn_elsewhere")
def test_a_word_waits_for_no_drawing_and_the_next_look_draws_it() -> None:
    issued()
    generator.rebuild()
    assert [locate(path).exists() for path in SHEETS] == [False, False, False]
    generator.refresh_if_needed()
    assert [locate(path).exists() for path in SHEETS] == [True, True, True]
    unknown = [page for page in list_static_pages(timezone.now()) if not page.made_of]
    assert generator.rebuild() == len(unknown)


def test_what_draws_stays_out_of_the_process_that_writes() -> None:
    def draw() -> bytes:
        sys.modules["something heavy"] = sys
        return b"ok"

    with render_in_subprocess([draw, lambda: b"" + 1, lambda: b"x"]) as drawings:  # type: ignore[operator]
        assert list(drawings) == [b"ok", b"", b"x"]
    assert "something heavy" not in sys.modules


def test_a_sheet_that_cannot_be_drawn_holds_up_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("picture", "poster", "pack"):
        monkeypatch.setattr(print_files, name, fail)
    with time_machine.travel("2026-11-20T10:01:00+07:00", tick=False):
        issued()
        generator.refresh_if_needed()
        before = get_inode("/dang-bi-goi/")
        assert "Đang có hiệu lực" in read_static_page("/canh-bao/gia-dien-luc/")
        generator.refresh_if_needed()
        assert get_inode("/dang-bi-goi/") == before


@pytest.mark.usefixtures("_drawn_elsewhere")
def test_drawings_outlast_the_day_of_pages() -> None:
    with time_machine.travel("2026-11-20T10:00:00+07:00") as clock:
        issued()
        generator.rebuild(draws=True)
        before = {path: get_inode(path) for path in (*SHEETS, "/canh-bao/")}
        clock.shift(timedelta(days=1))
        generator.rebuild()
    assert [path for path in before if before[path] != get_inode(path)] == ["/canh-bao/"]


def test_a_signature_is_kept_beside_what_it_signs(settings: Settings) -> None:
    settings.SIGNING_KEY, settings.CAP_KEY = TEXT_KEY, CAP_KEY
    revision = issued()
    generator.rebuild()
    values = json.loads(read_static_page(f"/canh-bao/chu-ky/{revision.identifier}.json"))
    front = store.load_text(FRONT)
    assert f"signature /canh-bao/noi-dung/{revision.identifier}.json keyid=" in front
    assert f'signature="{values["signature"]}"' in front


def test_whom_agencies_register_is_looked_at_like_a_word(settings: Settings) -> None:
    settings.FRAME_ANCESTORS = ("partners",)
    generator.rebuild()
    PartnerAgency.objects.create(name="Xã Mẫu", kind="committee", origins=["https://xa.example.vn"])
    generator.refresh_if_needed()
    assert store.load_text(FRONT).count("frame-ancestors 'self' https://xa.example.vn;") == 2
