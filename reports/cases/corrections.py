"""Confirm an extracted fact, correct a wrong one, or take back what was said.

Values by fact: scenario a code; actions and offices lists of codes; money_lost_vnd đồng, 0 none,
None unknown; ongoing a bool; priority 0 to 100. `effective_facts` prefers corrections; a confirmation
holds for what the machine read then, so that a later word of the reporter still counts.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from core.audit import events
from core.errors import ActionError, NotAllowedError
from reports.calendar.deadline_rules import CALL
from reports.cases import deadlines, legal_holds
from reports.cases.transitions import DECIDE
from reports.cases.workflow import ReasonMissingError, UnderLegalHoldError, lock_case_version
from reports.extraction.language.cue_matcher import action_codes, scenario_codes
from reports.extraction.priority import URGENT
from reports.models import Case, Correction, ExtractedFacts
from reports.reference import office_lexicon

Fact = Correction.Fact
_MAX_DONG = 10**15


class InvalidFactValueError(ActionError):
    """The fact cannot have this value, or has no correction to revert."""


@dataclass(frozen=True)
class CorrectedValue:
    fact: str
    value: Any

    @property
    def is_valid(self) -> bool:
        """Return whether the fact can have this value; offices are cached for a minute."""
        check = _CHECKS.get(self.fact)
        return bool(check and check(self.value))


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
}


def correct_fact(
    case_id: UUID, *, by: User, version: int, right: CorrectedValue, reason: str
) -> Case:
    """Store a correction and return the case; its status stays. Raises ActionError."""
    _check_permission(by)
    if not reason.strip():
        raise ReasonMissingError("reason")
    if not right.is_valid:
        raise InvalidFactValueError
    row = Correction(fact=right.fact, value=right.value, reason=reason.strip(), actor=by)
    return _store_correction(case_id, version, row)


def confirm_fact(case_id: UUID, *, by: User, version: int, seen: CorrectedValue) -> None:
    """Store that the machine read a fact rightly, as the officer saw it. Raises ActionError."""
    _check_permission(by)
    with transaction.atomic():
        case = _lock_free_case(case_id, by, version)
        facts = ExtractedFacts.objects.filter(pk=case_id)
        is_known = seen.fact in _CHECKS and seen.fact not in case.corrections_json
        if not is_known or seen.value not in facts.values_list(seen.fact, flat=True):
            raise InvalidFactValueError
        row = Correction(report_id=case_id, fact=seen.fact, value=seen.value, actor=by)
        row.is_confirmation = True
        row.save(force_insert=True)
        events.log_event(
            "report", case_id, "fact_confirmed", by=by, fact=seen.fact, correction=row.pk
        )


def revert_correction(case_id: UUID, *, by: User, version: int, fact: str) -> Case:
    """Take back what was said of a fact and return the case. Raises ActionError."""
    _check_permission(by)
    return _store_correction(case_id, version, Correction(fact=fact, is_active=False, actor=by))


def _check_permission(by: User) -> None:
    if not by.has_perm(DECIDE):
        raise NotAllowedError


def _lock_free_case(case_id: UUID, by: User, version: int) -> Case:
    case = lock_case_version(case_id, by, version)
    if legal_holds.is_held(case_id):
        raise UnderLegalHoldError
    return case


def _has_word_of(case_id: UUID, fact: str) -> bool:
    """Return whether an officer's word on the fact stands."""
    words = Correction.objects.filter(report=case_id, fact=fact).order_by("-id")
    return bool(words.values_list("is_active", flat=True).first())


def _store_correction(case_id: UUID, version: int, row: Correction) -> Case:
    """Store the row and the corrections in force; a danger is called at once, as by a ticked box."""
    with transaction.atomic():
        case = _lock_free_case(case_id, row.actor, version)
        values = {fact: value for fact, value in case.corrections_json.items() if fact != row.fact}
        if row.is_active:
            values[row.fact] = row.value
        elif not _has_word_of(case_id, row.fact):
            raise InvalidFactValueError
        row.report_id = case_id
        row.save(force_insert=True)
        least = {Fact.PRIORITY: URGENT, Fact.ONGOING: True}.get(Fact(row.fact))
        is_urgent = row.is_active and least is not None and (row.value or 0) >= least
        Case.objects.filter(pk=case_id).update(
            corrections_json=values,
            version=case.version + 1,
            changed_at=Now(),
            min_priority=max(case.min_priority or 0, URGENT) if is_urgent else case.min_priority,
            due_at=deadlines.apply_transition(case, starts=(CALL,) if is_urgent else ()),
        )
        kind = "corrected" if row.is_active else "correction_reverted"
        events.log_event("report", case_id, kind, by=row.actor, fact=row.fact, correction=row.pk)
    case.refresh_from_db()
    return case
