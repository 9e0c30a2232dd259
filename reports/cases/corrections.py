"""Confirm extracted facts, correct wrong ones, or take back what was said: all in one save.

Values by fact: scenario a code; actions and offices lists of codes; money_lost_vnd đồng, 0 none,
None unknown; ongoing a bool; priority 0 to 100; commune a codename, None unknown; named as in
facts/named_things.py. `effective_facts` prefers corrections; a confirmation holds for what the machine
read then, so that a later word of the reporter still counts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from core import encryption
from core.audit import events
from core.errors import ActionError, NotAllowedError
from core.outbox import queue
from reports.calendar.deadline_rules import CALL
from reports.cases import deadlines, legal_holds, routing
from reports.cases.legal_holds import ReportErasedError
from reports.cases.transitions import DECIDE
from reports.cases.workflow import (
    FieldError,
    ReasonMissingError,
    UnderLegalHoldError,
    lock_case_version,
)
from reports.extraction import redaction
from reports.extraction.language.cue_matcher import action_codes, scenario_codes
from reports.extraction.priority import URGENT
from reports.facts.merged_report import merged_report
from reports.facts.named_things import MAX_ADDED, NamedChanges, is_row
from reports.models import Case, Correction, ExtractedFacts, Indicator
from reports.reference import gazetteer, office_lexicon, units
from reports.submission.intake import TRIAGE_TASK

Fact = Correction.Fact
_MAX_DONG = 10**15
# What the machine reads as one value, so that it can be right; and what rules of routing compare.
CONFIRMABLE = (Fact.PRIORITY, Fact.SCENARIO, Fact.ACTIONS, Fact.MONEY, Fact.ONGOING, Fact.OFFICES)
_ROUTED = {Fact.SCENARIO, Fact.MONEY, Fact.OFFICES, Fact.COMMUNE}


class InvalidFactValueError(ActionError):
    """The fact cannot have this value, or has no correction to revert."""


class ReporterContactError(FieldError):
    """What was added is how to reach the reporter: `code` is its kind."""


@dataclass(frozen=True)
class CorrectedValue:
    fact: str
    value: Any

    @property
    def is_valid(self) -> bool:
        """Return whether the fact can have this value; offices are cached for a minute."""
        check = _CHECKS.get(self.fact)
        return bool(check and check(self.value))


@dataclass(frozen=True)
class Judgement:
    """What an officer says of a report's facts in one save."""

    corrected: Sequence[CorrectedValue] = ()
    confirmed: Sequence[CorrectedValue] = ()
    reverted: Sequence[str] = ()
    reason: str = ""

    def check(self) -> None:
        """Raise ActionError where a value or the reason is missing."""
        if self.corrected and not self.reason.strip():
            raise ReasonMissingError("reason")
        if not all(each.is_valid for each in self.corrected):
            raise InvalidFactValueError

    @property
    def is_urgent(self) -> bool:
        """Return whether it says what would make a reporter's report urgent."""
        return any(
            (each.value or 0) >= _URGENT_FROM[each.fact]
            for each in self.corrected
            if each.fact in _URGENT_FROM
        )


_URGENT_FROM: Mapping[str, int] = {Fact.PRIORITY: URGENT, Fact.ONGOING: True}


def _make_code_check(codes: Callable[[], Iterable[str]]) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
            return False
        return len(value) == len(set(value)) and set(value) <= set(codes())

    return check


def _is_integer(value: object, maximum: int) -> bool:
    return type(value) is int and 0 <= value <= maximum


_CHECKS: Mapping[str, Callable[[object], bool]] = {
    Fact.PRIORITY: lambda value: _is_integer(value, 100),
    Fact.SCENARIO: lambda value: isinstance(value, str) and value in scenario_codes(),
    Fact.ACTIONS: _make_code_check(action_codes),
    Fact.MONEY: lambda value: value is None or _is_integer(value, _MAX_DONG),
    Fact.ONGOING: lambda value: isinstance(value, bool),
    Fact.OFFICES: _make_code_check(office_lexicon.codes),
    Fact.COMMUNE: lambda value: (
        value is None or (isinstance(value, str) and bool(gazetteer.commune_name(value)))
    ),
    Fact.NAMED: lambda value: (
        isinstance(value, dict)
        and value.keys() == {"added", "removed"}
        and all(isinstance(rows, list) and all(map(is_row, rows)) for rows in value.values())
        and len(value["added"]) <= MAX_ADDED
    ),
}


def judge_facts(case_id: UUID, *, by: User, version: int, judgement: Judgement) -> Case:
    """Store all that an officer says, and return the case; its status stays. Raises ActionError; then
    nothing is written.
    """
    if not by.has_perm(DECIDE):
        raise NotAllowedError
    judgement.check()
    with transaction.atomic():
        case = lock_case_version(case_id, by, version)
        if legal_holds.is_held(case_id):
            raise UnderLegalHoldError
        for row, kind in _list_words(case, judgement):
            row.report_id, row.actor = case_id, by
            row.save(force_insert=True)
            events.log_event("report", case_id, kind, by=by, fact=row.fact, correction=row.pk)
        if judgement.corrected or judgement.reverted:
            _write_case(case, by, judgement)
    queue.notify()
    case.refresh_from_db()
    return case


def _list_words(case: Case, judgement: Judgement) -> Iterator[tuple[Correction, str]]:
    """Yield the words to store, unsaved, with the kinds of their events. Raises InvalidFactValueError."""
    for each in judgement.confirmed:
        _check_confirmed(case, each)
        yield Correction(fact=each.fact, value=each.value, is_confirmation=True), "fact_confirmed"
    for fact in judgement.reverted:
        words = Correction.objects.filter(report=case.pk, fact=fact).order_by("-id")
        if not words.values_list("is_active", flat=True).first():
            raise InvalidFactValueError
        yield Correction(fact=fact, is_active=False), "correction_reverted"
    for each in judgement.corrected:
        yield (
            Correction(fact=each.fact, value=each.value, reason=judgement.reason.strip()),
            "corrected",
        )


def _check_confirmed(case: Case, seen: CorrectedValue) -> None:
    """Raise InvalidFactValueError unless the machine reads now what the officer saw."""
    facts = ExtractedFacts.objects.filter(pk=case.pk)
    is_free = seen.fact in CONFIRMABLE and seen.fact not in case.corrections_json
    if not is_free or seen.value not in facts.values_list(seen.fact, flat=True):
        raise InvalidFactValueError


def _write_case(case: Case, by: User, judgement: Judgement) -> None:
    """Write the corrections in force; a danger is called at once, as by a ticked box."""
    said = {*judgement.reverted, *(each.fact for each in judgement.corrected)}
    values = {fact: value for fact, value in case.corrections_json.items() if fact not in said}
    values |= {each.fact: each.value for each in judgement.corrected}
    is_urgent = judgement.is_urgent
    changes: dict[str, Any] = {"corrections_json": values, "version": case.version + 1}
    if is_urgent:
        changes["min_priority"] = max(case.min_priority or 0, URGENT)
    if not said.isdisjoint(_ROUTED) and _may_route_anew(case, by):
        changes |= {"routed_at": None, "assigned_unit": None, "unit_name": ""}
        in_force = Judgement([CorrectedValue(*each) for each in values.items()])
        changes["min_priority"] = URGENT if in_force.is_urgent else None
    if Fact.NAMED in said:
        _check_contacts(case, NamedChanges.from_json(values.get(Fact.NAMED)).added)
        queue.enqueue_once(TRIAGE_TASK, case.pk)  # counts, search and campaigns follow
    due = deadlines.apply_transition(case, starts=(CALL,) if is_urgent else ())
    Case.objects.filter(pk=case.pk).update(**changes, due_at=due, changed_at=Now())


def _may_route_anew(case: Case, by: User) -> bool:
    """Return whether rules alone have routed the case, and do still; a unit hands over instead."""
    is_untouched = case.status == Case.Status.NEW and case.officer_id is None
    is_old = case.report.received_at < timezone.now() - routing.MAX_AGE
    if not is_untouched or is_old or case.routed_at is None or units.unit_code_of(by):
        return False
    return not events.events_for("report", case.pk).filter(kind="unit_recalled").exists()


def erase_named(report_id: UUID) -> None:
    """Erase what officers wrote of the numbers, accounts, links and people of a report; a part of its
    erasure.
    """
    Correction.objects.filter(report=report_id, fact=Fact.NAMED).update(value=None)
    for case in Case.objects.filter(pk=report_id, corrections_json__has_key=Fact.NAMED):
        left = {fact: value for fact, value in case.corrections_json.items() if fact != Fact.NAMED}
        Case.objects.filter(pk=report_id).update(corrections_json=left)


def _check_contacts(case: Case, added: Iterable[Indicator]) -> None:
    """Raise ReporterContactError where what is added is the reporter's own, as the reading hides it."""
    if case.report.erased_at:
        raise ReportErasedError
    rows = (case.report, merged_report(case.report))
    contacts = set(filter(None, (encryption.decrypt_field(row, "contact") for row in rows)))
    for each in added:
        texts = (each.raw, each.key)
        found = (redaction.redact(text, contact) for text in texts for contact in contacts)
        if any("masked_contact" in redacted.flags for redacted in found):
            raise ReporterContactError(each.kind)
