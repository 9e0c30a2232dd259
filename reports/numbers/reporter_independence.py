"""How many people told of a number: counted so that one person, or one text sent about, is one.

Pure: no Django. The rule errs on the small side, for what it lets through is said in public of a
number that somebody may own.

1. Two reports that left a telephone number are of two people when the numbers differ, the stories
   are not near-identical, and either both tell a story or the communes are known and differ. A
   number alone is quickly invented.
2. Where one of the two left none, all three must differ and be known: the commune, the day, and
   the story. Otherwise they count as one.
3. A story of fewer than five words says nothing: it tells nobody apart.
4. Reports that came within half an hour of each other are of one person. We keep no addresses, so
   one person who writes one report after the other looks like several; whoever means harm has to
   come back, and meanwhile an officer may look. Two victims called at once count a little late.
5. Of the reports about a number that came through one network the first alone is looked at like
   this (reports/submission/flood_detection.py marks the others). The others are of thousands of people where the network
   is a carrier's, and of one where it is not: they add nobody until FEWEST_SHARED of them differ, each
   from each and from all who were counted, in commune, day and story, whatever contact was left. So
   whoever is first from a network, the owner of the number perhaps, silences nobody there for long,
   and one person alone has to come back on as many days with as many tales.

People are counted one after the other, those with a number first; a report adds a person only when
it is told apart from everybody who was counted before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice

_MIN_WORDS = 5
_APART = timedelta(minutes=30)
MIN_SHARED = 4  # people of networks that had told of the number before
_ALIKE = 0.8  # of the words of the shorter story that stand in the other one too


@dataclass(frozen=True)
class ReporterEvidence:
    """What of a report tells its reporter apart: `contact` is a keyed hash or b"", `commune` a
    codename or "", as told at first, `at` the local time, `words` the folded words of the story. `is_shared`: it came
    through a network that had told of the number before.
    """

    contact: bytes
    commune: str
    at: datetime
    words: frozenset[str]
    is_shared: bool = False

    @property
    def day(self) -> date:
        return self.at.date()

    @property
    def has_story(self) -> bool:
        return len(self.words) >= _MIN_WORDS


def distinct_reporters(told: Iterable[ReporterEvidence]) -> list[ReporterEvidence]:
    """One report for each person who is told apart from all the others."""
    return list(_told_apart(told))


def last_report_day(people: list[ReporterEvidence], told: Iterable[ReporterEvidence]) -> date:
    """The day of the last of *told* that is known to be by one of *people*, who are one at least.
    What cannot be told apart from them may be anybody's.
    """
    days = {one.day for one in people}
    contacts = {one.contact for one in people if one.contact}
    return max(days | {each.day for each in told if each.contact in contacts})


def expiry_day(told: Iterable[ReporterEvidence], fewest: int) -> date:
    """The day whose reports are still needed: once all up to it are left out, the rest is of fewer
    than *fewest* people. There is one report at least.
    """
    told = list(told)
    days = sorted({each.day for each in told})
    return next(day for day in days if not _are_enough((e for e in told if e.day > day), fewest))


def _are_enough(told: Iterable[ReporterEvidence], fewest: int) -> bool:
    return len(list(islice(_told_apart(told), fewest))) == fewest


def _told_apart(told: Iterable[ReporterEvidence]) -> Iterator[ReporterEvidence]:
    counted: list[ReporterEvidence] = []
    sharing: list[ReporterEvidence] = []
    for each in sorted(told, key=lambda one: (one.is_shared, not one.contact, one.at)):
        if each.is_shared:
            if all(_are_surely_two(each, other) for other in (*counted, *sharing)):
                sharing.append(each)
        elif all(_are_two(each, other) for other in counted):
            counted.append(each)
            yield each
    if len(sharing) >= MIN_SHARED:
        yield from sharing


def _are_surely_two(one: ReporterEvidence, other: ReporterEvidence) -> bool:
    """Contacts that differ are quickly invented; one that is the same tells."""
    is_one = bool(one.contact) and one.contact == other.contact
    return not is_one and _are_two(replace(one, contact=b""), other)


def _are_two(one: ReporterEvidence, other: ReporterEvidence) -> bool:
    if abs(one.at - other.at) < _APART or are_near_duplicates(one.words, other.words):
        return False
    both_tell = one.has_story and other.has_story
    elsewhere = bool(one.commune and other.commune) and one.commune != other.commune
    if one.contact and other.contact:
        return one.contact != other.contact and (both_tell or elsewhere)
    return both_tell and elsewhere and one.day != other.day


def are_near_duplicates(words: frozenset[str], others: frozenset[str]) -> bool:
    """Whether two stories are near-identical; one of few words is like none."""
    fewest = min(len(words), len(others))
    return fewest >= _MIN_WORDS and len(words & others) >= _ALIKE * fewest
