"""Public pages as files, which the front web server serves when the application is down.

Every address of page_list.py is requested of Django in one snapshot of the database; then the whole
tree is replaced at once, by one process at a time. `checked-at` holds when a tree was last right;
`outdated-since` says that a revision was issued since.
"""

import contextlib
import fcntl
import hashlib
import io
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from alerts.embed import frames
from alerts.formats import signatures
from alerts.models import AlertRevision, RevisionSignature
from alerts.static_pages.page_list import StaticPage, list_static_pages
from alerts.static_pages.store import FileRecord, StaticTree, copy_release_assets, path_for
from alerts.static_pages.subprocess_renderer import render_in_subprocess
from core.database import read_snapshot
from core.outbox import queue, sweeps

log = structlog.get_logger(__name__)

WRITE_TASK = "alerts.write_static_pages"
KEY, SWEEP = "static_pages", "static_pages.render"
MAX_FAILED = 10  # pages that a tree may lack
TIMEOUT_SECONDS = 10.0
STATEMENT_TIMEOUT_SECONDS = 5  # as of a page
REBUILD_INTERVAL_SECONDS = 300  # after which pages of reports are rendered again
# The front server knows one policy a kind of page; the addresses whose responses have it.
POLICIES = {
    "page": "/canh-bao/",
    "now": "/dang-bi-goi/",
    "frame": "/nhung/",
    "live": "/nhung/song/",
}
_POLICY = "Content-Security-Policy"
_SOURCE_SUFFIXES = {".py", ".html", ".txt", ".css", ".js", ".mo", ".json"}
_OK = 200
# In a request's environ, where no visitor can put it: no cached response will do.
BYPASS_CACHE_KEY = "static_pages.bypass_cache"


class StaticPageError(Exception):
    """A page could not be rendered; the tree that is served stays."""


def static_pages_dir() -> Path:
    folder: Path = settings.DATA_DIR / "static-pages"
    return folder


@queue.for_each_lease
def process_items(lease: queue.Lease) -> None:
    """Rebuild for an outbox item, which gets a tree that is newer than its cause."""
    rebuild()
    queue.mark_done(lease)


def enqueue_rebuild() -> None:
    """Enqueue a rebuild, in the transaction of its cause; mark the old files as stale after COMMIT."""
    queue.enqueue_once(WRITE_TASK, KEY)
    transaction.on_commit(mark_stale)
    transaction.on_commit(queue.notify)


def mark_stale() -> None:
    """Make the front server ask the application first until the files are checked again."""
    with contextlib.suppress(OSError):
        if static_pages_dir().is_dir():
            _replace_file("outdated-since", str(time.time_ns()))


def refresh_if_needed() -> None:
    """Mark the files as checked, or rebuild them with the drawings that an issue left out."""
    outdated_since, current = _read_outdated_since(), StaticTree.current(static_pages_dir())
    summary = current.made.get("", {}) if current else {}
    if summary == {"standing": content_fingerprint(timezone.now()), "undrawn": False}:
        _mark_checked(outdated_since)
    else:
        rebuild(draws=True)


def content_fingerprint(now: datetime) -> str:
    """Return a digest of the warnings' states, the frame ancestors, the release and the interval."""
    revisions = (*AlertRevision.objects.in_force(), *AlertRevision.objects.ended())
    states = [f"{revision.identifier} {revision.state(now)}" for revision in revisions]
    interval = int(now.timestamp()) // REBUILD_INTERVAL_SECONDS
    text = f"{states} {interval} {release_fingerprint()} {frames.frame_ancestors()}"
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def release_fingerprint() -> str:
    """Return a digest of the code and templates that pages are made of."""
    digest = hashlib.sha256()
    for folder in ("alerts", "reports", "templates", "static", "locale"):
        for file in sorted((settings.BASE_DIR / folder).rglob("*")):
            if file.suffix in _SOURCE_SUFFIXES:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class _ServedTree:
    """The tree that is served, and whether its pages, or its drawings, may be reused."""

    tree: StaticTree | None
    pages: bool
    drawings: bool

    def find_same(self, page: StaticPage) -> StaticTree | None:
        """Return the tree if it holds what this page would say now."""
        may_reuse = page.made_of and (self.drawings if page.drawn else self.pages)
        is_same = self.get_record(page.path).get("of") == _made_of(page)
        return self.tree if may_reuse and is_same else None

    def get_record(self, path: str) -> FileRecord:
        return self.tree.made.get(path, {}) if self.tree else {}


def rebuild(*, anew: bool = False, draws: bool = False) -> int:
    """Write what has changed, or everything `anew`; return how many texts were rendered. New drawings
    only with `draws`: an issue cannot wait. A page that fails is left out, and the application asked
    for it. Raises StaticPageError, OSError; then the served tree stays.
    """
    home = static_pages_dir()
    with _lock_writer(), read_snapshot(STATEMENT_TIMEOUT_SECONDS):
        outdated_since, now = _read_outdated_since(), timezone.now()
        copy_release_assets(home)
        old = StaticTree.current(home)
        tree = StaticTree.create(home, f"{timezone.localdate(now)} {release_fingerprint()}")
        served = _ServedTree(old, bool(old and old.basis == tree.basis and not anew), not anew)
        rendered = _fill(tree, served, now, draws=draws)
        tree.activate(home)
        _mark_checked(outdated_since)
    for key in {*sweeps.failed_keys(SWEEP), *tree.failed}:
        with sweeps.Guard(SWEEP, key):
            if key in tree.failed:
                raise StaticPageError(key)
    log.info("static_pages.written", rendered=rendered, files=len(tree.made))
    return rendered


def _fill(tree: StaticTree, served: _ServedTree, now: datetime, *, draws: bool) -> int:
    rendered, late = 0, sweeps.failed_keys(SWEEP)
    alike: dict[str, str] = {}
    pages = sorted(list_static_pages(now), key=lambda page: page.key in late)
    undrawn = [page.drawn for page in pages if page.drawn and not served.find_same(page)]
    with closing(render_in_subprocess(undrawn if draws else [])) as drawings:
        for page in pages:
            if first := alike.get(page.alike):
                tree.copy_from(page.path, tree, first)
            elif same := served.find_same(page):
                tree.copy_from(page.path, same, page.path)
            elif text := next(drawings, b"") if page.drawn else _render_page(page.path):
                rendered += 1
                _write(tree, served, page, text, now)
            elif draws or not page.drawn:  # holds up no other; many mean that none can be
                tree.failed.append(page.key)
                if len(tree.failed) > MAX_FAILED:
                    raise StaticPageError(f"{page.path} and {MAX_FAILED} others failed")
                continue
            if page.alike:
                alike[page.alike] = page.path
    tree.made[""] = {"standing": content_fingerprint(now), "undrawn": bool(undrawn) and not draws}
    tree.write_manifest(_list_ends(pages), _load_policies(), _load_signatures())
    return rendered


def _made_of(page: StaticPage) -> str:
    """Return what the page depends on: of drawings the release too; pages are made anew each day."""
    return f"{page.made_of} {release_fingerprint()}" if page.drawn else page.made_of


def _render_page(path: str) -> bytes:
    """Return the text of a page, empty where it fails; the snapshot goes on."""
    with contextlib.suppress(StaticPageError), transaction.atomic():
        return bytes(getattr(render_internally(path), "content", b""))
    return b""


def _write(
    tree: StaticTree, served: _ServedTree, page: StaticPage, text: bytes, now: datetime
) -> None:
    """Write a text; when it did not change, link its file, with its time."""
    old = served.get_record(page.path)
    record = {"of": _made_of(page), "digest": hashlib.sha256(text).hexdigest()}
    if served.tree and served.pages and old.get("digest") == record["digest"]:
        tree.copy_from(page.path, served.tree, page.path)
        tree.made[page.path] = old | record
        return
    at = now.replace(microsecond=0)
    if old_second := old.get("at"):
        # A new text has a later second: the front server's ETag is made of it and of the size.
        at = max(at, datetime.fromtimestamp(old_second + 1, now.tzinfo))
    tree.write(page.path, record, text, at)


def render_internally(path: str) -> HttpResponseBase:
    """Return Django's response to a visitor without a cookie. Raises StaticPageError."""
    portal = urlsplit(settings.PORTAL_URL)
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": portal.hostname or "localhost",
        "SERVER_PORT": str(portal.port or 80),
        "HTTP_HOST": portal.netloc,
        "HTTP_X_FORWARDED_PROTO": portal.scheme,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": portal.scheme,
        BYPASS_CACHE_KEY: True,
        "wsgi.input": io.BytesIO(),
    }
    response = _load_handler().get_response(WSGIRequest(environ))
    if response.status_code != _OK or response.cookies:
        raise StaticPageError(f"{path} answered {response.status_code}")
    return response


@cache
def _load_handler() -> BaseHandler:
    handler = BaseHandler()
    handler.load_middleware()
    return handler


def _load_policies() -> dict[str, str]:
    policies = {kind: render_internally(path).headers[_POLICY] for kind, path in POLICIES.items()}
    return policies | {"scheme": urlsplit(settings.PORTAL_URL).scheme}


def _load_signatures() -> dict[str, str]:
    """Return the X-Content-Signature, which a file cannot have, by path of what was signed."""
    rows = RevisionSignature.objects.select_related("revision").order_by("pk")
    paths = (reverse("alerts:content", args=[row.revision.identifier]) for row in rows)
    return dict(zip(paths, map(signatures.signature_header, rows), strict=True))


def _list_ends(pages: list[StaticPage]) -> list[str]:
    """Return lines for the loop: when which file is deleted or replaced by its stale copy."""
    ends = sorted((page.until, page.drops, page.path) for page in pages if page.until)
    return [
        f"{until} {'drop' if drops else 'twin'} {path_for(path)}" for until, drops, path in ends
    ]


# --- who writes, and the files `checked-at` and `outdated-since`


@contextmanager
def _lock_writer() -> Iterator[None]:
    static_pages_dir().mkdir(parents=True, exist_ok=True)
    with (static_pages_dir() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read_outdated_since() -> str:
    with contextlib.suppress(OSError):
        return (static_pages_dir() / "outdated-since").read_text()
    return ""


def _mark_checked(outdated_since: str) -> None:
    """Record that the tree is right now. A mark that came while it was written stays."""
    if outdated_since and _read_outdated_since() == outdated_since:
        (static_pages_dir() / "outdated-since").unlink(missing_ok=True)
    _replace_file("checked-at", str(int(time.time())))


def _replace_file(name: str, text: str) -> None:
    draft = static_pages_dir() / f".{name}-{secrets.token_hex(4)}"
    draft.write_text(f"{text}\n")
    draft.replace(static_pages_dir() / name)
