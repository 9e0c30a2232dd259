"""The audit log as a hash chain: a later change, removal or insertion of an event breaks it.

One process at a time links events in order of id. An id is drawn before its row is committed, so a
link waits until every transaction that was writing events has ended. A link is SHA-256 over the
digest before it and the event; the detail enters as an HMAC under a salt that can be deleted.

The last digests stand in an append-only file outside the database, one a line, as JSON: to change the
database alone does not suffice. A line with `restored` (`verify_audit_log --restored`) records that the
database ends earlier because an archive was restored.
"""

import contextlib
import hmac
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from core import private_files
from core.database import fetch_all, try_lock_until_commit
from core.models import AuditChainLink

log = structlog.get_logger(__name__)

NAME = "event-heads.jsonl"


@dataclass(frozen=True)
class ChainHead:
    """The last link at some moment; `digest` in hex."""

    event: int
    digest: str
    at: str = ""
    restored: bool = False


def heads_path() -> Path:
    folder: Path = settings.DATA_DIR
    return folder / NAME


def append_head(event: int, digest: bytes, *, restored: bool = False) -> ChainHead:
    """Write one line, whole and on disk when this returns. Raises OSError."""
    head = ChainHead(event, digest.hex(), datetime.now(UTC).isoformat(timespec="seconds"), restored)
    private_files.append_json_line(heads_path(), asdict(head))
    return head


def newest_head() -> ChainHead | None:
    """Return the last line that can be parsed; None without one."""
    heads = recent_heads(1)
    return heads[-1] if heads else None


def authoritative_heads() -> Iterator[ChainHead]:
    """Yield the heads that the database must hold, oldest first, without those that a restore took back."""
    return _drop_taken_back(all_heads)


def recent_heads(most: int) -> list[ChainHead]:
    """Return those of the last `most` lines."""
    rows = private_files.iter_json_lines(heads_path(), last=most)
    tail = list(_parse_heads(rows))[-most:]
    return list(_drop_taken_back(lambda: tail))


def _drop_taken_back(load: Callable[[], Iterable[ChainHead]]) -> Iterator[ChainHead]:
    restores = [(line, head.event) for line, head in enumerate(load()) if head.restored]
    for line, head in enumerate(load()):
        if all(head.event <= event for later, event in restores if later > line):
            yield head


def all_heads() -> Iterator[ChainHead]:
    """Yield every line that is a head; none without a file."""
    return _parse_heads(private_files.iter_json_lines(heads_path()))


def _parse_heads(rows: Iterable[dict[str, Any]]) -> Iterator[ChainHead]:
    for row in rows:
        with contextlib.suppress(TypeError):
            head = ChainHead(**row)
            if isinstance(head.event, int) and isinstance(head.digest, str):
                yield head


# --- links

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


def newest_link() -> AuditChainLink | None:
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
        end = newest_link()
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
    end, written = newest_link(), newest_head()
    if end is None or (written and written.digest == bytes(end.digest).hex()):
        return
    try:
        head = append_head(end.event_id, bytes(end.digest))
    except OSError as error:
        log.error("audit_chain.head_write_failed", error=type(error).__name__)  # noqa: TRY400
        return
    log.info("audit_chain.head", event_id=head.event, digest=head.digest)
