"""The audit log as a hash chain: a later change, removal or insertion of an event breaks it.

One process at a time links events in order of id. An id is drawn before its row is committed, so a
link waits until every transaction that was writing events has ended. A link is SHA-256 over the
digest before it and the event; the detail enters as an HMAC under a salt that can be deleted.
"""

import hmac
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

import structlog
from django.db import transaction

from core.audit import chain_heads
from core.database import fetch_all, try_lock_until_commit
from core.models import AuditChainLink

log = structlog.get_logger(__name__)

BEGINNING = bytes(32)  # the digest before the first link
BATCH_SIZE = 2000  # links in one transaction
TIMEOUT_SECONDS = 8.0  # for transactions that are writing events to end
MAX_LINK_SECONDS = 8.0  # of linking in one run, after that
_POLL_INTERVAL_SECONDS = 0.05
CHAIN_LOCK = "audit chain"

# Times as whole microseconds and the detail as PostgreSQL writes it: exact, in whatever zone.
_SELECT_EVENTS_SQL = """
SELECT id, (extract(epoch FROM created_at) * 1000000)::bigint, actor_id, subject_type, subject_id, kind,
       detail::text
  FROM core_auditevent WHERE id > %s AND id <= %s ORDER BY id LIMIT %s
"""
# An insert holds this lock from before the id is drawn until its transaction has ended.
_SELECT_WRITERS_SQL = """
SELECT coalesce(virtualtransaction, '') FROM pg_locks
 WHERE relation = 'core_auditevent'::regclass AND mode = 'RowExclusiveLock' AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND pid IS DISTINCT FROM pg_backend_pid()
"""


@dataclass(frozen=True)
class ChainedEvent:
    """An event as it is digested: `at` in microseconds since 1970, `detail` as text."""

    id: int
    at: int
    by: int | None
    subject_type: str
    subject_id: str
    kind: str
    detail: str


def events_between(after: int, up_to: int, most: int) -> list[ChainedEvent]:
    """Return the first `most` events with after < id <= up_to, in order."""
    return [ChainedEvent(*row) for row in fetch_all(_SELECT_EVENTS_SQL, [after, up_to, most])]


def detail_digest(salt: bytes, detail: str) -> bytes:
    """Return what stands for a detail in its link; without the salt it reveals nothing."""
    return hmac.digest(salt, detail.encode(), "sha256")


def digest_of(event: ChainedEvent, previous: bytes, detail: bytes) -> bytes:
    """Return the digest of a link that follows `previous`; `detail` is the detail's own digest."""
    fields = [event.id, event.at, event.by, event.subject_type, event.subject_id, event.kind]
    return sha256(json.dumps([previous.hex(), *fields, detail.hex()]).encode()).digest()


def newest() -> AuditChainLink | None:
    return AuditChainLink.objects.order_by("-event_id").first()


def extend_chain() -> int:
    """Link what can be linked, and write the end outside the database; return how many."""
    up_to = safe_upper_bound()
    if up_to is None:
        log.warning("audit_chain.writers_timeout")
        return 0
    linked, until = 0, time.monotonic() + MAX_LINK_SECONDS
    while time.monotonic() < until:
        count = _link_batch(up_to)
        linked += count
        if count < BATCH_SIZE:
            break
    publish_head()
    return linked


def safe_upper_bound() -> int | None:
    """Return an id up to which no event can come any more; None when a transaction writes on."""
    [(newest_id,)] = fetch_all("SELECT coalesce(max(id), 0) FROM core_auditevent")
    writing, until = _list_writers(), time.monotonic() + TIMEOUT_SECONDS
    while writing and time.monotonic() < until:
        time.sleep(_POLL_INTERVAL_SECONDS)
        writing &= _list_writers()
    return None if writing else int(newest_id)


def _list_writers() -> set[str]:
    return {name for (name,) in fetch_all(_SELECT_WRITERS_SQL)}


def _link_batch(up_to: int) -> int:
    with transaction.atomic():
        if not try_lock_until_commit(CHAIN_LOCK):
            return 0
        end = newest()
        after, previous = (end.event_id, bytes(end.digest)) if end else (0, BEGINNING)
        links = list(_iter_links(events_between(after, up_to, BATCH_SIZE), previous))
        AuditChainLink.objects.bulk_create(links)
    return len(links)


def _iter_links(events: Iterable[ChainedEvent], previous: bytes) -> Iterator[AuditChainLink]:
    for event in events:
        salt = os.urandom(16)
        detail = detail_digest(salt, event.detail)
        digest = digest_of(event, previous, detail)
        yield AuditChainLink(
            event_id=event.id, salt=salt, detail_digest=detail, previous=previous, digest=digest
        )
        previous = digest


def publish_head() -> None:
    """Write the last digest where an administrator of the database cannot: to file and log."""
    end, written = newest(), chain_heads.newest()
    if end is None or (written and written.digest == bytes(end.digest).hex()):
        return
    try:
        head = chain_heads.append(end.event_id, bytes(end.digest))
    except OSError as error:
        log.error("audit_chain.head_write_failed", error=type(error).__name__)  # noqa: TRY400
        return
    log.info("audit_chain.head", event_id=head.event, digest=head.digest)
