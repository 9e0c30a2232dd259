"""The table of transitions: target, permission, required fields and deadlines of each verb."""

from collections.abc import Mapping
from dataclasses import dataclass

from reports.calendar.deadline_rules import (
    CALLS,
    CLASSIFY,
    ERASURE_ANSWER,
    FOLLOWUP_ANSWER,
    FROM_CRIME_REPORT,
    HANDOVER,
    NOTIFY,
    UNIT_ANSWER,
    UNIT_RECEIPT,
    VERIFY,
)
from reports.models import Case

Status = Case.Status


@dataclass(frozen=True)
class Transition:
    """A row: where a verb leads from each status, its permission, and its required fields."""

    event: str
    permission: str
    steps: Mapping[str, str]
    required_fields: tuple[str, ...] = ()
    optional_fields: tuple[str, ...] = ()
    cleared_fields: tuple[str, ...] = ()
    assigns_actor: bool = True  # whoever decides on an untaken case becomes its officer
    requires_known_unit: bool = False  # the named unit must be one of the table
    has_slip: bool = False  # it issues a transfer slip
    messages_reporter: bool = False  # its reason is the message to the reporter, word for word,
    is_question: bool = False  # and a question
    needs_withdrawal: bool = False  # the reporter must have asked for it with the code
    is_second: bool = False  # another than who ended the work agrees with that
    undo_permission: str = ""  # with which whoever ended the work may undo it in UNDO_WINDOW
    holder_permission: str = ""  # with which the case's own officer may, saying why, at their unit
    # The deadlines that it meets, starts and drops, and the one that it extends.
    meets_deadlines: tuple[str, ...] = ()
    starts_deadlines: tuple[str, ...] = ()
    drops_deadlines: tuple[str, ...] = ()
    extends_deadline: str = ""


def _lead_to(target: str, *sources: str) -> dict[str, str]:
    return dict.fromkeys(sources, target)


DECIDE, HAND_OVER = "reports.decide_case", "reports.hand_over_case"
ASSIGN = "reports.assign_case"
_BEGIN: Mapping[str, str] = {
    Status.NEW: Status.IN_REVIEW,
    Status.IN_REVIEW: Status.IN_REVIEW,
    Status.WAITING: Status.WAITING,
}
# Also a crime report, which a declined hand-over may bring back to nobody.
_HOLD: Mapping[str, str] = {**_BEGIN, Status.CRIME_REPORT: Status.CRIME_REPORT}
_STAY: Mapping[str, str] = {status: status for status in Status}
EMPTY: Mapping[str, str | None] = {
    "outcome": "", "unit_name": "", "assigned_unit": None, "officer": None, "min_priority": None,
    "seconded_by": None, "passed_by": None,
}  # fmt: skip
_DONE = (CLASSIFY, FOLLOWUP_ANSWER)  # the reporter reads how a request ended
_AWAY: Mapping[str, str] = {Status.HANDED_OVER: Status.HANDED_OVER}
_BACK: Mapping[str, str] = {
    Status.HANDED_OVER: Status.IN_REVIEW
}  # or as it was: cases/handovers.py
_ENDED = (Status.CRIME_REPORT, Status.HANDED_OVER, Status.CLOSED, Status.JUNK, Status.WITHDRAWN)

TABLE: Mapping[str, Transition] = {
    "contact": Transition(
        "contacted", DECIDE, _STAY, required_fields=("contact",), assigns_actor=False, meets_deadlines=CALLS,
    ),
    "take": Transition("taken", DECIDE, _HOLD),
    "assign": Transition(
        "assigned", ASSIGN, _HOLD,
        required_fields=("officer",), optional_fields=("reason",), holder_permission=DECIDE,
    ),
    "give_back": Transition(
        "given_back", ASSIGN, {status: status for status in (Status.IN_REVIEW, Status.WAITING)},
        required_fields=("reason",), cleared_fields=("officer", "passed_by"), assigns_actor=False,
        holder_permission=DECIDE,
    ),
    "assign_unit": Transition(
        "unit_assigned", ASSIGN, _BEGIN,
        required_fields=("unit",), cleared_fields=("officer", "passed_by"), assigns_actor=False,
        requires_known_unit=True,
    ),
    "recall": Transition(
        "unit_recalled", DECIDE, {status: status for status in Case.OPEN},
        required_fields=("reason",), assigns_actor=False,
        cleared_fields=("unit_name", "assigned_unit", "officer", "min_priority", "passed_by"),
    ),
    "note": Transition("noted", DECIDE, _STAY, required_fields=("reason",), assigns_actor=False),
    "ask": Transition(
        "asked", DECIDE, _lead_to(Status.WAITING, Status.NEW, Status.IN_REVIEW),
        required_fields=("reason",), messages_reporter=True, is_question=True,
    ),
    "message": Transition(
        "messaged", DECIDE, _STAY,
        required_fields=("reason",), assigns_actor=False, messages_reporter=True,
        meets_deadlines=(NOTIFY, FOLLOWUP_ANSWER),
    ),
    "resume": Transition("resumed", DECIDE, _lead_to(Status.IN_REVIEW, Status.WAITING)),
    "act": Transition(
        "classified_as_crime", "reports.classify_case", _lead_to(Status.CRIME_REPORT, *Case.OPEN),
        required_fields=("reason",), meets_deadlines=(CLASSIFY,), starts_deadlines=FROM_CRIME_REPORT,
    ),
    "extend": Transition(
        "extended", "reports.extend_case", _lead_to(Status.CRIME_REPORT, Status.CRIME_REPORT),
        required_fields=("reason",), assigns_actor=False, extends_deadline=VERIFY,
    ),
    "hand_over": Transition(
        "handed_over", HAND_OVER,
        _lead_to(Status.HANDED_OVER, *Case.OPEN, Status.CRIME_REPORT),
        required_fields=("unit", "reason"), has_slip=True,
        meets_deadlines=(CLASSIFY, VERIFY),  # not NOTIFY: the reporter was not notified
    ),
    "receive": Transition(
        "handover_received", DECIDE, _AWAY, assigns_actor=False, meets_deadlines=(UNIT_RECEIPT,),
    ),
    "receive_on_paper": Transition(
        "handover_received", HAND_OVER, _AWAY,
        required_fields=("receiver", "received_on"), assigns_actor=False, meets_deadlines=(UNIT_RECEIPT,),
    ),
    "answer": Transition(
        "handover_answered", DECIDE, _AWAY,
        required_fields=("result", "reason"), assigns_actor=False, meets_deadlines=(UNIT_ANSWER,),
    ),
    "decline": Transition(
        "handover_declined", DECIDE, _BACK, required_fields=("reason",), assigns_actor=False,
        drops_deadlines=HANDOVER,
    ),
    "take_back": Transition(
        "handover_taken_back", HAND_OVER, _BACK, required_fields=("reason",), assigns_actor=False,
        drops_deadlines=HANDOVER,
    ),
    "close": Transition(
        "closed", "reports.close_case", _lead_to(Status.CLOSED, *Case.OPEN, Status.CRIME_REPORT),
        required_fields=("outcome", "reason"), meets_deadlines=(*_DONE, VERIFY), drops_deadlines=CALLS,
    ),
    "junk": Transition(
        "junked", "reports.close_case", _lead_to(Status.JUNK, *Case.OPEN),
        required_fields=("reason",), meets_deadlines=_DONE, drops_deadlines=CALLS,
    ),
    "withdraw": Transition(
        "withdrawn", "reports.close_case", _lead_to(Status.WITHDRAWN, *Case.OPEN),
        required_fields=("reason",), needs_withdrawal=True, meets_deadlines=_DONE, drops_deadlines=CALLS,
    ),
    "second": Transition(
        "ending_seconded", "reports.close_case",
        {status: status for status in (Status.JUNK, Status.WITHDRAWN)},
        assigns_actor=False, is_second=True,
    ),
    "reopen": Transition(
        "reopened", "reports.reopen_case", _lead_to(Status.IN_REVIEW, *_ENDED),
        required_fields=("reason",), cleared_fields=("outcome", "unit_name", "assigned_unit", "seconded_by"),
        undo_permission=DECIDE, starts_deadlines=(CLASSIFY,),
        drops_deadlines=(*FROM_CRIME_REPORT, *HANDOVER),
    ),
}  # fmt: skip
# Answers to an erasure request, without buttons on the report's page.
ERASURE_REQUEST_TABLE: Mapping[str, Transition] = {
    "refuse_erasure": Transition(
        "erasure_refused", "reports.close_case", _STAY,
        required_fields=("reason",), assigns_actor=False, messages_reporter=True,
        meets_deadlines=(ERASURE_ANSWER,),
    ),
    "reopen_erasure_request": Transition(
        "erasure_request_reopened", "reports.propose_destruction", _STAY,
        required_fields=("reason",), assigns_actor=False, starts_deadlines=(ERASURE_ANSWER,),
    ),
    "grant_erasure": Transition(
        "erasure_granted", "reports.grant_erasure",
        _lead_to(Status.WITHDRAWN, *Case.OPEN)
        | {each: each for each in _ENDED if each != Status.CRIME_REPORT},
        assigns_actor=False, meets_deadlines=(*_DONE, ERASURE_ANSWER),
        drops_deadlines=(*CALLS, *FROM_CRIME_REPORT, *HANDOVER),
    ),
}  # fmt: skip
# Events that answer a withdrawal or a waiting correction; a question does not.
_ALL = (*TABLE.values(), *ERASURE_REQUEST_TABLE.values())
ANSWERS = tuple(move.event for move in _ALL if FOLLOWUP_ANSWER in move.meets_deadlines)
ENDINGS = tuple(
    move.event for move in TABLE.values() if {*move.steps.values()} - move.steps.keys() & {*_ENDED}
)
# Statuses that expire: a legal hold forbids them.
NOT_ON_HOLD = (Status.CLOSED, Status.JUNK, Status.WITHDRAWN)
