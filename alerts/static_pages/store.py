"""A tree of kept copies on the disk: built beside the one that is served, then put in its place by
one rename. What did not change is the same file in both.

    snapshots/current -> trees/20261126T230500-1a2b3c4d
    trees/…/fresh/canh-bao/index.html, .gz, .br    trees/…/stale/… the twins
    trees/…/ends       for the front server's loop: epoch, drop or twin, file
    trees/…/policies   for the same: kind, Content-Security-Policy
    trees/…/signatures for the same: address, X-Content-Signature
    trees/…/made.json  what each file was made of, for the next tree
"""

import contextlib
import ctypes
import gzip
import json
import os
import secrets
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import brotli

MAX_AGE_SECONDS, STALE = "fresh", "stale"
CURRENT = "current"
_KEPT = 2  # trees; the one before is still being read when its successor takes over
_SMALL = 200  # bytes, that compressing makes no smaller
_QUALITY = 9
_PACKED = {".png", ".pdf", ".zip"}  # that compressing makes no smaller either
Made = dict[str, Any]


def path_for(path: str) -> str:
    """Where an address lies in a tree."""
    return f"{path.lstrip('/')}index.html" if path.endswith("/") else path.lstrip("/")


@dataclass
class SnapshotTree:
    """One tree. `basis` names what all of it was made of, `made` by address each file."""

    folder: Path
    basis: str = ""
    made: dict[str, Made] = field(default_factory=dict)

    @classmethod
    def create(cls, home: Path, basis: str) -> Self:
        """A new, empty one that nobody sees yet."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        folder = home / "trees" / name
        folder.mkdir(parents=True)
        return cls(folder, basis)

    @classmethod
    def current(cls, home: Path) -> Self | None:
        """The one that is served; None when there is none, or none that can be read."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            folder = (home / CURRENT).resolve(strict=True)
            kept = json.loads((folder / "made.json").read_text())
            return cls(folder, kept["basis"], kept["files"])
        return None

    def write(self, path: str, made: Made, fresh: bytes, stale: bytes, at: datetime) -> None:
        """Both copies of an address, compressed beside; `at` becomes their Last-Modified."""
        self.made[path] = made | {"at": int(at.timestamp())}
        plain = self._file(MAX_AGE_SECONDS, path)
        _write(plain, fresh, at)
        if stale == fresh:
            self._link(MAX_AGE_SECONDS, path, self, STALE, path)
        else:
            _write(self._file(STALE, path), stale, at)

    def copy_from(self, path: str, other: "SnapshotTree", other_path: str) -> None:
        """Both copies as they are in another tree, or here under another address."""
        self.made[path] = other.made[other_path]
        for kind in (MAX_AGE_SECONDS, STALE):
            other._link(kind, other_path, self, kind, path)  # noqa: SLF001  # of our own kind

    def write_manifest(
        self, ends: list[str], policies: dict[str, str], signatures: dict[str, str]
    ) -> None:
        """What the front server's loop and the next tree read."""
        (self.folder / "ends").write_text("".join(f"{line}\n" for line in ends))
        for name, told in ("policies", policies), ("signatures", signatures):
            lines = (f"{key} {value}\n" for key, value in told.items())
            (self.folder / name).write_text("".join(lines))
        kept = {"basis": self.basis, "files": self.made}
        (self.folder / "made.json").write_text(json.dumps(kept))

    def activate(self, home: Path) -> None:
        """Serve this one from now on, and remove those that nobody reads any more. First all of it
        is on the disk: after a power cut no name leads to half a tree. Raises OSError.
        """
        _sync(self.folder)
        draft = home / f".{CURRENT}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(self.folder.relative_to(home))
        draft.replace(home / CURRENT)
        prune(home)

    def _file(self, kind: str, path: str) -> Path:
        place = self.folder / kind / path_for(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _link(
        self, kind: str, path: str, other: "SnapshotTree", other_kind: str, other_path: str
    ) -> None:
        source, target = self._file(kind, path), other._file(other_kind, other_path)  # noqa: SLF001
        for ending in ("", ".gz", ".br"):
            if not ending or Path(f"{source}{ending}").exists():
                os.link(f"{source}{ending}", f"{target}{ending}")


def _sync(folder: Path) -> None:
    """Wait for the whole file system, files and links: there may be a thousand."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            raise OSError(ctypes.get_errno(), "syncfs")
    finally:
        os.close(descriptor)


def prune(home: Path) -> None:
    """All but the newest few, what a killed writer left among them."""
    current = (home / CURRENT).resolve()
    others = sorted(tree for tree in (home / "trees").iterdir() if tree != current)
    for tree in others[: 1 - _KEPT]:
        shutil.rmtree(tree, ignore_errors=True)


def _write(place: Path, text: bytes, at: datetime) -> None:
    forms = {"": text}
    if place.suffix not in _PACKED:
        if len(text) > _SMALL:
            forms[".gz"] = gzip.compress(text, mtime=0)
        forms[".br"] = brotli.compress(text, quality=_QUALITY)
    for ending, data in forms.items():
        file = Path(f"{place}{ending}")
        with file.open("wb") as out:
            out.write(data)
        os.utime(file, (at.timestamp(), at.timestamp()))
