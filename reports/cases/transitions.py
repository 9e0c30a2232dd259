"""The table of transitions: target, permission, required fields and deadlines of each verb."""

from collections.abc import Mapping
from dataclasses import dataclass

from reports.calendar.deadline_rules import (
    CLASSIFY,
    ERASURE_ANSWER,
    FOLLOWUP_ANSWER,
    FROM_CRIME_REPORT,
    NOTIFY,
    REVIEW,
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
    needs: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    adopts: bool = True  # whoever decides on an untaken case becomes its officer
    gives_away: bool = False  # the named unit must be one of the table
    has_slip: bool = False  # it issues a transfer slip
    tells: bool = False  # its reason is the message to the reporter, word for word,
    asks: bool = False  # and a question
    own_slip: str = ""  # permission with which whoever ended the work may undo it within OWN_SLIP
    # The deadlines that it meets, starts and drops, and the one that it extends.
    meets: tuple[str, ...] = (REVIEW,)
    starts: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    extends: str = ""


def _lead_to(target: str, *sources: str) -> dict[str, str]:
    return dict.fromkeys(sources, target)


DECIDE = "reports.decide_case"
_BEGIN: Mapping[str, str] = {
    Status.NEW: Status.IN_REVIEW,
    Status.IN_REVIEW: Status.IN_REVIEW,
    Status.WAITING: Status.WAITING,
}
_STAY: Mapping[str, str] = {status: status for status in Status}
EMPTY: Mapping[str, str | None] = {
    "outcome": "", "unit": "", "assigned_unit": None, "officer": None, "min_priority": None,
}  # fmt: skip
_CLASSIFIED = (REVIEW, CLASSIFY)
_DONE = (*_CLASSIFIED, FOLLOWUP_ANSWER)  # the reporter reads how a request ended
_ENDED = (Status.ACTIONED, Status.HANDED_OVER, Status.CLOSED, Status.JUNK, Status.WITHDRAWN)

TABLE: Mapping[str, Transition] = {
    "take": Transition("taken", DECIDE, _BEGIN),
    "assign": Transition("assigned", "reports.assign_case", _BEGIN, needs=("officer",)),
    "assign_unit": Transition(
        "unit_assigned", "reports.assign_case", _BEGIN,
        needs=("unit",), clears=("officer",), adopts=False, gives_away=True,
    ),
    "recall": Transition(
        "unit_recalled", DECIDE, {status: status for status in Case.OPEN},
        needs=("reason",), adopts=False,
        clears=("unit", "assigned_unit", "officer", "min_priority"),
    ),
    "note": Transition("noted", DECIDE, _STAY, needs=("reason",), adopts=False),
    "ask": Transition(
        "asked", DECIDE, _lead_to(Status.WAITING, Status.NEW, Status.IN_REVIEW),
        needs=("reason",), tells=True, asks=True,
    ),
    "message": Transition(
        "messaged", DECIDE, _STAY,
        needs=("reason",), adopts=False, tells=True, meets=(REVIEW, NOTIFY, FOLLOWUP_ANSWER),
    ),
    "resume": Transition("resumed", DECIDE, _lead_to(Status.IN_REVIEW, Status.WAITING)),
    "act": Transition(
        "actioned", "reports.act_case", _lead_to(Status.ACTIONED, *Case.OPEN),
        needs=("reason",), meets=_CLASSIFIED, starts=FROM_CRIME_REPORT,
    ),
    "extend": Transition(
        "extended", "reports.extend_case", _lead_to(Status.ACTIONED, Status.ACTIONED),
        needs=("reason",), adopts=False, extends=VERIFY,
    ),
    "hand_over": Transition(
        "handed_over", "reports.hand_over_case",
        _lead_to(Status.HANDED_OVER, *Case.OPEN, Status.ACTIONED),
        needs=("unit", "reason"), has_slip=True,
        meets=(*_CLASSIFIED, VERIFY),  # not NOTIFY: the reporter was not notified
    ),
    "close": Transition(
        "closed", "reports.close_case", _lead_to(Status.CLOSED, *Case.OPEN, Status.ACTIONED),
        needs=("outcome", "reason"), meets=(*_DONE, VERIFY),
    ),
    "junk": Transition(
        "junked", "reports.close_case", _lead_to(Status.JUNK, *Case.OPEN),
        needs=("reason",), meets=_DONE,
    ),
    "withdraw": Transition(
        "withdrawn", "reports.close_case", _lead_to(Status.WITHDRAWN, *Case.OPEN),
        needs=("reason",), meets=_DONE,
    ),
    "reopen": Transition(
        "reopened", "reports.reopen_case", _lead_to(Status.IN_REVIEW, *_ENDED),
        needs=("reason",), clears=("outcome", "unit", "assigned_unit"), own_slip=DECIDE,
        starts=(CLASSIFY,), drops=FROM_CRIME_REPORT,
    ),
}  # fmt: skip
# Answers to an erasure request, without buttons on the report's page.
ERASURE_REQUEST_TABLE: Mapping[str, Transition] = {
    "refuse_erasure": Transition(
        "erasure_refused", "reports.close_case", _STAY,
        needs=("reason",), adopts=False, tells=True, meets=(REVIEW, ERASURE_ANSWER),
    ),
    "reopen_erasure_request": Transition(
        "erasure_request_reopened", "reports.propose_destruction", _STAY,
        needs=("reason",), adopts=False, starts=(ERASURE_ANSWER,),
    ),
    "grant_erasure": Transition(
        "erasure_granted", "reports.grant_erasure",
        _lead_to(Status.WITHDRAWN, *Case.OPEN)
        | {each: each for each in _ENDED if each != Status.ACTIONED},
        adopts=False, meets=(*_DONE, ERASURE_ANSWER), drops=FROM_CRIME_REPORT,
    ),
}  # fmt: skip
# Events that answer a withdrawal or a waiting correction; a question does not.
_ALL = (*TABLE.values(), *ERASURE_REQUEST_TABLE.values())
ANSWERS = tuple(move.event for move in _ALL if FOLLOWUP_ANSWER in move.meets)
ENDINGS = tuple(move.event for move in TABLE.values() if set(move.steps.values()) & {*_ENDED})
# Statuses that expire: a legal hold forbids them.
NOT_ON_HOLD = (Status.CLOSED, Status.JUNK, Status.WITHDRAWN)
