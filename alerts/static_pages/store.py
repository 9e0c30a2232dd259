"""The published place, the storage `published`: public pages as files in a folder, or in a bucket.

    pages/canh-bao/index.html, .gz, .br   each replaced as a whole
    pages/canh-bao/index.html.stale       the page that says it may be old
    assets/static/   style sheets and scripts of the last releases, which kept pages ask for
    front            for the front server: policies, signatures, and when what ends
    wanted           a word that each publication gives anew
    checked          when all was last right, epoch seconds, and the word that was given before
    made.json        what each file was made of, for the next round

No page is ever half of one and half of another; docs/adr/0053 says what follows.
"""

import ctypes
import gzip
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Self

import brotli
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils import timezone

FRONT, WANTED, CHECKED, INDEX = "front", "wanted", "checked", "made.json"
KEEP_RELEASES = 3
_WRITERS = 8  # a bucket takes milliseconds for each
_BROTLI_QUALITY = 9
_INCOMPRESSIBLE = {".png", ".pdf", ".zip", ".mp3"}
_COMPRESSED = (".gz", ".br")
STALE = ".stale"
_MAIN = re.compile(rb"<main\b[^>]*>")
_BODY = re.compile(rb'<body(?: class="(\w+)")?>')
_STALE_NOTICES = {
    "vi": "Bản lưu lúc {at}, có thể đã cũ.",
    "en": "Copy kept at {at}. It may be out of date.",
}
_Replacement = Callable[[re.Match[bytes]], bytes]


class PublishedFolder(FileSystemStorage):
    """A folder whose files are replaced as a whole, as in a bucket, each with a later time than before:
    the front server's ETag is made of second and size.
    """

    @property
    def location(self) -> str:
        return str(settings.DATA_DIR / "static-pages")

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File) -> str:  # type: ignore[type-arg]
        target = Path(self.path(name))
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content.read())
        with suppress(OSError):
            second = max(int(target.stat().st_mtime) + 1, int(time.time()))
            os.utime(draft, (second, second))
        draft.replace(target)
        return name

    def sync(self) -> None:
        """Have all of it on the disk. Raises OSError."""
        descriptor = os.open(self.location, os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
                raise OSError(ctypes.get_errno(), "syncfs")
        finally:
            os.close(descriptor)


def published() -> Storage:
    return storages["published"]


def load_text(name: str) -> str:
    """Return what an object says; "" where there is none."""
    with suppress(FileNotFoundError), published().open(name) as file:
        return bytes(file.read()).decode()
    return ""


def save(name: str, data: bytes | str) -> None:
    published().save(name, ContentFile(data.encode() if isinstance(data, str) else data))


class PageRecord(NamedTuple):
    """What a published text was made of, and its SHA-256."""

    made_of: str
    sha256: str


UNKNOWN = PageRecord("", "")


@dataclass
class PublishedIndex:
    """What is published: `basis` names what all of it was made of, `states` the warnings it shows,
    `surroundings` what else it depends on, `pages` each text by its address, `releases` the assets of
    each.
    """

    basis: str = ""
    states: str = ""
    surroundings: str = ""
    undrawn: bool = False
    pages: dict[str, PageRecord] = field(default_factory=dict)
    releases: list[list[str]] = field(default_factory=list)

    @classmethod
    def load(cls) -> Self:
        """Return the index; an empty one where none can be read, so that all is written anew."""
        with suppress(ValueError, TypeError, AttributeError):
            index = cls(**json.loads(load_text(INDEX)))
            index.pages = {path: PageRecord(*row) for path, row in index.pages.items()}
            return index
        return cls()

    def save(self) -> None:
        save(INDEX, json.dumps(asdict(self)))

    @contextmanager
    def replaced_by(self, new: "PublishedIndex", paths: Iterable[str]) -> Iterator["Writer"]:
        """Yield what writes the pages of `new`, among `paths`; then delete what only the old one has.

        A round that breaks off leaves an index of what may lie there, made of nothing known, and the
        next one writes all anew. Raises OSError.
        """
        pages = dict.fromkeys((*self.pages, *paths), UNKNOWN)
        PublishedIndex(pages=pages, releases=self.releases).save()
        with ThreadPoolExecutor(_WRITERS) as pool:
            writer = Writer(pool)
            new.releases = _save_release_assets(writer, self.releases)
            yield writer
            gone = [page for page in self.pages if page not in new.pages]
            writer.delete(name for path in gone for name in list_names(path))
        writer.finish()
        storage = published()
        if isinstance(storage, PublishedFolder):
            storage.sync()
        new.save()


class Writer:
    """Writes objects side by side; the first error is raised at the end."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool
        self.steps: list[Future[None]] = []

    def save(self, name: str, data: bytes) -> None:
        self.steps.append(self.pool.submit(save, name, data))

    def save_page(self, path: str, text: bytes, now: datetime) -> bool:
        """Write a page in each of its forms; False for one that has no place for the notice."""
        name, forms = f"pages/{path_for(path)}", {"": text}
        if Path(name).suffix not in _INCOMPRESSIBLE:
            forms |= zip(_COMPRESSED, _compress(text), strict=True)
        with suppress(ValueError):
            if has_stale_form(path):
                forms[STALE] = with_stale_notice(path, text, now)
            for ending, form in forms.items():
                self.save(f"{name}{ending}", form)
            return True
        return False

    def delete(self, names: Iterator[str]) -> None:
        self.steps += [self.pool.submit(published().delete, name) for name in names]

    def finish(self) -> None:
        for step in self.steps:
            step.result()


@lru_cache(maxsize=8)
def _compress(text: bytes) -> tuple[bytes, bytes]:
    """Return its packed forms; the frames of many communes are one text."""
    return gzip.compress(text, mtime=0), brotli.compress(text, quality=_BROTLI_QUALITY)


def path_for(path: str) -> str:
    """Return where an address lies below pages/."""
    return f"{path.lstrip('/')}index.html" if path.endswith("/") else path.lstrip("/")


def list_names(path: str) -> list[str]:
    """Return the objects that an address may have."""
    return [f"pages/{path_for(path)}{ending}" for ending in ("", *_COMPRESSED, STALE)]


# --- what a page says of its age


def has_stale_form(path: str) -> bool:
    """Return whether its readers are people: what programs read, and what is signed, stays as it is."""
    return path.endswith(("/", ".txt"))


def with_stale_notice(path: str, text: bytes, at: datetime) -> bytes:
    """Return the page that says it may be old: a grey frame, a sentence on pages and texts.

    Raises ValueError.
    """
    if path.endswith("/") and "/nhung/" in path:
        return _replace_once(_BODY, _grey_body, text)
    language = "en" if path.startswith("/en/") else "vi"
    moment = timezone.localtime(at).strftime("%H:%M, %d/%m/%Y")
    notice = _STALE_NOTICES[language].format(at=moment)
    if path.endswith("/"):
        banner = f'<p class="note is-amber" role="note"><b>{notice}</b></p>'.encode()
        return _replace_once(_MAIN, lambda main: main[0] + banner, text)
    return f"{notice}\n\n".encode() + text


def _grey_body(body: re.Match[bytes]) -> bytes:
    return b'<body class="' + b" ".join(filter(None, (body[1], b"past"))) + b'">'


def _replace_once(pattern: re.Pattern[bytes], new: _Replacement, text: bytes) -> bytes:
    changed, count = pattern.subn(new, text, count=1)
    if not count:
        raise ValueError(f"no {pattern.pattern!r} in a page that is to be kept")
    return changed


# --- assets of the last releases


def _save_release_assets(writer: Writer, before: list[list[str]]) -> list[list[str]]:
    """Copy what this release collected, once, and delete what only older ones used; return the names.

    Without collected files names have no hash and nothing is copied.
    """
    names = _list_collected()
    if not names or before[:1] == [names]:
        return before
    releases = [names, *(each for each in before if each != names)]
    kept = {name for release in before[:KEEP_RELEASES] for name in release}
    for name in set(names) - kept:
        writer.save(f"assets/static/{name}", (settings.STATIC_ROOT / name).read_bytes())
    in_use = {name for release in releases[:KEEP_RELEASES] for name in release}
    writer.delete(f"assets/static/{name}" for name in sorted(kept - in_use))
    return releases[:KEEP_RELEASES]


def _list_collected() -> list[str]:
    """Return the hashed files below STATIC_ROOT and their compressed forms."""
    root: Path = settings.STATIC_ROOT
    try:
        names = json.loads((root / "staticfiles.json").read_text())["paths"].values()
    except (OSError, ValueError, KeyError):
        return []
    forms = (f"{name}{ending}" for name in set(names) for ending in ("", *_COMPRESSED))
    return sorted(name for name in forms if (root / name).is_file())
