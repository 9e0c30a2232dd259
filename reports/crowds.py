"""Whether a report comes in a crowd: counted in Valkey, in one question, and never refused.

Nothing of an address stays with the report. That one network has told of a number before is known
by a keyed hash of both, as long as reports about numbers count in public.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from django.http import HttpRequest

from reports import callers, limits, marks
from reports.limits import Address, Crowd

MINUTES_10, HOUR, DAY = 600, 3600, 24 * 3600
FROM_ADDRESS = 10  # within ten minutes; a village office has one address
FROM_NETWORK = 60  # within ten minutes; a carrier has thousands behind a few
OF_NUMBER = 100  # networks within ten minutes
OF_WORDS = 3  # within an hour, from everywhere
OF_ALL = 1000  # within ten minutes: an ordinary day is a few hundred
_WORDS_READ = 2000  # signs of a story
_FEWEST_SIGNS = 40  # of a story whose words are its reporter's own
_PLACES = {marks.ADDRESS_BUSY, marks.NETWORK_BUSY}
Marked = tuple[str, Crowd]


def marks_of(request: HttpRequest, numbers: Iterable[str], story: str) -> tuple[str, ...]:
    """The marks of a report that names these numbers (their last digits) as callers and tells this
    story; none without Valkey.
    """
    numbers = tuple(numbers)[: callers.MOST_NAMED]
    counted = [*_of_all(), *_of_place(request), *_of_words(story), *_of_numbers(request, numbers)]
    over = limits.over([crowd for _, crowd in counted])
    found = dict.fromkeys(counted[place][0] for place in over)
    if numbers and _PLACES & found.keys():  # nothing was counted of its numbers
        found[marks.SAME_NETWORK] = None
    return tuple(found)


def later_marks(request: HttpRequest, numbers: Iterable[str]) -> tuple[str, ...]:
    """The same of what is added to a report: whether its network has told of the numbers before."""
    both = _of_numbers(request, tuple(numbers)[: callers.MOST_NAMED])
    told = [crowd for code, crowd in both if code == marks.SAME_NETWORK]
    return (marks.SAME_NETWORK,) if told and limits.over(told) else ()


def _of_all() -> Iterator[Marked]:
    yield marks.FLOOD, _crowd("all", OF_ALL, MINUTES_10)


def _of_words(story: str) -> Iterator[Marked]:
    words = " ".join(story[:_WORDS_READ].lower().split())
    if len(words) >= _FEWEST_SIGNS:
        yield marks.SAME_WORDS, _crowd("words", OF_WORDS, HOUR, words)


def _of_place(request: HttpRequest) -> Iterator[Marked]:
    """While one of these is over, what follows is not counted."""
    if address := _known(request):
        visitor = limits.neighbours(address, bits=32)
        of_visitor = _crowd("address", FROM_ADDRESS, MINUTES_10, visitor)
        yield marks.ADDRESS_BUSY, replace(of_visitor, stops=True)
        of_site = _crowd("network", FROM_NETWORK, MINUTES_10, _site(address))
        yield marks.NETWORK_BUSY, replace(of_site, stops=True)


def _of_numbers(request: HttpRequest, numbers: tuple[str, ...]) -> Iterator[Marked]:
    """A number is busy by how many networks name it: one alone pushes nobody's report down."""
    address = _known(request)
    network = limits.neighbours(address) if address else ""
    site = limits.named(_site(address) if address else "ours")
    for number in numbers:
        busy = _crowd("number", OF_NUMBER, MINUTES_10, number)
        yield marks.NUMBER_BUSY, replace(busy, member=site)
        if address:
            yield marks.SAME_NETWORK, _crowd("both", 1, callers.DAYS * DAY, network, number)


def _known(request: HttpRequest) -> Address | None:
    """An address that tells visitors apart."""
    address = limits.address_of(request)
    return None if address is None or limits.is_ours(address) else address


def _site(address: Address) -> str:
    return limits.neighbours(address, bits_of_6=limits.IPV6_SITE)


def _crowd(kind: str, most: int, seconds: int, *about: str) -> Crowd:
    return Crowd(limits.named(kind, *about), most, seconds)
