"""The only writer of decisions.

Each verb is one transaction: lock the case, compare the version that the officer saw, look the
move up in the status table (moves.py), write the case and its event. A lost race is told (StaleVersion) and
nothing is overwritten. With the move go the clocks that it meets, starts or drops
(timekeeping.py). What the reporter is told goes with it as a sealed message; the event only
names that message, so that an erasure can reach its words.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from core import encryption
from core.audit import events
from core.keys import newest_key
from reports.cases import (
    deadlines,
    legal_holds,
    reply_placeholders,
    reply_policy,
    transfer_slips,
    visibility,
)
from reports.cases.corrections import CorrectedValue
from reports.cases.transitions import (
    CORRECTS,
    EMPTY,
    ENDINGS,
    NOT_ON_HOLD,
    ON_WISH,
    TABLE,
    Transition,
)
from reports.extraction.accounts_and_links import find_links
from reports.models import Case, Correction, Message, Report, Unit
from reports.reference import units

OWN_SLIP = timedelta(hours=24)  # within which officers may take up again what they ended themselves


class WorkflowError(Exception):
    """A decision that was not taken. Nothing has been written."""


class StaleVersion(WorkflowError):  # noqa: N818
    """Somebody decided between the officer's look and the officer's act."""


class NotAllowed(WorkflowError):  # noqa: N818
    """The officer lacks the permission of this verb."""


class InvalidTransition(WorkflowError):  # noqa: N818
    """The verb does not lead anywhere from the status that the case has."""


class ReasonMissing(WorkflowError):  # noqa: N818
    """The verb needs what was not given: `what` is reason, outcome, unit or officer."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class UnitUnknown(WorkflowError):  # noqa: N818
    """The named unit is none of the table, or takes no reports."""


class LinkNotAllowed(WorkflowError):  # noqa: N818
    """What the reporter was to be told holds a link; the pages promise that none is ever sent."""


class ForbiddenWording(WorkflowError):  # noqa: N818
    """What the reporter was to read breaks what the pages promise: `what` is secret, number, unit
    or blank.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class InvalidFactValue(WorkflowError):  # noqa: N818
    """What an officer said of a fact is nothing that this fact can be, or was not said at all."""


class NoExtensionLeft(WorkflowError):  # noqa: N818
    """Nothing runs that could be extended, or it was extended as often as it may be."""


class UnderLegalHold(WorkflowError):  # noqa: N818
    """The report must stay as it is: its case is not ended and no fact of it put right."""


class ReporterErased(WorkflowError):  # noqa: N818
    """The report's personal data are gone: nobody is there to be told."""


def allowed_actions(case: Case, user: User, *, is_held: bool = False) -> list[str]:
    """The verbs that this officer may use on the case as it stands, or as a hold lets it."""
    return [
        verb
        for verb, move in TABLE.items()
        if case.status in move.steps
        and _may(move, case.pk, user)
        and not (is_held and move.steps[case.status] in NOT_ON_HOLD)
        and not (verb == "take" and case.officer_id == user.pk)
        and not (verb == "recall" and not case.unit)
    ]


def _may(move: Transition, case_id: UUID, by: User) -> bool:
    """Whether an officer may make a move, by right or because it mends a slip of the officer's."""
    if by.has_perm(move.permission):
        return True
    return bool(move.own_slip) and by.has_perm(move.own_slip) and _ended_it(case_id, by)


def _ended_it(case_id: UUID, by: User) -> bool:
    """Whether it was this officer who ended the work, a short while ago."""
    ending = events.events_for("report", case_id).filter(kind__in=ENDINGS).first()
    return (
        ending is not None and ending.actor == by and ending.created_at >= timezone.now() - OWN_SLIP
    )


def take(case_id: UUID, *, by: User, version: int) -> Case:
    """Become the officer of a case: a fresh one, or one that a colleague leaves over."""
    return _decide("take", case_id, by, version, officer=by)


def assign(case_id: UUID, *, by: User, version: int, officer: User | None) -> Case:
    """Give a case to an officer who may decide; it lies at that officer's unit then."""
    able = officer if officer and officer.has_perm("reports.decide_case") else None
    return _decide("assign", case_id, by, version, officer=able)


def assign_unit(case_id: UUID, *, by: User, version: int, unit: str) -> Case:
    """Give a case to a unit of the table, by its name; who works there takes it."""
    return _decide("assign_unit", case_id, by, version, unit=unit)


def take_back_from_unit(case_id: UUID, *, by: User, version: int, reason: str) -> Case:
    """Take a case back from a unit, whoever gave it there."""
    return _decide("recall", case_id, by, version, reason=reason)


def add_note(case_id: UUID, *, by: User, version: int, reason: str) -> Case:
    """Add a remark; the status stays."""
    return _decide("note", case_id, by, version, reason=reason)


def ask_reporter(case_id: UUID, *, by: User, version: int, reason: str) -> Case:
    """Wait for the reporter; the reason is the question, which the reporter reads."""
    return _decide("ask", case_id, by, version, reason=reason)


def message_reporter(case_id: UUID, *, by: User, version: int, reason: str) -> Case:
    """Write to the reporter, the reason word for word; the status stays."""
    return _decide("message", case_id, by, version, reason=reason)


def resume(case_id: UUID, *, by: User, version: int, reason: str = "") -> Case:
    """Go on without waiting any longer."""
    return _decide("resume", case_id, by, version, reason=reason)


def classify_as_crime_report(case_id: UUID, *, by: User, version: int, reason: str) -> Case:
    """Sort the report as a tin báo về tội phạm; the reason names signs and receiving body."""
    return _decide("act", case_id, by, version, reason=reason)


def extend(case_id: UUID, *, by: User, version: int, reason: str) -> Case:
    """Give the verification of a tin báo more time; the reason names who granted it."""
    return _decide("extend", case_id, by, version, reason=reason)


def hand_over(case_id: UUID, *, by: User, version: int, unit: str, reason: str) -> Case:
    """Pass the report to another unit, one of the table or as it is named."""
    return _decide("hand_over", case_id, by, version, unit=unit, reason=reason)


def close(case_id: UUID, *, by: User, version: int, outcome: str, reason: str) -> Case:
    """End the work on this portal with one of `Case.Outcome`."""
    known = outcome if outcome in Case.Outcome.values else ""
    return _decide("close", case_id, by, version, outcome=known, reason=reason)


def junk(case_id: UUID, *, by: User, version: int, reason: str) -> Case:
    """Set aside what is no report."""
    return _decide("junk", case_id, by, version, reason=reason)


def withdraw(case_id: UUID, *, by: User, version: int, reason: str) -> Case:
    """End the work because the reporter asked for it."""
    return _decide("withdraw", case_id, by, version, reason=reason)


def reopen(case_id: UUID, *, by: User, version: int, reason: str) -> Case:
    """Take ended work up again; its outcome and unit stay in the events alone."""
    return _decide("reopen", case_id, by, version, reason=reason)


def refuse_erasure(case_id: UUID, *, by: User, version: int, reason: str) -> Case:
    """Tell the reporter why their report is not erased; rights.py keeps the wish."""
    return _decide("refuse_wish", case_id, by, version, reason=reason)


def reopen_erasure_request(case_id: UUID, *, by: User, version: int, reason: str) -> Case:
    """Have a refused wish to be erased answered anew; rights.py keeps the wish."""
    return _decide("take_wish_up", case_id, by, version, reason=reason)


def grant_erasure(case_id: UUID, *, by: User, version: int) -> Case:
    """End the work because the reporter asked to be erased; rights.py erases."""
    return _decide("grant_wish", case_id, by, version)


def correct_fact(
    case_id: UUID, *, by: User, version: int, right: CorrectedValue, reason: str
) -> Case:
    """Say that the machine read a fact wrongly, and what is right. The status stays."""
    _must_correct(by)
    if not reason.strip():
        raise ReasonMissing("reason")
    if not right.is_valid:
        raise InvalidFactValue
    row = Correction(fact=right.fact, value=right.value, reason=reason.strip(), actor=by)
    return _correct(case_id, version, row)


def revert_correction(case_id: UUID, *, by: User, version: int, fact: str) -> Case:
    """Let the machine's reading of a fact hold again."""
    _must_correct(by)
    return _correct(case_id, version, Correction(fact=fact, stands=False, actor=by))


def _must_correct(by: User) -> None:
    if not by.has_perm(CORRECTS):
        raise NotAllowed


def _correct(case_id: UUID, version: int, row: Correction) -> Case:
    """The newest word on one fact, in the table of corrections and among those that hold."""
    with transaction.atomic():
        case = _locked(case_id, row.actor, version)
        if legal_holds.is_held(case_id):
            raise UnderLegalHold
        holding = {fact: value for fact, value in case.corrections_json.items() if fact != row.fact}
        if row.stands:
            holding[row.fact] = row.value
        elif holding == case.corrections_json:
            raise InvalidFactValue
        row.report_id = case_id
        row.save(force_insert=True)
        Case.objects.filter(pk=case_id).update(
            corrections_json=holding,
            version=case.version + 1,
            changed_at=Now(),
            due_at=deadlines.apply_transition(case),
        )
        kind = "corrected" if row.stands else "uncorrected"
        events.log_event("report", case_id, kind, by=row.actor, fact=row.fact, correction=row.pk)
    case.refresh_from_db()
    return case


def _decide(
    verb: str,
    case_id: UUID,
    by: User,
    version: int,
    *,
    officer: User | None = None,
    **words: str,
) -> Case:
    move = TABLE.get(verb) or ON_WISH[verb]
    words = {name: text.strip() for name, text in words.items() if text.strip()}
    if not _may(move, case_id, by):
        raise NotAllowed
    for what in move.needs:
        if not (officer if what == "officer" else words.get(what)):
            raise ReasonMissing(what)
    _must_be_tellable(move, words)
    named = units.match_unit(words["unit"]) if "unit" in words else None
    if move.gives_away and named is None:
        raise UnitUnknown
    if named:
        words["unit"] = named.name
    with transaction.atomic():
        case = _locked(case_id, by, version)
        if case.status not in move.steps:
            raise InvalidTransition
        before, after = case.status, move.steps[case.status]
        if after in NOT_ON_HOLD and legal_holds.is_held(case_id):
            raise UnderLegalHold
        officer = officer or _adopter(case, move, by)
        given: dict[str, int] = {"officer": officer.pk} if officer else {}
        changes = {"status": after, **_place(move, officer, words, named)}
        changes |= {name: words[name] for name in ("outcome",) if name in words}
        _write(case, changes | {"due_at": _keep_time(case, move)})
        if move.tells:
            given["message"] = _tell(case_id, by, words.pop("reason"), is_question=move.asks)
        if move.has_slip:
            slip = transfer_slips.issue_transfer_slip(
                case_id, unit=words["unit"], reason=words["reason"], by=by
            )
            words["slip"] = str(slip)
        events.log_event(
            "report", case_id, move.event, by=by, before=before, after=after, **given, **words
        )
    case.refresh_from_db()
    return case


def _locked(case_id: UUID, by: User, version: int) -> Case:
    """The case as the officer saw it, until COMMIT nobody else's to write."""
    case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    if not visibility.can_see(by, case):
        raise NotAllowed
    if case.version != version:
        raise StaleVersion
    return case


def _adopter(case: Case, move: Transition, by: User) -> User | None:
    """Who becomes the officer of a case that nobody has taken: who decides on it where it lies."""
    assigned_unit = None if "assigned_unit" in move.clears else case.assigned_unit_id
    is_free = move.adopts and case.officer_id is None and assigned_unit == units.unit_code_of(by)
    return by if is_free else None


def _place(
    move: Transition, officer: User | None, words: Mapping[str, str], named: Unit | None
) -> dict[str, object]:
    """Where a case lies after a move: at the unit that was named, else where its new officer works."""
    changes: dict[str, object] = {name: EMPTY[name] for name in move.clears}
    if officer is not None:
        own = units.unit_of(officer)
        changes |= {"officer": officer, "unit": own.name if own else "", "assigned_unit": own}
    if "unit" in words:
        changes |= {"unit": words["unit"], "assigned_unit": named}
    return changes


def route(case_id: UUID, *, unit: Unit, rule: int, priority: int | None) -> bool:
    """Let a rule give a case to a unit, the machine on record for it: once, and none that a person
    has placed or ended. False where somebody was quicker.
    """
    with transaction.atomic():
        case = Case.objects.unrouted().select_for_update(of=("self",)).filter(pk=case_id).first()
        if case is None:
            return False
        changes = {"unit": unit.name, "assigned_unit": unit, "min_priority": priority}
        _write(case, {**changes, "routed_at": Now()})
        events.log_event("report", case_id, "routed", unit=unit.name, rule=rule)
    return True


def mark_unroutable(case_ids: Iterable[UUID]) -> None:
    """Remember of cases that no rule fits them: they are not asked about again."""
    Case.objects.unrouted().filter(pk__in=list(case_ids)).update(routed_at=Now())


def _must_be_tellable(move: Transition, words: Mapping[str, str]) -> None:
    """Whether what the reporter will read word for word may be said."""
    if move.tells and find_links(words["reason"]):
        raise LinkNotAllowed
    if move.tells and (what := reply_policy.forbidden_wording(words["reason"])):
        raise ForbiddenWording(what)
    if move.tells and reply_placeholders.unfilled_placeholders(words["reason"]):
        raise ForbiddenWording("blank")
    if not reply_policy.is_unit(words.get("unit", "")):
        raise ForbiddenWording("unit")


def _keep_time(case: Case, move: Transition) -> datetime | None:
    """What a move does to the clocks; when the case is due next."""
    if move.extends and not deadlines.extend(case.pk, move.extends):
        raise NoExtensionLeft
    return deadlines.apply_transition(case, meets=move.meets, drops=move.drops, starts=move.starts)


def _write(case: Case, changes: Mapping[str, object]) -> None:
    """The one UPDATE of a decision; the row is locked, so its version can be counted here."""
    Case.objects.filter(pk=case.pk).update(version=case.version + 1, changed_at=Now(), **changes)


def _tell(case_id: UUID, by: User, text: str, *, is_question: bool) -> int:
    """Leave a message for the reporter; its key. Nobody erases the report until COMMIT."""
    told = Report.objects.select_for_update(no_key=True).only("erased_at").get(pk=case_id)
    if told.erased_at:
        raise ReporterErased
    left = Message(
        report_id=case_id,
        actor=by,
        is_question=is_question,
        text_sealed=encryption.encrypt(text, "text", case_id),
        content_digest=newest_key().mac("message digest", text.encode()),
    )
    left.save(force_insert=True)
    return int(left.pk)


# The function behind each verb of the transition table.
ACTIONS: Mapping[str, Callable[..., Case]] = {
    "take": take,
    "assign": assign,
    "assign_unit": assign_unit,
    "recall": take_back_from_unit,
    "note": add_note,
    "ask": ask_reporter,
    "message": message_reporter,
    "resume": resume,
    "act": classify_as_crime_report,
    "extend": extend,
    "hand_over": hand_over,
    "close": close,
    "junk": junk,
    "withdraw": withdraw,
    "reopen": reopen,
    "refuse_wish": refuse_erasure,
    "take_wish_up": reopen_erasure_request,
    "grant_wish": grant_erasure,
}
