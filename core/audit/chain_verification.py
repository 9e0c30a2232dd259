"""Verification of the audit log: each link against its event, and the end against the file of heads."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import structlog
from django.db import transaction
from django.db.models.functions import Now

from core.audit import chain, events
from core.models import AuditChainCheck, AuditChainLink, AuditEvent

log = structlog.get_logger(__name__)

PAGE = 2000  # links that are in memory at once
PAGES = 10  # of them in one run of beat's
TAIL = 200  # heads that are compared in one run of beat's

WHAT = {
    "changed": "the act was changed after it was linked",
    "removed": "the act was removed after it was linked",
    "inserted": "the act was put in later, before acts that were linked already",
    "unlinked": "its link does not follow the one before it: links were removed, put in or changed",
    "cut": "the file of heads knows this act, the database does not: the end of the record is gone",
    "rewritten": "the file of heads knows another digest of this act: the record was written anew",
    "no_heads": "there are links, and no file of heads outside the database that vouches for them",
}


class ChainBrokenError(Exception):
    """The chain is broken: `code` is a key of WHAT, `event` the first event that does not hold."""

    def __init__(self, code: str, event: int) -> None:
        super().__init__(f"event {event}: {WHAT[code]}")
        self.code, self.event = code, event


@dataclass(frozen=True)
class Cursor:
    """How far the chain was verified: the last event, its digest, how many links so far."""

    event: int = 0
    digest: bytes = chain.BEGINNING
    links: int = 0


def verify_links(cursor: Cursor, pages: int | None = None) -> Cursor:
    """Verify the links after `cursor`, all or some; return where it ended. Raises ChainBrokenError."""
    while pages is None or pages > 0:
        links = list(
            AuditChainLink.objects.filter(event_id__gt=cursor.event).order_by("event_id")[:PAGE]
        )
        if not links:
            break
        cursor = _verify_page(cursor, links)
        pages = None if pages is None else pages - 1
    return cursor


def _verify_page(cursor: Cursor, links: list[AuditChainLink]) -> Cursor:
    # One event more than there are links is enough to see that one was inserted.
    listed = chain.events_between(cursor.event, links[-1].event_id, len(links) + 1)
    events_by_id = {event.id: event for event in listed}
    links_by_id = {link.event_id: link for link in links}
    erased = _list_erased(link.event_id for link in links if link.salt is None)
    for pk in sorted(events_by_id.keys() | links_by_id.keys()):
        event, link = events_by_id.get(pk), links_by_id.get(pk)
        if link is None:
            raise ChainBrokenError("inserted", pk)
        if bytes(link.previous) != cursor.digest:
            raise ChainBrokenError("unlinked", pk)
        if event is None:
            raise ChainBrokenError("removed", pk)
        if not _matches(event, link, is_erased=pk in erased):
            raise ChainBrokenError("changed", pk)
        cursor = Cursor(pk, bytes(link.digest), cursor.links + 1)
    return cursor


def _matches(event: chain.ChainedEvent, link: AuditChainLink, *, is_erased: bool) -> bool:
    """Return whether a link is that of its event; of an erased detail only the digest is left."""
    detail = bytes(link.detail_digest)
    if link.salt is None:
        has_detail = is_erased
    else:
        has_detail = chain.detail_digest(bytes(link.salt), event.detail) == detail
    return has_detail and chain.digest_of(event, bytes(link.previous), detail) == bytes(link.digest)


def _list_erased(ids: Iterable[int]) -> set[int]:
    """Return those events among them whose detail was erased on record."""
    keys = [str(each) for each in ids]
    erasures = AuditEvent.objects.filter(
        subject_type="event", subject_id__in=keys, kind=events.DETAIL_ERASED
    )
    return set(map(int, erasures.values_list("subject_id", flat=True))) if keys else set()


def verify_heads(written: Iterable[chain.ChainHead], *, up_to: int | None = None) -> int:
    """Compare heads up to the event `up_to` with the links; return how many. Raises ChainBrokenError."""
    compared = 0
    heads = iter(head for head in written if up_to is None or head.event <= up_to)
    while page := list(islice(heads, PAGE)):
        links = AuditChainLink.objects.filter(event_id__in={head.event for head in page})
        digests = {link.event_id: bytes(link.digest).hex() for link in links.only("digest")}
        for head in page:
            if head.event not in digests:
                raise ChainBrokenError("cut", head.event)
            if digests[head.event] != head.digest:
                raise ChainBrokenError("rewritten", head.event)
        compared += len(page)
    return compared


@dataclass(frozen=True)
class VerificationResult:
    """The result of a whole verification: where it ended, heads compared, events without a link."""

    cursor: Cursor
    heads: int
    unlinked: int


def verify(*, restored: bool = False) -> VerificationResult:
    """Verify everything from the beginning and return the result. Raises ChainBrokenError.

    With `restored` the log may end before the file of heads does, which is then recorded.
    """
    cursor = verify_links(Cursor())
    up_to = cursor.event if restored else None
    compared = verify_heads(chain.authoritative_heads(), up_to=up_to)
    if cursor.links and not chain.newest_head() and not restored:
        raise ChainBrokenError("no_heads", cursor.event)
    unlinked = AuditEvent.objects.filter(pk__gt=cursor.event).count()
    if restored:
        _record_restore(cursor)
    _store(AuditChainCheck(last_checked_id=cursor.event))
    return VerificationResult(cursor, compared, unlinked)


def _record_restore(cursor: Cursor) -> None:
    """Record, also in the file, that the log ends here because an archive was restored."""
    furthest = max((head.event for head in chain.authoritative_heads()), default=0)
    if chain.newest_head() and furthest <= cursor.event:
        return
    chain.append_head(cursor.event, cursor.digest, restored=True)
    events.log_event("event", cursor.event, "record_restored", known=furthest)


def verify_next_batch() -> None:
    """Verify the next links and the newest heads. A recorded break stays until `verify` finds none."""
    check = AuditChainCheck.objects.first() or AuditChainCheck()
    if check.break_kind:
        return
    try:
        verify_heads(chain.recent_heads(TAIL))
        begun = _load_cursor(check.last_checked_id)
        cursor = verify_links(begun, PAGES)
        is_done = cursor.event == begun.event
        _store(AuditChainCheck(last_checked_id=0 if is_done else cursor.event))
    except ChainBrokenError as error:
        log.error("audit_chain.broken", code=error.code, event_id=error.event)  # noqa: TRY400
        store_break(error)


def _load_cursor(event: int) -> Cursor:
    """Return the cursor at a link, or at the beginning where the link is gone."""
    link = AuditChainLink.objects.filter(pk=event).first()
    return Cursor(link.event_id, bytes(link.digest)) if link else Cursor()


def store_break(error: ChainBrokenError) -> None:
    _store(AuditChainCheck(break_kind=error.code, broken_at=error.event))


def _store(check: AuditChainCheck) -> None:
    fields = ["checked_at", "last_checked_id", "break_kind", "broken_at"]
    check.checked_at = Now()
    with transaction.atomic():
        AuditChainCheck.objects.bulk_create(
            [check], update_conflicts=True, unique_fields=["id"], update_fields=fields
        )
