"""A report together with all that its reporter said later. Reads, and writes nothing.

A later statement that says something stands before older ones and before the report. Callers,
accounts and links add up; only a correction that names callers stands in the place of those told
before, and even they remain among `all_followup_callers`: what was told once may tie reports together.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Left

from reports.models import Followup, Report

MAX_COUNT = 100  # follow-ups, the latest
SHOWN = 2000  # signs of a story that a page shows
_HEAVY = ("story", "story_sealed", "contact_sealed", "phrase_sealed")

T = TypeVar("T")
Statement = Followup | Report
Sealed = bytes | memoryview | None


@dataclass(frozen=True)
class Caller:
    """One caller of a chain, each field as it was typed, "" for none."""

    number: str = ""
    channel: str = ""
    office: str = ""
    name: str = ""

    @property
    def is_empty(self) -> bool:
        return not any(text.strip() for text in vars(self).values())

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Caller":
        """Return a caller from a row of Followup.callers, without its other keys."""
        return cls(**{name: str(row.get(name, "")) for name in _LEG})


_LEG = tuple(field.name for field in fields(Caller))


@dataclass(frozen=True)
class MergedReport:
    """A report and its followups, oldest first."""

    report: Report
    followups: tuple[Followup, ...] = ()

    @property
    def report_id(self) -> UUID:
        return self.report.pk

    @cached_property
    def substantive_followups(self) -> tuple[Followup, ...]:
        """The followups that tell something of the call: all but a wish to withdraw."""
        kinds = Followup.Kind
        return tuple(each for each in self.followups if each.kind != kinds.WITHDRAWAL)

    @property
    def withdrawal(self) -> Followup | None:
        """The latest wish to withdraw."""
        wishes = [each for each in self.followups if each.kind == Followup.Kind.WITHDRAWAL]
        return wishes[-1] if wishes else None

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
        """The addition that said last where the reporter lives; None where only the report does."""
        return next(
            (each for each in reversed(self.substantive_followups) if each.commune_raw), None
        )

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
        """Everybody who rang, in order: the caller of the report, then those told later."""
        report = self.report
        first = Caller(
            report.caller_number, report.channel, report.claimed_office, report.claimed_name
        )
        return (() if first.is_empty or self.is_caller_corrected else (first,)) + self.legs

    @cached_property
    def legs(self) -> tuple[Caller, ...]:
        """The callers that were told later, as far as no correction stands in their place."""
        followups = self.substantive_followups
        last = max(
            (at for at, statement in enumerate(followups) if _names_anew(statement)), default=0
        )
        return _each_once(
            Caller.from_json(leg) for statement in followups[last:] for leg in statement.callers
        )

    @cached_property
    def all_followup_callers(self) -> tuple[Caller, ...]:
        """All callers that were told later, corrected ones too."""
        return _each_once(
            Caller.from_json(leg)
            for statement in self.substantive_followups
            for leg in statement.callers
        )

    @property
    def is_caller_corrected(self) -> bool:
        """Whether a later correction names the callers anew."""
        return any(map(_names_anew, self.substantive_followups))

    @property
    def accounts(self) -> tuple[str, ...]:
        return _each_once(
            account for statement in self.substantive_followups for account in statement.accounts
        )

    @property
    def links(self) -> tuple[str, ...]:
        return _each_once(
            link for statement in self.substantive_followups for link in statement.links
        )

    def _latest(self, says: Callable[[Statement], object]) -> Statement:
        """Whoever said it last, an addition or the report; the report where nobody did."""
        statements: list[Statement] = [self.report, *self.substantive_followups]
        return next((each for each in reversed(statements) if says(each)), self.report)


def _names_anew(statement: Followup) -> bool:
    return bool(statement.callers) and statement.kind == Followup.Kind.CORRECTION


def _each_once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))


def merged_report(report: Report) -> MergedReport:
    """A report with its followups. One statement; what is long or sealed stays in the database
    until it is asked for, and `beginning` holds what a page shows of a story.
    """
    return MergedReport(report, tuple(reversed(list(_light(report)[:MAX_COUNT]))))


def _light(report: Report) -> Any:
    return (
        report.followups.defer(*_HEAVY)
        .select_related("commune")
        .annotate(
            beginning=Left("story", SHOWN + 1),
            has_contact=Q(contact_sealed__isnull=False),
            has_phrase=Q(phrase_sealed__isnull=False),
        )
        .order_by("-received_at", "-id")
    )


def iter_followups(report: Report) -> Iterator[Followup]:
    """All of them with all their words, oldest first, one at a time."""
    rows = report.followups.select_related("commune").order_by("received_at", "id")
    return rows.iterator(chunk_size=1)


def tells_contact(statement: Statement) -> bool:
    """Whether a number to ring back was told, sealed columns left where they are."""
    return bool(getattr(statement, "has_contact", None) or _loaded(statement, "contact_sealed"))


def tells_phrase(statement: Statement) -> bool:
    """Whether a call-back phrase was told, as above."""
    return bool(getattr(statement, "has_phrase", None) or _loaded(statement, "phrase_sealed"))


def _loaded(statement: Statement, column: str) -> object:
    """A column's value, unless it was left in the database."""
    return None if column in statement.get_deferred_fields() else getattr(statement, column)
