"""Public pages of warnings, rendered when what they say changes and written to the published place.

Every address of page_list.py is requested of Django in one snapshot of the database, by one process
at a time. A publication gives a new word in `wanted`, after COMMIT; from then on the front server asks
the application, until `checked` repeats that word.

Drawings come from a process that ends afterwards: their libraries take tens of megabytes.
"""

import contextlib
import hashlib
import io
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from alerts.formats import frames, signatures
from alerts.formats.validators import describe_states, release_fingerprint
from alerts.models import AlertRevision, RevisionSignature
from alerts.static_pages import store
from alerts.static_pages.page_list import StaticPage, list_static_pages
from alerts.static_pages.store import CHECKED, FRONT, UNKNOWN, WANTED, PageRecord, PublishedIndex
from core import database
from core.outbox import queue, sweeps

log = structlog.get_logger(__name__)

Drawing = Callable[[], bytes]
_HEADER_BYTES = 8  # they say how many follow


@contextmanager
def render_in_subprocess(drawings: Sequence[Drawing]) -> Iterator[Iterator[bytes]]:
    """Yield what yields each drawing, in order; b"" for one that fails. They must not use the parent's
    database, and the parent has no other thread yet.
    """
    if not drawings:
        yield iter(())
        return
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _run_child(drawings, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            yield (_receive(pipe) for _ in drawings)
    finally:
        os.waitpid(child, 0)


def _run_child(drawings: Sequence[Drawing], writing: int) -> None:
    """Draw all, and exit without touching what is shared with the parent."""
    try:
        with os.fdopen(writing, "wb") as pipe:
            for draw in drawings:
                data = b""
                with suppress(Exception):
                    data = draw()
                pipe.write(len(data).to_bytes(_HEADER_BYTES, "big") + data)
    finally:
        os._exit(0)


def _receive(pipe: BinaryIO) -> bytes:
    size = int.from_bytes(pipe.read(_HEADER_BYTES), "big")
    data = pipe.read(size)
    return data if len(data) == size else b""


# --- pages

WRITE_TASK = "alerts.write_static_pages"
KEY, SWEEP = "static_pages", "static_pages.render"
MAX_FAILED = 10  # pages that a round may leave out
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


class StaticPageError(Exception):
    """A page could not be rendered; the one that is published stays."""


@queue.for_each_lease
def process_items(lease: queue.Lease) -> None:
    """Publish for an outbox item, which gets pages that are newer than its cause."""
    rebuild()
    queue.mark_done(lease)


def enqueue_rebuild() -> None:
    """Enqueue a rebuild, in the transaction of its cause; mark the old pages as stale after COMMIT."""
    queue.enqueue_once(WRITE_TASK, KEY)
    transaction.on_commit(mark_stale, robust=True)
    transaction.on_commit(queue.notify)


def mark_stale() -> None:
    """Make the front server ask the application first until the pages are checked again."""
    store.save(WANTED, secrets.token_hex(8))


def refresh_if_needed() -> None:
    """Mark the pages as checked, or rebuild them with the drawings that an issue left out.

    What begins or ends by itself is a publication like an issue.
    """
    wanted, index, now = store.load_text(WANTED), PublishedIndex.load(), timezone.now()
    states = _describe_all(now)
    if index.states != states:
        mark_stale()
    elif index.surroundings == _describe_surroundings(now) and not index.undrawn:
        _mark_checked(wanted)
        return
    with database.hold(KEY, waits=False) as may_write:
        if may_write:  # else another process writes just now
            rebuild(draws=True)


def _describe_all(now: datetime) -> str:
    """Return a digest of the warnings' states."""
    revisions = (*AlertRevision.objects.in_force(), *AlertRevision.objects.ended())
    return hashlib.sha256(describe_states(revisions, now).encode()).hexdigest()


def _describe_surroundings(now: datetime) -> str:
    """Return a digest of what else pages depend on: release, interval, frame ancestors."""
    interval = int(now.timestamp()) // REBUILD_INTERVAL_SECONDS
    text = f"{interval} {release_fingerprint()} {frames.frame_ancestors()}"
    return hashlib.sha256(text.encode()).hexdigest()


def rebuild(*, anew: bool = False, draws: bool = False) -> int:
    """Publish what has changed, or everything `anew`; return how many texts were rendered. New drawings
    only with `draws`: an issue cannot wait. A page that fails is left out, and the application asked
    for it. Raises StaticPageError and the storage's errors; then the front server goes on asking.
    """
    # One process of all hosts writes; a lock of the connection, for the snapshot is taken after it.
    with database.hold(KEY):
        wanted, old = store.load_text(WANTED), PublishedIndex.load()
        with database.read_snapshot(STATEMENT_TIMEOUT_SECONDS):
            work = _Round(old, anew=anew, draws=draws)
            rendered = work.publish()
        _mark_checked(wanted)
    for key in {*sweeps.failed_keys(SWEEP), *work.failed}:
        with sweeps.Guard(SWEEP, key):
            if key in work.failed:
                raise StaticPageError(key)
    log.info("static_pages.written", rendered=rendered, files=len(work.new.pages))
    return rendered


class _Round:
    """One round of publishing: what was published before, what is now, and the pages that failed."""

    def __init__(self, old: PublishedIndex, *, anew: bool, draws: bool) -> None:
        self.old, self.now, self.anew, self.draws = old, timezone.now(), anew, draws
        basis = f"{timezone.localdate(self.now)} {release_fingerprint()}"
        self.reuses_pages = old.basis == basis and not anew
        late = sweeps.failed_keys(SWEEP)
        self.pages = sorted(list_static_pages(self.now), key=lambda page: page.key in late)
        self.undrawn = [page.drawn for page in self.pages if page.drawn and not self._is_same(page)]
        self.new = PublishedIndex(
            basis,
            states=_describe_all(self.now),
            surroundings=_describe_surroundings(self.now),
            undrawn=bool(self.undrawn) and not draws,
        )
        self.failed: list[str] = []

    def publish(self) -> int:
        """Write what has changed; return how many texts were rendered."""
        lines, ends = [*_list_policies(), *_list_signatures()], _list_ends(self.pages)
        # The ends of both rounds, should this one break off and all else be dead.
        before = store.load_text(FRONT).splitlines()
        store.save(FRONT, "\n".join({*lines, *ends, *filter(_is_end, before)}))
        with (
            render_in_subprocess(self.undrawn if self.draws else []) as drawings,
            self.old.replaced_by(self.new, [page.path for page in self.pages]) as writer,
        ):
            rendered = self._write_pages(writer, drawings)
        store.save(FRONT, "\n".join([*lines, *ends]))
        return rendered

    def _write_pages(self, writer: store.Writer, drawings: Iterator[bytes]) -> int:
        rendered = 0
        texts: dict[str, bytes] = {}
        for page in self.pages:
            if self._is_same(page):
                self.new.pages[page.path] = self.old.pages[page.path]
            elif self.draws or not page.drawn:
                if not (text := texts.get(page.alike, b"")):
                    text = next(drawings, b"") if page.drawn else _render_page(page.path)
                    rendered += bool(text)
                if page.alike:
                    texts[page.alike] = text
                self._write(writer, page, text)
        return rendered

    def _write(self, writer: store.Writer, page: StaticPage, text: bytes) -> None:
        """Write a text that differs from the published one; one that failed is left out."""
        record = PageRecord(_made_of(page), hashlib.sha256(text).hexdigest())
        is_published = self.reuses_pages and self._published(page).sha256 == record.sha256
        if text and (is_published or writer.save_page(page.path, text, self.now)):
            self.new.pages[page.path] = record
            return
        self.failed.append(page.key)  # holds up no other; many mean that none can be
        if len(self.failed) > MAX_FAILED:
            raise StaticPageError(f"{page.path} and {MAX_FAILED} others failed")

    def _is_same(self, page: StaticPage) -> bool:
        """Return whether what is published is what this page would say now."""
        may_reuse = page.made_of and (not self.anew if page.drawn else self.reuses_pages)
        return bool(may_reuse) and self._published(page).made_of == _made_of(page)

    def _published(self, page: StaticPage) -> PageRecord:
        return self.old.pages.get(page.path, UNKNOWN)


def _made_of(page: StaticPage) -> str:
    """Return what the page depends on: of drawings the release too; pages are made anew each day."""
    return f"{page.made_of} {release_fingerprint()}" if page.drawn else page.made_of


def _render_page(path: str) -> bytes:
    """Return the text of a page, empty where it fails; the snapshot goes on."""
    with contextlib.suppress(StaticPageError), transaction.atomic():
        return bytes(getattr(render_internally(path), "content", b""))
    return b""


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
        "wsgi.input": io.BytesIO(),
    }
    response = _load_handler().get_response(WSGIRequest(environ))
    if response.status_code != HTTPStatus.OK or response.cookies:
        raise StaticPageError(f"{path} answered {response.status_code}")
    return response


@cache
def _load_handler() -> BaseHandler:
    handler = BaseHandler()
    handler.load_middleware()
    return handler


# --- lines for the front server


def _list_policies() -> Iterator[str]:
    yield f"scheme {urlsplit(settings.PORTAL_URL).scheme}"
    for kind, path in POLICIES.items():
        yield f"policy {kind} {render_internally(path).headers['Content-Security-Policy']}"


def _list_signatures() -> Iterator[str]:
    """Yield the X-Content-Signature, which a file cannot have, by address of what was signed."""
    for row in RevisionSignature.objects.select_related("revision").order_by("pk"):
        path = reverse("alerts:content", args=[row.revision.identifier])
        yield f"signature {path} {signatures.signature_header(row)}"


def _list_ends(pages: list[StaticPage]) -> list[str]:
    """Return when which page is not given out any more, or only as one that may be old."""
    ends = sorted((page.until, page.drops, page.path) for page in pages if page.until)
    return [f"end {until} {'drop' if drops else 'stale'} {path}" for until, drops, path in ends]


def _is_end(line: str) -> bool:
    return line.startswith("end ")


def _mark_checked(wanted: str) -> None:
    """Record that all is right now, but for a publication whose word came since."""
    store.save(CHECKED, f"{int(time.time())} {wanted}\n")
