"""Hand-overs of a report to a unit, under the lock of its case: who may take which step, and what it
writes on the slip. Only the unit receives, answers or declines; where nobody of it has an account, the
office records what came on paper. The office takes back what was not received.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.dateparse import parse_date

from core.errors import ActionError, CodedError
from reports.calendar import deadline_rules
from reports.cases import deadlines, documents, visibility
from reports.cases.transitions import HAND_OVER
from reports.models import Case, TransferSlip
from reports.reference import units

_BACK = ("decline", "take_back")
_ENDS = (*_BACK, "reopen")
STEPS = ("receive", "receive_on_paper", "answer", *_BACK)


class ReceivedTooEarlyError(CodedError, ActionError):
    """Nobody receives on paper what was not handed over yet: `code` is the field."""


def begin(case: Case, by: User, words: Mapping[str, str]) -> TransferSlip:
    """Return the slip of a new hand-over, whose deadlines run from now."""
    start, is_urgent = timezone.now(), bool(words.get("urgent"))
    receive_by, answer_by = ends = deadline_rules.handover_times(start, is_urgent=is_urgent)
    deadlines.start_handover(case.pk, start, dict(zip(deadline_rules.HANDOVER, ends, strict=True)))
    given = {name: words.get(name, "") for name in ("unit", "reason", "uncalled_reason")}
    times = {"created_at": start, "receive_by": receive_by, "answer_by": answer_by}
    before = {"status_before": case.status, "unit_before_id": case.assigned_unit_id}
    return documents.issue_transfer_slip(case, by, is_urgent=is_urgent, **given, **times, **before)


def list_steps(case: Case, by: User, slip: TransferSlip | None = None) -> list[str]:
    """Return the steps that an officer may take now, [] where nothing is handed over; `slip`: the one
    under way, if it is loaded.
    """
    slip = slip or (find_slip(case) if case.status == Case.Status.HANDED_OVER else None)
    if slip is None or slip.answered_at or case.report.erased_at:
        return []
    is_received, unit = bool(slip.received_at), case.assigned_unit_id
    if unit and units.unit_code_of(by) == unit:
        return ["answer" if is_received else "receive", "decline"]
    if not by.has_perm(HAND_OVER) or not visibility.sees_every_report(by):
        return []
    by_paper = "answer" if is_received else "receive_on_paper"
    steps = [] if slip.has_accounts else [by_paper]  # type: ignore[attr-defined]
    return steps if is_received else [*steps, "take_back"]


def find_slip(case: Case) -> TransferSlip | None:
    return TransferSlip.objects.under_way().with_accounts().filter(report=case.pk).first()


def take_step(verb: str, case: Case, by: User, words: Mapping[str, str]) -> dict[str, Any]:
    """Write a step, or the end by a reopening, on the slip under way; return the changes of a case
    that comes back: as it was, but not to an officer who could not see it. Raises ReceivedTooEarlyError.
    """
    slip = find_slip(case)
    if slip is None:
        return {}
    day = parse_date(words.get("received_on", ""))
    if day and day < timezone.localdate(slip.created_at):
        raise ReceivedTooEarlyError("received_on")
    for name, value in _list_changes(verb, by, words).items():
        setattr(slip, name, value)
    slip.save()
    if verb not in _BACK:
        return {}
    deadlines.resume_from_handover(case.pk, slip.created_at, is_urgent=slip.is_urgent)
    is_new, unit = slip.status_before == Case.Status.NEW, slip.unit_before
    case.assigned_unit = unit
    is_lost = case.officer is not None and not visibility.can_see(case.officer, case)
    return {
        "status": Case.Status.IN_REVIEW if is_new else slip.status_before,
        "assigned_unit": unit,
        "unit_name": unit.name if unit else "",
        **({"officer": None, "passed_by": None} if is_lost else {}),
    }


def _list_changes(verb: str, by: User, words: Mapping[str, str]) -> dict[str, Any]:
    now, reason = timezone.now(), words.get("reason", "")
    if verb in _ENDS:
        return {"ending": verb, "end_reason": reason, "ended_at": now, "ended_by": by}
    if verb == "answer":
        outcome = words["result"]
        return {"outcome": outcome, "answer": reason, "answered_at": now, "answered_by": by}
    paper = {"receiver": words.get("receiver", ""), "received_on": words.get("received_on")}
    return {"received_at": now, "received_by": by, **paper}
