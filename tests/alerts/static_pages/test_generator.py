"""Static pages: whole, dated, with a stale copy, and changed all at once."""

import gzip
import json
import sys
from datetime import timedelta
from pathlib import Path

import brotli
import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from alerts.formats import print_files
from alerts.models import PartnerAgency
from alerts.static_pages import generator, store
from alerts.static_pages.page_list import list_static_pages
from alerts.static_pages.store import FRESH, STALE, StaticTree, path_for
from alerts.static_pages.subprocess_renderer import render_in_subprocess
from core.models import OutboxItem
from tests.support.alert_factories import cancelled, commune, draft, issued, office, rewritten
from tests.support.signing_keys import CAP_KEY, TEXT_KEY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "static-pages"


def locate(path: str, kind: str = FRESH) -> Path:
    return generator.static_pages_dir() / "current" / kind / path_for(path)


def read_static_page(path: str, kind: str = FRESH) -> str:
    return locate(path, kind).read_text()


def get_inode(path: str) -> int:
    return locate(path).stat().st_ino


def get_tree() -> Path:
    return (generator.static_pages_dir() / "current").readlink()


def test_every_door_is_a_file_of_what_the_portal_answers_or_shares_one(client: Client) -> None:
    issued()
    commune("xa-nay"), commune("xa-kia"), office()
    generator.rebuild()
    for path in (page.path for page in list_static_pages(timezone.now()) if not page.drawn):
        response = client.get(path)
        assert response.status_code == 200, path
        before_date = locate(path).read_bytes().partition(b'<meta name="written"')[0]
        assert response.content.startswith(before_date), path
    assert get_inode("/nhung/xa/xa-nay/") == get_inode("/nhung/xa/xa-kia/")


def test_both_trees_hold_compressed_forms_of_each_text_and_what_is_signed_alike() -> None:
    revision = issued()
    generator.rebuild()
    for kind in (FRESH, STALE):
        file = locate("/canh-bao/", kind)
        text = file.read_bytes()
        assert gzip.decompress(Path(f"{file}.gz").read_bytes()) == text
        assert brotli.decompress(Path(f"{file}.br").read_bytes()) == text
    path = f"/canh-bao/cap/{revision.identifier}.xml"
    assert read_static_page(path, STALE) == read_static_page(path)


def test_a_page_carries_the_time_it_was_written_and_its_twin_says_so_or_is_grey() -> None:
    with time_machine.travel("2026-11-20T10:01:00+07:00", tick=False):
        issued()
        generator.rebuild()
    written = '<meta name="written" content="2026-11-20T10:01'
    assert written in read_static_page("/canh-bao/gia-dien-luc/")
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
    files = (generator.static_pages_dir() / "current" / FRESH).rglob("*.html")
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


@pytest.mark.parametrize("act", ["with_stale_banner", "_sync"])
def test_a_page_that_fails_or_is_not_on_the_disk_leaves_the_old_tree(
    monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    first = issued()
    generator.rebuild()
    before = get_tree()
    cancelled(first)
    monkeypatch.setattr(store, act, fail)
    with pytest.raises(OSError, match="no space"):
        generator.rebuild()
    assert get_tree() == before
    assert "Đang có hiệu lực" in read_static_page("/canh-bao/gia-dien-luc/")


def fail(*_: object) -> bytes:
    raise OSError(28, "no space left on the disk")


def test_what_broken_writers_left_is_removed(home: Path) -> None:
    for number in range(4):
        (home / "trees" / f"20200101T00000{number}-dead").mkdir(parents=True)
    generator.rebuild()
    generator.rebuild()
    assert len(list((home / "trees").iterdir())) <= 2
    assert read_static_page("/")


def test_a_word_owes_new_files_once_and_doubts_the_old(
    django_capture_on_commit_callbacks: object, home: Path
) -> None:
    generator.rebuild()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        cancelled(issued())
    assert OutboxItem.objects.filter(task=generator.WRITE_TASK).count() == 1
    assert (home / "outdated-since").exists()
    item = OutboxItem.objects.get(task=generator.WRITE_TASK)
    generator.process_items([item.pk])
    assert not (home / "outdated-since").exists()
    item.refresh_from_db()
    assert item.done_at


def test_a_doubt_while_files_are_written_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator.rebuild()
    monkeypatch.setattr(generator, "copy_release_assets", lambda _: generator.mark_stale())
    generator.rebuild()
    assert (home / "outdated-since").exists()


def test_a_look_says_that_all_is_right_and_writes_nothing(home: Path) -> None:
    issued()
    with time_machine.travel("2026-11-20T10:01:00+07:00", tick=False) as clock:
        generator.rebuild()
        tree = get_tree()
        clock.shift(20)
        generator.refresh_if_needed()
        assert get_tree() == tree
        assert (home / "checked-at").read_text() == f"{int(timezone.now().timestamp())}\n"


def test_an_end_is_seen_by_the_next_look_and_told_to_the_front_before(home: Path) -> None:
    end = timezone.now() + timedelta(minutes=1)
    issued(expires=end)
    generator.rebuild()
    ends = (home / "current" / "ends").read_text()
    assert f"{int(end.timestamp())} drop canh-bao/gia-dien-luc/index.html" in ends
    assert " twin index.html" in ends
    with time_machine.travel(end + timedelta(minutes=1)):
        generator.refresh_if_needed()
        assert "hết hiệu lực" in read_static_page("/canh-bao/gia-dien-luc/")


def test_a_new_release_and_a_new_day_write_all_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    generator.rebuild()
    monkeypatch.setattr(generator, "release_fingerprint", lambda: "another")
    before = get_inode("/canh-bao/")
    generator.refresh_if_needed()
    assert get_inode("/canh-bao/") != before


def test_a_tree_that_cannot_be_read_is_written_anew(home: Path) -> None:
    generator.rebuild()
    (home / "current" / "made.json").write_text("{")
    assert StaticTree.current(home) is None
    assert generator.rebuild() > 5


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

    assert list(render_in_subprocess([draw, lambda: b"" + 1, lambda: b"x"])) == [b"ok", b"", b"x"]  # type: ignore[operator]
    assert "something heavy" not in sys.modules


def test_a_sheet_that_cannot_be_drawn_holds_up_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("picture", "poster", "pack"):
        monkeypatch.setattr(print_files, name, fail)
    with time_machine.travel("2026-11-20T10:01:00+07:00", tick=False):
        issued()
        generator.refresh_if_needed()
        tree = get_tree()
        assert "Đang có hiệu lực" in read_static_page("/canh-bao/gia-dien-luc/")
        generator.refresh_if_needed()
        assert get_tree() == tree


def test_drawings_outlast_the_day_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("picture", "poster", "pack"):
        monkeypatch.setattr(print_files, name, lambda _: b"drawn")
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
    lines = (generator.static_pages_dir() / "current" / "signatures").read_text()
    assert lines.startswith(f"/canh-bao/noi-dung/{revision.identifier}.json keyid=")
    assert f'signature="{values["signature"]}"' in lines


def test_whom_agencies_register_is_looked_at_like_a_word(settings: Settings, home: Path) -> None:
    settings.FRAME_ANCESTORS = ("partners",)
    generator.rebuild()
    PartnerAgency.objects.create(name="Xã Mẫu", kind="committee", origins=["https://xa.example.vn"])
    generator.refresh_if_needed()
    policies = (home / "current" / "policies").read_text()
    assert policies.count("frame-ancestors 'self' https://xa.example.vn;") == 2
