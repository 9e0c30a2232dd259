"""Flag reports that come in a flood; none is refused.

A page stores keyed digests of where a report comes from (reports/models/report.py). After COMMIT and before
triage the relay counts them in Valkey, many reports in one query, and deletes them. What waited
longer than a window is not counted: a count all at once would flag everybody. Of an address nothing
stays but a keyed hash of network and number, as long as reports about numbers count in public.
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

from core import client_ip, rate_limits
from core.outbox.queue import Priority
from core.rate_limits import SlidingWindow
from core.text import normalize_as_meant
from reports.campaigns.matching import REGROUP_TASK
from reports.extraction.numbering_plan import MAX_NUMBER_CHARS_READ
from reports.facts import abuse_flags
from reports.models import FloodSample
from reports.numbers import report_counts
from reports.submission import form_parser
from reports.submission.intake import TRIAGE_TASK

log = structlog.get_logger(__name__)

MINUTES_10, HOUR, DAY = 600, 3600, 24 * 3600
FROM_ADDRESS = 10  # within ten minutes; a village office has one address
FROM_NETWORK = 60  # within ten minutes; a carrier has thousands behind a few
OF_NUMBER = 100  # networks within ten minutes
RULE_STORY = 3  # within an hour, from everywhere
OF_ALL = 1000  # within ten minutes: an ordinary day is a few hundred
BATCH_SIZE = 100  # reports in one query
COUNT_MILLISECONDS = 100  # that a report waits at most for its sample to be counted
MOMENT = 0.1  # seconds for parsing them
_WORDS_READ = 2000  # characters of a story
_MIN_STORY_CHARS = 40  # shorter stories are alike by chance
_PLACES = {abuse_flags.ADDRESS_BUSY, abuse_flags.NETWORK_BUSY}
# Errors of a parser that meets an unexpected text.
_READER_ERRORS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_INTERNAL_NETWORK = "internal"  # the network of all visitors without an address of their own
Flagged = tuple[str, SlidingWindow]
Query = Callable[[str, Any], list[Any]]

# For the relay: a report whose sample came since the last count has its turn at the next.
IS_COUNTED_SQL = f"""key NOT IN (
    SELECT report_id::text FROM reports_floodsample
     WHERE origin_digests IS NOT NULL
       AND received_at > statement_timestamp() - interval '{COUNT_MILLISECONDS} milliseconds')
"""  # noqa: S608  # a constant of ours  # nosec B608
_SELECT_WAITING = f"""
WITH late AS (
    DELETE FROM reports_floodsample AS flood
     WHERE origin_digests IS NOT NULL AND flood.received_at < now() - interval '{MINUTES_10} seconds')
SELECT id::text, origin_digests, left(caller_number, %(number)s), left(story, %(words)s)
  FROM reports_floodsample AS flood JOIN reports_report ON id = report_id
 WHERE origin_digests IS NOT NULL AND flood.received_at >= now() - interval '{MINUTES_10} seconds'
 ORDER BY flood.received_at LIMIT %(most)s
"""  # noqa: S608  # a constant  # nosec B608
# Flagged reports lose their urgent priority, so that a flood delays no emergency.
_STORE_FLAGS = """
WITH counted AS (
    SELECT * FROM jsonb_to_recordset(%(marks)s)
        AS counted(report uuid, marks text[], lowered boolean)),
gone AS (
    DELETE FROM reports_floodsample USING counted
     WHERE report_id = report AND origin_digests IS NOT NULL AND marks = '{}'),
in_turn AS (
    UPDATE core_outboxitem SET priority = %(usual)s FROM counted
     WHERE task = %(task)s AND key = report::text AND lowered AND priority < %(usual)s),
-- Where triage was sooner.
untied AS (
    INSERT INTO core_outboxitem (task, key, priority)
    SELECT %(regroup)s, report::text, %(usual)s
      FROM counted JOIN reports_reportfingerprint ON report_id = report WHERE lowered)
UPDATE reports_floodsample SET origin_digests = NULL, flags = marks FROM counted
 WHERE report_id = report AND origin_digests IS NOT NULL AND marks <> '{}'
"""


@dataclass(frozen=True)
class Arrival:
    """A report by its key: origin digests (of a visitor three, of a program one), last digits of its
    callers' numbers, story.
    """

    report: str
    places: Sequence[str] = ()
    numbers: tuple[str, ...] = ()
    story: str = ""


def origin_digests(request: HttpRequest) -> list[str]:
    """Return keyed digests of visitor, network and site; [] where the address is no visitor's."""
    address = client_ip.client_ip(request)
    if address is None or client_ip.is_internal(address):
        return []
    visitor = rate_limits.counter_key(client_ip.network_prefix(address, ipv4_bits=32))
    site = rate_limits.counter_key(client_ip.network_prefix(address, ipv6_bits=client_ip.IPV6_SITE))
    return [visitor, visitor if address.version == 6 else site, site]


def sender_digests(kind: str, sender: object) -> list[str]:
    """Return the digest of a program or an account, which counts as one network for the numbers that it
    names, and as no crowded place.
    """
    return [rate_limits.counter_key(kind, str(sender))]


def process_pending(query: Query) -> bool:
    """Count the reports that have waited longest; return whether others wait."""
    limits = {"number": MAX_NUMBER_CHARS_READ, "words": _WORDS_READ, "most": BATCH_SIZE}
    rows = query(_SELECT_WAITING, limits)
    arrivals = list(_parse_for_a_moment(rows))
    flags = flood_flags(arrivals) if arrivals else None
    if flags is None:
        return False
    marks = [
        {"report": each.report, "marks": codes, "lowered": abuse_flags.is_deprioritized(codes)}
        for each, codes in zip(arrivals, flags, strict=True)
    ]
    values = {"task": TRIAGE_TASK, "regroup": REGROUP_TASK, "usual": Priority.USUAL}
    query(_STORE_FLAGS, {"marks": json.dumps(marks), **values})
    return len(arrivals) < len(rows) or len(rows) == BATCH_SIZE


def _parse_for_a_moment(rows: Iterable[Sequence[Any]]) -> Iterator[Arrival]:
    """Yield as many as are parsed within MOMENT, so that a slow one does not delay others."""
    until = monotonic() + MOMENT
    for row in rows:
        yield _parse_arrival(*row)
        if monotonic() >= until:
            return


def drop_expired() -> None:
    """Delete digests that waited too long, where no relay runs."""
    late = Now() - timedelta(seconds=MINUTES_10)
    FloodSample.objects.filter(origin_digests__isnull=False, received_at__lt=late).delete()


def flood_flags(arrivals: Sequence[Arrival]) -> list[tuple[str, ...]] | None:
    """Return the flags of each arrival, which counts once however often; None without Valkey."""
    counters = [(at, *flagged) for at, each in enumerate(arrivals) for flagged in _counters(each)]
    over = rate_limits.exceeded_windows([window for _, _, window in counters])
    if over is None:
        return None
    flags: list[dict[str, None]] = [{} for _ in arrivals]
    for at, code, _ in (counters[number] for number in over):
        flags[at][code] = None
    for each, codes in zip(arrivals, flags, strict=True):
        if each.numbers and _PLACES & codes.keys():  # its numbers were not counted
            codes[abuse_flags.SAME_NETWORK] = None
    return [tuple(codes) for codes in flags]


def followup_flood_flags(
    places: Sequence[str], numbers: Iterable[str], *key: object
) -> tuple[str, ...]:
    """Return (SAME_NETWORK,) if the network of a follow-up has named one of the numbers before; its `key`
    tells it from those of other reports, whose senders may choose the same one.
    """
    arrival = Arrival(" ".join(map(str, key)), places, tuple(numbers))
    same_network = abuse_flags.SAME_NETWORK
    windows = [window for code, window in _count_numbers(arrival) if code == same_network]
    return (same_network,) if windows and rate_limits.exceeded_windows(windows) else ()


def _parse_arrival(report: str, places: list[str], callers_typed: str, story: str) -> Arrival:
    try:
        numbers = form_parser.last_digits_in(callers_typed)
    except _READER_ERRORS as error:  # it would fail at every run
        log.error("flood.number_unparsed", error=type(error).__name__)  # noqa: TRY400
        numbers = ()
    return Arrival(report, places, numbers, story)


def _counters(arrival: Arrival) -> Iterator[Flagged]:
    count = partial(_window, arrival)
    yield abuse_flags.FLOOD, count("all", OF_ALL, MINUTES_10)
    yield from _count_places(arrival)
    words = normalize_as_meant(arrival.story)
    if len(words) >= _MIN_STORY_CHARS:
        yield abuse_flags.SAME_WORDS, count("words", RULE_STORY, HOUR, words)
    yield from _count_numbers(arrival)


def _count_places(arrival: Arrival) -> Iterator[Flagged]:
    """Yield the windows of a place; while one is over its limit, later ones are not counted."""
    if len(arrival.places) > 1:  # of a visitor
        visitor, _, site = arrival.places
        of_visitor = _window(arrival, "address", FROM_ADDRESS, MINUTES_10, visitor)
        yield abuse_flags.ADDRESS_BUSY, replace(of_visitor, stops=True)
        of_site = _window(arrival, "network", FROM_NETWORK, MINUTES_10, site)
        yield abuse_flags.NETWORK_BUSY, replace(of_site, stops=True)


def _count_numbers(arrival: Arrival) -> Iterator[Flagged]:
    """Yield the windows of the numbers; a number is busy by how many networks name it."""
    match arrival.places:
        case [_, network, site]:  # of a visitor
            pass
        case [network]:  # of a program
            site = network
        case _:
            network, site = "", _INTERNAL_NETWORK
    for number in arrival.numbers[: report_counts.MAX_NAMED]:
        busy = _window(arrival, "number", OF_NUMBER, MINUTES_10, number)
        yield abuse_flags.NUMBER_BUSY, replace(busy, member=site, most=OF_NUMBER + 1)
        if arrival.places:
            both = _window(arrival, "both", 1, report_counts.DAYS * DAY, network, number)
            yield abuse_flags.SAME_NETWORK, both


def _window(arrival: Arrival, kind: str, most: int, seconds: int, *of: str) -> SlidingWindow:
    """Return the window of a kind and its subject; a report counts once."""
    return SlidingWindow(
        rate_limits.counter_key(kind, *of), arrival.report, arrival.report, most, seconds
    )
