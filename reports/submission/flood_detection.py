"""Whether a report comes in a crowd: counted in Valkey behind its COMMIT, and never refused.

A page only notes where a report comes from, by keyed digests (models/crowds.py). The relay counts
what is noted before it hands anything over, many reports in one question, so that the marks stand
before a machine reads the report, and the notes are gone. Between two such counts it hands over. What waited for longer than a window,
since Valkey or the relay was away, is counted no more: a count all at once would mark everybody.

Nothing of an address stays with the report. That one network has told of a number before is known
by a keyed hash of both, as long as reports about numbers count in public.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

import structlog
from django.db.models.functions import Now
from django.http import HttpRequest

from core import rate_limits
from core.outbox.queue import Priority
from core.rate_limits import Address, SlidingWindow
from reports.extraction.accounts_and_links import MAX_NUMBER_CHARS_READ
from reports.facts import abuse_flags
from reports.models import FloodSample
from reports.numbers import report_counts
from reports.submission import form_parser
from reports.submission.intake import TRIAGE

log = structlog.get_logger(__name__)

MINUTES_10, HOUR, DAY = 600, 3600, 24 * 3600
FROM_ADDRESS = 10  # within ten minutes; a village office has one address
FROM_NETWORK = 60  # within ten minutes; a carrier has thousands behind a few
OF_NUMBER = 100  # networks within ten minutes
RULE_STORY = 3  # within an hour, from everywhere
OF_ALL = 1000  # within ten minutes: an ordinary day is a few hundred
BATCH_SIZE = 100  # reports in one question
MOMENT = 0.1  # seconds for reading them
_WORDS_READ = 2000  # signs of a story
_MIN_SIGNS = 40  # of a story whose words are its reporter's own
_PLACES = {abuse_flags.ADDRESS_BUSY, abuse_flags.NETWORK_BUSY}
# What a reader breaks with that meets a text which nobody thought of.
_BROKEN = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_OURS = "ours"  # the place of all whom no address tells apart
Marked = tuple[str, SlidingWindow]
Query = Callable[[str, Any], list[Any]]

_WAITING = f"""
WITH late AS (
    DELETE FROM reports_floodsample AS flood
     WHERE origin_digests IS NOT NULL AND flood.received_at < now() - interval '{MINUTES_10} seconds')
SELECT id::text, origin_digests, left(caller_number, %(number)s), left(story, %(words)s)
  FROM reports_floodsample AS flood JOIN reports_report ON id = report_id
 WHERE origin_digests IS NOT NULL AND flood.received_at >= now() - interval '{MINUTES_10} seconds'
 ORDER BY flood.received_at LIMIT %(most)s
"""  # noqa: S608  # a constant of ours  # nosec B608
# A crowd that all say that they are pressed does not stand in the way of who is.
_COUNTED = """
WITH told AS (
    SELECT * FROM jsonb_to_recordset(%(told)s) AS told(report uuid, marks text[], lowered boolean)),
gone AS (
    DELETE FROM reports_floodsample USING told
     WHERE report_id = report AND origin_digests IS NOT NULL AND told.marks = '{}'),
in_turn AS (
    UPDATE core_outboxitem SET priority = %(usual)s FROM told
     WHERE task = %(task)s AND key = report::text AND lowered AND priority < %(usual)s)
UPDATE reports_floodsample SET origin_digests = NULL, flags = told.marks FROM told
 WHERE report_id = report AND origin_digests IS NOT NULL AND told.marks <> '{}'
"""


@dataclass(frozen=True)
class Arrival:
    """A report that came, by its key: from where (`places_of`), which callers' numbers it names,
    by their last digits, and its story.
    """

    report: str
    places: Sequence[str] = ()
    numbers: tuple[str, ...] = ()
    story: str = ""


def origin_digests(request: HttpRequest) -> list[str]:
    """Where a visitor is, by keyed digests: itself, its network, the site of that; an IPv4 network
    is a site. Empty where the address tells nobody apart.
    """
    address = _get_visitor_address(request)
    if address is None:
        return []
    visitor = rate_limits.counter_key(rate_limits.network_prefix(address, bits=32))
    site = rate_limits.counter_key(
        rate_limits.network_prefix(address, bits_of_6=rate_limits.IPV6_SITE)
    )
    return [visitor, visitor if address.version == 6 else site, site]


def process_pending(query: Query) -> bool:
    """Count those that have waited longest, with a database that answers statements; whether others
    wait. What Valkey does not answer waits on.
    """
    asked = {"number": MAX_NUMBER_CHARS_READ, "words": _WORDS_READ, "most": BATCH_SIZE}
    rows = query(_WAITING, asked)
    came = list(_in_a_moment(rows))
    found = flood_flags(came) if came else None
    if found is None:
        return False
    told = [
        {
            "report": each.report,
            "marks": each_found,
            "lowered": abuse_flags.is_deprioritized(each_found),
        }
        for each, each_found in zip(came, found, strict=True)
    ]
    query(_COUNTED, {"told": json.dumps(told), "task": TRIAGE, "usual": Priority.USUAL})
    return len(came) < len(rows) or len(rows) == BATCH_SIZE


def _in_a_moment(rows: Iterable[Sequence[Any]]) -> Iterator[Arrival]:
    """As many as are read in it: what somebody typed to be hard to read keeps no other waiting."""
    until = monotonic() + MOMENT
    for row in rows:
        yield _came(*row)
        if monotonic() >= until:
            return


def drop_expired() -> None:
    """Let go of places that waited too long, for whom no relay does it."""
    late = Now() - timedelta(seconds=MINUTES_10)
    FloodSample.objects.filter(origin_digests__isnull=False, received_at__lt=late).delete()


def flood_flags(came: Sequence[Arrival]) -> list[tuple[str, ...]] | None:
    """The marks of each; None while Valkey does not answer. Counted once more it counts once."""
    counted = [(place, *marked) for place, each in enumerate(came) for marked in _counters(each)]
    over = rate_limits.exceeded_windows([counter for _, _, counter in counted])
    if over is None:
        return None
    found: list[dict[str, None]] = [{} for _ in came]
    for place, code, _ in (counted[at] for at in over):
        found[place][code] = None
    for each, codes in zip(came, found, strict=True):
        if each.numbers and _PLACES & codes.keys():  # nothing was counted of its numbers
            codes[abuse_flags.SAME_NETWORK] = None
    return [tuple(codes) for codes in found]


def followup_flood_flags(request: HttpRequest, numbers: Iterable[str], key: str) -> tuple[str, ...]:
    """Of what is added to a report, under its submission key: whether its network has told of the
    numbers before.
    """
    came = Arrival(key, origin_digests(request), tuple(numbers))
    told = [counter for code, counter in _of_numbers(came) if code == abuse_flags.SAME_NETWORK]
    return (abuse_flags.SAME_NETWORK,) if told and rate_limits.exceeded_windows(told) else ()


def _came(report: str, places: list[str], callers_typed: str, story: str) -> Arrival:
    try:
        numbers = form_parser.last_digits_in(callers_typed)
    except _BROKEN as error:  # it would break at each look
        log.error("crowds.number_unread", error=type(error).__name__)  # noqa: TRY400
        numbers = ()
    return Arrival(report, places, numbers, story)


def _counters(came: Arrival) -> Iterator[Marked]:
    count = partial(_counter, came)
    yield abuse_flags.FLOOD, count("all", OF_ALL, MINUTES_10)
    yield from _of_place(came)
    words = " ".join(came.story.lower().split())
    if len(words) >= _MIN_SIGNS:
        yield abuse_flags.SAME_WORDS, count("words", RULE_STORY, HOUR, words)
    yield from _of_numbers(came)


def _of_place(came: Arrival) -> Iterator[Marked]:
    """While one of these is over, what follows is not counted."""
    if came.places:
        visitor, _, site = came.places
        of_visitor = _counter(came, "address", FROM_ADDRESS, MINUTES_10, visitor)
        yield abuse_flags.ADDRESS_BUSY, replace(of_visitor, stops=True)
        of_site = _counter(came, "network", FROM_NETWORK, MINUTES_10, site)
        yield abuse_flags.NETWORK_BUSY, replace(of_site, stops=True)


def _of_numbers(came: Arrival) -> Iterator[Marked]:
    """A number is busy by how many networks name it: one alone pushes nobody's report down."""
    network, site = came.places[1:] or ("", _OURS)
    for number in came.numbers[: report_counts.MAX_NAMED]:
        busy = _counter(came, "number", OF_NUMBER, MINUTES_10, number)
        yield abuse_flags.NUMBER_BUSY, replace(busy, member=site, most=OF_NUMBER + 1)
        if came.places:
            both = _counter(came, "both", 1, report_counts.DAYS * DAY, network, number)
            yield abuse_flags.SAME_NETWORK, both


def _get_visitor_address(request: HttpRequest) -> Address | None:
    """An address that tells visitors apart."""
    address = rate_limits.client_ip(request)
    return None if address is None or rate_limits.is_internal(address) else address


def _counter(came: Arrival, kind: str, most: int, seconds: int, *of: str) -> SlidingWindow:
    """Of this kind and of what it is about; a report counts once."""
    return SlidingWindow(
        rate_limits.counter_key(kind, *of), came.report, came.report, most, seconds
    )
