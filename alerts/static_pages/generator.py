"""Public pages as files, which the front web server hands out when nothing else of us runs.

Every address of alerts/static_pages/page_list.py is asked of Django itself, as a visitor would, at one moment of the
database; then the whole tree changes at once. One process writes at a time. `checked` holds when a
tree was last known to be right; `doubted` says that a word was given since.
"""

import contextlib
import fcntl
import hashlib
import io
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from math import inf
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from alerts.embed import frame_ancestors
from alerts.formats import signatures
from alerts.models import RevisionSignature, selectors
from alerts.static_pages import old_assets, stale_banner
from alerts.static_pages.page_list import StaticPage, list_static_pages
from alerts.static_pages.store import Made, SnapshotTree, path_for
from alerts.static_pages.subprocess_renderer import render_in_subprocess
from core.outbox import queue

log = structlog.get_logger(__name__)

TASK = "alerts.write_snapshots"
KEY = "snapshots"
TIMEOUT_SECONDS = 10.0
REBUILD_INTERVAL_SECONDS = 300  # seconds after which pages of the other room are looked at again
# Of each kind the front server knows one policy; the addresses that tell it.
POLICIES = {
    "page": "/canh-bao/",
    "now": "/dang-bi-goi/",
    "frame": "/nhung/",
    "live": "/nhung/song/",
}
_POLICY = "Content-Security-Policy"
_SPEAKING = {".py", ".html", ".txt", ".css", ".js", ".mo", ".json"}
_OK = 200
# In a request's environ, where no visitor can put it: nothing that was kept will do.
ANEW = "snapshots.anew"


class SnapshotError(Exception):
    """A page could not be had; the tree that is served stays."""


def snapshot_dir() -> Path:
    folder: Path = settings.DATA_DIR / "snapshots"
    return folder


def process_items(items: Iterable[int], patience: float = inf) -> None:
    """Write what these outbox items owe; each claims a tree that is newer than its own cause."""
    for claim in queue.iter_leases(items, patience):
        with claim:
            rebuild()
            queue.mark_done(claim)


def enqueue_rebuild() -> None:
    """Owe new files, in the transaction that gives the cause; the old ones are doubted at once."""
    queue.enqueue_once(TASK, KEY)
    transaction.on_commit(mark_stale)
    transaction.on_commit(queue.notify)


def mark_stale() -> None:
    """Have the front server ask the application first until the files are right again."""
    with contextlib.suppress(OSError):
        if snapshot_dir().is_dir():
            _put("doubted", str(time.time_ns()))


def refresh_if_needed() -> None:
    """Beat: say that the files are right, or make them so, and draw what a word had no time for."""
    doubted, current = _doubt(), SnapshotTree.current(snapshot_dir())
    known = current.made.get("", {}) if current else {}
    if known == {"standing": content_fingerprint(timezone.now()), "undrawn": False}:
        _check(doubted)
    else:
        rebuild(draws=True)


def content_fingerprint(now: datetime) -> str:
    """Names what is in force and over, and who may frame it; changes with every SLOT too."""
    words = [
        f"{revision.identifier} {revision.state(now)}"
        for revision in (*selectors.in_force(), *selectors.ended())
    ]
    slot = int(now.timestamp()) // REBUILD_INTERVAL_SECONDS
    made_of = f"{words} {slot} {release_fingerprint()} {frame_ancestors.frame_ancestors()}"
    return hashlib.sha256(made_of.encode()).hexdigest()


@cache
def release_fingerprint() -> str:
    """Names the code and the templates that pages are made of: a new version writes all anew."""
    found = hashlib.sha256()
    for folder in ("alerts", "reports", "templates", "static", "locale"):
        for file in sorted((settings.BASE_DIR / folder).rglob("*")):
            if file.suffix in _SPEAKING:
                found.update(file.read_bytes())
    return found.hexdigest()[:16]


@dataclass(frozen=True)
class _Before:
    """The tree that is served, and whether its pages may be taken over, or its drawings alone."""

    tree: SnapshotTree | None
    pages: bool
    drawings: bool

    def having(self, door: StaticPage) -> SnapshotTree | None:
        """The same, when it holds what this door would say now."""
        may = self.drawings if door.drawn else self.pages
        if (
            self.tree
            and may
            and door.made_of
            and self.get_page(door.path).get("of") == _made_of(door)
        ):
            return self.tree
        return None

    def get_page(self, path: str) -> Made:
        return self.tree.made.get(path, {}) if self.tree else {}


def rebuild(*, anew: bool = False, draws: bool = False) -> int:
    """Write what has changed, or all of it `anew`; how many texts were rendered. New sheets are left
    out unless it `draws`: their second would be one in which a word is not in its files.

    Raises SnapshotError, OSError; then the tree that is served stays as it was.
    """
    with _alone(), _one_moment():
        doubted = _doubt()
        old_assets.copy_release_assets(snapshot_dir())
        now = timezone.now()
        old = SnapshotTree.current(snapshot_dir())
        tree = SnapshotTree.create(
            snapshot_dir(), f"{timezone.localdate(now)} {release_fingerprint()}"
        )
        before = _Before(old, bool(old and old.basis == tree.basis and not anew), not anew)
        rendered = _fill(tree, before, now, draws=draws)
        tree.activate(snapshot_dir())
        _check(doubted)
    log.info("snapshots.written", rendered=rendered, files=len(tree.made))
    return rendered


def _fill(tree: SnapshotTree, before: _Before, now: datetime, *, draws: bool) -> int:
    rendered = 0
    alike: dict[str, str] = {}
    wanted = list_static_pages(now)
    undrawn = [door for door in wanted if door.drawn and not before.having(door)]
    with closing(
        render_in_subprocess([door.drawn for door in undrawn if door.drawn and draws])
    ) as drawings:
        for door in wanted:
            if first := alike.get(door.alike):
                tree.copy_from(door.path, tree, first)
            elif same := before.having(door):
                tree.copy_from(door.path, same, door.path)
            elif text := next(drawings, b"") if door.drawn else _render_page(door.path):
                rendered += 1
                _write(tree, before, door, text, now)
            elif draws:  # one that cannot be drawn holds up no page
                log.error("snapshots.not_drawn", path=door.path)
            if door.alike:
                alike[door.alike] = door.path
    tree.made[""] = {"standing": content_fingerprint(now), "undrawn": bool(undrawn) and not draws}
    tree.write_manifest(_ends(wanted), _policies(), _signatures())
    return rendered


def _made_of(door: StaticPage) -> str:
    """Pages are written anew by a new release and each day, drawings by a new release alone."""
    return f"{door.made_of} {release_fingerprint()}" if door.drawn else door.made_of


def _render_page(path: str) -> bytes:
    return bytes(getattr(render_internally(path), "content", b""))


def _write(
    tree: SnapshotTree, before: _Before, door: StaticPage, text: bytes, now: datetime
) -> None:
    """Write a text. When it says what it said, its file stays, with its time."""
    digest = hashlib.sha256(text).hexdigest()
    said_before = before.get_page(door.path)
    made = {"of": _made_of(door), "digest": digest}
    if before.tree and before.pages and said_before.get("digest") == digest:
        tree.copy_from(door.path, before.tree, door.path)
        tree.made[door.path] = said_before | made
        return
    # A new text has a later second: the front server's ETag is made of it and of the size.
    at = max(now.replace(microsecond=0), _after(said_before.get("at"), now))
    fresh = stale_banner.with_timestamp(door.path, text, timezone.localtime(at))
    tree.write(door.path, made, fresh, stale_banner.with_stale_banner(door.path, fresh, at), at)


def _after(second: int | None, now: datetime) -> datetime:
    return datetime.fromtimestamp(second + 1, now.tzinfo) if second else now - timedelta(days=1)


def render_internally(path: str) -> HttpResponseBase:
    """What Django answers to a visitor without a cookie. Raises SnapshotError."""
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
        ANEW: True,
        "wsgi.input": io.BytesIO(),
    }
    answer = _handler().get_response(WSGIRequest(environ))
    if answer.status_code != _OK or answer.cookies:
        raise SnapshotError(f"{path} answered {answer.status_code}")
    return answer


@cache
def _handler() -> BaseHandler:
    handler = BaseHandler()
    handler.load_middleware()
    return handler


def _policies() -> dict[str, str]:
    """By kind of page; a kind of which there is no page has none."""
    told = {kind: render_internally(path).headers[_POLICY] for kind, path in POLICIES.items()}
    return told | {"scheme": urlsplit(settings.PORTAL_URL).scheme}


def _signatures() -> dict[str, str]:
    """By address of what was signed; the header that a file cannot have."""
    return {
        reverse("alerts:content", args=[seal.revision.identifier]): signatures.signature_header(
            seal
        )
        for seal in RevisionSignature.objects.select_related("revision").order_by("pk")
    }


def _ends(wanted: list[StaticPage]) -> list[str]:
    """For the loop: when which file is to go, or to give way to its twin; the first end first."""
    return [
        f"{until} {'drop' if drops else 'twin'} {path_for(path)}"
        for until, drops, path in sorted((d.until, d.drops, d.path) for d in wanted if d.until)
    ]


# --- who writes, and what is known of it


@contextmanager
def _alone() -> Iterator[None]:
    """One writer at a time; the lock goes with its process."""
    snapshot_dir().mkdir(parents=True, exist_ok=True)
    with (snapshot_dir() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _one_moment() -> Iterator[None]:
    """All pages of one moment of the database; within a transaction, of that one."""
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _doubt() -> str:
    with contextlib.suppress(OSError):
        return (snapshot_dir() / "doubted").read_text()
    return ""


def _check(doubted: str) -> None:
    """Say that the tree is right now. A doubt that came while it was written stays."""
    if doubted and _doubt() == doubted:
        (snapshot_dir() / "doubted").unlink(missing_ok=True)
    _put("checked", str(int(time.time())))


def _put(name: str, text: str) -> None:
    """A file in one step: who reads it while it is written reads the one before."""
    draft = snapshot_dir() / f".{name}-{secrets.token_hex(4)}"
    draft.write_text(f"{text}\n")
    draft.replace(snapshot_dir() / name)
