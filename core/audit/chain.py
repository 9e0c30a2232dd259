"""The record of acts as a chain: whoever changes, removes or adds an act later breaks it.

Events are inserted free, without a look at the chain. One sealer at a time gives each its link,
in order of id. An id is drawn before its row is committed, so that a smaller one may still come:
a link is given only when every transaction that was writing events has ended which could hold one.

A link is SHA-256 over the digest before it and the act; what the act says in its detail, where an
officer's words may stand, goes in as an HMAC under a salt that can be thrown away with them.
"""

import hmac
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import structlog
from django.db import connection, transaction

from core.audit import chain_heads
from core.models import AuditChainLink

log = structlog.get_logger(__name__)

BEGINNING = bytes(32)  # what the first link follows
BATCH_SIZE = 2000  # links in one transaction
TIMEOUT_SECONDS = 8.0  # seconds for those who are writing events to end
SEAL_FOR = 8.0  # seconds of sealing in one go, after that
_LOOK_AGAIN = 0.05
_SEALER = 0x7E5EA1  # the advisory lock

# Times as whole microseconds and the detail as PostgreSQL writes it: exact, in whatever zone.
_ACTS = """
SELECT id, (extract(epoch FROM created_at) * 1000000)::bigint, actor_id, subject_type, subject_id, kind,
       detail::text
  FROM core_auditevent WHERE id > %s AND id <= %s ORDER BY id LIMIT %s
"""
# Whoever inserts holds this lock from before the id is drawn until the transaction has ended.
_WRITERS = """
SELECT coalesce(virtualtransaction, '') FROM pg_locks
 WHERE relation = 'core_auditevent'::regclass AND mode = 'RowExclusiveLock' AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND pid IS DISTINCT FROM pg_backend_pid()
"""


@dataclass(frozen=True)
class ChainedEvent:
    """An event as the chain sees it: `at` in microseconds since 1970, `detail` as text."""

    id: int
    at: int
    by: int | None
    subject_type: str
    subject_id: str
    kind: str
    detail: str


def events_between(after: int, up_to: int, most: int) -> list[ChainedEvent]:
    """The events with after < id <= up_to, in order, `most` of them."""
    return [ChainedEvent(*row) for row in _rows(_ACTS, [after, up_to, most])]


def _rows(statement: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return list(cursor.fetchall())


def detail_digest(salt: bytes, detail: str) -> bytes:
    """What stands for a detail in its link; without the salt it tells nothing."""
    return hmac.digest(salt, detail.encode(), "sha256")


def digest_of(act: ChainedEvent, previous: bytes, detail: bytes) -> bytes:
    """The digest of a link that follows `previous`; `detail` is the detail's own digest."""
    said = [act.id, act.at, act.by, act.subject_type, act.subject_id, act.kind]
    return sha256(json.dumps([previous.hex(), *said, detail.hex()]).encode()).digest()


def newest() -> AuditChainLink | None:
    """The end of the chain."""
    return AuditChainLink.objects.order_by("-event_id").first()


def extend_chain() -> int:
    """Link what can be linked, and write the end outside the database; how many were linked."""
    up_to = safe_upper_bound()
    if up_to is None:
        log.warning("chain.writers_linger")
        return 0
    linked, until = 0, time.monotonic() + SEAL_FOR
    while time.monotonic() < until:
        more = _seal_some(up_to)
        linked += more
        if more < BATCH_SIZE:
            break
    publish_head()
    return linked


def safe_upper_bound() -> int | None:
    """An id up to which no event can come any more; None when somebody writes on and on."""
    [(newest_id,)] = _rows("SELECT coalesce(max(id), 0) FROM core_auditevent")
    writing, until = _writers(), time.monotonic() + TIMEOUT_SECONDS
    while writing and time.monotonic() < until:
        time.sleep(_LOOK_AGAIN)
        writing &= _writers()
    return None if writing else int(newest_id)


def _writers() -> set[str]:
    return {name for (name,) in _rows(_WRITERS)}


def _seal_some(up_to: int) -> int:
    with transaction.atomic():
        [(mine,)] = _rows("SELECT pg_try_advisory_xact_lock(%s)", [_SEALER])
        if not mine:
            return 0
        end = newest()
        after, previous = (end.event_id, bytes(end.digest)) if end else (0, BEGINNING)
        links = list(_linked(events_between(after, up_to, BATCH_SIZE), previous))
        AuditChainLink.objects.bulk_create(links)
    return len(links)


def _linked(unsealed: Iterable[ChainedEvent], previous: bytes) -> Iterator[AuditChainLink]:
    for act in unsealed:
        salt = os.urandom(16)
        detail = detail_digest(salt, act.detail)
        digest = digest_of(act, previous, detail)
        yield AuditChainLink(
            event_id=act.id, salt=salt, detail_digest=detail, previous=previous, digest=digest
        )
        previous = digest


def publish_head() -> None:
    """Write the end of the chain where the database's masters do not reach: file and log."""
    end, written = newest(), chain_heads.newest()
    if end is None or (written and written.digest == bytes(end.digest).hex()):
        return
    try:
        head = chain_heads.append(end.event_id, bytes(end.digest))
    except OSError as error:
        log.error("chain.head_not_written", error=type(error).__name__)  # noqa: TRY400
        return
    log.info("chain.head", event_id=head.event, digest=head.digest)
