"""How many people reported a number: one person or text counts once. Pure: no Django.

The count errs low: it is published of a number that somebody may own.

1. Two reports with a contact number are of two people when the contacts differ, the stories are not
   near-identical, and both tell a story or the communes are known and differ.
2. Where one of the two has no contact, commune, day and story must all be known and differ.
3. A story of fewer than five words distinguishes nobody.
4. Reports within half an hour of each other are of one person: no addresses are stored.
5. Of the reports from one network only the first counts so (submission/flood_detection.py flags the
   others). The others count from MIN_SHARED on that differ, each from each and from all counted, in
   commune, day and story, whatever their contact. So the owner of the number, first from a network,
   silences nobody for long, and one person alone needs as many days and stories.

People are counted one by one, those with a contact first; a report adds a person only when it
differs from all counted before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice

_MIN_WORDS = 5
_APART = timedelta(minutes=30)
MIN_SHARED = 4  # people of networks that had reported the number before
_ALIKE = 0.8  # share of the shorter story's words that are in the other one too


@dataclass(frozen=True)
class ReporterEvidence:
    """What distinguishes a reporter: `contact` a keyed hash or b"", `commune` a codename or "", as
    first reported, `at` the local time, `words` the folded words of the story. `is_shared`: from a
    network that had reported the number before.
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


def distinct_reporters(evidence: Iterable[ReporterEvidence]) -> list[ReporterEvidence]:
    """Return one report for each person who is distinct from all the others."""
    return list(_iter_distinct(evidence))


def last_report_day(people: list[ReporterEvidence], evidence: Iterable[ReporterEvidence]) -> date:
    """Return the day of the last report by one of *people*, who are one at least."""
    days = {one.day for one in people}
    contacts = {one.contact for one in people if one.contact}
    return max(days | {each.day for each in evidence if each.contact in contacts})


def expiry_day(evidence: Iterable[ReporterEvidence], minimum: int) -> date:
    """Return the last day needed: later reports alone are of fewer than *minimum* people."""
    evidence = list(evidence)
    days = sorted({each.day for each in evidence})
    return next(
        day for day in days if not _are_enough((e for e in evidence if e.day > day), minimum)
    )


def _are_enough(evidence: Iterable[ReporterEvidence], minimum: int) -> bool:
    return len(list(islice(_iter_distinct(evidence), minimum))) == minimum


def _iter_distinct(evidence: Iterable[ReporterEvidence]) -> Iterator[ReporterEvidence]:
    counted: list[ReporterEvidence] = []
    sharing: list[ReporterEvidence] = []
    for each in sorted(evidence, key=lambda one: (one.is_shared, not one.contact, one.at)):
        if each.is_shared:
            if all(_are_surely_two(each, other) for other in (*counted, *sharing)):
                sharing.append(each)
        elif all(_are_two(each, other) for other in counted):
            counted.append(each)
            yield each
    if len(sharing) >= MIN_SHARED:
        yield from sharing


def _are_surely_two(one: ReporterEvidence, other: ReporterEvidence) -> bool:
    """Return whether two differ apart from their contacts, which must not be the same."""
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
    """Return whether two stories are near-identical; a short one is like none."""
    shorter = min(len(words), len(others))
    return shorter >= _MIN_WORDS and len(words & others) >= _ALIKE * shorter
