"""Whether a report comes in a crowd: counted in Valkey, in one question, and never refused.

Nothing of an address stays with the report. That one network has told of a number before is known
by a keyed hash of both, as long as reports about numbers count in public.
"""

from collections.abc import Iterable, Iterator

from django.http import HttpRequest

from reports import callers, limits, marks
from reports.limits import Crowd

MINUTES_10, HOUR, DAY = 600, 3600, 24 * 3600
FROM_ADDRESS = 10  # within ten minutes; a village office has one address
FROM_NETWORK = 60  # within ten minutes; a carrier has thousands behind a few
OF_NUMBER = 100  # within ten minutes, from everywhere
OF_WORDS = 3  # within an hour, from everywhere
OF_ALL = 1000  # within ten minutes: an ordinary day is a few hundred
_WORDS_READ = 2000  # signs of a story
_FEWEST_SIGNS = 40  # of a story whose words are its reporter's own
Marked = tuple[str, Crowd]


def marks_of(request: HttpRequest, numbers: Iterable[str], story: str) -> tuple[str, ...]:
    """The marks of a report that names these numbers (their last digits) as callers and tells this
    story; none without Valkey.
    """
    counted = [*_of_all(story), *_of_place(request, tuple(numbers)[: callers.MOST_NAMED])]
    over = limits.over([crowd for _, crowd in counted])
    return tuple(dict.fromkeys(counted[place][0] for place in over))


def later_marks(request: HttpRequest, numbers: Iterable[str]) -> tuple[str, ...]:
    """The same of what is added to a report: whether its network has told of the numbers before."""
    both = _of_place(request, tuple(numbers)[: callers.MOST_NAMED])
    told = [crowd for code, crowd in both if code == marks.SAME_NETWORK]
    return (marks.SAME_NETWORK,) if told and limits.over(told) else ()


def _of_all(story: str) -> Iterator[Marked]:
    yield marks.FLOOD, _crowd("all", OF_ALL, MINUTES_10)
    words = " ".join(story[:_WORDS_READ].lower().split())
    if len(words) >= _FEWEST_SIGNS:
        yield marks.SAME_WORDS, _crowd("words", OF_WORDS, HOUR, words)


def _of_place(request: HttpRequest, numbers: tuple[str, ...]) -> Iterator[Marked]:
    address = limits.address_of(request)
    is_known = address is not None and not limits.is_ours(address)
    network = limits.neighbours(address) if address else ""
    for number in numbers:
        yield marks.NUMBER_BUSY, _crowd("number", OF_NUMBER, MINUTES_10, number)
        if is_known:
            yield marks.SAME_NETWORK, _crowd("both", 1, callers.DAYS * DAY, network, number)
    if address and is_known:
        visitor = limits.neighbours(address, bits=32)
        yield marks.ADDRESS_BUSY, _crowd("address", FROM_ADDRESS, MINUTES_10, visitor)
        yield marks.NETWORK_BUSY, _crowd("network", FROM_NETWORK, MINUTES_10, network)


def _crowd(kind: str, most: int, seconds: int, *about: str) -> Crowd:
    return Crowd(limits.named(kind, *about), most, seconds)
