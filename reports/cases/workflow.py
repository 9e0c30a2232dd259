"""Decisions on cases: this module, corrections.py and checklists.py alone write `Case`.

Each verb is one transaction: lock the case, compare the version that the officer saw, look up the
transition, write case, deadlines and audit event. A lost race raises StaleVersionError. The event has a
message's key alone, so that an erasure reaches its text.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.dateparse import parse_date

from core import encryption
from core.audit import events
from core.errors import ActionError, CodedError, NotAllowedError, StaleVersionError
from core.keys import newest_key
from reports.calendar.deadline_rules import CALL_AGAIN, CALLS
from reports.campaigns import regrouping
from reports.cases import deadlines, documents, handovers, legal_holds, replies, visibility
from reports.cases.legal_holds import ReportErasedError
from reports.cases.locks import lock_case, lock_report
from reports.cases.transitions import (
    DECIDE,
    EMPTY,
    ENDINGS,
    ERASURE_REQUEST_TABLE,
    NOT_ON_HOLD,
    TABLE,
    Transition,
)
from reports.extraction.bank_accounts_and_links import find_links
from reports.models import BankLetter, Case, Followup, Message, TransferSlip, Unit
from reports.notices import addresses
from reports.reference import units

_CODES = {
    "outcome": Case.Outcome.values, "contact": Case.Contact.values, "result": TransferSlip.Outcome.values,
}  # fmt: skip
UNDO_WINDOW = timedelta(hours=24)  # in which officers may reopen what they ended themselves


class FieldError(CodedError, ActionError):
    """The officer's words were refused; `code` says which, or why."""


class InvalidTransitionError(ActionError):
    """The table has no transition of this verb from the case's status."""


class ReasonMissingError(FieldError):
    """A required field is missing or not valid: `code` is its name."""


class UnknownUnitError(ActionError):
    """No active unit has that name."""


class ForbiddenLinkError(ActionError):
    """The message to the reporter has a link; the pages promise that none is ever sent."""


class ForbiddenWordingError(FieldError):
    """The message breaks a promise of the pages: `code` is secret, number, unit or blank."""


class NotAskedError(ActionError):
    """The reporter has not asked with the code to withdraw the report."""


class NoExtensionLeftError(ActionError):
    """No deadline runs that could be extended once more."""


class UnderLegalHoldError(ActionError):
    """The report is under a legal hold: its case cannot end, its facts cannot be corrected."""


def allowed_actions(
    case: Case,
    user: User,
    *,
    is_held: bool = False,
    is_withdrawal_wanted: bool = False,
    slip: TransferSlip | None = None,
) -> list[str]:
    """Return the verbs that this officer may use now; `is_held`: under a legal hold,
    `is_withdrawal_wanted`: the reporter has asked for it, `slip`: of the hand-over, if it is loaded.
    """
    steps = handovers.list_steps(case, user, slip)
    return [
        verb
        for verb, move in TABLE.items()
        if case.status in move.steps
        and (verb in steps or verb not in handovers.STEPS)
        and _may_make(move, case.pk, user)
        and (
            not move.holder_permission
            or user.has_perm(move.permission)
            or case.officer_id == user.pk
        )
        and not (is_held and move.steps[case.status] in NOT_ON_HOLD)
        and not (verb == "take" and case.officer_id == user.pk)
        and not (verb == "recall" and not case.unit_name)
        and not (verb == "give_back" and not case.officer_id)
        and not (move.is_second and case.seconded_by_id)
        and not (move.needs_withdrawal and not is_withdrawal_wanted)
    ]


def _may_make(move: Transition, case_id: UUID, by: User) -> bool:
    """Return whether an officer may make a transition, or undo what they ended, or agree with another."""
    if by.has_perm(move.permission) and not move.is_second:
        return True
    if move.holder_permission:
        return by.has_perm(move.holder_permission)  # of which case: _check_holder
    if not by.has_perm(move.undo_permission or move.permission):
        return False
    ending = events.events_for("report", case_id).filter(kind__in=ENDINGS).first()
    if ending is None or ending.actor != by or ending.kind == "handed_over":  # see "take_back"
        return move.is_second
    return not move.is_second and ending.created_at >= timezone.now() - UNDO_WINDOW


def _check_holder(
    move: Transition, case: Case, by: User, officer: User | None, words: Mapping[str, str]
) -> None:
    """Let an officer pass on what is their own, to a colleague of their unit. Raises ActionError."""
    if not move.holder_permission or by.has_perm(move.permission):
        return
    if case.officer_id != by.pk:
        raise NotAllowedError
    is_colleague = officer is None or units.unit_code_of(officer) == units.unit_code_of(by)
    for what, is_given in (("officer", is_colleague), ("reason", "reason" in words)):
        if not is_given:
            raise ReasonMissingError(what)


def decide(
    verb: str, case_id: UUID, *, by: User, version: int, officer: User | None = None, **words: str
) -> Case:
    """Apply a verb of a table to a case and return it; `words`: reason, outcome, contact, unit.

    `officer`: to whom it is assigned, who must have the right to decide. Raises ActionError.
    """
    move = TABLE.get(verb) or ERASURE_REQUEST_TABLE[verb]
    officer = by if verb == "take" else officer
    words = {name: text.strip() for name, text in words.items() if text.strip()}
    if not _may_make(move, case_id, by):
        raise NotAllowedError
    _check_words(move, words, officer)
    named = units.match_unit(words["unit"]) if "unit" in words else None
    if move.requires_known_unit and named is None:
        raise UnknownUnitError
    words |= {"unit": named.name} if named else {}
    with transaction.atomic():
        case = lock_case_version(case_id, by, version)
        _check_holder(move, case, by, officer, words)
        before, after = case.status, _next_status(case, move)
        if verb in handovers.STEPS and verb not in handovers.list_steps(case, by):
            raise NotAllowedError
        officer = officer or _find_new_officer(case, move, by)
        keys: dict[str, object] = {"officer": officer.pk} if officer else {}
        changes = _list_changes(move, by, officer, words, named) | {"status": after}
        if move.has_slip:
            words["slip"] = str(_hand_over(case, by, words))
        elif before == Case.Status.HANDED_OVER and verb in (*handovers.STEPS, "reopen"):
            changes |= handovers.take_step(verb, case, by, words)
        _write_case(case, changes | {"due_at": _update_deadlines(case, move, words)})
        if move.messages_reporter:
            text = words.pop("reason")
            keys["message"] = _send_message(case_id, by, text, is_question=move.is_question)
        keys |= {"before": before, "after": changes["status"]}
        events.log_event("report", case_id, move.event, by=by, **keys, **words)
        regrouping.enqueue_if_changed(case_id)
        addresses.owe_after_decision(case_id, keys)
    case.refresh_from_db()
    return case


def _hand_over(case: Case, by: User, words: Mapping[str, str]) -> TransferSlip:
    """Return the slip of a hand-over. Who must be called has been, or the officer says why not."""
    if "uncalled_reason" not in words and deadlines.uncalled().filter(pk=case.pk).exists():
        raise ReasonMissingError("uncalled_reason")
    return handovers.begin(case, by, words)


def issue_bank_letter(
    case_id: UUID, *, by: User, version: int, words: Mapping[str, object]
) -> BankLetter:
    """Return a new letter that asks a bank to hold money. Raises ActionError."""
    with transaction.atomic():
        case = lock_case_version(case_id, by, version)
        if case.report.erased_at:
            raise ReportErasedError
        letter = documents.issue_bank_letter(case_id, by, words)
        _write_case(case, {})
        told = {"letter": str(letter), "amount": letter.amount_vnd}
        events.log_event("report", case_id, "bank_letter_issued", by=by, **told)
    return letter


def lock_case_version(case_id: UUID, by: User, version: int) -> Case:
    """Return the locked case. Raises NotAllowedError or StaleVersionError."""
    case = lock_case(case_id)
    if not visibility.can_see(by, case):
        raise NotAllowedError
    if case.version != version:
        raise StaleVersionError
    return case


def _next_status(case: Case, move: Transition) -> str:
    """Return the status to which the transition leads. Raises ActionError."""
    if case.status not in move.steps:
        raise InvalidTransitionError
    after = move.steps[case.status]
    if after in NOT_ON_HOLD and legal_holds.is_held(case.pk):
        raise UnderLegalHoldError
    wishes = Followup.objects.filter(report=case.pk, kind=Followup.Kind.WITHDRAWAL)
    if move.needs_withdrawal and not wishes.exists():
        raise NotAskedError
    return after


def _find_new_officer(case: Case, move: Transition, by: User) -> User | None:
    """Return whoever becomes the officer of an untaken case: who decides at its unit."""
    assigned_unit = None if "assigned_unit" in move.cleared_fields else case.assigned_unit_id
    is_free = case.officer_id is None and assigned_unit == units.unit_code_of(by)
    return by if move.assigns_actor and is_free else None


def _list_changes(
    move: Transition, by: User, officer: User | None, words: Mapping[str, str], named: Unit | None
) -> dict[str, object]:
    """Return the changes of officer, unit and outcome: the named unit, else the new officer's."""
    changes: dict[str, object] = {name: EMPTY[name] for name in move.cleared_fields}
    if officer is not None:
        own = units.unit_of(officer)
        changes |= {"officer": officer, "unit_name": own.name if own else "", "assigned_unit": own}
        changes["passed_by"] = by if officer != by else None
    if "outcome" in words:
        changes["outcome"] = words["outcome"]
    if move.is_second:
        changes["seconded_by"] = by
    if "unit" in words:
        changes |= {"unit_name": words["unit"], "assigned_unit": named}
    return changes


def mark_opened(case: Case, by: User) -> None:
    """Note that the officer has opened what a colleague passed to them."""
    if case.passed_by_id and case.officer_id == by.pk:
        Case.objects.filter(pk=case.pk, officer=by).update(passed_by=None)


def route(case_id: UUID, *, unit: Unit, rule: int, priority: int | None) -> bool:
    """Assign an unrouted case that no person has assigned; return whether it was."""
    with transaction.atomic():
        case = Case.objects.unrouted().select_for_update(of=("self",)).filter(pk=case_id).first()
        if case is None:
            return False
        changes = {
            "unit_name": unit.name,
            "assigned_unit": unit,
            "min_priority": max(priority or 0, case.min_priority or 0) or None,
        }
        _write_case(case, {**changes, "routed_at": Now()})
        events.log_event("report", case_id, "routed", unit=unit.name, rule=rule)
    return True


def mark_unroutable(case_id: UUID) -> None:
    """Mark a case that no rule matches, so that it is not matched again."""
    Case.objects.unrouted().filter(pk=case_id).update(routed_at=Now())


def _check_words(move: Transition, words: Mapping[str, str], officer: User | None) -> None:
    """Raise ActionError where a field is missing, or the reporter may not read these words."""
    for what in move.required_fields:
        if not _is_given(what, words.get(what, ""), officer):
            raise ReasonMissingError(what)
    if move.messages_reporter and find_links(words["reason"]):
        raise ForbiddenLinkError
    if move.messages_reporter and (what := replies.forbidden_wording(words["reason"])):
        raise ForbiddenWordingError(what)
    if move.messages_reporter and replies.unfilled_placeholders(words["reason"]):
        raise ForbiddenWordingError("blank")
    if not replies.is_unit(words.get("unit", "")):
        raise ForbiddenWordingError("unit")


def _is_given(what: str, word: str, officer: User | None) -> bool:
    if what == "officer":
        return officer is not None and officer.has_perm(DECIDE)
    if what == "received_on":
        day = parse_date(word)
        return day is not None and day <= timezone.localdate()
    values = _CODES.get(what)
    return word in values if values else bool(word)


def _update_deadlines(case: Case, move: Transition, words: Mapping[str, str]) -> datetime | None:
    """Apply a transition to the deadlines; return when the case is due next. A call that reaches
    nobody starts the next.
    """
    starts = move.starts_deadlines
    if words.get("contact") in Case.NOT_REACHED:
        starts = (*starts, CALL_AGAIN)
    reached = CALLS if words.get("result") == TransferSlip.Outcome.HELPED else ()
    waited = case.status == Case.Status.WAITING
    if move.is_question or (waited and move.steps[case.status] == Case.Status.IN_REVIEW):
        deadlines.start_deadlines(case)
        deadlines.restart_sorting(case.pk, waits=move.is_question)
    if move.extends_deadline and not deadlines.extend(case.pk, move.extends_deadline):
        raise NoExtensionLeftError
    return deadlines.apply_transition(
        case, meets=(*move.meets_deadlines, *reached), drops=move.drops_deadlines, starts=starts
    )


def _write_case(case: Case, changes: Mapping[str, object]) -> None:
    """Write a decision to the locked row and count its version."""
    Case.objects.filter(pk=case.pk).update(version=case.version + 1, changed_at=Now(), **changes)


def _send_message(case_id: UUID, by: User, text: str, *, is_question: bool) -> int:
    """Store a message to the reporter and return its key; no erasure until COMMIT."""
    if lock_report(case_id).erased_at:
        raise ReportErasedError
    message = Message(
        report_id=case_id,
        actor=by,
        is_question=is_question,
        text_sealed=encryption.encrypt(text, "text", case_id),
        content_digest=newest_key().mac("message digest", text.encode()),
    )
    message.save(force_insert=True)
    return int(message.pk)
