"""The chain of events checked: link by link against the acts, and its end against the file."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import structlog
from django.db import transaction
from django.db.models.functions import Now

from core.audit import chain, chain_heads, events
from core.models import AuditChainCheck, AuditChainLink, AuditEvent

log = structlog.get_logger(__name__)

PAGE = 2000  # links that are in memory at once
PAGES = 10  # of them in one go of beat's
TAIL = 200  # heads that are looked at in one go of beat's

WHAT = {
    "changed": "the act was changed after it was sealed",
    "removed": "the act was removed after it was sealed",
    "inserted": "the act was put in later, before acts that were sealed already",
    "unlinked": "its link does not follow the one before it: links were removed, put in or changed",
    "cut": "the file of heads knows this act, the database does not: the end of the record is gone",
    "rewritten": "the file of heads knows another digest of this act: the record was written anew",
    "no_heads": "there are links, and no file of heads outside the database that vouches for them",
}


class ChainBrokenError(Exception):
    """The first break of the chain: what it is (a key of WHAT), and at which event."""

    def __init__(self, what: str, event: int) -> None:
        super().__init__(f"event {event}: {WHAT[what]}")
        self.what, self.event = what, event


@dataclass(frozen=True)
class Cursor:
    """How far the chain was walked: the last event, its digest, how many links so far."""

    event: int = 0
    digest: bytes = chain.BEGINNING
    links: int = 0


def verify_links(place: Cursor, pages: int | None = None) -> Cursor:
    """Check the links after `place`, all or some pages of them; the place where it ended.

    Raises BrokenError at the first link that does not hold.
    """
    while pages is None or pages > 0:
        links = list(
            AuditChainLink.objects.filter(event_id__gt=place.event).order_by("event_id")[:PAGE]
        )
        if not links:
            break
        place = _page(place, links)
        pages = None if pages is None else pages - 1
    return place


def _page(place: Cursor, links: list[AuditChainLink]) -> Cursor:
    """One act more than there are links is enough to see that one was put in."""
    found = {
        act.id: act for act in chain.events_between(place.event, links[-1].event_id, len(links) + 1)
    }
    linked = {link.event_id: link for link in links}
    erased = _erased(link.event_id for link in links if link.salt is None)
    for event in sorted(found.keys() | linked.keys()):
        act, link = found.get(event), linked.get(event)
        if link is None:
            raise ChainBrokenError("inserted", event)
        if bytes(link.previous) != place.digest:
            raise ChainBrokenError("unlinked", event)
        if act is None:
            raise ChainBrokenError("removed", event)
        if not _holds(act, link, erased=event in erased):
            raise ChainBrokenError("changed", event)
        place = Cursor(event, bytes(link.digest), place.links + 1)
    return place


def _holds(act: chain.ChainedEvent, link: AuditChainLink, *, erased: bool) -> bool:
    """Whether a link is that of its act; of an erased detail only the digest is left."""
    detail = bytes(link.detail_digest)
    told = (
        erased if link.salt is None else chain.detail_digest(bytes(link.salt), act.detail) == detail
    )
    return told and chain.digest_of(act, bytes(link.previous), detail) == bytes(link.digest)


def _erased(ids: Iterable[int]) -> set[int]:
    """Those events among them whose detail was erased on record."""
    keys = [str(each) for each in ids]
    on_record = AuditEvent.objects.filter(
        subject_type="event", subject_id__in=keys, kind=events.DETAIL_ERASED
    )
    return set(map(int, on_record.values_list("subject_id", flat=True))) if keys else set()


def verify_heads(written: Iterable[chain_heads.ChainHead], *, up_to: int | None = None) -> int:
    """Hold heads against the links, those after the event `up_to` left out; how many were held.

    Raises BrokenError at the first that the database does not know as it was written.
    """
    compared = 0
    known = iter(head for head in written if up_to is None or head.event <= up_to)
    while some := list(islice(known, PAGE)):
        links = AuditChainLink.objects.filter(event_id__in={head.event for head in some})
        digests = {link.event_id: bytes(link.digest).hex() for link in links.only("digest")}
        for head in some:
            if head.event not in digests:
                raise ChainBrokenError("cut", head.event)
            if digests[head.event] != head.digest:
                raise ChainBrokenError("rewritten", head.event)
        compared += len(some)
    return compared


@dataclass(frozen=True)
class Verdict:
    """What a whole check found: links and heads that hold, acts that have no link yet."""

    place: Cursor
    heads: int
    unsealed: int


def verify(*, restored: bool = False) -> Verdict:
    """Check everything from the beginning; with `restored` the end may lie before what the file
    of heads knows, which is then put on record. Raises BrokenError.
    """
    place = verify_links(Cursor())
    compared = verify_heads(
        chain_heads.authoritative_heads(), up_to=place.event if restored else None
    )
    if place.links and not chain_heads.newest() and not restored:
        raise ChainBrokenError("no_heads", place.event)
    unsealed = AuditEvent.objects.filter(pk__gt=place.event).count()
    if restored:
        _take_back(place)
    _note(AuditChainCheck(last_checked_id=place.event))
    return Verdict(place, compared, unsealed)


def _take_back(place: Cursor) -> None:
    """On record, and in the file, that the record ends here because an archive was put back."""
    furthest = max((head.event for head in chain_heads.authoritative_heads()), default=0)
    if chain_heads.newest() and furthest <= place.event:
        return
    chain_heads.append(place.event, place.digest, restored=True)
    events.log_event("event", place.event, "record_restored", known=furthest)


def verify_next_batch() -> None:
    """Check the next links, and the newest heads; beat asks every ten minutes. A break stays told
    until somebody has everything verified.
    """
    check = AuditChainCheck.objects.first() or AuditChainCheck()
    if check.break_kind:
        return
    try:
        verify_heads(chain_heads.recent_heads(TAIL))
        begun = _reached(check.last_checked_id)
        place = verify_links(begun, PAGES)
        done = place.event == begun.event
        _note(AuditChainCheck(last_checked_id=0 if done else place.event))
    except ChainBrokenError as error:
        log.error("chain.broken", what=error.what, event_id=error.event)  # noqa: TRY400
        store_break(error)


def _reached(event: int) -> Cursor:
    """The place of a link; the beginning where it is gone, which the walk will find."""
    link = AuditChainLink.objects.filter(pk=event).first()
    return Cursor(link.event_id, bytes(link.digest)) if link else Cursor()


def store_break(error: ChainBrokenError) -> None:
    """Keep what was found, for the alarm."""
    _note(AuditChainCheck(break_kind=error.what, broken_at=error.event))


def _note(check: AuditChainCheck) -> None:
    kept = ["checked_at", "last_checked_id", "break_kind", "broken_at"]
    check.checked_at = Now()
    with transaction.atomic():
        AuditChainCheck.objects.bulk_create(
            [check], update_conflicts=True, unique_fields=["id"], update_fields=kept
        )
