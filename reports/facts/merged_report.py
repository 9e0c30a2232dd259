"""A report merged with its follow-ups. Writes nothing.

The latest statement that says something wins. Callers, accounts and links add up; a correction that
names callers replaces earlier ones, which stay in `followup_callers_with_corrected`: they may link reports.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Left

from reports.models import Followup, Report

MAX_COUNT = 100  # follow-ups, the latest
SHOWN = 2000  # characters of a story on a page
_HEAVY = ("story", "story_sealed", "contact_sealed", "phrase_sealed")

T = TypeVar("T")
Statement = Followup | Report
Sealed = bytes | memoryview | None


@dataclass(frozen=True)
class Caller:
    """A caller of a chain, each field as typed, "" for none."""

    number: str = ""
    channel: str = ""
    office: str = ""
    name: str = ""

    @property
    def is_empty(self) -> bool:
        return not any(text.strip() for text in vars(self).values())

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Caller":
        return cls(**{name: str(row.get(name, "")) for name in _CALLER_FIELDS})


_CALLER_FIELDS = tuple(field.name for field in fields(Caller))


@dataclass(frozen=True)
class MergedReport:
    report: Report
    followups: tuple[Followup, ...] = ()

    @property
    def encryption_owner(self) -> UUID:
        return self.report.pk

    @cached_property
    def substantive_followups(self) -> tuple[Followup, ...]:
        """Return the follow-ups about the call: all but withdrawals."""
        kind = Followup.Kind.WITHDRAWAL
        return tuple(each for each in self.followups if each.kind != kind)

    @property
    def withdrawal(self) -> Followup | None:
        kind = Followup.Kind.WITHDRAWAL
        return next((each for each in reversed(self.followups) if each.kind == kind), None)

    @property
    def money_lost_raw(self) -> str:
        return self._latest(lambda statement: statement.money_lost_raw).money_lost_raw

    @property
    def commune_id(self) -> str | None:
        return (self.followup_with_latest_place or self.report).commune_id

    @property
    def commune_raw(self) -> str:
        return (self.followup_with_latest_place or self.report).commune_raw

    @property
    def followup_with_latest_place(self) -> Followup | None:
        """Return the last follow-up that says where the reporter lives, or None."""
        latest_first = reversed(self.substantive_followups)
        return next((each for each in latest_first if each.commune_raw), None)

    @property
    def contact_sealed(self) -> Sealed:
        return self._latest(tells_contact).contact_sealed

    @property
    def phrase_sealed(self) -> Sealed:
        return self._latest(tells_phrase).phrase_sealed

    @property
    def has_contact(self) -> bool:
        return tells_contact(self._latest(tells_contact))

    @property
    def has_phrase(self) -> bool:
        return tells_phrase(self._latest(tells_phrase))

    @cached_property
    def callers(self) -> tuple[Caller, ...]:
        """Return all callers in order: the report's, then those of follow-ups."""
        report = self.report
        first = Caller(
            report.caller_number, report.channel, report.claimed_office, report.claimed_name
        )
        reported = () if first.is_empty or self.is_caller_corrected else (first,)
        return reported + self.followup_callers

    @cached_property
    def followup_callers(self) -> tuple[Caller, ...]:
        """Return the callers of follow-ups, from the last correction on."""
        followups = self.substantive_followups
        corrections = [at for at, each in enumerate(followups) if _corrects_callers(each)]
        return _list_callers(followups[corrections[-1] if corrections else 0 :])

    @cached_property
    def followup_callers_with_corrected(self) -> tuple[Caller, ...]:
        """Return all callers of follow-ups, corrected ones too."""
        return _list_callers(self.substantive_followups)

    @property
    def is_caller_corrected(self) -> bool:
        return any(map(_corrects_callers, self.substantive_followups))

    @property
    def accounts(self) -> tuple[str, ...]:
        return _unique(account for each in self._statements for account in each.accounts)

    @property
    def links(self) -> tuple[str, ...]:
        return _unique(link for each in self._statements for link in each.links)

    @property
    def call_times(self) -> tuple[str, ...]:
        """Return each day and time of a call, as `format_call_time` writes it."""
        times = (format_call_time(each.called_on, each.called_on_raw) for each in self._statements)
        return _unique(filter(None, times))

    @property
    def _statements(self) -> tuple[Statement, ...]:
        return self.report, *self.substantive_followups

    def _latest(self, tells: Callable[[Statement], object]) -> Statement:
        """Return the last statement for which *tells* is true, else the report."""
        return next((each for each in reversed(self._statements) if tells(each)), self.report)


def _corrects_callers(statement: Followup) -> bool:
    return bool(statement.callers) and statement.kind == Followup.Kind.CORRECTION


def _list_callers(followups: Iterable[Followup]) -> tuple[Caller, ...]:
    return _unique(Caller.from_json(row) for each in followups for row in each.callers)


def _unique(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))


def format_call_time(day: date | None, told: str) -> str:
    """Return the day of a call and what else was told of its time; "" for nothing."""
    return " ".join(filter(None, (f"{day:%d/%m/%Y}" if day else "", told)))


def merged_report(report: Report) -> MergedReport:
    """Return a report with its latest follow-ups, heavy texts deferred. One statement."""
    latest = (
        report.followups.defer(*_HEAVY)
        .select_related("commune")
        .annotate(
            beginning=Left("story", SHOWN + 1),
            has_contact=Q(contact_sealed__isnull=False),
            has_phrase=Q(phrase_sealed__isnull=False),
        )
        .order_by("-received_at", "-id")[:MAX_COUNT]
    )
    return MergedReport(report, tuple(reversed(latest)))


def iter_followups(report: Report) -> Iterator[Followup]:
    """Yield all follow-ups with all their texts, oldest first, one at a time."""
    rows = report.followups.select_related("commune").order_by("received_at", "id")
    return rows.iterator(chunk_size=1)


def tells_contact(statement: Statement) -> bool:
    """Return whether a contact is given; the sealed column is not loaded."""
    return bool(getattr(statement, "has_contact", None) or _loaded(statement, "contact_sealed"))


def tells_phrase(statement: Statement) -> bool:
    """Return whether a call-back phrase is given; the sealed column is not loaded."""
    return bool(getattr(statement, "has_phrase", None) or _loaded(statement, "phrase_sealed"))


def _loaded(statement: Statement, column: str) -> object:
    return None if column in statement.get_deferred_fields() else getattr(statement, column)
