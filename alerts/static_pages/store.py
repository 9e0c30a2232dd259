"""Trees of static pages on the disk: built beside the one that is served, then put in its place by
one rename. What did not change is the same file in both.

    static-pages/current -> trees/20261126T230500-1a2b3c4d
    trees/…/fresh/canh-bao/index.html, .gz, .br    trees/…/stale/… the stale copies
    trees/…/ends       for the front server's loop: epoch, drop or twin, file
    trees/…/policies   for the same: kind, Content-Security-Policy
    trees/…/signatures for the same: address, X-Content-Signature
    trees/…/made.json  what each file was made of, for the next tree
    assets/            style sheets and scripts of the last releases, which kept pages ask for
"""

import contextlib
import ctypes
import gzip
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import brotli
from django.conf import settings
from django.utils import timezone

FRESH, STALE = "fresh", "stale"
CURRENT = "current"
KEEP_RELEASES = 3
_KEEP_TREES = 2  # the one before is still being read when its successor takes over
_MIN_GZIP_BYTES = 200
_BROTLI_QUALITY = 9
_INCOMPRESSIBLE = {".png", ".pdf", ".zip", ".mp3"}
_CHARSET = b'<meta charset="utf-8">'
_MAIN = re.compile(rb"<main\b[^>]*>")
_BODY = re.compile(rb'<body(?: class="(\w+)")?>')
_STALE_NOTICES = {
    "vi": "Bản lưu lúc {at}, có thể đã cũ.",
    "en": "Copy kept at {at}. It may be out of date.",
}
FileRecord = dict[str, Any]
_Replacement = bytes | Callable[[re.Match[bytes]], bytes]


def path_for(path: str) -> str:
    """Return where an address lies in a tree."""
    return f"{path.lstrip('/')}index.html" if path.endswith("/") else path.lstrip("/")


@dataclass
class StaticTree:
    """A tree. `basis` names what all of it was made of, `made` by address what each file was,
    `failed` the pages that it lacks.
    """

    folder: Path
    basis: str = ""
    made: dict[str, FileRecord] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    @classmethod
    def create(cls, home: Path, basis: str) -> Self:
        """Create and return an empty tree that is not served yet."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        folder = home / "trees" / name
        folder.mkdir(parents=True)
        return cls(folder, basis)

    @classmethod
    def current(cls, home: Path) -> Self | None:
        """Return the tree that is served; None when there is none, or it cannot be read."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            folder = (home / CURRENT).resolve(strict=True)
            record = json.loads((folder / "made.json").read_text())
            return cls(folder, record["basis"], record["files"])
        return None

    def write(self, path: str, record: FileRecord, text: bytes, at: datetime) -> None:
        """Write both copies of an address, compressed too, with `at` as their Last-Modified.

        Raises ValueError for a page that has no place for the time or the notice.
        """
        fresh = with_timestamp(path, text, timezone.localtime(at))
        stale = with_stale_banner(path, fresh, at)
        self.made[path] = record | {"at": int(at.timestamp())}
        _write(self._locate(FRESH, path), fresh, at)
        if stale == fresh:
            self._link(FRESH, path, self, STALE, path)
        else:
            _write(self._locate(STALE, path), stale, at)

    def copy_from(self, path: str, other: "StaticTree", other_path: str) -> None:
        """Link both copies from another tree, or from another address of this one."""
        self.made[path] = other.made[other_path]
        for kind in (FRESH, STALE):
            other._link(kind, other_path, self, kind, path)  # noqa: SLF001  # of our own kind

    def write_manifest(
        self, ends: list[str], policies: dict[str, str], signatures: dict[str, str]
    ) -> None:
        """Write what the front server's loop and the next tree read."""
        (self.folder / "ends").write_text("".join(f"{line}\n" for line in ends))
        for name, values in ("policies", policies), ("signatures", signatures):
            lines = (f"{key} {value}\n" for key, value in values.items())
            (self.folder / name).write_text("".join(lines))
        record = {"basis": self.basis, "files": self.made}
        (self.folder / "made.json").write_text(json.dumps(record))

    def activate(self, home: Path) -> None:
        """Serve this tree, once it is on the disk as a whole, and delete unused ones. Raises OSError."""
        _sync(self.folder)
        draft = home / f".{CURRENT}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(self.folder.relative_to(home))
        draft.replace(home / CURRENT)
        _prune(home)

    def _locate(self, kind: str, path: str) -> Path:
        file = self.folder / kind / path_for(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def _link(
        self, kind: str, path: str, other: "StaticTree", other_kind: str, other_path: str
    ) -> None:
        source = self._locate(kind, path)
        target = other._locate(other_kind, other_path)  # noqa: SLF001
        for ending in ("", ".gz", ".br"):
            if not ending or Path(f"{source}{ending}").exists():
                os.link(f"{source}{ending}", f"{target}{ending}")


def _sync(folder: Path) -> None:
    """Sync the whole file system: there may be a thousand files and links."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            raise OSError(ctypes.get_errno(), "syncfs")
    finally:
        os.close(descriptor)


def _prune(home: Path) -> None:
    """Delete all but the newest trees, and what killed writers left."""
    current = (home / CURRENT).resolve()
    others = sorted(tree for tree in (home / "trees").iterdir() if tree != current)
    for tree in others[: 1 - _KEEP_TREES]:
        shutil.rmtree(tree, ignore_errors=True)


def _write(file: Path, text: bytes, at: datetime) -> None:
    forms = {"": text}
    if file.suffix not in _INCOMPRESSIBLE:
        if len(text) > _MIN_GZIP_BYTES:
            forms[".gz"] = gzip.compress(text, mtime=0)
        forms[".br"] = brotli.compress(text, quality=_BROTLI_QUALITY)
    for ending, data in forms.items():
        form = Path(f"{file}{ending}")
        form.write_bytes(data)
        os.utime(form, (at.timestamp(), at.timestamp()))


# --- what a copy says of its age


def with_timestamp(path: str, text: bytes, at: datetime) -> bytes:
    """Return a page with the time at which it was written. Raises ValueError."""
    if not path.endswith("/"):
        return text
    mark = f'{_CHARSET.decode()}<meta name="written" content="{at.isoformat()}">'
    return _replace_once(re.compile(re.escape(_CHARSET)), mark.encode(), text)


def with_stale_banner(path: str, text: bytes, at: datetime) -> bytes:
    """Return the copy that says it may be old: a grey frame, a sentence on pages and texts.

    What programs read, and what is signed, stays as it is. Raises ValueError.
    """
    is_page = path.endswith("/")
    if is_page and "/nhung/" in path:
        return _replace_once(_BODY, _grey_body, text)
    language = "en" if path.startswith("/en/") else "vi"
    moment = timezone.localtime(at).strftime("%H:%M, %d/%m/%Y")
    notice = _STALE_NOTICES[language].format(at=moment)
    if is_page:
        banner = f'<p class="note is-amber" role="note"><b>{notice}</b></p>'.encode()
        return _replace_once(_MAIN, lambda main: main[0] + banner, text)
    return f"{notice}\n\n".encode() + text if path.endswith(".txt") else text


def _grey_body(body: re.Match[bytes]) -> bytes:
    return b'<body class="' + b" ".join(filter(None, (body[1], b"past"))) + b'">'


def _replace_once(pattern: re.Pattern[bytes], new: _Replacement, text: bytes) -> bytes:
    changed, count = pattern.subn(new, text, count=1)
    if not count:
        raise ValueError(f"no {pattern.pattern!r} in a page that is to be kept")
    return changed


# --- assets of the last releases


def copy_release_assets(home: Path) -> None:
    """Copy what this release collected, once, and delete what only older ones used.

    Without collected files names have no hash and nothing is copied.
    """
    names, releases = _list_collected(), _load_releases(home)
    if not names or (releases and releases[0] == names):
        return
    folder = home / "assets" / "static"
    for name in names:
        _copy(settings.STATIC_ROOT / name, folder / name)
    releases = [names, *(each for each in releases if each != names)][:KEEP_RELEASES]
    in_use = {name for release in releases for name in release}
    for file in [file for file in folder.rglob("*") if file.is_file()]:
        if str(file.relative_to(folder)) not in in_use:
            file.unlink()
    draft = home / "assets" / ".releases"
    draft.write_text(json.dumps(releases))
    draft.replace(home / "assets" / "releases.json")


def _list_collected() -> list[str]:
    """Return the hashed files below STATIC_ROOT and their compressed forms."""
    root: Path = settings.STATIC_ROOT
    try:
        names = json.loads((root / "staticfiles.json").read_text())["paths"].values()
    except (OSError, ValueError, KeyError):
        return []
    forms = (f"{name}{ending}" for name in set(names) for ending in ("", ".gz", ".br"))
    return sorted(name for name in forms if (root / name).is_file())


def _load_releases(home: Path) -> list[list[str]]:
    with contextlib.suppress(OSError, ValueError):
        releases: list[list[str]] = json.loads((home / "assets" / "releases.json").read_text())
        return releases
    return []


def _copy(source: Path, target: Path) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}")
    shutil.copyfile(source, draft)
    draft.replace(target)
