"""How many people told of a number: counted so that one person, or one text sent about, is one.

Pure: no Django. The rule errs on the small side, for what it lets through is said in public of a
number that somebody may own.

1. Two reports that left a telephone number are of two people when the numbers differ and the
   stories are not near-identical.
2. Where one of the two left none, all three must differ and be known: the commune, the day, and
   the story. Otherwise they count as one.
3. A story of fewer than five words says nothing about who wrote it: under rule 1 it sets nobody
   equal, under rule 2 it tells nobody apart.

People are counted one after the other, those with a number first; a report adds a person only when
it is told apart from everybody who was counted before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

_FEWEST_WORDS = 5
_ALIKE = 0.8  # of the words of the shorter story that stand in the other one too


@dataclass(frozen=True)
class Told:
    """What of a report tells its reporter apart: `contact` is a keyed hash or b"", `commune` a
    codename or "", `words` the folded words of the story.
    """

    contact: bytes
    commune: str
    day: date
    words: frozenset[str]

    @property
    def has_story(self) -> bool:
        return len(self.words) >= _FEWEST_WORDS


def people_among(told: Iterable[Told]) -> list[Told]:
    """One report for each person who is told apart from all the others."""
    return list(_told_apart(told))


def last_day(people: list[Told], told: Iterable[Told]) -> date:
    """The day of the last of *told* that is known to be by one of *people*, who are one at least.
    What cannot be told apart from them may be anybody's.
    """
    days = {one.day for one in people}
    contacts = {one.contact for one in people if one.contact}
    return max(days | {each.day for each in told if each.contact in contacts})


def enough_until(told: Iterable[Told], fewest: int) -> date:
    """The day whose reports are still needed: once all up to it are left out, the rest is of fewer
    than *fewest* people. There is one report at least.
    """
    told = list(told)
    days = sorted({each.day for each in told})
    return next(day for day in days if not _are_enough((e for e in told if e.day > day), fewest))


def _are_enough(told: Iterable[Told], fewest: int) -> bool:
    return len(list(islice(_told_apart(told), fewest))) == fewest


def _told_apart(told: Iterable[Told]) -> Iterator[Told]:
    counted: list[Told] = []
    for each in sorted(told, key=lambda one: (not one.contact, one.day)):
        if all(_are_two(each, other) for other in counted):
            counted.append(each)
            yield each


def _are_two(one: Told, other: Told) -> bool:
    if one.contact and other.contact:
        return one.contact != other.contact and not _is_same_story(one, other)
    return (
        one.day != other.day
        and bool(one.commune and other.commune)
        and one.commune != other.commune
        and one.has_story
        and other.has_story
        and not _is_same_story(one, other)
    )


def _is_same_story(one: Told, other: Told) -> bool:
    if not (one.has_story and other.has_story):
        return False
    shared = len(one.words & other.words)
    return shared >= _ALIKE * min(len(one.words), len(other.words))
